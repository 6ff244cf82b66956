/* SPDX-License-Identifier: Apache-2.0 */
/* Files that the cloud was asked about and that were let go, by SHA-256: when its verdict changes they
 * are found again. Fixed number, the oldest goes. Keeps no file open. One thread. */
#ifndef WARD_GUARD_ASK_RECENT_H
#define WARD_GUARD_ASK_RECENT_H

#include "guard/cache/key.h"

struct ward_recent;

/* NULL without memory. */
struct ward_recent *ward_recent_new(void) WARD_MUST_CHECK;
struct ward_recent *ward_recent_free(struct ward_recent *r);

/* Remembers the file under the name it has now. */
void ward_recent_put(struct ward_recent *r, const uint8_t sha256[32], const struct ward_key *key,
		     int fd);
/* Calls `found` for each of this digest that is still there, unchanged and under that name. Names are
 * followed to regular files only, and only the very file that was remembered counts. */
void ward_recent_find(struct ward_recent *r, const uint8_t sha256[32],
		      void (*found)(void *ctx, int fd, const struct ward_key *key), void *ctx);

#endif
