/* SPDX-License-Identifier: Apache-2.0 */
/* The one place where the system's error numbers become ours. */
#ifndef WARD_SYS_ERRNO_H
#define WARD_SYS_ERRNO_H

#include "base/rc.h"

/*
 * Never WARD_OK, whatever `err` is. Full tables and quotas are WARD_E_LIMIT, a thing that exists
 * but is of the wrong kind (a symlink, a socket, a device) WARD_E_UNSUPPORTED, what has no better
 * name WARD_E_IO.
 */
enum ward_rc ward_errno_rc(int err) WARD_MUST_CHECK;

#endif
