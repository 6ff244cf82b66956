/* SPDX-License-Identifier: Apache-2.0 */
/* Where the other parts of the installation are: beside the program in a build tree, otherwise in
   the directory the build was configured with. */
#ifndef WARD_POOL_PATHS_H
#define WARD_POOL_PATHS_H

#include "base/buf.h"

enum { WARD_PATHS_MAX = 4096 };

/* Path of the file `name` beside the program that runs, or in `installed_in`; NUL-terminated.
 * WARD_E_NOENT when it is in neither. */
enum ward_rc ward_paths_find(const char *name, const char *installed_in,
			     char out[WARD_PATHS_MAX]) WARD_MUST_CHECK;

#endif
