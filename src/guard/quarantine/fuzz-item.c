/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests: nothing reads outside them, and what is accepted can be written and read again. */
#include "guard/quarantine/item.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
again(const struct ward_item *item, struct ward_arena *arena)
{
	struct ward_buf out;
	struct ward_item second;

	ward_buf_init(&out, WARD_ITEM_ENCODED_MAX, NULL);
	if (ward_item_encode(item, &out) != WARD_OK ||
	    ward_item_decode(ward_buf_span(&out), arena, &second) != WARD_OK ||
	    second.size != item->size || second.xattr_count != item->xattr_count ||
	    !ward_span_eq(second.path, item->path))
		abort();
	ward_buf_done(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_budget budget = {.cap = 2 * (size_t)WARD_ITEM_MEMORY};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_item item;

	if (arena && ward_item_decode(ward_span_of(data, size), arena, &item) == WARD_OK)
		again(&item, arena);
	ward_arena_free(arena);
	return 0;
}
