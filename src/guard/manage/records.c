/* SPDX-License-Identifier: Apache-2.0 */
/* Signed records that were taken (guard/intake), for people. */
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "guard/manage/manage-priv.h"

/* A digest in hexadecimal digits, a name, a number, or an URL. */
enum { WHAT = WARD_RECORD_URL + 1, SCOPE = 128, EXPIRY = 128, RECORDS_MAX = 1000 };

/* --- how it is --- */

static const char *
word_of(const struct ward_intake_state *s)
{
	if (!s->pinned)
		return "none";
	return s->silent ? "silent" : "current";
}

void
records_status(struct call *c)
{
	struct ward_page *p = &c->page;
	struct ward_intake_state s;

	if (!c->desk->o.intake)
		return;
	ward_intake_state(c->desk->o.intake, &s);
	ward_page_str(p, "records", word_of(&s));
	if (!s.pinned)
		return;
	ward_page_number(p, "root_version", s.root_version);
	ward_page_number(p, "last_number", s.last_number);
	ward_page_number(p, "known_number", s.head_number);
	ward_page_time(p, "timestamp_taken", s.heard_ms);
	ward_page_time(p, "timestamp_until", s.timestamp_until_ms);
	ward_page_number(p, "blocks", s.overlay.blocks);
	ward_page_number(p, "allows", s.overlay.allows);
	ward_page_number(p, "disables", s.overlay.disables);
	ward_page_number(p, "refusals", s.refusals);
	ward_page_time(p, "refused", s.refused_ms);
	ward_page_str(p, "refusal", s.refusal_text);
}

/* --- the list --- */

static void
what_of(const struct ward_trust_record *r, char what[WHAT])
{
	what[0] = 0;
	switch ((int)r->kind) {
	case WARD_KIND_BLOCK_FILE:
	case WARD_KIND_ALLOW_FILE:
		ward_text_hex(r->of.file, what);
		break;
	case WARD_KIND_BLOCK_SIGNER:
	case WARD_KIND_ALLOW_SIGNER:
		(void)snprintf(what, WHAT, "%s", r->of.signer.name);
		break;
	case WARD_KIND_BLOCK_ORIGIN:
	case WARD_KIND_ALLOW_ORIGIN:
		(void)snprintf(what, WHAT, "%s", r->of.origin.text);
		break;
	case WARD_KIND_RULE:
		(void)snprintf(what, WHAT, "%s", r->of.rule.name);
		break;
	case WARD_KIND_MODEL:
		(void)snprintf(what, WHAT, "%s", r->of.model.name);
		break;
	case WARD_KIND_DISABLE:
		if (r->of.disable.what == WARD_DISABLED_RECORD)
			(void)snprintf(what, WHAT, "record %" PRIu64, r->of.disable.record);
		else
			(void)snprintf(what, WHAT, "%s", r->of.disable.name);
		break;
	default:
		break;
	}
}

static void
scope_of(const struct ward_trust_scope *s, char scope[SCOPE])
{
	char hex[2 * sizeof(s->device) + 1];

	switch (s->kind) {
	case WARD_SCOPE_ALL:
		(void)snprintf(scope, SCOPE, "all");
		break;
	case WARD_SCOPE_RING:
		(void)snprintf(scope, SCOPE, "ring %s", s->name);
		break;
	case WARD_SCOPE_TAG:
		(void)snprintf(scope, SCOPE, "tag %s", s->name);
		break;
	case WARD_SCOPE_DEVICE:
		ward_text_hex(ward_span_of(s->device, sizeof(s->device)), hex);
		(void)snprintf(scope, SCOPE, "device %s", hex);
		break;
	}
}

/* What ends by the clock has a time of its own. */
static uint64_t
until_of(const struct ward_trust_record *r, uint64_t taken_ms)
{
	if (r->expiry.kind == WARD_EXPIRY_UNTIL)
		return r->expiry.value;
	return r->expiry.kind == WARD_EXPIRY_DURATION ? taken_ms + r->expiry.value : 0;
}

static void
expiry_of(const struct ward_trust_record *r, char expiry[EXPIRY])
{
	switch (r->expiry.kind) {
	case WARD_EXPIRY_NEVER:
		(void)snprintf(expiry, EXPIRY, "never");
		break;
	case WARD_EXPIRY_UNTIL:
	case WARD_EXPIRY_DURATION:
		(void)snprintf(expiry, EXPIRY, "time");
		break;
	case WARD_EXPIRY_PACK:
		(void)snprintf(expiry, EXPIRY, "pack %s %" PRIu64, r->expiry.pack, r->expiry.value);
		break;
	}
}

struct listing {
	struct call *call;
	uint64_t before, last; /* numbers */
	bool full;
};

static void
describe(struct ward_page *p, const struct ward_trust_record *r, uint64_t taken_ms, bool mine)
{
	char what[WHAT], scope[SCOPE], expiry[EXPIRY];

	what_of(r, what);
	scope_of(&r->scope, scope);
	expiry_of(r, expiry);
	ward_page_number(p, "number", r->number);
	ward_page_str(p, "kind", ward_trust_kind_word(r->kind));
	ward_page_str(p, "what", what);
	ward_page_str(p, "threat", r->threat);
	ward_page_str(p, "author", r->author);
	ward_page_str(p, "role", r->role);
	ward_page_str(p, "reason", r->reason);
	ward_page_str(p, "evidence", r->evidence);
	ward_page_str(p, "scope", scope);
	ward_page_str(p, "expiry", expiry);
	ward_page_time(p, "until", until_of(r, taken_ms));
	ward_page_time(p, "time", r->time_ms);
	ward_page_time(p, "taken", taken_ms);
	ward_page_bool(p, "mine", mine);
}

static void
add(void *ctx, const struct ward_trust_record *r, uint64_t taken_ms, bool mine)
{
	struct listing *l = ctx;

	if (l->full || r->number >= l->before)
		return;
	describe(&l->call->page, r, taken_ms, mine);
	l->full = ward_page_entry(&l->call->page) != WARD_OK;
	if (!l->full)
		l->last = r->number;
}

enum ward_rc
records_list(struct call *c)
{
	struct listing l = {.call = c};
	enum ward_rc rc;

	if (!c->desk->o.intake)
		return call_fail(c, WARD_E_NOENT, "the guard takes no signed records");
	if (!call_index(c, &l.before))
		return call_fail(c, WARD_E_INVAL, "a wrong cursor");
	if (l.before == 0)
		l.before = UINT64_MAX;
	rc = ward_intake_records(c->desk->o.intake, RECORDS_MAX, add, &l);
	if (rc != WARD_OK)
		return call_fail(c, rc, "the records cannot be read");
	if (l.full && l.last != 0)
		call_next_index(c, l.last);
	return WARD_OK;
}
