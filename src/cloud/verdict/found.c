/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/verdict/found.h"

#include "base/utf.h"

enum { EVIDENCE = 16, INNER_EVIDENCE = 4, TEXT = 65536 };

/* Texts from a scanner are bytes: made UTF-8, cut, and escaped. */
static char *
text_of(struct ward_arena *arena, const char *text, size_t max)
{
	WARD_AUTO(ward_buf_done) struct ward_buf clean = {0};
	static char none[] = "";
	struct ward_span left;
	char *copy;

	ward_buf_init(&clean, TEXT, NULL);
	if (ward_utf_escape(&clean, ward_span_str(text)))
		return none;
	left = ward_buf_span(&clean);
	copy = ward_arena_strdup(arena, ward_span_cut(left, 0, ward_utf_fit(left, max)));
	return copy ? copy : none;
}

static Ward__V1__Evidence *
evidence_of(struct ward_arena *arena, const struct ward_finding *f)
{
	Ward__V1__Evidence *e = ward_arena_alloc(arena, sizeof(*e));

	if (!e)
		return NULL;
	ward__v1__evidence__init(e);
	e->kind = text_of(arena, ward_layer_name(f->layer), 32);
	e->name = text_of(arena, f->rule, 128);
	e->detail = text_of(arena, f->detail, 256);
	e->path = text_of(arena, f->path, 512);
	return e;
}

static Ward__V1__Evidence *
gap_of(struct ward_arena *arena, const struct ward_gap *g)
{
	Ward__V1__Evidence *e = ward_arena_alloc(arena, sizeof(*e));
	static char kind[] = "structure";

	if (!e)
		return NULL;
	ward__v1__evidence__init(e);
	e->kind = kind;
	e->name = ward_arena_printf(arena, "not-scanned:%s", ward_reason_name(g->reason));
	e->path = text_of(arena, g->path, 512);
	return e->name ? e : NULL;
}

static void
add_evidence(Ward__Log__V1__Verdict *v, Ward__V1__Evidence *e)
{
	if (e)
		v->evidence[v->n_evidence++] = e;
}

static void
fill_evidence(Ward__Log__V1__Verdict *v, const struct ward_result *r, struct ward_arena *arena)
{
	v->evidence = ward_arena_array(arena, EVIDENCE, sizeof(*v->evidence));
	if (!v->evidence)
		return;
	for (size_t i = 0; i < r->finding_count && v->n_evidence < EVIDENCE; i++)
		add_evidence(v, evidence_of(arena, &r->findings[i]));
	for (size_t i = 0; i < r->gap_count && v->n_evidence < EVIDENCE; i++)
		add_evidence(v, gap_of(arena, &r->gaps[i]));
}

static uint32_t
confidence_of(enum ward_verdict verdict)
{
	static const uint32_t of[] = {[WARD_CLEAN] = 500,
				      [WARD_UNKNOWN] = 500,
				      [WARD_NOT_SCANNED] = 0,
				      [WARD_SUSPICIOUS] = 700,
				      [WARD_MALICIOUS] = 950};

	return of[verdict];
}

/* The threat of the finding that decided. */
static const char *
threat_of(const struct ward_result *r)
{
	for (size_t i = 0; i < r->finding_count; i++)
		if (r->findings[i].verdict == r->verdict)
			return r->findings[i].threat;
	return "";
}

static void
fill_common(const struct ward_found *found, Ward__Log__V1__Verdict *v, const uint8_t *sha256,
	    enum ward_verdict verdict)
{
	ward__log__v1__verdict__init(v);
	v->sha256 = (ProtobufCBinaryData){32, (uint8_t *)(uintptr_t)sha256};
	v->source = WARD__LOG__V1__SOURCE__SOURCE_SAMPLE;
	v->verdict = ward_wire_verdict(verdict);
	v->confidence = confidence_of(verdict);
	v->version = (char *)(uintptr_t)found->version;
	v->time_ms = found->now_ms;
}

void
ward_found_verdict(const struct ward_found *found, struct ward_arena *arena,
		   Ward__Log__V1__Verdict *ret_verdict)
{
	const struct ward_result *r = found->result;

	fill_common(found, ret_verdict, found->sha256, r->verdict);
	ret_verdict->threat = text_of(arena, threat_of(r), 128);
	fill_evidence(ret_verdict, r, arena);
}

/* --- inside --- */

/* Is the object at `path` the one at `inside`, or does it hold that? */
static bool
holds(const char *path, const char *inside)
{
	size_t len = strlen(path);

	return strncmp(path, inside, len) == 0 &&
	       (inside[len] == '\0' || strncmp(inside + len, "!/", 2) == 0);
}

static void
fill_inner(const struct ward_found *found, const struct ward_inner *inner, struct ward_arena *arena,
	   Ward__Log__V1__Verdict *v)
{
	const struct ward_result *r = found->result;

	fill_common(found, v, inner->sha256, inner->verdict);
	v->threat = text_of(arena, inner->threat, 128);
	v->evidence = ward_arena_array(arena, INNER_EVIDENCE, sizeof(*v->evidence));
	if (!v->evidence)
		return;
	for (size_t i = 0; i < r->finding_count && v->n_evidence < INNER_EVIDENCE; i++)
		if (holds(inner->path, r->findings[i].path))
			add_evidence(v, evidence_of(arena, &r->findings[i]));
}

static bool
convicts(Ward__V1__Verdict verdict)
{
	return verdict == WARD__V1__VERDICT__VERDICT_MALICIOUS ||
	       verdict == WARD__V1__VERDICT__VERDICT_SUSPICIOUS;
}

static enum ward_rc
add_verdict(const Ward__Log__V1__Verdict *v, struct ward_arena *arena, struct ward_log_item *items,
	    size_t *count)
{
	Ward__Log__V1__Record said = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Record update = WARD__LOG__V1__RECORD__INIT;
	Ward__V1__VerdictChange change = WARD__V1__VERDICT_CHANGE__INIT;
	enum ward_rc rc;

	said.time_ms = update.time_ms = v->time_ms;
	said.fact_case = WARD__LOG__V1__RECORD__FACT_VERDICT;
	said.verdict = (Ward__Log__V1__Verdict *)(uintptr_t)v;
	rc = ward_record_item(&said, arena, &items[(*count)++]);
	if (rc || !convicts(v->verdict))
		return rc;
	change.sha256 = v->sha256;
	change.verdict = v->verdict;
	change.threat = v->threat;
	change.tier = WARD__V1__TIER__TIER_SAMPLE;
	update.fact_case = WARD__LOG__V1__RECORD__FACT_CHANGE;
	update.change = &change;
	return ward_record_item(&update, arena, &items[(*count)++]);
}

/* It was met in there. */
static enum ward_rc
add_met(const struct ward_found *found, const struct ward_inner *inner, struct ward_arena *arena,
	struct ward_log_item *item)
{
	Ward__Log__V1__Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Sample sample = WARD__LOG__V1__SAMPLE__INIT;

	sample.sha256 = (ProtobufCBinaryData){32, (uint8_t *)(uintptr_t)inner->sha256};
	sample.parent = (ProtobufCBinaryData){32, (uint8_t *)(uintptr_t)found->sha256};
	sample.size = inner->size;
	sample.type = (char *)(uintptr_t)ward_type_name(inner->type);
	record.time_ms = found->now_ms;
	record.fact_case = WARD__LOG__V1__RECORD__FACT_SAMPLE;
	record.sample = &sample;
	return ward_record_item(&record, arena, item);
}

static enum ward_rc
add_inner(const struct ward_found *found, const struct ward_inner *inner, struct ward_arena *arena,
	  struct ward_log_item *items, size_t *count)
{
	Ward__Log__V1__Verdict v;
	enum ward_rc rc = add_met(found, inner, arena, &items[(*count)++]);

	if (rc || inner->verdict < WARD_SUSPICIOUS)
		return rc;
	fill_inner(found, inner, arena, &v);
	return add_verdict(&v, arena, items, count);
}

enum ward_rc
ward_found_items(const struct ward_found *found, const Ward__Log__V1__Verdict *verdict,
		 struct ward_arena *arena, struct ward_log_item *items, size_t *ret_count)
{
	const struct ward_result *r = found->result;
	size_t count = 0;
	enum ward_rc rc = add_verdict(verdict, arena, items, &count);

	for (size_t i = 0; i < r->inner_count && !rc; i++)
		if (memcmp(r->inners[i].sha256, found->sha256, 32) != 0)
			rc = add_inner(found, &r->inners[i], arena, items, &count);
	if (!rc)
		*ret_count = count;
	return rc;
}
