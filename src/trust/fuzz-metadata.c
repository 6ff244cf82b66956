/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata of all roles (the first byte chooses): whatever is taken is written again byte by byte. */
#include <stdlib.h>

#include "trust/metadata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum ward_rc
both_ways(uint8_t type, struct ward_span in, struct ward_arena *arena, struct ward_buf *out)
{
	struct ward_refusal why;
	struct ward_trust_root root;
	struct ward_trust_targets targets;
	struct ward_trust_snapshot snapshot;
	struct ward_trust_timestamp timestamp;
	enum ward_rc rc;

	switch (type % 4) {
	case 0:
		rc = ward_trust_root_decode(in, arena, &root, &why);
		return rc ? rc : ward_trust_root_encode(&root, out, &why);
	case 1:
		rc = ward_trust_targets_decode(in, arena, &targets, &why);
		return rc ? rc : ward_trust_targets_encode(&targets, arena, out, &why);
	case 2:
		rc = ward_trust_snapshot_decode(in, arena, &snapshot, &why);
		return rc ? rc : ward_trust_snapshot_encode(&snapshot, out, &why);
	default:
		rc = ward_trust_timestamp_decode(in, arena, &timestamp, &why);
		return rc ? rc : ward_trust_timestamp_encode(&timestamp, out, &why);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	WARD_AUTO(ward_buf_done) struct ward_buf again = {0};
	struct ward_budget budget = {.cap = 128 * size + (1 << 20)};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	enum ward_rc rc;

	if (!arena || size == 0)
		return 0;
	ward_buf_init(&again, size, NULL);
	rc = both_ways(data[0], ward_span_of(data + 1, size - 1), arena, &again);
	if (rc == WARD_E_LIMIT)
		abort(); /* the contract says what suffices; and nothing is written longer */
	if (rc)
		return 0;
	if (again.len != size - 1 || memcmp(again.data, data + 1, again.len) != 0)
		abort();
	return 0;
}
