/* SPDX-License-Identifier: Apache-2.0 */
/* From a message to its answer: what is asked, whether he may, who answers it. */
#include "guard/manage/manage-priv.h"

#include <stdio.h>

#include "base/text.h"
#include "guard/manage/rights.h"

typedef enum ward_rc (*operation)(struct call *c);

static const operation operations[WARD_MANAGE_OPERATIONS] = {
	[WARD_MANAGE_THREAT_LIST] = threats_list,
	[WARD_MANAGE_THREAT_SHOW] = threats_show,
	[WARD_MANAGE_QUARANTINE_LIST] = vault_list,
	[WARD_MANAGE_CONFIG_LIST] = settings_list,
	[WARD_MANAGE_EXCLUSION_LIST] = exclusions_list,
	[WARD_MANAGE_ALLOWANCE_LIST] = allowances_list,
	[WARD_MANAGE_EVENT_LIST] = events_list,
	[WARD_MANAGE_ALLOW] = allow,
	[WARD_MANAGE_DISALLOW] = disallow,
	[WARD_MANAGE_THREAT_RESTORE] = threats_restore,
	[WARD_MANAGE_THREAT_DELETE] = threats_delete,
	[WARD_MANAGE_QUARANTINE_ADD] = vault_add,
	[WARD_MANAGE_QUARANTINE_RESTORE] = vault_restore,
	[WARD_MANAGE_QUARANTINE_PURGE] = vault_purge,
	[WARD_MANAGE_QUARANTINE_DELETE] = vault_delete,
	[WARD_MANAGE_QUARANTINE_VERIFY] = vault_verify,
	[WARD_MANAGE_CONFIG_SET] = settings_set,
	[WARD_MANAGE_CONFIG_UNSET] = settings_unset,
	[WARD_MANAGE_EXCLUSION_ADD] = exclusions_add,
	[WARD_MANAGE_EXCLUSION_REMOVE] = exclusions_remove,
	[WARD_MANAGE_SCAN_START] = scans_start,
	[WARD_MANAGE_SCAN_STOP] = scans_stop,
	[WARD_MANAGE_SCAN_PAUSE] = scans_pause,
	[WARD_MANAGE_SCAN_RESUME] = scans_resume,
	[WARD_MANAGE_SCAN_STATUS] = scans_status,
	[WARD_MANAGE_SCAN_LIST] = scans_list,
	[WARD_MANAGE_UPDATE_STATUS] = updates_status,
	[WARD_MANAGE_UPDATE_HISTORY] = updates_history,
	[WARD_MANAGE_UPDATE_APPLY] = updates_apply,
	[WARD_MANAGE_UPDATE_ROLLBACK] = updates_rollback,
	[WARD_MANAGE_UPDATE_FREEZE] = updates_freeze,
	[WARD_MANAGE_UPDATE_UNFREEZE] = updates_freeze,
	[WARD_MANAGE_UPDATE_RECORDS] = records_list,
	[WARD_MANAGE_AUDIT_HEAD] = audit_head,
	[WARD_MANAGE_AUDIT_RECORD] = audit_record,
	[WARD_MANAGE_AUDIT_COMPARE] = audit_compare,
};

enum ward_rc
call_fail(struct call *c, enum ward_rc rc, const char *fmt, ...)
{
	char text[2048];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	(void)!ward_buf_str(&c->error, text);
	return rc;
}

void
call_next(struct call *c, struct ward_span cursor)
{
	const char *copy = ward_arena_strdup(c->arena, cursor);

	if (copy)
		c->next = ward_span_of(copy, cursor.len);
}

bool
call_index(const struct call *c, uint64_t *ret_index)
{
	*ret_index = 0;
	return c->request.cursor.len == 0 || ward_text_u64(c->request.cursor, ret_index);
}

void
call_next_index(struct call *c, uint64_t index)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)index);
	call_next(c, ward_span_str(text));
}

static enum ward_rc
serve(struct call *c)
{
	enum ward_manage_operation what = c->request.operation;

	if (!c->admin && ward_manage_right_of(what) == WARD_RIGHT_ADMIN) {
		if (ward_manage_changes(what))
			call_refused(c, "not an administrator");
		return call_fail(c, WARD_E_PERM,
				 "uid %u may not %s: that is for root and members of the "
				 "group " WARD_ADMIN_GROUP,
				 c->peer.uid, ward_manage_deed(what));
	}
	return ward_page_init(&c->page, c->arena, c->request.limit) ? WARD_E_NOMEM
								    : operations[what](c);
}

static void
encode(struct call *c, enum ward_rc rc, struct ward_buf *out)
{
	struct ward_manage_reply reply = {
		.rc = rc,
		.entries = c->page.entries,
		.count = rc == WARD_OK ? c->page.count : 0,
		.next = rc == WARD_OK ? c->next : ward_span_of(NULL, 0),
	};

	if (rc != WARD_OK && c->error.len == 0)
		(void)!ward_buf_str(&c->error, ward_rc_str(rc));
	reply.error = c->error.len ? ward_arena_strdup(c->arena, ward_buf_span(&c->error)) : "";
	if (reply.error && ward_manage_reply_encode(&reply, c->arena, out) == WARD_OK)
		return;
	ward_buf_clear(out);
	reply = (struct ward_manage_reply){.rc = WARD_E_LIMIT, .error = "the answer is too large"};
	(void)!ward_manage_reply_encode(&reply, c->arena, out);
}

void
desk_answer(struct desk *d, struct call *c, struct ward_span message, struct ward_buf *out)
{
	enum ward_rc rc = ward_manage_request_decode(message, c->arena, &c->request);

	c->desk = d;
	ward_buf_init(&c->error, WARD_MANAGE_ERROR_MAX, NULL);
	if (rc == WARD_OK)
		rc = serve(c);
	else
		rc = call_fail(c, rc, "the guard does not understand this request");
	encode(c, rc, out);
	ward_buf_done(&c->error);
}
