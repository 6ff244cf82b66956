/* SPDX-License-Identifier: Apache-2.0 */
/* The input is taken as a finished table and looked up with its own bytes. */
#include <stddef.h>
#include <stdint.h>

#include "match/hash/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t digest[WARD_DIGEST_MAX] = {0};
	struct ward_hash_entry e;
	struct ward_hash_found f;
	struct ward_hash_table t;

	if (ward_hash_table_open(ward_span_of(data, size), &t) != WARD_OK)
		return 0;
	for (size_t i = 0; i + WARD_DIGEST_MAX <= size; i += WARD_DIGEST_MAX / 2 + 3) {
		memcpy(digest, data + i, sizeof(digest));
		for (unsigned k = 0; k < WARD_HASH_KINDS; k++) {
			(void)ward_hash_table_wants(&t, (enum ward_hash_kind)k, i);
			(void)!ward_hash_table_find(&t, (enum ward_hash_kind)k, digest, i, &f);
			if (ward_hash_table_entry(&t, (enum ward_hash_kind)k, i, &e) == WARD_OK)
				(void)!ward_hash_table_find(&t, e.kind, e.digest, e.size, &f);
		}
	}
	return 0;
}
