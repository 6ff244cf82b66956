/* SPDX-License-Identifier: Apache-2.0 */
/* Where a file lies, told as one of ward.proto's classes: never its path. */
#ifndef WARD_PROTO_PLACE_H
#define WARD_PROTO_PLACE_H

#include "proto/wire.h"

/* Where a file lies. `path` is absolute and has no links in it; `filesystem` is statfs(2)'s f_type, 0:
 * not known. Pure. */
Ward__V1__PathClass ward_place_of(const char *path, uint64_t filesystem);
/* The same for an open file: asks the system where it is. "other" when it does not say. */
Ward__V1__PathClass ward_place_of_fd(int fd);

#endif
