/* SPDX-License-Identifier: Apache-2.0 */
/* Any text: refused with a place inside it, or a model that opens and evaluates. */
#include <stdlib.h>

#include "ml/xgboost/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
evaluate(struct ward_span file)
{
	struct ward_trees t;
	float *row, margins[WARD_TREES_GROUPS_MAX];
	uint32_t *scratch;

	if (ward_trees_open(file, &t) != WARD_OK)
		abort();
	row = calloc(t.features, sizeof(float));
	scratch = calloc(ward_trees_scratch(&t, 1), sizeof(*scratch));
	if (!row || !scratch)
		abort();
	ward_trees_margins(&t, row, scratch, margins);
	free(row);
	free(scratch);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ward_trees_about about = {.schema = "fuzz"};
	struct ward_budget budget = {.cap = 64 << 20};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_json_error error;
	struct ward_buf file;

	if (!arena)
		return 0;
	ward_buf_init(&file, WARD_TREES_FILE_MAX, NULL);
	if (ward_xgboost_import(ward_span_of(data, size), &about, arena, &file, &error) == WARD_OK)
		evaluate(ward_buf_span(&file));
	else if (file.len > 0 || error.offset > size)
		abort();
	ward_buf_done(&file);
	ward_arena_free(arena);
	return 0;
}
