/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/admin/operations.h"

#include "base/text.h"
#include "cloud/admin/operations-import.h"
#include "cloud/admin/operations-intel.h"
#include "cloud/admin/policy.h"
#include "cloud/identity/token.h"
#include "cloud/log/record.h"
#include "sys/clock.h"

enum { WAIT_MS = 30 * 1000, PAGE = 100, MEMORY = 1024 * 1024 };

typedef Ward__Log__V1__Record Record;

/* One request while it is worked on. */
struct asked {
	struct ward_node *node;
	const char *actor;
	const json_t *in;
	json_t *out;
	struct ward_arena *arena;
	uint64_t now_ms;
};

static json_t *
failure(const char *why)
{
	return json_pack("{s:b, s:s}", "ok", 0, "error", why);
}

static const char *
text_in(const struct asked *a, const char *name)
{
	const char *text = json_string_value(json_object_get(a->in, name));

	return text ? text : "";
}

static uint64_t
number_in(const struct asked *a, const char *name)
{
	json_int_t n = json_integer_value(json_object_get(a->in, name));

	return n > 0 ? (uint64_t)n : 0;
}

static bool
hex_in(const struct asked *a, const char *name, uint8_t *ret, size_t len)
{
	const char *text = text_in(a, name);

	if (strlen(text) != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = ward_text_hex_value((uint8_t)text[2 * i]);
		int low = ward_text_hex_value((uint8_t)text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static void
put_hex(json_t *object, const char *name, const uint8_t *data, size_t len)
{
	char hex[129];

	ward_text_hex(ward_span_of(data, len < 64 ? len : 64), hex);
	(void)json_object_set_new(object, name, json_string(hex));
}

static void
put_number(json_t *object, const char *name, uint64_t value)
{
	(void)json_object_set_new(object, name, json_integer((json_int_t)value));
}

static void
put_text(json_t *object, const char *name, const char *text)
{
	json_t *value = json_string(text);

	(void)json_object_set_new(object, name, value ? value : json_string("?"));
}

/* --- appending --- */

static enum ward_rc
append(struct asked *a, Record *records, size_t count)
{
	struct ward_log_item items[2];
	struct ward_log_position positions[2];
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < count && !rc; i++) {
		records[i].time_ms = a->now_ms;
		records[i].actor =
			(ProtobufCBinaryData){strlen(a->actor), (uint8_t *)(uintptr_t)a->actor};
		rc = ward_record_item(&records[i], a->arena, &items[i]);
	}
	if (!rc)
		rc = ward_log_append_wait(a->node->log, items, count, positions);
	if (!rc)
		rc = ward_applier_wait(a->node->applier, positions, count, WAIT_MS);
	return rc;
}

static const char *
done(enum ward_rc rc)
{
	return rc ? ward_rc_str(rc) : NULL;
}

/* --- tokens --- */

static const char *
token_create(struct asked *a)
{
	Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Token kept = WARD__LOG__V1__TOKEN__INIT;
	struct ward_token token;
	uint8_t digest[32];
	char text[WARD_TOKEN_TEXT];
	enum ward_rc rc = ward_token_new(&token);

	if (!rc)
		rc = ward_token_digest(&token, digest);
	if (rc)
		return done(rc);
	kept.id = (ProtobufCBinaryData){WARD_TOKEN_ID, token.id};
	kept.secret_sha256 = (ProtobufCBinaryData){32, digest};
	kept.name = (char *)(uintptr_t)text_in(a, "name");
	kept.created_ms = a->now_ms;
	kept.expires_ms = number_in(a, "expires_ms");
	kept.uses = (uint32_t)number_in(a, "uses");
	record.fact_case = WARD__LOG__V1__RECORD__FACT_TOKEN;
	record.token = &kept;
	rc = append(a, &record, 1);
	if (!rc) {
		ward_token_text(&token, text);
		put_text(a->out, "token", text);
		put_hex(a->out, "id", token.id, WARD_TOKEN_ID);
		explicit_bzero(text, sizeof(text));
	}
	explicit_bzero(&token, sizeof(token));
	return done(rc);
}

static enum ward_rc
list_token(void *context, const struct ward_view_token *t)
{
	json_t *one = json_object();

	put_hex(one, "id", t->id, WARD_TOKEN_LEN);
	put_text(one, "name", t->name);
	put_number(one, "created_ms", t->created_ms);
	put_number(one, "expires_ms", t->expires_ms);
	put_number(one, "uses", t->uses);
	put_number(one, "used", t->used);
	(void)json_object_set_new(one, "revoked", json_boolean(t->revoked));
	(void)json_array_append_new(context, one);
	return json_array_size(context) < 2 * PAGE ? WARD_OK : WARD_E_STOPPED;
}

static const char *
token_list(struct asked *a)
{
	json_t *list = json_array();

	(void)json_object_set_new(a->out, "tokens", list);
	return done(ward_views_tokens(a->node->views, list_token, list));
}

static const char *
token_revoke(struct asked *a)
{
	Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Token kept = WARD__LOG__V1__TOKEN__INIT;
	struct ward_view_token t;
	uint8_t id[WARD_TOKEN_LEN];
	enum ward_rc rc;

	if (!hex_in(a, "id", id, sizeof(id)))
		return "id: 16 hex digits";
	rc = ward_views_token(a->node->views, id, a->arena, &t);
	if (rc)
		return rc == WARD_E_NOENT ? "no such token" : done(rc);
	kept.id = (ProtobufCBinaryData){sizeof(id), id};
	kept.secret_sha256 = (ProtobufCBinaryData){32, t.secret_sha256};
	kept.name = (char *)(uintptr_t)t.name;
	kept.created_ms = t.created_ms;
	kept.expires_ms = t.expires_ms;
	kept.uses = t.uses;
	kept.revoked = true;
	record.fact_case = WARD__LOG__V1__RECORD__FACT_TOKEN;
	record.token = &kept;
	return done(append(a, &record, 1));
}

/* --- devices --- */

struct page {
	json_t *list;
	uint8_t after[WARD_DEVICE_LEN];
	bool more;
};

/* How it says it is, and what was done to its protection. */
static void
put_condition(json_t *one, const struct ward_view_device *d)
{
	json_t *issues = json_array();

	for (size_t i = 0; i < d->issue_count; i++)
		(void)json_array_append_new(issues, json_string(d->issues[i]));
	put_text(one, "engine_version", d->engine_version);
	put_text(one, "intelligence_version", d->intelligence_version);
	put_text(one, "mode", d->mode);
	put_number(one, "policy_version", d->policy_version);
	put_number(one, "outbox", d->outbox);
	put_number(one, "health_ms", d->health_ms);
	(void)json_object_set_new(one, "issues", issues);
	put_number(one, "tamperings", d->tamperings);
	put_number(one, "tampered_ms", d->tampered_ms);
	put_text(one, "tampered", d->tampered);
}

static json_t *
device_json(const struct ward_view_device *d)
{
	static const char *const states[] = {"seen", "refused", "active", "revoked"};
	json_t *one = json_object();
	char uuid[37];

	ward_wire_uuid_text(d->id, uuid);
	put_text(one, "id", uuid);
	put_text(one, "state", states[d->state]);
	put_text(one, "name", d->name);
	put_text(one, "os", d->os);
	put_number(one, "enrolled_ms", d->enrolled_ms);
	put_number(one, "last_seen_ms", d->last_seen_ms);
	put_number(one, "not_after_ms", d->not_after_ms);
	put_number(one, "events", d->events);
	put_number(one, "detections", d->detections);
	put_condition(one, d);
	return one;
}

static enum ward_rc
list_device(void *context, const struct ward_view_device *d)
{
	struct page *p = context;

	if (memcmp(d->id, p->after, WARD_DEVICE_LEN) <= 0)
		return WARD_OK;
	if (json_array_size(p->list) == PAGE) {
		p->more = true;
		return WARD_E_STOPPED;
	}
	(void)json_array_append_new(p->list, device_json(d));
	return WARD_OK;
}

static const char *
device_show(struct asked *a)
{
	struct ward_view_device device;
	uint8_t id[WARD_DEVICE_LEN];
	enum ward_rc rc = ward_wire_uuid_parse(ward_span_str(text_in(a, "id")), id);

	if (rc)
		return "id: a UUID";
	rc = ward_views_device(a->node->views, id, a->arena, &device);
	if (rc)
		return rc == WARD_E_NOENT ? "no such device" : done(rc);
	(void)json_object_set_new(a->out, "device", device_json(&device));
	return NULL;
}

static const char *
device_list(struct asked *a)
{
	struct page p = {.list = json_array()};
	const char *after = text_in(a, "after");
	enum ward_rc rc = WARD_OK;

	(void)json_object_set_new(a->out, "devices", p.list);
	if (after[0])
		rc = ward_wire_uuid_parse(ward_span_str(after), p.after);
	if (!rc)
		rc = ward_views_devices(a->node->views, list_device, &p);
	(void)json_object_set_new(a->out, "more", json_boolean(p.more));
	return done(rc);
}

static const char *
revoke(struct asked *a, bool withdrawn)
{
	Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Revocation r = WARD__LOG__V1__REVOCATION__INIT;
	uint8_t id[WARD_DEVICE_LEN];

	if (ward_wire_uuid_parse(ward_span_str(text_in(a, "id")), id))
		return "id: a UUID";
	if (ward_views_device_state(a->node->views, id) == WARD_DEVICE_UNKNOWN)
		return "no such device";
	r.device = (ProtobufCBinaryData){sizeof(id), id};
	r.reason = (char *)(uintptr_t)text_in(a, "reason");
	r.withdrawn = withdrawn;
	record.fact_case = WARD__LOG__V1__RECORD__FACT_REVOCATION;
	record.revocation = &r;
	return done(append(a, &record, 1));
}

static const char *
device_revoke(struct asked *a)
{
	return revoke(a, false);
}

static const char *
device_restore(struct asked *a)
{
	return revoke(a, true);
}

/* --- verdicts --- */

static bool
verdict_in(const struct asked *a, Ward__V1__Verdict *ret)
{
	static const struct {
		const char *name;
		Ward__V1__Verdict verdict;
	} known[] = {{"clean", WARD__V1__VERDICT__VERDICT_CLEAN},
		     {"suspicious", WARD__V1__VERDICT__VERDICT_SUSPICIOUS},
		     {"malicious", WARD__V1__VERDICT__VERDICT_MALICIOUS},
		     {"withdraw", WARD__V1__VERDICT__VERDICT_UNSPECIFIED}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(text_in(a, "verdict"), known[i].name) == 0) {
			*ret = known[i].verdict;
			return true;
		}
	return false;
}

static void
fill_change(const Ward__Log__V1__Verdict *v, Ward__V1__VerdictChange *change, Record *record)
{
	ward__v1__verdict_change__init(change);
	change->sha256 = v->sha256;
	change->verdict = v->verdict;
	change->threat = v->threat;
	change->tier = WARD__V1__TIER__TIER_REPUTATION;
	change->expires_ms = v->expires_ms;
	record->fact_case = WARD__LOG__V1__RECORD__FACT_CHANGE;
	record->change = change;
}

static const char *
verdict_set(struct asked *a)
{
	Record records[2] = {WARD__LOG__V1__RECORD__INIT, WARD__LOG__V1__RECORD__INIT};
	Ward__Log__V1__Verdict v = WARD__LOG__V1__VERDICT__INIT;
	Ward__V1__VerdictChange change;
	uint8_t sha256[32], device[WARD_DEVICE_LEN];
	const char *scope = text_in(a, "device");

	if (!hex_in(a, "sha256", sha256, sizeof(sha256)))
		return "sha256: 64 hex digits";
	if (!verdict_in(a, &v.verdict))
		return "verdict: clean, suspicious, malicious or withdraw";
	if (!text_in(a, "reason")[0])
		return "reason: is needed";
	if (scope[0] && ward_wire_uuid_parse(ward_span_str(scope), device))
		return "device: a UUID";
	v.sha256 = (ProtobufCBinaryData){32, sha256};
	v.source = WARD__LOG__V1__SOURCE__SOURCE_ANALYST;
	v.confidence = 1000;
	v.threat = (char *)(uintptr_t)text_in(a, "threat");
	v.reason = (char *)(uintptr_t)text_in(a, "reason");
	v.expires_ms = number_in(a, "expires_ms");
	v.time_ms = a->now_ms;
	if (scope[0])
		v.scope = (ProtobufCBinaryData){sizeof(device), device};
	records[0].fact_case = WARD__LOG__V1__RECORD__FACT_VERDICT;
	records[0].verdict = &v;
	fill_change(&v, &change, &records[1]);
	return done(append(a, records, scope[0] ? 1 : 2));
}

static void
put_said(json_t *list, const Ward__Log__V1__Verdict *v)
{
	static const char *const sources[] = {"?",	"analyst", "detonation",
					      "sample", "import",  "graph"};
	json_t *one = json_object(), *evidence = json_array();

	put_text(one, "source", sources[(unsigned)v->source < 6 ? v->source : 0]);
	put_text(one, "verdict", ward_verdict_name(ward_wire_verdict_from(v->verdict)));
	put_number(one, "confidence", v->confidence);
	put_text(one, "threat", v->threat);
	put_text(one, "reason", v->reason);
	put_number(one, "time_ms", v->time_ms);
	put_number(one, "expires_ms", v->expires_ms);
	put_text(one, "version", v->version);
	for (size_t i = 0; i < v->n_evidence; i++)
		(void)json_array_append_new(
			evidence, json_pack("{s:s, s:s, s:s, s:s}", "kind", v->evidence[i]->kind,
					    "name", v->evidence[i]->name, "detail",
					    v->evidence[i]->detail, "path", v->evidence[i]->path));
	(void)json_object_set_new(one, "evidence", evidence);
	if (v->scope.len == WARD_DEVICE_LEN) {
		char uuid[37];

		ward_wire_uuid_text(v->scope.data, uuid);
		put_text(one, "device", uuid);
	}
	(void)json_array_append_new(list, one);
}

static void
put_file(json_t *out, const struct ward_view_file *f)
{
	static const uint8_t none[WARD_HASH_LEN];
	json_t *names = json_array();

	put_number(out, "size", f->size);
	put_text(out, "type", f->type);
	put_number(out, "first_seen_ms", f->first_seen_ms);
	put_number(out, "last_seen_ms", f->last_seen_ms);
	put_number(out, "prevalence", f->prevalence);
	(void)json_object_set_new(out, "prevalence_exact", json_boolean(f->prevalence_exact));
	put_number(out, "sightings", f->sightings);
	(void)json_object_set_new(out, "sample_here", json_boolean(f->sample_here));
	if (memcmp(f->parent, none, sizeof(none)) != 0)
		put_hex(out, "parent", f->parent, sizeof(f->parent));
	for (size_t i = 0; i < f->name_count; i++)
		(void)json_array_append_new(names, json_string(f->names[i]));
	(void)json_object_set_new(out, "names", names);
}

static const char *
verdict_note(struct asked *a)
{
	Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Note note = WARD__LOG__V1__NOTE__INIT;
	uint8_t sha256[32];

	if (!hex_in(a, "sha256", sha256, sizeof(sha256)))
		return "sha256: 64 hex digits";
	if (!ward_wire_is_text(text_in(a, "text"), WARD_WIRE_NOTE_MAX) || !text_in(a, "text")[0])
		return "text: 1 to 4096 bytes of UTF-8";
	note.sha256 = (ProtobufCBinaryData){sizeof(sha256), sha256};
	note.text = (char *)(uintptr_t)text_in(a, "text");
	record.fact_case = WARD__LOG__V1__RECORD__FACT_NOTE;
	record.note = &note;
	return done(append(a, &record, 1));
}

static enum ward_rc
put_notes(struct asked *a, const uint8_t sha256[32])
{
	Record **notes;
	json_t *list = json_array();
	size_t count = 0;
	enum ward_rc rc = ward_views_notes(a->node->views, sha256, a->arena, &notes, &count);

	for (size_t i = 0; i < count; i++) {
		json_t *one = json_object();

		put_number(one, "time_ms", notes[i]->time_ms);
		(void)json_object_set_new(
			one, "by",
			json_stringn((const char *)notes[i]->actor.data, notes[i]->actor.len));
		put_text(one, "text", notes[i]->note->text);
		(void)json_array_append_new(list, one);
	}
	(void)json_object_set_new(a->out, "notes", list);
	return rc;
}

static const char *
verdict_show(struct asked *a)
{
	struct ward_view_verdict holds;
	struct ward_view_file file;
	Ward__Log__V1__Verdict **said;
	uint8_t sha256[1][32];
	size_t count = 0;
	json_t *list = json_array();
	enum ward_rc rc;

	(void)json_object_set_new(a->out, "said", list);
	if (!hex_in(a, "sha256", sha256[0], 32))
		return "sha256: 64 hex digits";
	rc = ward_views_verdicts(a->node->views, (const uint8_t(*)[32])sha256, 1, NULL, a->now_ms,
				 &holds);
	if (!rc)
		rc = ward_views_said(a->node->views, sha256[0], a->arena, &said, &count);
	if (rc)
		return done(rc);
	put_text(a->out, "verdict", ward_verdict_name(holds.verdict));
	put_text(a->out, "threat", holds.threat);
	put_text(a->out, "list", holds.list);
	for (size_t i = 0; i < count; i++)
		put_said(list, said[i]);
	if (!ward_views_file(a->node->views, sha256[0], a->arena, &file))
		put_file(a->out, &file);
	return done(put_notes(a, sha256[0]));
}

struct convictions {
	json_t *list;
};

static enum ward_rc
put_conviction(void *context, const uint8_t sha256[WARD_HASH_LEN],
	       const struct ward_view_verdict *holds)
{
	struct convictions *c = context;
	char hex[2 * WARD_HASH_LEN + 1];

	ward_text_hex(ward_span_of(sha256, WARD_HASH_LEN), hex);
	(void)json_array_append_new(
		c->list, json_pack("{s:s, s:s}", "sha256", hex, "threat", holds->threat));
	return WARD_OK;
}

/* A page of what the service itself has convicted; "next" is where the next one goes on. */
static const char *
convictions(struct asked *a)
{
	struct ward_conviction_walk walk = {.begun = *text_in(a, "after") != 0};
	struct convictions c = {json_array()};
	char hex[2 * WARD_HASH_LEN + 1];
	enum ward_rc rc;

	(void)json_object_set_new(a->out, "convictions", c.list);
	if (walk.begun && !hex_in(a, "after", walk.last, WARD_HASH_LEN))
		return "after: 64 hex digits";
	walk.now_ms = a->now_ms;
	walk.confidence = (uint16_t)number_in(a, "confidence");
	rc = ward_views_convictions(a->node->views, PAGE, &walk, put_conviction, &c);
	if (rc)
		return done(rc);
	ward_text_hex(ward_span_of(walk.last, WARD_HASH_LEN), hex);
	put_text(a->out, "next", walk.end ? "" : hex);
	return NULL;
}

/* --- figures and policy --- */

static const char *
stats(struct asked *a)
{
	static const char *const names[WARD_STATS] = {"sightings", "detections", "new_files",
						      "samples",   "verdicts",	 "enrolled",
						      "tamperings"};
	struct ward_views_size size;
	struct ward_log_stats log;
	struct ward_objects_stats objects;
	uint64_t hour = a->now_ms / 3600000;
	json_t *day = json_object(), *all = json_object();

	ward_views_size(a->node->views, &size);
	ward_log_stats(a->node->log, &log);
	ward_objects_stats(a->node->objects, &objects);
	put_number(a->out, "verdicts", size.verdicts);
	put_number(a->out, "devices", size.devices);
	put_number(a->out, "views_bytes", size.disk_bytes + size.table_bytes);
	put_number(a->out, "log_bytes", log.size);
	put_number(a->out, "lag", ward_applier_lag(a->node->applier));
	put_number(a->out, "samples_stored", objects.objects);
	put_number(a->out, "samples_bytes", objects.bytes);
	for (int s = 0; s < WARD_STATS; s++) {
		uint64_t sum = 0;

		if (ward_views_stat(a->node->views, (enum ward_stat)s, hour - 23, hour + 1, &sum))
			return "the views cannot be read";
		put_number(day, names[s], sum);
		if (ward_views_stat(a->node->views, (enum ward_stat)s, 0, UINT64_MAX, &sum))
			return "the views cannot be read";
		put_number(all, names[s], sum);
	}
	(void)json_object_set_new(a->out, "day", day);
	(void)json_object_set_new(a->out, "all", all);
	return NULL;
}

static const char *
policy_show(struct asked *a)
{
	Ward__V1__Policy p;
	enum ward_rc rc = ward_views_policy(a->node->views, "default", &p);

	if (rc)
		return done(rc);
	ward_admin_policy_put(a->out, &p);
	if (json_is_true(json_object_get(a->in, "document")))
		put_text(a->out, "document", ward_admin_policy_text(a->node, a->arena));
	return NULL;
}

static const char *
policy_set(struct asked *a)
{
	static char name[] = "default";
	Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Policy kept = WARD__LOG__V1__POLICY__INIT;
	Ward__V1__Policy p;
	enum ward_rc rc = ward_views_policy(a->node->views, name, &p);
	const char *wrong = rc ? ward_rc_str(rc)
			       : ward_admin_policy_change(a->node, a->in, a->now_ms, a->arena, &p);

	if (wrong)
		return wrong;
	kept.name = name;
	kept.policy = &p;
	record.fact_case = WARD__LOG__V1__RECORD__FACT_POLICY;
	record.policy = &kept;
	rc = append(a, &record, 1);
	if (!rc)
		ward_admin_policy_put(a->out, &p);
	return done(rc);
}

static const char *
snapshot(struct asked *a)
{
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};

	ward_buf_init(&why, 4096, NULL);
	return done(ward_node_snapshot(a->node, &why));
}

static const struct {
	const char *name;
	const char *(*fn)(struct asked *a); /* NULL, or what is wrong */
} operations[] = {
	{"token.create", token_create},
	{"token.list", token_list},
	{"token.revoke", token_revoke},
	{"device.list", device_list},
	{"device.show", device_show},
	{"device.revoke", device_revoke},
	{"device.restore", device_restore},
	{"verdict.set", verdict_set},
	{"verdict.show", verdict_show},
	{"verdict.note", verdict_note},
	{"intel.convictions", convictions},
	{"stats", stats},
	{"policy.show", policy_show},
	{"policy.set", policy_set},
	{"snapshot", snapshot},
};

json_t *
ward_admin_call(struct ward_node *node, const char *actor, const json_t *request, int fd)
{
	struct ward_budget budget = {.cap = MEMORY};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct asked a = {.node = node,
			  .actor = actor,
			  .in = request,
			  .arena = arena,
			  .now_ms = ward_clock_wall() / 1000};
	const char *op = text_in(&a, "op"), *wrong = "no such operation";

	if (!arena)
		return failure("no memory");
	a.out = json_pack("{s:b}", "ok", 1);
	if (strncmp(op, "intel.", 6) == 0)
		wrong = ward_admin_intel(node, actor, request, arena, a.out);
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (strcmp(op, operations[i].name) == 0)
			wrong = operations[i].fn(&a);
	if (strncmp(op, "import.", 7) == 0)
		wrong = ward_admin_import(node, actor, request, fd, a.out);
	if (!wrong)
		return a.out;
	json_decref(a.out);
	return failure(wrong);
}
