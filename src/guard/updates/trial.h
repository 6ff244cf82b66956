/* SPDX-License-Identifier: Apache-2.0 */
/* Counts files on which scanners crash, and those only that did not do so before. Any thread. */
#ifndef WARD_GUARD_UPDATES_TRIAL_H
#define WARD_GUARD_UPDATES_TRIAL_H

#include <pthread.h>

#include "base/rc.h"
#include "base/span.h"

enum { WARD_TRIAL_FILES = 256 };

struct ward_trial {
	pthread_mutex_t lock;
	uint64_t known[WARD_TRIAL_FILES]; /* crashed under an earlier pack; a ring */
	size_t next_known;
	uint64_t fresh[WARD_TRIAL_FILES]; /* under this one */
	size_t fresh_count;
};

void ward_trial_init(struct ward_trial *t);
void ward_trial_done(struct ward_trial *t);
/* Another pack is in use: what crashed so far is known. */
void ward_trial_begin(struct ward_trial *t);
void ward_trial_crashed(struct ward_trial *t, uint64_t file);
/* Different files that crashed under this pack and under none before it. */
size_t ward_trial_count(struct ward_trial *t);

#endif
