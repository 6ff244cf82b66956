/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/admin/operations-intel.h"

#include <stdlib.h>

#include "base/text.h"
#include "cloud/release/release.h"
#include "proto/wire.h"
#include "sys/clock.h"

enum { WAIT_MS = 30 * 1000, PAGE = 100, HEX_MAX = 64 };

struct asked {
	struct ward_node *node;
	const char *actor;
	const json_t *in;
	struct ward_arena *arena;
	json_t *out;
	uint64_t now_ms;
};

static const char *
text_in(const struct asked *a, const char *key)
{
	const char *text = json_string_value(json_object_get(a->in, key));

	return text ? text : "";
}

static uint64_t
number_in(const struct asked *a, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(a->in, key));

	return n > 0 ? (uint64_t)n : 0;
}

static void
put_number(json_t *object, const char *key, uint64_t value)
{
	(void)json_object_set_new(object, key, json_integer((json_int_t)value));
}

static void
put_text(json_t *object, const char *key, const char *text)
{
	json_t *value = json_string(text);

	(void)json_object_set_new(object, key, value ? value : json_string("?"));
}

static const char *
hex_text(const struct asked *a, struct ward_span bytes)
{
	char hex[2 * HEX_MAX + 1];
	const char *copy;

	ward_text_hex(ward_span_cut(bytes, 0, HEX_MAX), hex);
	copy = ward_arena_strdup(a->arena, ward_span_str(hex));
	return copy ? copy : "";
}

/* Hex digits to bytes in the arena; empty: they are none. */
static struct ward_span
bytes_of_hex(const struct asked *a, const char *text)
{
	size_t len = strlen(text) / 2;
	uint8_t *bytes = ward_arena_alloc(a->arena, len + 1);

	if (!bytes || len == 0 || strlen(text) % 2 != 0)
		return ward_span_of(NULL, 0);
	for (size_t i = 0; i < len; i++) {
		int high = ward_text_hex_value((uint8_t)text[2 * i]);
		int low = ward_text_hex_value((uint8_t)text[2 * i + 1]);

		if (high < 0 || low < 0)
			return ward_span_of(NULL, 0);
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return ward_span_of(bytes, len);
}

static const char *
told(const struct asked *a, enum ward_rc rc, const struct ward_refusal *why)
{
	const char *text =
		why->text[0] ? ward_arena_strdup(a->arena, ward_span_str(why->text)) : NULL;

	if (!rc)
		return NULL;
	return text ? text : ward_rc_str(rc);
}

/* --- what a record says --- */

static const char *
file_in(const struct asked *a, struct ward_trust_record *r)
{
	bool block = text_in(a, "block")[0] != 0;

	r->kind = block ? WARD_KIND_BLOCK_FILE : WARD_KIND_ALLOW_FILE;
	r->of.file = bytes_of_hex(a, text_in(a, block ? "block" : "allow"));
	if (block)
		return r->of.file.len == 32 || r->of.file.len == 20 || r->of.file.len == 16
			       ? NULL
			       : "block: the hex digits of a SHA-256, SHA-1 or MD5";
	return r->of.file.len == 32 ? NULL : "allow: 64 hex digits, a SHA-256";
}

static const char *
origin_in(const struct asked *a, struct ward_trust_record *r)
{
	const char *url = text_in(a, "url");

	r->kind = WARD_KIND_BLOCK_ORIGIN;
	r->of.origin.where = url[0] ? WARD_ORIGIN_URL : WARD_ORIGIN_DOMAIN;
	r->of.origin.text = url[0] ? url : text_in(a, "domain");
	return NULL;
}

/* "T1…" */
static const char *
similar_in(const struct asked *a, struct ward_trust_record *r)
{
	const char *text = text_in(a, "similar");
	struct ward_span digest = bytes_of_hex(a, strncmp(text, "T1", 2) == 0 ? text + 2 : text);
	uint64_t distance = number_in(a, "distance");

	if (digest.len != WARD_RECORD_TLSH)
		return "similar: a TLSH digest, T1 and 70 hex digits";
	r->kind = WARD_KIND_BLOCK_SIMILAR;
	memcpy(r->of.similar.tlsh, digest.data, WARD_RECORD_TLSH);
	r->of.similar.distance = distance <= WARD_RECORD_DISTANCE ? (unsigned)distance : 201;
	return NULL;
}

/* Whether it compiles and what it matches was looked at where it was read (canary.h). */
static const char *
rule_in(const struct asked *a, struct ward_trust_record *r)
{
	if (!json_is_true(json_object_get(a->in, "checked")))
		return "a rule or signature that nobody has tried does not leave";
	if (text_in(a, "rule")[0]) {
		r->kind = WARD_KIND_RULE;
		r->of.rule.name = text_in(a, "name");
		r->of.rule.source = ward_span_str(text_in(a, "rule"));
		return r->of.rule.name[0] ? NULL : "name: what the rule is called (--name)";
	}
	r->kind = WARD_KIND_SIGNATURE;
	r->of.signature.format = text_in(a, "format");
	r->of.signature.line = text_in(a, "signature");
	return NULL;
}

static const char *
what_in(const struct asked *a, struct ward_trust_record *r)
{
	static const struct {
		const char *key;
		const char *(*read)(const struct asked *a, struct ward_trust_record *r);
	} kinds[] = {{"block", file_in},    {"allow", file_in},	   {"similar", similar_in},
		     {"url", origin_in},    {"domain", origin_in}, {"rule", rule_in},
		     {"signature", rule_in}};
	size_t found = 0, which = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (text_in(a, kinds[i].key)[0]) {
			found++;
			which = i;
		}
	if (found != 1)
		return "one of --block, --allow, --similar, --url, --domain, --rule, --signature";
	return kinds[which].read(a, r);
}

static const char *
disabled_in(const struct asked *a, struct ward_trust_record *r)
{
	static const struct {
		const char *word;
		enum ward_trust_disabled what;
	} words[] = {{"rule", WARD_DISABLED_RULE},
		     {"signature", WARD_DISABLED_SIGNATURE},
		     {"model", WARD_DISABLED_MODEL},
		     {"record", WARD_DISABLED_RECORD}};
	const char *what = text_in(a, "what"), *which = text_in(a, "which");
	char *end;

	r->kind = WARD_KIND_DISABLE;
	r->of.disable.name = "";
	what = what[0] ? what : "record";
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(what, words[i].word) == 0)
			r->of.disable.what = words[i].what;
	if (!r->of.disable.what)
		return "what: rule, signature, model or record";
	if (r->of.disable.what != WARD_DISABLED_RECORD) {
		r->of.disable.name = which;
		return NULL;
	}
	r->of.disable.record = strtoull(which, &end, 10);
	return *which >= '0' && *which <= '9' && !*end ? NULL : "record: its number";
}

/* "all", "ring:NAME", "tag:NAME", "device:UUID" */
static const char *
scope_in(const struct asked *a, struct ward_trust_scope *ret)
{
	const char *text = text_in(a, "scope");

	*ret = (struct ward_trust_scope){.kind = WARD_SCOPE_ALL, .name = ""};
	if (!text[0] || strcmp(text, "all") == 0)
		return NULL;
	if (strncmp(text, "ring:", 5) == 0) {
		ret->kind = WARD_SCOPE_RING;
		ret->name = text + 5;
		return NULL;
	}
	if (strncmp(text, "tag:", 4) == 0) {
		ret->kind = WARD_SCOPE_TAG;
		ret->name = text + 4;
		return NULL;
	}
	ret->kind = WARD_SCOPE_DEVICE;
	return strncmp(text, "device:", 7) == 0 &&
			       !ward_wire_uuid_parse(ward_span_str(text + 7), ret->device)
		       ? NULL
		       : "scope: all, ring:NAME, tag:NAME or device:UUID";
}

static const char *
frame_in(const struct asked *a, struct ward_trust_record *r)
{
	uint64_t until = number_in(a, "expires_ms");

	r->author = a->actor;
	r->reason = text_in(a, "reason");
	r->threat = text_in(a, "threat");
	r->evidence = text_in(a, "evidence");
	r->confidence = 100;
	r->expiry.kind = until ? WARD_EXPIRY_UNTIL : WARD_EXPIRY_NEVER;
	r->expiry.value = until;
	if (!r->reason[0])
		return "reason: is needed";
	if ((r->kind == WARD_KIND_BLOCK_FILE || r->kind == WARD_KIND_BLOCK_SIMILAR ||
	     r->kind == WARD_KIND_BLOCK_ORIGIN) &&
	    !r->threat[0])
		r->threat = "Analyst.Blocked";
	return scope_in(a, &r->scope);
}

static const char *
release(struct asked *a, struct ward_trust_record *r)
{
	struct ward_release_author author = {a->actor, text_in(a, "force")};
	struct ward_refusal why = {.code = WARD_REFUSED_NOT};
	const char *wrong = frame_in(a, r);
	uint64_t number = 0;
	enum ward_rc rc;

	if (wrong)
		return wrong;
	rc = ward_release_wait(a->node->release, r, &author, WAIT_MS, &number, &why);
	if (!rc)
		put_number(a->out, "number", number);
	return told(a, rc, &why);
}

static const char *
publish(struct asked *a)
{
	struct ward_trust_record r = {.number = 0};
	const char *wrong = what_in(a, &r);

	return wrong ? wrong : release(a, &r);
}

static const char *
disable(struct asked *a)
{
	struct ward_trust_record r = {.number = 0};
	const char *wrong = disabled_in(a, &r);

	return wrong ? wrong : release(a, &r);
}

/* --- what there is --- */

struct listing {
	struct asked *a;
	json_t *list;
	uint64_t last;
	uint8_t log[WARD_LOG_ID];
};

/* What it is about, for people. */
static const char *
about(const struct asked *a, const struct ward_trust_record *r)
{
	const char *text = "";

	switch ((int)r->kind) {
	case WARD_KIND_BLOCK_FILE:
	case WARD_KIND_ALLOW_FILE:
		return hex_text(a, r->of.file);
	case WARD_KIND_BLOCK_SIMILAR:
		return hex_text(a, ward_span_of(r->of.similar.tlsh, WARD_RECORD_TLSH));
	case WARD_KIND_BLOCK_ORIGIN:
	case WARD_KIND_ALLOW_ORIGIN:
		return r->of.origin.text ? r->of.origin.text : "";
	case WARD_KIND_BLOCK_SIGNER:
	case WARD_KIND_ALLOW_SIGNER:
		return r->of.signer.name;
	case WARD_KIND_RULE:
		return r->of.rule.name;
	case WARD_KIND_SIGNATURE:
		return r->of.signature.line;
	case WARD_KIND_DISABLE:
		if (r->of.disable.what != WARD_DISABLED_RECORD)
			return r->of.disable.name;
		text = ward_arena_printf(a->arena, "record %llu",
					 (unsigned long long)r->of.disable.record);
		return text ? text : "";
	default:
		return text;
	}
}

static const char *
scope_text(const struct asked *a, const struct ward_trust_scope *s)
{
	char uuid[37];
	const char *text;

	if (s->kind == WARD_SCOPE_ALL)
		return "all";
	ward_wire_uuid_text(s->device, uuid);
	text = ward_arena_printf(a->arena, "%s:%s",
				 s->kind == WARD_SCOPE_RING  ? "ring"
				 : s->kind == WARD_SCOPE_TAG ? "tag"
							     : "device",
				 s->kind == WARD_SCOPE_DEVICE ? uuid : s->name);
	return text ? text : "?";
}

static json_t *
record_json(const struct listing *l, const struct ward_trust_record *r)
{
	const struct asked *a = l->a;
	json_t *one = json_object();
	uint64_t ended = ward_views_record_ended(a->node->views, l->log, r->number);

	put_number(one, "number", r->number);
	put_text(one, "kind", ward_trust_kind_word(r->kind));
	put_text(one, "about", about(a, r));
	put_text(one, "scope", scope_text(a, &r->scope));
	put_text(one, "threat", r->threat);
	put_text(one, "reason", r->reason);
	put_text(one, "author", r->author);
	put_number(one, "time_ms", r->time_ms);
	if (r->expiry.kind == WARD_EXPIRY_UNTIL)
		put_number(one, "expires_ms", r->expiry.value);
	if (ended)
		put_number(one, "disabled_by", ended);
	return one;
}

static enum ward_rc
list_one(void *context, uint64_t number, struct ward_span envelope)
{
	struct listing *l = context;
	struct ward_budget budget = {.cap = 32 << 20};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_trust_record r;
	struct ward_refusal why;
	struct ward_dsse d;
	enum ward_rc rc = arena ? WARD_OK : WARD_E_NOMEM;

	if (json_array_size(l->list) == PAGE)
		return WARD_E_STOPPED;
	if (!rc)
		rc = ward_dsse_read(envelope, WARD_DSSE_RECORD, arena, &d, &why);
	if (!rc)
		rc = ward_trust_record_decode(d.payload, arena, &r, &why);
	if (!rc)
		(void)json_array_append_new(l->list, record_json(l, &r));
	l->last = number;
	return rc;
}

/* A page behind "after". */
static const char *
list(struct asked *a)
{
	struct listing l = {.a = a, .list = json_array()};
	struct ward_release_status status;
	enum ward_rc rc;

	(void)json_object_set_new(a->out, "records", l.list);
	ward_release_status(a->node->release, &status);
	memcpy(l.log, status.log, sizeof(l.log));
	l.last = number_in(a, "after");
	rc = ward_views_records(a->node->views, l.log, l.last, list_one, &l);
	put_number(a->out, "next", json_array_size(l.list) == PAGE ? l.last : 0);
	return rc ? ward_rc_str(rc) : NULL;
}

static void
put_held(struct asked *a, const struct ward_release_status *status)
{
	json_t *held = json_array();

	for (size_t i = 0; i < status->held_count; i++) {
		json_t *one = json_object();

		put_text(one, "sha256",
			 hex_text(a, ward_span_of(status->held[i].sha256, WARD_HASH_LEN)));
		put_number(one, "time_ms", status->held[i].time_ms);
		put_text(one, "why", status->held[i].why);
		(void)json_array_append_new(held, one);
	}
	(void)json_object_set_new(a->out, "held", held);
}

static const char *
status(struct asked *a)
{
	struct ward_release_status *s = ward_arena_alloc(a->arena, sizeof(*s));
	struct ward_view_ledger ledger;

	if (!s)
		return "no memory";
	ward_release_status(a->node->release, s);
	if (ward_views_ledger(a->node->views, s->log, a->arena, &ledger))
		return "the views cannot be read";
	put_text(a->out, "log", hex_text(a, ward_span_of(s->log, WARD_LOG_ID)));
	put_number(a->out, "records", ledger.frontier.size);
	put_number(a->out, "covered", ledger.covered);
	put_number(a->out, "timestamp", ledger.version);
	put_number(a->out, "timestamp_expires_ms", ledger.expires_ms);
	put_number(a->out, "waiting", s->waiting);
	put_number(a->out, "published", s->published);
	put_number(a->out, "refused", s->refused);
	put_text(a->out, "trouble", s->trouble.text);
	put_held(a, s);
	return NULL;
}

const char *
ward_admin_intel(struct ward_node *node, const char *actor, const json_t *request,
		 struct ward_arena *arena, json_t *out)
{
	static const struct {
		const char *name;
		const char *(*fn)(struct asked *a);
	} operations[] = {{"intel.publish", publish},
			  {"intel.disable", disable},
			  {"intel.status", status},
			  {"intel.list", list}};
	struct asked a = {node, actor, request, arena, out, ward_clock_wall() / 1000};
	const char *op = text_in(&a, "op"), *wrong = "no such operation";

	if (!node->release)
		return "only a running service with keys for updates can do that (wardcloud keys)";
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (strcmp(op, operations[i].name) == 0)
			wrong = operations[i].fn(&a);
	return wrong;
}
