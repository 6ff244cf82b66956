/* SPDX-License-Identifier: Apache-2.0 */
/* This reader takes what jansson takes, and refuses what it refuses; depth, numbers that do not fit
   into jansson's types, and what stands behind a NUL, where jansson stops reading, aside. */
#include <stdlib.h>

#include <jansson.h>

#include "policy/json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_budget budget = {.cap = 64 << 20};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_json_error mine = {0, NULL};
	struct ward_json *root = NULL;
	json_error_t theirs = {.line = 0};
	json_t *other = json_loadb((const char *)data, size, JSON_DECODE_ANY, &theirs);
	enum ward_rc rc;

	if (!arena)
		return 0;
	rc = ward_json_parse(ward_span_of(data, size), arena, &root, &mine);
	if (rc == WARD_OK && !other && json_error_code(&theirs) != json_error_numeric_overflow)
		abort();
	if (rc == WARD_E_FORMAT && other && !(size && memchr(data, 0, size)))
		abort();
	if (rc == WARD_E_FORMAT && (!mine.text || mine.offset > size))
		abort();
	json_decref(other);
	ward_arena_free(arena);
	return 0;
}
