/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs of anything: no crash, and nothing convinces about a leaf or a tree that does not exist. */
#include <stdlib.h>

#include "base/cursor.h"
#include "trust/merkle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* a root that nobody knows a preimage of */
	static const struct ward_hash root = {{1, 2, 3, 4, 5, 6, 7, 8}};
	struct ward_cursor c = ward_cursor_of(ward_span_of(data, size));
	struct ward_head first = {ward_cursor_u64le(&c), {{0}}},
			 second = {ward_cursor_u64le(&c), root};
	struct ward_span rest = ward_cursor_bytes(&c, ward_cursor_left(&c));
	struct ward_frontier f;
	struct ward_proof p;
	struct ward_hash leaf;

	if (ward_merkle_leaf(rest, &leaf))
		return 0;
	first.root = leaf;
	if (ward_frontier_read(first.size, rest, &f) == WARD_OK &&
	    ward_frontier_append(&f, &leaf, NULL, NULL) == WARD_OK &&
	    ward_frontier_root(&f, &leaf) != WARD_OK)
		abort();
	if (ward_proof_read(rest, &p) != WARD_OK)
		return 0;
	if (ward_proof_included(&p, &first.root, first.size, second.size, &root) == WARD_OK)
		abort();
	if (ward_proof_consistent(&p, &first, &second) == WARD_OK)
		abort();
	return 0;
}
