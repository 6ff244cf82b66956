/* SPDX-License-Identifier: Apache-2.0 */
/* What can be told of any object whatever its format: digests and how its entropy runs. */
#ifndef WARD_ENGINE_DESCRIBE_H
#define WARD_ENGINE_DESCRIBE_H

#include "engine/result.h"

enum { WARD_ENTROPY_BLOCKS = 64 };

/*
 * Adds the facts hash.md5, hash.sha1, entropy ("7.912") and entropy.blocks (up to
 * WARD_ENTROPY_BLOCKS values with one decimal, comma-separated, for equal parts of the object) to
 * the result, for the object at "".
 */
void ward_describe(struct ward_result *r, struct ward_digests *digests);

#endif
