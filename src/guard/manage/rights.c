/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/manage/rights.h"

static const struct {
	enum ward_manage_right right;
	bool changes;
	const char *deed;
} table[WARD_MANAGE_OPERATIONS] = {
	[WARD_MANAGE_THREAT_LIST] = {WARD_RIGHT_OWN, false, "list threats"},
	[WARD_MANAGE_THREAT_SHOW] = {WARD_RIGHT_OWN, false, "see a threat"},
	[WARD_MANAGE_QUARANTINE_LIST] = {WARD_RIGHT_OWN, false, "list the quarantine"},
	[WARD_MANAGE_CONFIG_LIST] = {WARD_RIGHT_ANYBODY, false, "list settings"},
	[WARD_MANAGE_EXCLUSION_LIST] = {WARD_RIGHT_ANYBODY, false, "list exclusions"},
	[WARD_MANAGE_ALLOWANCE_LIST] = {WARD_RIGHT_ADMIN, false, "list what is allowed"},
	[WARD_MANAGE_EVENT_LIST] = {WARD_RIGHT_ADMIN, false, "list events"},
	[WARD_MANAGE_ALLOW] = {WARD_RIGHT_ADMIN, true, "allow a threat"},
	[WARD_MANAGE_DISALLOW] = {WARD_RIGHT_ADMIN, true, "take an allowance back"},
	[WARD_MANAGE_THREAT_RESTORE] = {WARD_RIGHT_ADMIN, true, "restore a file"},
	[WARD_MANAGE_THREAT_DELETE] = {WARD_RIGHT_ADMIN, true, "delete a threat's file"},
	[WARD_MANAGE_QUARANTINE_ADD] = {WARD_RIGHT_ADMIN, true, "put a file into quarantine"},
	[WARD_MANAGE_QUARANTINE_RESTORE] = {WARD_RIGHT_ADMIN, true, "restore a file"},
	[WARD_MANAGE_QUARANTINE_PURGE] = {WARD_RIGHT_ADMIN, true, "purge the quarantine"},
	[WARD_MANAGE_QUARANTINE_DELETE] = {WARD_RIGHT_ADMIN, true, "delete from the quarantine"},
	[WARD_MANAGE_QUARANTINE_VERIFY] = {WARD_RIGHT_ADMIN, false, "verify the quarantine"},
	[WARD_MANAGE_CONFIG_SET] = {WARD_RIGHT_ADMIN, true, "change a setting"},
	[WARD_MANAGE_CONFIG_UNSET] = {WARD_RIGHT_ADMIN, true, "change a setting"},
	[WARD_MANAGE_EXCLUSION_ADD] = {WARD_RIGHT_ADMIN, true, "add an exclusion"},
	[WARD_MANAGE_EXCLUSION_REMOVE] = {WARD_RIGHT_ADMIN, true, "remove an exclusion"},
	[WARD_MANAGE_SCAN_START] = {WARD_RIGHT_ADMIN, true, "start a scan of the machine"},
	[WARD_MANAGE_SCAN_STOP] = {WARD_RIGHT_ADMIN, true, "stop a scan of the machine"},
	[WARD_MANAGE_SCAN_PAUSE] = {WARD_RIGHT_ADMIN, true, "pause a scan of the machine"},
	[WARD_MANAGE_SCAN_RESUME] = {WARD_RIGHT_ADMIN, true, "resume a scan of the machine"},
	[WARD_MANAGE_SCAN_STATUS] = {WARD_RIGHT_ANYBODY, false, "see what is scanned"},
	[WARD_MANAGE_SCAN_LIST] = {WARD_RIGHT_ANYBODY, false, "list scans of the machine"},
	[WARD_MANAGE_UPDATE_STATUS] = {WARD_RIGHT_ANYBODY, false, "see the state of updates"},
	[WARD_MANAGE_UPDATE_HISTORY] = {WARD_RIGHT_ADMIN, false, "list updates"},
	[WARD_MANAGE_UPDATE_APPLY] = {WARD_RIGHT_ADMIN, true, "apply an update"},
	[WARD_MANAGE_UPDATE_ROLLBACK] = {WARD_RIGHT_ADMIN, true, "roll an update back"},
	[WARD_MANAGE_UPDATE_FREEZE] = {WARD_RIGHT_ADMIN, true, "freeze updates"},
	[WARD_MANAGE_UPDATE_UNFREEZE] = {WARD_RIGHT_ADMIN, true, "unfreeze updates"},
	[WARD_MANAGE_UPDATE_RECORDS] = {WARD_RIGHT_ADMIN, false, "list signed records"},
	[WARD_MANAGE_AUDIT_HEAD] = {WARD_RIGHT_ANYBODY, false, "see the head of the log"},
	[WARD_MANAGE_AUDIT_RECORD] = {WARD_RIGHT_ADMIN, false, "audit a record"},
	[WARD_MANAGE_AUDIT_COMPARE] = {WARD_RIGHT_ADMIN, false, "compare heads of the log"},
};

static bool
is_known(enum ward_manage_operation operation)
{
	return operation > 0 && operation < WARD_MANAGE_OPERATIONS;
}

enum ward_manage_right
ward_manage_right_of(enum ward_manage_operation operation)
{
	return is_known(operation) ? table[operation].right : WARD_RIGHT_ADMIN;
}

bool
ward_manage_changes(enum ward_manage_operation operation)
{
	return !is_known(operation) || table[operation].changes;
}

const char *
ward_manage_deed(enum ward_manage_operation operation)
{
	return is_known(operation) ? table[operation].deed : "do this";
}

bool
ward_manage_is_admin(const struct ward_peer *peer, const uint32_t *group)
{
	return peer->uid == 0 || (group && ward_peer_has_group(peer, *group));
}
