/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte chooses the kind of database, the rest is its contents. */
#include <stddef.h>
#include <stdint.h>

#include "match/clamav/body.h"
#include "match/clamav/clamav.h"
#include "match/hash/build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"a.cld", "a.cvd", "a.hdb",	"a.mdb",
					    "a.fp",  "a.ndb", "a.ign2", "a.ldb"};
	struct ward_load load = {0};
	struct ward_hash_image image;

	if (size == 0 || ward_hash_builder_new(&load.hashes) != WARD_OK)
		return 0;
	if (ward_body_builder_new(&load.bodies) == WARD_OK) {
		(void)!ward_clamav_load(&load, names[data[0] % 8],
					ward_span_of(data + 1, size - 1));
		(void)!ward_hash_builder_finish(load.hashes, NULL, NULL, &image);
	}
	ward_body_builder_free(load.bodies);
	ward_hash_builder_free(load.hashes);
	return 0;
}
