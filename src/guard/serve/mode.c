/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/serve/mode.h"

#include <stdio.h>

#include "sys/entry.h"
#include "sys/fd.h"

/* ms since 1970; 0: not enrolled. */
static uint64_t
enrolled_at(const char *kept)
{
	char path[WARD_ENTRY_PATH_MAX];
	struct ward_fd_stat st;

	if (snprintf(path, sizeof(path), "%s/keys", kept) >= (int)sizeof(path) ||
	    ward_fd_stat_at(-1, path, false, &st) != WARD_OK || st.size == 0 || st.mtime <= 0)
		return 0;
	return (uint64_t)st.mtime / 1000000;
}

enum ward_policy_mode
ward_mode_now(const struct ward_policy *policy, const char *kept, uint64_t now_ms,
	      uint64_t *ret_audit_until_ms)
{
	enum ward_policy_mode mode = policy->realtime.mode;
	uint64_t since = 0;

	*ret_audit_until_ms = 0;
	if (mode == WARD_POLICY_MODE_BLOCK && policy->realtime.audit_first > 0)
		since = enrolled_at(kept);
	if (since == 0 || since > now_ms || now_ms - since >= policy->realtime.audit_first)
		return mode;
	*ret_audit_until_ms = since + policy->realtime.audit_first;
	return WARD_POLICY_MODE_AUDIT;
}

bool
ward_mode_in_real_time(enum ward_policy_mode mode)
{
	return mode == WARD_POLICY_MODE_BLOCK || mode == WARD_POLICY_MODE_AUDIT;
}
