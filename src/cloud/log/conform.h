/* SPDX-License-Identifier: Apache-2.0 */
/* What every backend of the log must do, as cmocka tests: the unit test of the file backend and the
 * test on a real Kafka cluster run the same. Linked into tests only. */
#ifndef WARD_CLOUD_LOG_CONFORM_H
#define WARD_CLOUD_LOG_CONFORM_H

#include "cloud/log/log.h"

struct ward_log_conform {
	/* Opens the log named `name` (made when it is not there); never NULL. */
	struct ward_log *(*open)(const char *name);
	/* Removes it for good; it is closed. May be NULL. */
	void (*remove)(const char *name);
	bool truncates; /* _truncate has its effect at once */
};

/* Runs all tests; asserts by cmocka, within a test of the caller's. */
void ward_log_conform(const struct ward_log_conform *backend);

#endif
