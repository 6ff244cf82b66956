/* SPDX-License-Identifier: Apache-2.0 */
/* The directories of the machine's users. */
#ifndef WARD_SYS_HOMES_H
#define WARD_SYS_HOMES_H

#include <stdbool.h>

#include "base/rc.h"

/* False stops. */
typedef bool (*ward_homes_visitor)(void *ctx, const char *home);

/*
 * Those that `root`/etc/passwd names (system accounts' that are no directory of their own left out), and every
 * directory in `root`/home: users that only a directory service knows. Each once, in the order of their names;
 * links are not resolved. `root` "": the machine's. WARD_E_NOMEM, WARD_E_STOPPED.
 */
enum ward_rc ward_homes_visit(const char *root, ward_homes_visitor visit,
			      void *ctx) WARD_MUST_CHECK;

#endif
