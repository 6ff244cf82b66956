/* SPDX-License-Identifier: Apache-2.0 */
/* What the cloud convicted, by SHA-256, as long as its word is good: the same content is convicted again
 * when the cloud is gone, under any name. Fixed number; two that meet in one place keep the later. Not
 * thread-safe. */
#ifndef WARD_GUARD_ASK_KNOWN_H
#define WARD_GUARD_ASK_KNOWN_H

#include "guard/decide/decide.h"

struct ward_known;

/* NULL without memory. */
struct ward_known *ward_known_new(void) WARD_MUST_CHECK;
struct ward_known *ward_known_free(struct ward_known *k);

/* What is said about the content now: a conviction is kept (texts are copied, cut if need be), anything
 * else forgets what was kept. */
void ward_known_put(struct ward_known *k, const uint8_t sha256[32],
		    const struct ward_answer *answer);
/* False: nothing, or its time is over. ret_answer's texts live until the next _put or _clear; of its
 * fields type and digest are the caller's. */
bool ward_known_find(const struct ward_known *k, const uint8_t sha256[32],
		     struct ward_answer *ret_answer);
void ward_known_clear(struct ward_known *k);

#endif
