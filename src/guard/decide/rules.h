/* SPDX-License-Identifier: Apache-2.0 */
/* What the policy says about opens, as a plain value that owns nothing. */
#ifndef WARD_GUARD_DECIDE_RULES_H
#define WARD_GUARD_DECIDE_RULES_H

#include "policy/policy.h"

struct ward_decide_rules {
	enum ward_policy_mode mode;
	uint64_t wait;	    /* µs that an open waits at most */
	uint64_t hold;	    /* µs that it waits for the cloud */
	uint64_t file_max;  /* bytes; larger files are WARD_REASON_SIZE, and nobody is asked */
	unsigned threads;   /* scanners that one user's opens keep busy at most; 0: no limit */
	bool fail_allow[2]; /* without a decision: opens, executions */
	enum ward_policy_action verdicts[WARD_MALICIOUS + 1];
	enum ward_policy_action cloud_suspicious;
	enum ward_policy_action reasons[WARD_REASON_COUNT]; /* of WARD_NOT_SCANNED */
};

/* Cannot fail: a policy has passed its reader. */
void ward_decide_rules_of(const struct ward_policy *policy, struct ward_decide_rules *ret_rules);

/* Scanners that the policy wants, at least 1. */
unsigned ward_decide_threads(const struct ward_policy *policy);

/* The policy's words, static. */
const char *ward_decide_mode_name(enum ward_policy_mode mode);

/* What is to happen. `reason`: of WARD_NOT_SCANNED; a suspicious file has one too when parts of it were
 * not looked at, and the stronger action counts. */
enum ward_policy_action ward_decide_action(const struct ward_decide_rules *rules,
					   enum ward_verdict verdict, enum ward_reason reason,
					   bool from_cloud);
struct ward_answer;
/* Of the reasons of an answer (decide.h) the one about which most is to be done; of equals the one that
 * says least about the file itself, so that it is looked at again. */
enum ward_reason ward_decide_reason(const struct ward_decide_rules *rules,
				    const struct ward_answer *answer);
/* A verdict that is about the file, not about this attempt to reach one. */
bool ward_decide_lasting(enum ward_verdict verdict, enum ward_reason reason);
/* Whether the open goes on. */
bool ward_decide_allows(const struct ward_decide_rules *rules, enum ward_policy_action action,
			bool lasting, bool exec);

#endif
