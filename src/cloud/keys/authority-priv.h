/* SPDX-License-Identifier: Apache-2.0 */
/* Between authority.c and install.c. */
#ifndef WARD_CLOUD_KEYS_AUTHORITY_PRIV_H
#define WARD_CLOUD_KEYS_AUTHORITY_PRIV_H

#include <pthread.h>

#include "cloud/keys/authority.h"
#include "cloud/keys/view.h"

/* What tells that somebody has written: times of the directory and of keys/ in it. */
struct ward_authority_stamp {
	int64_t directory_ns, keys_ns;
};

struct ward_authority {
	char *directory;
	pthread_mutex_t lock;		   /* of `now` and its refs; held for moments */
	pthread_mutex_t writer;		   /* one thread at a time makes the next view */
	struct ward_trust_view *now;	   /* NULL: only while it is being made */
	struct ward_authority_stamp stamp; /* the writer's */
};

/* An authority without a view. */
enum ward_rc ward_authority_make(const char *directory,
				 struct ward_authority **ret) WARD_MUST_CHECK;
/* The view of this moment; give it back by _let_go. */
struct ward_trust_view *ward_authority_hold(struct ward_authority *a);
void ward_authority_let_go(struct ward_authority *a, struct ward_trust_view *v);
/* Puts a view in place of the one that is there; takes it. */
void ward_authority_put(struct ward_authority *a, struct ward_trust_view **v);

#endif
