/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/decide/rules.h"

#include "guard/decide/decide.h"
#include "sys/process.h"

unsigned
ward_decide_threads(const struct ward_policy *policy)
{
	return policy->scan.threads ? (unsigned)policy->scan.threads : ward_process_cpus();
}

void
ward_decide_rules_of(const struct ward_policy *policy, struct ward_decide_rules *ret_rules)
{
	struct ward_decide_rules r = {
		.mode = policy->realtime.mode,
		.wait = policy->realtime.deadline * 1000,
		.hold = policy->cloud.hold * 1000,
		.file_max = policy->realtime.file_max,
		.threads = ward_decide_threads(policy),
		.cloud_suspicious =
			ward_policy_action(policy, WARD_SUSPICIOUS, WARD_REASON_NONE, false, true),
	};

	for (int exec = 0; exec < 2; exec++)
		r.fail_allow[exec] = ward_policy_fail(policy, exec, false) == WARD_POLICY_FAIL_OPEN;
	for (enum ward_verdict v = WARD_CLEAN; v <= WARD_MALICIOUS; v++)
		r.verdicts[v] = ward_policy_action(policy, v, WARD_REASON_NONE, false, false);
	for (enum ward_reason why = WARD_REASON_NONE; why < WARD_REASON_COUNT; why++)
		r.reasons[why] = ward_policy_action(policy, WARD_NOT_SCANNED, why, false, false);
	*ret_rules = r;
}

const char *
ward_decide_mode_name(enum ward_policy_mode mode)
{
	switch (mode) {
	case WARD_POLICY_MODE_BLOCK:
		return "block";
	case WARD_POLICY_MODE_AUDIT:
		return "audit";
	case WARD_POLICY_MODE_ON_DEMAND:
		return "on_demand";
	case WARD_POLICY_MODE_PASSIVE:
	case WARD_POLICY_MODE_COUNT:
		break;
	}
	return "passive";
}

enum ward_policy_action
ward_decide_action(const struct ward_decide_rules *rules, enum ward_verdict verdict,
		   enum ward_reason reason, bool from_cloud)
{
	enum ward_policy_action found = verdict == WARD_SUSPICIOUS && from_cloud
						? rules->cloud_suspicious
						: rules->verdicts[verdict];

	if (verdict == WARD_NOT_SCANNED)
		return rules->reasons[reason < WARD_REASON_COUNT ? reason : WARD_REASON_NONE];
	if (verdict == WARD_SUSPICIOUS && reason != WARD_REASON_NONE &&
	    rules->reasons[reason] > found)
		return rules->reasons[reason];
	return found;
}

enum ward_reason
ward_decide_reason(const struct ward_decide_rules *rules, const struct ward_answer *answer)
{
	enum ward_reason best = answer->reason;

	if (answer->verdict != WARD_NOT_SCANNED && answer->verdict != WARD_SUSPICIOUS)
		return WARD_REASON_NONE;
	for (enum ward_reason why = WARD_REASON_NONE + 1; why < WARD_REASON_COUNT; why++) {
		bool stronger = rules->reasons[why] > rules->reasons[best];
		bool shorter = rules->reasons[why] == rules->reasons[best] &&
			       !ward_decide_lasting(WARD_NOT_SCANNED, why) &&
			       ward_decide_lasting(WARD_NOT_SCANNED, best);

		if ((answer->gaps & 1u << why) && (best == WARD_REASON_NONE || stronger || shorter))
			best = why;
	}
	return best;
}

bool
ward_decide_lasting(enum ward_verdict verdict, enum ward_reason reason)
{
	if (verdict != WARD_NOT_SCANNED)
		return true;
	switch (reason) {
	case WARD_REASON_ENCRYPTED:
	case WARD_REASON_UNSUPPORTED:
	case WARD_REASON_CORRUPT:
	case WARD_REASON_SIZE:
	case WARD_REASON_BYTES:
	case WARD_REASON_FILES:
	case WARD_REASON_DEPTH:
	case WARD_REASON_RATIO:
	case WARD_REASON_SPECIAL:
		return true;
	case WARD_REASON_NONE:
	case WARD_REASON_TIMEOUT:
	case WARD_REASON_MEMORY:
	case WARD_REASON_CRASHED:
	case WARD_REASON_CHANGED:
	case WARD_REASON_PERMISSION:
	case WARD_REASON_VANISHED:
	case WARD_REASON_IO:
	case WARD_REASON_COUNT:
		break;
	}
	return false;
}

bool
ward_decide_allows(const struct ward_decide_rules *rules, enum ward_policy_action action,
		   bool lasting, bool exec)
{
	if (rules->mode != WARD_POLICY_MODE_BLOCK)
		return true;
	if (action >= WARD_POLICY_ACTION_BLOCK)
		return false;
	return lasting || rules->fail_allow[exec];
}
