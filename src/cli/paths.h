/* SPDX-License-Identifier: Apache-2.0 */
/* Where the other parts of the installation are: beside the program in a build tree, otherwise in
   the directories the build was configured with. */
#ifndef WARD_CLI_PATHS_H
#define WARD_CLI_PATHS_H

#include "base/buf.h"

enum { WARD_PATHS_MAX = 4096 };

/* Path of ward-scan into `out`, NUL-terminated. WARD_E_NOENT when it is nowhere. */
enum ward_rc ward_paths_scanner(char out[WARD_PATHS_MAX]) WARD_MUST_CHECK;
/* Path of the pack that ships with the product. WARD_E_NOENT when there is none. */
enum ward_rc ward_paths_default_pack(char out[WARD_PATHS_MAX]) WARD_MUST_CHECK;

#endif
