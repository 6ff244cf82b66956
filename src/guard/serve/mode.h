/* SPDX-License-Identifier: Apache-2.0 */
/* How far real-time protection goes at this moment: realtime.mode, and realtime.audit_first, which has a
 * machine that was enrolled a short while ago only report. */
#ifndef WARD_GUARD_SERVE_MODE_H
#define WARD_GUARD_SERVE_MODE_H

#include "policy/policy.h"

/*
 * `kept`: the guard's own directory of the organisation's policy (guard/policy/organisation.h). Its keys
 * were written when the guard first met this enrolment, and nobody but root can change when that was. A time
 * in the future counts as long ago. *ret_audit_until_ms (wall clock): when it will block; 0: not for that
 * reason.
 */
enum ward_policy_mode ward_mode_now(const struct ward_policy *policy, const char *kept,
				    uint64_t now_ms, uint64_t *ret_audit_until_ms);
/* Whether that mode looks at opens and writes at all. */
bool ward_mode_in_real_time(enum ward_policy_mode mode);

#endif
