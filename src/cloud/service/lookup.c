/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups: reputation for the whole batch at once, points for what nobody has said anything about. */
#include "base/utf.h"
#include "cloud/service/service-priv.h"
#include "cloud/verdict/score.h"
#include "sys/clock.h"

enum {
	TTL_MALICIOUS = 3600,
	TTL_CLEAN = 24 * 3600,
	TTL_UNKNOWN = 60,
	REPLY_MAX = 64 << 20,
	EVIDENCE_MAX = 16,
	DETAIL_MAX = 256,   /* of Evidence.detail */
	EXPLAINED_MAX = 64, /* answers of one request for which it is read who found what */
	SEEN_MAX = 1000,
};

typedef Ward__V1__FileVerdict Answer;
typedef Ward__V1__FileQuery Query;

/* One look-up request while it is answered; everything lives in the call's arena. */
struct lookup {
	struct ward_service *s;
	const uint8_t *device;
	Ward__V1__Level level;
	uint64_t now_ms;
	struct ward_arena *arena;
	unsigned loop;
	bool loop_known;
	Ward__V1__Tier tier; /* the last one that was asked for a file */
	struct ward_log_item *seen;
	size_t seen_count, explained;
};

static char nothing[] = "";

/* --- reputation --- */

static uint32_t
ttl_of(const struct ward_view_verdict *v, uint64_t now_ms)
{
	uint64_t seconds = v->verdict == WARD_CLEAN ? TTL_CLEAN : TTL_MALICIOUS;

	if (v->verdict == WARD_UNKNOWN || v->verdict == WARD_NOT_SCANNED)
		seconds = TTL_UNKNOWN;
	if (v->expires_ms && (v->expires_ms - now_ms) / 1000 < seconds)
		seconds = (v->expires_ms - now_ms) / 1000;
	return (uint32_t)seconds;
}

static const char *
kind_of(uint8_t source)
{
	switch ((int)source) {
	case WARD__LOG__V1__SOURCE__SOURCE_ANALYST:
		return "analyst";
	case WARD__LOG__V1__SOURCE__SOURCE_IMPORT:
		return "import";
	default:
		return "sample";
	}
}

static bool
add_evidence(struct ward_arena *arena, Answer *a, const char *kind, const char *name, int weight)
{
	Ward__V1__Evidence *e = ward_arena_alloc(arena, sizeof(*e));

	if (!a->evidence)
		a->evidence = ward_arena_array(arena, EVIDENCE_MAX, sizeof(*a->evidence));
	if (!e || !a->evidence || a->n_evidence == EVIDENCE_MAX)
		return false;
	ward__v1__evidence__init(e);
	e->kind = (char *)(uintptr_t)kind;
	e->name = (char *)(uintptr_t)name;
	e->weight = weight;
	a->evidence[a->n_evidence++] = e;
	return true;
}

/* Is it what decided? */
static bool
decided(const struct lookup *l, const Ward__Log__V1__Verdict *said,
	const struct ward_view_verdict *v, const Answer *a)
{
	return said->source == v->source && said->verdict == a->verdict &&
	       (said->scope.len == 0 || memcmp(said->scope.data, l->device, 16) == 0);
}

static char *
reason_of(struct lookup *l, const Ward__Log__V1__Verdict *said)
{
	struct ward_span reason = ward_span_str(said->reason);
	char *text = ward_arena_strdup(l->arena,
				       ward_span_cut(reason, 0, ward_utf_fit(reason, DETAIL_MAX)));

	return text ? text : nothing;
}

/* What the analysis of the sample found, what the analyst gave as reason. Convictions are few, and only
 * of some is it read: the answer does not wait for the rest. */
static void
recall(struct lookup *l, const uint8_t *sha256, const struct ward_view_verdict *v, Answer *a)
{
	Ward__Log__V1__Verdict **said = NULL;
	size_t count = 0;

	if (!sha256 || v->source == WARD__LOG__V1__SOURCE__SOURCE_IMPORT ||
	    v->verdict < WARD_SUSPICIOUS || l->explained++ >= EXPLAINED_MAX ||
	    ward_views_said(l->s->o.views, sha256, l->arena, &said, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		if (!decided(l, said[i], v, a))
			continue;
		a->evidence[0]->detail = reason_of(l, said[i]);
		for (size_t k = 0; k < said[i]->n_evidence && a->n_evidence < EVIDENCE_MAX; k++)
			a->evidence[a->n_evidence++] = said[i]->evidence[k];
		return;
	}
}

/* The signed record that blocks it. As explanations: of some only. */
static void
attach_record(struct lookup *l, const uint8_t *sha256, const struct ward_view_verdict *v, Answer *a)
{
	struct ward_span envelope;
	uint64_t number;

	if (!l->s->o.release || !sha256 || v->source == WARD__LOG__V1__SOURCE__SOURCE_IMPORT ||
	    v->verdict != WARD_MALICIOUS || l->explained >= EXPLAINED_MAX ||
	    ward_release_record(l->s->o.release, sha256, l->arena, &number, &envelope))
		return;
	a->record = (ProtobufCBinaryData){envelope.len, (uint8_t *)(uintptr_t)envelope.data};
}

static bool
from_reputation(struct lookup *l, const uint8_t *sha256, const struct ward_view_verdict *v,
		Answer *a)
{
	a->verdict = ward_wire_verdict(v->verdict);
	a->confidence = v->confidence;
	a->threat = (char *)(uintptr_t)v->threat;
	a->tier = WARD__V1__TIER__TIER_REPUTATION;
	a->ttl_seconds = ttl_of(v, l->now_ms);
	if (!add_evidence(l->arena, a, kind_of(v->source), v->list, 0))
		return false;
	attach_record(l, sha256, v, a);
	recall(l, sha256, v, a);
	return true;
}

/* Lists by MD5 count only where nothing was said of the SHA-256. */
static bool
from_weak(struct lookup *l, const Query *q, Answer *a, bool *ret_found)
{
	struct ward_view_verdict v;

	*ret_found = q->md5.len == 16 &&
		     !ward_views_weak(l->s->o.views, WARD__LOG__V1__DIGEST__DIGEST_MD5, q->md5.data,
				      l->now_ms, &v) &&
		     v.source;
	return !*ret_found || from_reputation(l, NULL, &v, a);
}

/* --- metadata --- */

static enum ward_verdict
verdict_on(struct lookup *l, ProtobufCBinaryData sha256)
{
	struct ward_view_verdict v;

	if (sha256.len != 32 ||
	    ward_views_verdicts(l->s->o.views, (const uint8_t(*)[32])(uintptr_t)sha256.data, 1,
				l->device, l->now_ms, &v))
		return WARD_UNKNOWN;
	return v.verdict;
}

static Ward__V1__Level
level_of(struct lookup *l, const Ward__V1__Policy *policy)
{
	return l->level ? l->level : policy->level;
}

/* A sample is wanted of what can run code, or contain such, and is not here. One that is here and of which
 * nothing was said was not analysed to the end, or what was found is not in the views yet. */
static void
wish(struct lookup *l, const Query *q, const struct ward_view_file *file,
     const Ward__V1__Policy *policy, Answer *a)
{
	bool matters = ward_score_is_active(q->type) || ward_score_is_container(q->type);

	if (ward_analysis_pending(l->s->o.analysis, q->sha256.data) ||
	    (file && file->sample_here && service_analyse(l->s, q->sha256.data) == WARD_OK))
		a->sample = WARD__V1__SAMPLE_WISH__SAMPLE_HERE;
	else if (matters && q->size > 0 && q->size <= l->s->o.sample_max &&
		 policy->samples != WARD__V1__SAMPLES__SAMPLES_NONE)
		a->sample = WARD__V1__SAMPLE_WISH__SAMPLE_WANTED;
	if (a->sample == WARD__V1__SAMPLE_WISH__SAMPLE_NOT_WANTED)
		return;
	a->hold_ms = policy->hold_ms;
	a->sample_offset = service_spooled(l->s, l->device, q->sha256.data);
}

static bool
explain(struct lookup *l, const struct ward_score *score, Answer *a)
{
	for (size_t i = 0; i < score->reason_count; i++)
		if (!add_evidence(l->arena, a, "metadata", score->reasons[i].name,
				  score->reasons[i].weight))
			return false;
	return true;
}

static bool
from_metadata(struct lookup *l, const Query *q, Answer *a)
{
	struct ward_view_file file;
	struct ward_score_input in = {q, NULL, WARD_UNKNOWN, l->now_ms};
	struct ward_score score;
	Ward__V1__Policy policy;
	int threshold;
	bool suspicious;

	if (ward_views_policy(l->s->o.views, "default", &policy))
		return false;
	if (!ward_views_file(l->s->o.views, q->sha256.data, l->arena, &file))
		in.file = &file;
	if (q->context && q->context->parent_sha256.len == 32)
		in.parent = verdict_on(l, q->context->parent_sha256);
	ward_score(&in, &score);
	threshold = ward_score_threshold(level_of(l, &policy));
	suspicious = threshold > 0 ? score.points >= threshold : ward_score_is_active(q->type);
	a->verdict = ward_wire_verdict(suspicious ? WARD_SUSPICIOUS : WARD_UNKNOWN);
	a->confidence = (uint32_t)score.points;
	a->tier = WARD__V1__TIER__TIER_METADATA;
	a->ttl_seconds = TTL_UNKNOWN;
	wish(l, q, in.file, &policy, a);
	return explain(l, &score, a);
}

/* --- who met what --- */

static bool
noted_today(struct lookup *l, const Query *q)
{
	uint64_t a, b, day = l->now_ms / 86400000, print;
	uint64_t *slot;

	memcpy(&a, q->sha256.data, 8);
	memcpy(&b, l->device, 8);
	print = (a ^ b * UINT64_C(0x9e3779b97f4a7c15)) + day;
	slot = &l->s->seen[l->loop][print % SERVICE_SEEN];
	if (*slot == print)
		return true;
	*slot = print;
	return false;
}

static void
note_seen(struct lookup *l, const Query *q)
{
	Ward__Log__V1__Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Seen seen = WARD__LOG__V1__SEEN__INIT;

	if (!l->loop_known || l->seen_count == SEEN_MAX || noted_today(l, q))
		return;
	if (!l->seen)
		l->seen = ward_arena_array(l->arena, SEEN_MAX, sizeof(*l->seen));
	seen.file = (Query *)(uintptr_t)q;
	record.time_ms = l->now_ms;
	record.device = (ProtobufCBinaryData){16, (uint8_t *)(uintptr_t)l->device};
	record.fact_case = WARD__LOG__V1__RECORD__FACT_SEEN;
	record.seen = &seen;
	if (l->seen && !ward_record_item(&record, l->arena, &l->seen[l->seen_count]))
		l->seen_count++;
}

static void
seen_done(void *context, enum ward_rc rc, const struct ward_log_position *positions, size_t count)
{
	struct ward_service *s = context;

	(void)positions;
	ward_counter_add(rc ? s->seen_dropped : s->seen_noted, count);
}

/* Nobody waits for these; under load they are the first to go. */
static void
append_seen(struct lookup *l)
{
	if (l->seen_count > 0 &&
	    ward_log_append(l->s->o.log, l->seen, l->seen_count, seen_done, l->s))
		ward_counter_add(l->s->seen_dropped, l->seen_count);
}

/* --- the request --- */

static bool
judge(struct lookup *l, const Query *q, const struct ward_view_verdict *known, Answer *a)
{
	bool found = false, good;

	if (known->source)
		return from_reputation(l, q->sha256.data, known, a);
	good = from_weak(l, q, a, &found);
	if (!found)
		good = from_metadata(l, q, a);
	note_seen(l, q);
	return good;
}

static void
count_answer(struct lookup *l, const Answer *a)
{
	service_count_tier(l->s, a->tier);
	if (a->tier > l->tier)
		l->tier = a->tier;
}

static Answer *
new_answer(struct lookup *l, uint32_t query)
{
	Answer *a = ward_arena_alloc(l->arena, sizeof(*a));

	if (a) {
		ward__v1__file_verdict__init(a);
		a->query = query;
		a->threat = nothing;
	}
	return a;
}

static bool
answer_prefix(struct lookup *l, const Query *q, uint32_t query, Ward__V1__LookupReply *reply,
	      size_t room)
{
	uint8_t(*found)[32] = ward_arena_array(l->arena, WARD_WIRE_PREFIX_ANSWERS, 32);
	struct ward_view_verdict *verdicts =
		ward_arena_array(l->arena, WARD_WIRE_PREFIX_ANSWERS, sizeof(*verdicts));
	size_t count = 0;
	bool more = false;

	if (!found || !verdicts ||
	    ward_views_prefix(l->s->o.views, ward_span_of(q->prefix.data, q->prefix.len), l->now_ms,
			      WARD_WIRE_PREFIX_ANSWERS, found, verdicts, &count, &more))
		return false;
	for (size_t i = 0; i < count && reply->n_files < room; i++) {
		Answer *a = new_answer(l, query);

		if (!a || !from_reputation(l, found[i], &verdicts[i], a))
			return false;
		a->sha256 = (ProtobufCBinaryData){32, found[i]};
		reply->files[reply->n_files++] = a;
		count_answer(l, a);
	}
	if (more || reply->n_files == room)
		reply->cut[reply->n_cut++] = query;
	return true;
}

static size_t
room_for(const Ward__V1__LookupRequest *r)
{
	size_t room = 0;

	for (size_t i = 0; i < r->n_files; i++)
		room += r->files[i]->prefix.len > 0 ? WARD_WIRE_PREFIX_ANSWERS : 1;
	return room < 65536 ? room : 65536;
}

static bool
answer_all(struct lookup *l, const Ward__V1__LookupRequest *r, Ward__V1__LookupReply *reply)
{
	struct ward_view_verdict *known = ward_arena_array(l->arena, r->n_files, sizeof(*known));
	uint8_t(*digests)[32] = ward_arena_array(l->arena, r->n_files, 32);
	size_t room = room_for(r);

	reply->files = ward_arena_array(l->arena, room, sizeof(*reply->files));
	reply->cut = ward_arena_array(l->arena, r->n_files, sizeof(*reply->cut));
	if (!known || !digests || !reply->files || !reply->cut)
		return false;
	for (size_t i = 0; i < r->n_files; i++)
		if (r->files[i]->sha256.len == 32)
			memcpy(digests[i], r->files[i]->sha256.data, 32);
	if (ward_views_verdicts(l->s->o.views, (const uint8_t(*)[32])digests, r->n_files, l->device,
				l->now_ms, known))
		return false;
	for (uint32_t i = 0; i < r->n_files; i++) {
		const Query *q = r->files[i];
		Answer *a;

		if (q->prefix.len > 0) {
			if (!answer_prefix(l, q, i, reply, room))
				return false;
			continue;
		}
		a = reply->n_files < room ? new_answer(l, i) : NULL;
		if (!a || !judge(l, q, &known[i], a))
			return false;
		reply->files[reply->n_files++] = a;
		count_answer(l, a);
	}
	return true;
}

static void
send_reply(struct ward_call *call, const Ward__V1__LookupReply *reply)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};

	ward_buf_init(&out, REPLY_MAX, NULL);
	if (ward_wire_encode(&reply->base, &out))
		ward_call_finish(call, WARD_GRPC_INTERNAL, NULL);
	else
		ward_call_answer(call, ward_buf_span(&out));
}

void
service_lookup(struct ward_call *call, struct ward_span message)
{
	struct ward_service *s = ward_call_context(call);
	uint64_t begun = ward_clock_monotonic();
	struct lookup l = {.s = s,
			   .device = ward_call_peer(call)->device,
			   .now_ms = ward_clock_wall() / 1000,
			   .arena = ward_call_arena(call),
			   .loop = ward_call_loop(call),
			   .loop_known = true};
	Ward__V1__LookupReply reply = WARD__V1__LOOKUP_REPLY__INIT;
	Ward__V1__LookupRequest *request;
	const char *why = NULL;
	enum ward_rc rc = ward_wire_decode(&ward__v1__lookup_request__descriptor, message, l.arena,
					   &request, &why);

	if (rc) {
		ward_call_finish(call,
				 rc == WARD_E_PROTO ? WARD_GRPC_INVALID_ARGUMENT
						    : WARD_GRPC_RESOURCE_EXHAUSTED,
				 why);
		return;
	}
	l.level = request->level;
	if (!answer_all(&l, request, &reply)) {
		ward_call_finish(call, WARD_GRPC_UNAVAILABLE, "the views cannot be read");
		return;
	}
	append_seen(&l);
	send_reply(call, &reply);
	service_took(s, l.tier, begun);
}

enum ward_rc
service_judge(struct ward_service *s, const uint8_t device[16], const Query *query,
	      Ward__V1__Level level, struct ward_arena *arena, Answer *ret)
{
	struct lookup l = {.s = s,
			   .device = device,
			   .level = level,
			   .now_ms = ward_clock_wall() / 1000,
			   .arena = arena};
	struct ward_view_verdict known;
	enum ward_rc rc =
		ward_views_verdicts(s->o.views, (const uint8_t(*)[32])(uintptr_t)query->sha256.data,
				    1, device, l.now_ms, &known);

	ward__v1__file_verdict__init(ret);
	if (!rc && !judge(&l, query, &known, ret))
		rc = WARD_E_LIMIT;
	return rc;
}

void
service_verdict_of(const Ward__Log__V1__Verdict *said, Answer *ret)
{
	ward__v1__file_verdict__init(ret);
	ret->verdict = said->verdict;
	ret->confidence = said->confidence;
	ret->threat = said->threat;
	ret->tier = WARD__V1__TIER__TIER_SAMPLE;
	ret->evidence = said->evidence;
	ret->n_evidence = said->n_evidence;
	ret->ttl_seconds =
		said->verdict == WARD__V1__VERDICT__VERDICT_MALICIOUS ? TTL_MALICIOUS : TTL_UNKNOWN;
}
