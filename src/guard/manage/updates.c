/* SPDX-License-Identifier: Apache-2.0 */
/* Packs of intelligence: which one is in use, another one, back (guard/updates). */
#include "base/text.h"
#include "guard/manage/manage-priv.h"

static struct ward_updates_author
author_of(const struct call *c)
{
	return (struct ward_updates_author){
		.uid = c->peer.uid, .pid = (uint32_t)c->peer.pid, .program = c->program};
}

static enum ward_rc
without(struct call *c)
{
	return call_fail(c, WARD_E_NOENT, "the guard has no place for packs");
}

static enum ward_rc
said(struct call *c, enum ward_rc rc, const struct ward_buf *why)
{
	if (rc == WARD_OK)
		return updates_status(c);
	return call_fail(c, rc, "%.*s", (int)why->len, why->len ? (const char *)why->data : "");
}

static void
put_pack(struct ward_page *p, const struct ward_shelf_pack *pack, const char *const names[3])
{
	char hex[2 * WARD_SHELF_ID + 1] = "installed";

	if (!ward_shelf_is_none(pack->id))
		ward_text_hex(ward_span_of(pack->id, WARD_SHELF_ID), hex);
	ward_page_str(p, names[0], hex);
	ward_page_number(p, names[1], pack->number);
	ward_page_time(p, names[2], pack->taken_ms);
}

enum ward_rc
updates_status(struct call *c)
{
	static const char *const current[] = {"id", "number", "taken"};
	static const char *const previous[] = {"previous_id", "previous_number", "previous_taken"};
	struct ward_updates_status s;
	struct ward_page *p = &c->page;

	if (!c->desk->o.updates)
		return without(c);
	ward_updates_status(c->desk->o.updates, &s);
	put_pack(p, &s.state.current, current);
	ward_page_time(p, "made", s.state.current.made_s * 1000);
	put_pack(p, &s.state.previous, previous);
	ward_page_bool(p, "frozen", s.state.frozen);
	ward_page_bool(p, "updating", s.updating);
	ward_page_bool(p, "fell_back", s.state.fell);
	ward_page_time(p, "trial_until", s.state.trial_until_ms);
	ward_page_str(p, "fail_reason", s.failed);
	records_status(c);
	return ward_page_entry(p);
}

enum ward_rc
updates_history(struct call *c)
{
	return events_list_kind(c, "update");
}

enum ward_rc
updates_apply(struct call *c)
{
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	const struct ward_updates_author author = author_of(c);
	enum ward_rc rc;

	if (!c->desk->o.updates)
		return without(c);
	if (c->file < 0)
		return call_fail(c, WARD_E_INVAL, "no file came with it");
	ward_buf_init(&why, WARD_MANAGE_ERROR_MAX / 2, NULL);
	rc = ward_updates_apply(c->desk->o.updates, c->file, c->request.flags & WARD_MANAGE_AGAIN,
				&author, &why);
	return said(c, rc, &why);
}

enum ward_rc
updates_rollback(struct call *c)
{
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	const struct ward_updates_author author = author_of(c);

	if (!c->desk->o.updates)
		return without(c);
	ward_buf_init(&why, WARD_MANAGE_ERROR_MAX / 2, NULL);
	return said(c, ward_updates_rollback(c->desk->o.updates, &author, &why), &why);
}

enum ward_rc
updates_freeze(struct call *c)
{
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	const struct ward_updates_author author = author_of(c);
	bool frozen = c->request.operation == WARD_MANAGE_UPDATE_FREEZE;

	if (!c->desk->o.updates)
		return without(c);
	ward_buf_init(&why, WARD_MANAGE_ERROR_MAX / 2, NULL);
	return said(c, ward_updates_freeze(c->desk->o.updates, frozen, &author, &why), &why);
}
