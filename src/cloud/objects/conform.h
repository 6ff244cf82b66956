/* SPDX-License-Identifier: Apache-2.0 */
/* What every backend of the sample store must do, as cmocka tests: the unit test of the directory and the
 * test on a real S3 server run the same. Linked into tests only. */
#ifndef WARD_CLOUD_OBJECTS_CONFORM_H
#define WARD_CLOUD_OBJECTS_CONFORM_H

#include "cloud/objects/objects.h"

struct ward_objects_conform {
	/* Opens the store, with what is in it; never NULL. */
	struct ward_objects *(*open)(uint64_t quota);
	/* Changes one byte of the stored object, somewhere at `part` of 16. */
	void (*damage)(const uint8_t sha256[32], unsigned part);
	unsigned many; /* objects for listing: more than a page */
};

/* Runs all tests on an empty store; asserts by cmocka, within a test of the caller's. */
void ward_objects_conform(const struct ward_objects_conform *backend);

#endif
