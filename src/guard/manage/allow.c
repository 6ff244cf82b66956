/* SPDX-License-Identifier: Apache-2.0 */
/* What an administrator allows here, by content or by the threat's name. */
#include <stdio.h>

#include "base/text.h"
#include "guard/manage/manage-priv.h"
#include "sys/clock.h"

enum { DIGEST = 32 };

/* Of a threat that is meant by its id. */
struct meant {
	struct call *call;
	uint8_t sha256[DIGEST];
	bool has_sha256;
	const char *name;
};

static enum ward_rc
refresh(struct call *c)
{
	enum ward_rc rc = ward_allowed_load(c->desk->o.allowed, c->desk->o.history);

	if (rc == WARD_OK && c->desk->o.changed)
		c->desk->o.changed(c->desk->o.ctx);
	return rc;
}

/* The organisation may keep this to itself. */
static enum ward_rc
may_allow(struct call *c)
{
	struct ward_held_ref *ref;
	bool may;

	if (!c->desk->o.history)
		return call_fail(c, WARD_E_NOENT, "the guard has no history to note it in");
	ref = ward_held_take(c->desk->o.policy);
	may = ref->effective->policy.local.allow_threats;
	ward_held_give(c->desk->o.policy, ref);
	if (may)
		return WARD_OK;
	call_refused(c, "local.allow_threats is off");
	return call_fail(c, WARD_E_PERM,
			 "the organisation's policy does not let machines allow threats "
			 "(local.allow_threats)");
}

static enum ward_rc
note(void *ctx, const struct ward_threat *t)
{
	struct meant *m = ctx;

	m->has_sha256 = t->sha256.len == DIGEST;
	if (m->has_sha256)
		memcpy(m->sha256, t->sha256.data, DIGEST);
	m->name = ward_arena_strdup(m->call->arena, t->name);
	return m->name ? WARD_OK : WARD_E_NOMEM;
}

/* By the threat's id: its content, if that is known, else its name. */
static enum ward_rc
by_id(struct call *c, struct meant *m, struct ward_allow *a)
{
	enum ward_rc rc = ward_history_threat_show(c->desk->o.history, c->request.id, note, m);

	if (rc == WARD_E_NOENT)
		return call_fail(c, rc, "there is no threat with this id");
	a->kind = m->has_sha256 ? WARD_ALLOW_SHA256 : WARD_ALLOW_THREAT;
	a->value = m->has_sha256 ? ward_span_of(m->sha256, DIGEST) : ward_span_str(m->name);
	return rc;
}

static enum ward_rc
what_is_meant(struct call *c, struct meant *m, struct ward_allow *a)
{
	const struct ward_manage_request *r = &c->request;

	*m = (struct meant){.call = c, .name = ""};
	if (r->has_id)
		return by_id(c, m, a);
	a->kind = strcmp(r->name, "sha256") == 0 ? WARD_ALLOW_SHA256 : WARD_ALLOW_THREAT;
	if (a->kind == WARD_ALLOW_SHA256) {
		if (!ward_text_unhex(ward_span_str(r->value), m->sha256, DIGEST))
			return call_fail(c, WARD_E_INVAL, "a SHA-256 has 64 hex digits");
		a->value = ward_span_of(m->sha256, DIGEST);
		return WARD_OK;
	}
	if (strcmp(r->name, "threat") != 0 || !*r->value || strlen(r->value) > 255)
		return call_fail(c, WARD_E_INVAL, "a threat's id, its name, or a SHA-256");
	a->value = ward_span_str(r->value);
	return WARD_OK;
}

static const char *
describe(struct call *c, const char *verb, const struct ward_allow *a)
{
	char hex[2 * DIGEST + 1];
	const char *text;

	if (a->kind == WARD_ALLOW_SHA256) {
		ward_text_hex(a->value, hex);
		text = ward_arena_printf(c->arena, "%s content %s", verb, hex);
	} else {
		text = ward_arena_printf(c->arena, "%s threat %.*s", verb, (int)a->value.len,
					 (const char *)a->value.data);
	}
	return text ? text : verb;
}

static void
tell(struct call *c, const struct ward_allow *a)
{
	ward_page_str(&c->page, "kind", a->kind == WARD_ALLOW_SHA256 ? "sha256" : "threat");
	if (a->kind == WARD_ALLOW_SHA256)
		ward_page_hex(&c->page, "value", a->value);
	else
		ward_page_text(&c->page, "value", a->value);
	ward_page_time(&c->page, "until", a->until_ms);
}

static enum ward_rc
put(struct call *c, struct ward_allow *a)
{
	enum ward_rc rc;

	a->uid = c->peer.uid;
	a->why = ward_span_str(c->request.why);
	a->since_ms = ward_clock_wall() / 1000;
	rc = ward_history_allow(c->desk->o.history, a);
	return rc ? rc : refresh(c);
}

enum ward_rc
allow(struct call *c)
{
	struct ward_allow a = {.until_ms = c->request.time_ms};
	struct meant m;
	enum ward_rc rc = may_allow(c);

	if (rc == WARD_OK)
		rc = what_is_meant(c, &m, &a);
	if (rc == WARD_OK)
		rc = put(c, &a);
	if (rc == WARD_OK && c->request.has_id)
		rc = ward_history_threat_update(c->desk->o.history, c->request.id,
						WARD_THREAT_ALLOWED, ward_span_of(NULL, 0),
						ward_span_str(c->request.why));
	if (rc != WARD_OK)
		return rc;
	call_event(c, "threat-allowed", describe(c, "allowed", &a), ward_span_of(NULL, 0));
	tell(c, &a);
	return ward_page_entry(&c->page);
}

enum ward_rc
disallow(struct call *c)
{
	struct ward_allow a = {.until_ms = 0};
	struct meant m;
	enum ward_rc rc = c->desk->o.history
				  ? what_is_meant(c, &m, &a)
				  : call_fail(c, WARD_E_NOENT, "the guard has no history");

	if (rc != WARD_OK)
		return rc;
	rc = ward_history_disallow(c->desk->o.history, a.kind, a.value);
	if (rc == WARD_E_NOENT)
		return call_fail(c, rc, "it is not allowed by name or content here");
	if (rc == WARD_OK)
		rc = refresh(c);
	if (rc != WARD_OK)
		return rc;
	call_event(c, "threat-disallowed", describe(c, "no longer allowed:", &a),
		   ward_span_of(NULL, 0));
	tell(c, &a);
	return ward_page_entry(&c->page);
}

enum ward_rc
allow_digest(struct call *c, struct ward_span sha256)
{
	struct ward_allow a = {.kind = WARD_ALLOW_SHA256, .value = sha256};
	enum ward_rc rc = may_allow(c);

	return rc ? rc : put(c, &a);
}

void
allow_undo(struct call *c, struct ward_span sha256)
{
	if (ward_history_disallow(c->desk->o.history, WARD_ALLOW_SHA256, sha256) == WARD_OK)
		(void)!refresh(c);
}

/* --- listing --- */

struct listing {
	struct call *call;
	uint64_t skip, at;
};

static enum ward_rc
add(void *ctx, const struct ward_allow *a)
{
	struct listing *l = ctx;
	enum ward_rc rc;

	if (l->at < l->skip) {
		l->at++;
		return WARD_OK;
	}
	tell(l->call, a);
	ward_page_time(&l->call->page, "since", a->since_ms);
	ward_page_number(&l->call->page, "uid", a->uid);
	ward_page_text(&l->call->page, "why", a->why);
	rc = ward_page_entry(&l->call->page);
	l->at += rc == WARD_OK;
	return rc;
}

enum ward_rc
allowances_list(struct call *c)
{
	struct listing l = {.call = c};
	enum ward_rc rc;

	if (!c->desk->o.history)
		return call_fail(c, WARD_E_NOENT, "the guard has no history");
	if (!call_index(c, &l.skip))
		return WARD_E_INVAL;
	rc = ward_history_allowed(c->desk->o.history, ward_clock_wall() / 1000, add, &l);
	if (rc == WARD_E_STOPPED) {
		call_next_index(c, l.at);
		rc = WARD_OK;
	}
	return rc;
}
