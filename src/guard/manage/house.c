/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "guard/manage/manage-priv.h"
#include "sys/clock.h"
#include "sys/log.h"

static void
purge(struct desk *d, uint64_t now_ms)
{
	struct ward_held_ref *ref = ward_held_take(d->o.policy);
	uint64_t keep = ref->effective->policy.history.quarantine_keep;
	uint64_t quota = ref->effective->policy.history.quarantine_quota;
	size_t removed = 0;
	char count[24];
	enum ward_rc rc;

	ward_held_give(d->o.policy, ref);
	rc = ward_quarantine_purge(d->o.quarantine, now_ms > keep ? now_ms - keep : 0, quota,
				   &removed);
	(void)snprintf(count, sizeof(count), "%zu", removed);
	if (rc != WARD_OK || removed > 0)
		ward_say(rc ? WARD_ERROR : WARD_INFO, "quarantine.purged",
			 "what the policy does not keep any longer is gone", "ward.count", count,
			 "error.message", ward_rc_str(rc), NULL);
}

void
house_keep(struct desk *d)
{
	uint64_t now_ms = ward_clock_wall() / 1000;
	enum ward_rc rc = WARD_OK;

	if (d->o.quarantine)
		purge(d, now_ms);
	if (d->o.history)
		rc = ward_history_retain(d->o.history, now_ms, NULL);
	if (rc == WARD_OK && d->o.history)
		rc = ward_allowed_load(d->o.allowed, d->o.history);
	if (rc != WARD_OK)
		ward_say(WARD_ERROR, "history.failed", "the history could not be tidied",
			 "error.message", ward_rc_str(rc), NULL);
}
