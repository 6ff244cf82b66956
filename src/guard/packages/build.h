/* SPDX-License-Identifier: Apache-2.0 */
/* Has the child make an index, and takes it over. */
#ifndef WARD_GUARD_PACKAGES_BUILD_H
#define WARD_GUARD_PACKAGES_BUILD_H

#include "base/buf.h"
#include "guard/packages/packages.h"

/*
 * Starts the child, collects what it sends, within a minute. What came is as hostile as the database:
 * only ward_index_open makes an index of it. WARD_E_TIMEOUT, WARD_E_GONE (the child failed),
 * WARD_E_LIMIT.
 */
enum ward_rc ward_packages_build(const struct ward_packages_options *options,
				 struct ward_buf *ret_index) WARD_MUST_CHECK;

/* Changes when the database does. 0: there is none. */
uint64_t ward_packages_stamp(const char *database);
/* dpkg holds its lock. */
bool ward_packages_busy(const char *database);

#endif
