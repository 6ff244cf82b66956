/* SPDX-License-Identifier: Apache-2.0 */
/* The quarantine, by hand. */
#include <stdio.h>

#include "guard/manage/manage-priv.h"
#include "proto/wire.h"
#include "sys/clock.h"
#include "sys/fd.h"

static enum ward_rc
need_vault(struct call *c)
{
	return c->desk->o.quarantine ? WARD_OK
				     : call_fail(c, WARD_E_NOENT, "the guard has no quarantine");
}

static enum ward_rc
no_item(struct call *c)
{
	return call_fail(c, WARD_E_NOENT, "there is no item with this id in quarantine");
}

/* "%s of item ID": what events say. */
static const char *
deed(struct call *c, const char *what, const uint8_t id[WARD_ITEM_ID])
{
	char text[37];
	const char *line;

	ward_wire_uuid_text(id, text);
	line = ward_arena_printf(c->arena, "%s %s", what, text);
	return line ? line : what;
}

/* --- list --- */

struct listing {
	struct call *call;
	uint8_t last[WARD_ITEM_ID];
};

static enum ward_rc
add(void *ctx, const struct ward_item *i, enum ward_quarantine_why why)
{
	struct listing *l = ctx;
	struct ward_page *p = &l->call->page;
	char mode[8];
	enum ward_rc rc;

	if (!l->call->admin && (why == WARD_WHY_DAMAGED || i->uid != l->call->peer.uid))
		return WARD_OK;
	ward_page_uuid(p, "id", ward_span_of(i->id, sizeof(i->id)));
	ward_page_bool(p, "damaged", why == WARD_WHY_DAMAGED);
	if (why != WARD_WHY_DAMAGED) {
		(void)snprintf(mode, sizeof(mode), "%04o", i->mode & 07777);
		ward_page_time(p, "time", i->time_ms);
		ward_page_text(p, "path", i->path);
		ward_page_text(p, "opened", i->opened);
		ward_page_number(p, "size", i->size);
		ward_page_hex(p, "sha256", ward_span_of(i->sha256, sizeof(i->sha256)));
		ward_page_number(p, "owner", i->uid);
		ward_page_number(p, "group", i->gid);
		ward_page_str(p, "mode", mode);
		ward_page_str(p, "verdict", ward_verdict_name(i->cause.verdict));
		ward_page_text(p, "threat", i->cause.threat);
		ward_page_text(p, "reason", i->cause.reason);
		ward_page_text(p, "program", i->cause.program);
		ward_page_text(p, "origin", i->cause.origin);
	}
	rc = ward_page_entry(p);
	if (rc == WARD_OK)
		memcpy(l->last, i->id, sizeof(l->last));
	return rc;
}

enum ward_rc
vault_list(struct call *c)
{
	struct listing l = {.call = c};
	struct ward_span at = c->request.cursor;
	enum ward_rc rc = need_vault(c);

	if (rc == WARD_OK && at.len != 0 && at.len != WARD_ITEM_ID)
		rc = WARD_E_INVAL;
	if (rc != WARD_OK)
		return rc;
	if (c->request.has_id)
		rc = ward_quarantine_show(c->desk->o.quarantine, c->request.id, add, &l);
	else
		rc = ward_quarantine_list(c->desk->o.quarantine, at.len ? at.data : NULL, add, &l);
	if (c->request.has_id && (rc == WARD_E_NOENT || (rc == WARD_OK && c->page.count == 0)))
		return no_item(c);
	if (rc == WARD_E_STOPPED) {
		call_next(c, ward_span_of(l.last, sizeof(l.last)));
		rc = WARD_OK;
	}
	return rc;
}

/* --- add --- */

/* What comes is an open file, never a path. Administrators who are not root take no file of root's: the
 * guard would remove it from a directory in which they may not. */
static enum ward_rc
check_file(struct call *c)
{
	struct ward_fd_stat st;
	enum ward_rc rc;

	if (c->file < 0)
		return call_fail(c, WARD_E_INVAL, "no file came with the request");
	rc = ward_fd_stat(c->file, &st);
	if (rc == WARD_OK && st.kind != WARD_FD_REGULAR)
		return call_fail(c, WARD_E_UNSUPPORTED, "%s",
				 ward_quarantine_why_text(WARD_WHY_NOT_REGULAR));
	if (rc == WARD_OK && c->peer.uid != 0 && st.uid == 0) {
		call_refused(c, "a file of root's");
		return call_fail(c, WARD_E_PERM,
				 "the file belongs to root: only root may put it into quarantine");
	}
	return rc;
}

static void
remember(struct call *c, const uint8_t id[WARD_ITEM_ID])
{
	const struct ward_threat threat = {
		.status = WARD_THREAT_QUARANTINED,
		.verdict = WARD_SUSPICIOUS,
		.name = ward_span_str("Manual"),
		.category = ward_span_str("manual"),
		.path = ward_span_str(c->request.path),
		.reason = ward_span_str("manual"),
		.program = ward_span_str(c->program),
		.note = ward_span_str(c->request.why),
		.actor_pid = (uint32_t)c->peer.pid,
		.actor_uid = c->peer.uid,
		.quarantine = ward_span_of(id, WARD_ITEM_ID),
	};
	struct ward_threat dated = threat;
	uint8_t entry[WARD_HISTORY_ID];

	(void)!ward_wire_uuid_time(id, &dated.last_ms);
	if (c->desk->o.history)
		(void)!ward_history_threat_add(c->desk->o.history, &dated, entry);
}

enum ward_rc
vault_add(struct call *c)
{
	const struct ward_item_cause cause = {
		.verdict = WARD_SUSPICIOUS,
		.threat = ward_span_str("Manual"),
		.reason = ward_span_str("manual"),
		.program = ward_span_str(c->program),
		.actor_pid = (uint32_t)c->peer.pid,
		.actor_uid = c->peer.uid,
	};
	const struct ward_quarantine_request request = {
		.fd = c->file,
		.root = -1,
		.opened = ward_span_str(c->request.path),
		.cause = &cause,
	};
	struct ward_quarantine_outcome outcome = {.why = WARD_WHY_NONE};
	enum ward_rc rc = need_vault(c);

	if (rc == WARD_OK)
		rc = check_file(c);
	if (rc != WARD_OK)
		return rc;
	rc = ward_quarantine_add(c->desk->o.quarantine, &request, &outcome);
	if (rc != WARD_OK)
		return call_fail(c, rc, "it was left where it is: %s",
				 outcome.why ? ward_quarantine_why_text(outcome.why)
					     : ward_rc_str(rc));
	remember(c, outcome.id);
	call_event(c, "quarantined", deed(c, "put into quarantine:", outcome.id),
		   ward_span_of(NULL, 0));
	ward_page_uuid(&c->page, "id", ward_span_of(outcome.id, sizeof(outcome.id)));
	ward_page_bool(&c->page, "removed", outcome.removed);
	ward_page_number(&c->page, "links_left", outcome.links_left);
	ward_page_str(&c->page, "note", ward_quarantine_why_text(outcome.why));
	return ward_page_entry(&c->page);
}

/* --- restore --- */

static enum ward_rc
find_digest(void *ctx, const struct ward_item *i, enum ward_quarantine_why why)
{
	if (why == WARD_WHY_DAMAGED)
		return WARD_E_FORMAT;
	memcpy(ctx, i->sha256, sizeof(i->sha256));
	return WARD_OK;
}

static enum ward_rc
may_restore(struct call *c)
{
	struct ward_held_ref *ref = ward_held_take(c->desk->o.policy);
	bool may = ref->effective->policy.local.restore;

	ward_held_give(c->desk->o.policy, ref);
	if (may)
		return WARD_OK;
	call_refused(c, "local.restore is off");
	return call_fail(c, WARD_E_PERM,
			 "the organisation's policy does not let machines restore files "
			 "(local.restore)");
}

/* With the rights of who asks: his directory, his links, whatever is mounted there. */
static enum ward_rc
put_back(struct call *c, const uint8_t id[WARD_ITEM_ID])
{
	const struct ward_rights rights = ward_peer_rights(&c->peer);
	const struct ward_quarantine_restore_request request = {
		.path = *c->request.path ? c->request.path : NULL,
		.rights = c->peer.uid == 0 ? NULL : &rights,
		.set_id = (c->request.flags & WARD_MANAGE_SET_ID) != 0,
		.lenient = (c->request.flags & WARD_MANAGE_LENIENT) != 0,
	};
	struct ward_quarantine_restore_outcome outcome = {.why = WARD_WHY_NONE};
	enum ward_rc rc = ward_quarantine_restore(c->desk->o.quarantine, id, &request, &outcome);

	if (rc != WARD_OK)
		return call_fail(c, rc, "it was not restored: %s",
				 outcome.why ? ward_quarantine_why_text(outcome.why)
					     : ward_rc_str(rc));
	ward_page_uuid(&c->page, "id", ward_span_of(id, WARD_ITEM_ID));
	ward_page_number(&c->page, "left_out", outcome.left_out);
	return ward_page_entry(&c->page);
}

/* Allowed first: what came back would be taken away again at once. */
static enum ward_rc
restore(struct call *c, const uint8_t id[WARD_ITEM_ID])
{
	bool trust = (c->request.flags & WARD_MANAGE_DISTRUST) == 0;
	uint8_t sha256[32];
	enum ward_rc rc = may_restore(c);

	if (rc == WARD_OK && c->peer.uid != 0 && (c->request.flags & WARD_MANAGE_SET_ID))
		return call_fail(c, WARD_E_PERM, "only root restores set-user-id and its like");
	if (rc == WARD_OK)
		rc = ward_quarantine_show(c->desk->o.quarantine, id, find_digest, sha256);
	if (rc == WARD_E_NOENT)
		return no_item(c);
	if (rc == WARD_E_FORMAT)
		return call_fail(c, rc, "%s", ward_quarantine_why_text(WARD_WHY_DAMAGED));
	/* What is allowed already stays so, whatever comes of this. */
	if (rc == WARD_OK && trust)
		trust = !ward_allowed_has(c->desk->o.allowed, sha256, "", ward_clock_wall() / 1000);
	if (rc == WARD_OK && trust)
		rc = allow_digest(c, ward_span_of(sha256, sizeof(sha256)));
	if (rc != WARD_OK)
		return rc;
	rc = put_back(c, id);
	if (rc != WARD_OK && trust)
		allow_undo(c, ward_span_of(sha256, sizeof(sha256)));
	return rc;
}

enum ward_rc
vault_restore_item(struct call *c, const uint8_t id[WARD_ITEM_ID])
{
	enum ward_rc rc = need_vault(c);

	if (rc == WARD_OK)
		rc = restore(c, id);
	if (rc != WARD_OK)
		return rc;
	threats_follow(c, id, WARD_THREAT_RESTORED, c->request.why);
	call_event(c, "restored", deed(c, "restored from quarantine:", id), ward_span_of(NULL, 0));
	return WARD_OK;
}

enum ward_rc
vault_restore(struct call *c)
{
	return c->request.has_id ? vault_restore_item(c, c->request.id) : WARD_E_INVAL;
}

/* --- delete, purge, verify --- */

enum ward_rc
vault_delete_item(struct call *c, const uint8_t id[WARD_ITEM_ID])
{
	enum ward_rc rc = need_vault(c);

	if (rc == WARD_OK)
		rc = ward_quarantine_delete(c->desk->o.quarantine, id);
	if (rc == WARD_E_NOENT && c->error.len == 0)
		return no_item(c);
	if (rc != WARD_OK)
		return rc;
	threats_follow(c, id, WARD_THREAT_DELETED, c->request.why);
	call_event(c, "deleted", deed(c, "deleted from quarantine:", id), ward_span_of(NULL, 0));
	ward_page_uuid(&c->page, "id", ward_span_of(id, WARD_ITEM_ID));
	return ward_page_entry(&c->page);
}

enum ward_rc
vault_delete(struct call *c)
{
	return c->request.has_id ? vault_delete_item(c, c->request.id) : WARD_E_INVAL;
}

enum ward_rc
vault_purge(struct call *c)
{
	size_t removed = 0;
	const char *text;
	enum ward_rc rc = need_vault(c);

	if (rc == WARD_OK)
		rc = ward_quarantine_purge(c->desk->o.quarantine, c->request.time_ms,
					   c->request.bytes, &removed);
	if (rc != WARD_OK)
		return rc;
	text = ward_arena_printf(c->arena, "purged %zu items from quarantine", removed);
	call_event(c, "purged", text ? text : "purged", ward_span_of(NULL, 0));
	ward_page_number(&c->page, "removed", removed);
	return ward_page_entry(&c->page);
}

static enum ward_rc
verify(struct call *c, const uint8_t id[WARD_ITEM_ID])
{
	enum ward_rc rc = ward_quarantine_verify(c->desk->o.quarantine, id);

	if (rc != WARD_OK && rc != WARD_E_FORMAT)
		return rc;
	ward_page_uuid(&c->page, "id", ward_span_of(id, WARD_ITEM_ID));
	ward_page_bool(&c->page, "damaged", rc == WARD_E_FORMAT);
	return ward_page_entry(&c->page);
}

struct verifying {
	struct call *call;
	uint64_t until; /* when the page is handed out, however little it has */
	uint8_t last[WARD_ITEM_ID];
};

static enum ward_rc
verify_next(void *ctx, const struct ward_item *i, enum ward_quarantine_why why)
{
	struct verifying *v = ctx;
	enum ward_rc rc = verify(v->call, i->id);

	(void)why; /* it is looked at again, to its end */
	if (rc == WARD_E_NOENT)
		return WARD_OK; /* deleted meanwhile */
	if (rc != WARD_OK)
		return rc;
	memcpy(v->last, i->id, WARD_ITEM_ID);
	return ward_clock_monotonic() < v->until ? WARD_OK : WARD_E_STOPPED;
}

/* All that can be read in half a second, when all are meant: the next page goes on from there. */
enum ward_rc
vault_verify(struct call *c)
{
	struct verifying v = {.call = c, .until = ward_clock_monotonic() + 500000};
	struct ward_span at = c->request.cursor;
	enum ward_rc rc = need_vault(c);

	if (rc == WARD_OK && at.len != 0 && at.len != WARD_ITEM_ID)
		rc = WARD_E_INVAL;
	if (rc != WARD_OK)
		return rc;
	if (c->request.has_id) {
		rc = verify(c, c->request.id);
		return rc == WARD_E_NOENT ? no_item(c) : rc;
	}
	rc = ward_quarantine_list(c->desk->o.quarantine, at.len ? at.data : NULL, verify_next, &v);
	if (rc == WARD_E_STOPPED) {
		call_next(c, ward_span_of(v.last, sizeof(v.last)));
		rc = WARD_OK;
	}
	return rc;
}
