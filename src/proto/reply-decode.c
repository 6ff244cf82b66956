/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/scan.h"

#include "proto/codec-priv.h"
#include "scan.pb-c.h"

/* The wire's numbers are ours. */
_Static_assert((int)WARD__SCAN__V1__VERDICT__VERDICT_MALICIOUS == (int)WARD_MALICIOUS, "verdicts");
_Static_assert((int)WARD__SCAN__V1__VERDICT__VERDICT_NOT_SCANNED == (int)WARD_NOT_SCANNED,
	       "verdicts");
_Static_assert((int)WARD__SCAN__V1__LAYER__LAYER_STRUCTURE == (int)WARD_LAYER_STRUCTURE, "layers");
_Static_assert((int)WARD_LAYER_COUNT == (int)WARD__SCAN__V1__LAYER__LAYER_STRUCTURE + 1, "layers");
_Static_assert((int)WARD__SCAN__V1__REASON__REASON_TIMEOUT == (int)WARD_REASON_TIMEOUT, "reasons");
_Static_assert((int)WARD__SCAN__V1__REASON__REASON_IO == (int)WARD_REASON_IO, "reasons");
_Static_assert((int)WARD_REASON_COUNT == (int)WARD__SCAN__V1__REASON__REASON_IO + 1, "reasons");

struct decoder {
	struct ward_arena *arena;
	struct ward_result *result;
};

static const char *
text(const struct decoder *d, ProtobufCBinaryData bytes)
{
	return ward_codec_text(d->arena, bytes, WARD_PROTO_STRING_MAX);
}

static bool
finding_from(struct decoder *d, const Ward__Scan__V1__Finding *m)
{
	const struct ward_match_hit hit = {
		.layer = (enum ward_layer)m->layer,
		.verdict = (enum ward_verdict)m->verdict,
		.threat = text(d, m->threat),
		.rule = text(d, m->rule),
		.source = text(d, m->source),
		.detail = text(d, m->detail),
	};
	const char *path = text(d, m->path);

	if (m->layer < 0 || m->layer >= (int)WARD_LAYER_COUNT)
		return false;
	if (hit.verdict != WARD_SUSPICIOUS && hit.verdict != WARD_MALICIOUS)
		return false;
	if (!hit.threat || !hit.rule || !hit.source || !hit.detail || !path)
		return false;
	ward_result_add_hit(d->result, &hit, path);
	return true;
}

static bool
gap_from(struct decoder *d, const Ward__Scan__V1__Gap *m)
{
	const char *path = text(d, m->path);
	enum ward_reason reason = (enum ward_reason)m->reason;

	if (m->reason <= 0 || m->reason >= (int)WARD_REASON_COUNT || m->count == 0 || !path)
		return false;
	if (ward_result_has_gap(d->result, reason))
		return false;
	ward_result_add_gap(d->result, reason, path);
	d->result->gaps[d->result->gap_count - 1].count = m->count;
	return true;
}

/* What is inside a file cannot be worse than the file. */
static bool
inner_from(struct decoder *d, const Ward__Scan__V1__Inner *m)
{
	struct ward_inner inner = {
		.size = m->size,
		.type = (enum ward_type)m->type,
		.verdict = (enum ward_verdict)m->verdict,
		.threat = text(d, m->threat),
		.path = text(d, m->path),
	};

	if (m->verdict < 0 || inner.verdict > d->result->verdict || m->type >= WARD_TYPE_COUNT)
		return false;
	if (m->sha256.len != sizeof(inner.sha256) || !inner.threat || !inner.path)
		return false;
	memcpy(inner.sha256, m->sha256.data, sizeof(inner.sha256));
	ward_result_add_inner(d->result, &inner);
	return true;
}

static bool
row_from(struct decoder *d, const Ward__Scan__V1__Row *m)
{
	const struct ward_result_row row = {m->schema, m->version, m->values, m->n_values};

	if (row.schema == 0 || row.count == 0 || row.count > WARD_RESULT_ROW_MAX)
		return false;
	ward_result_set_row(d->result, &row);
	return true;
}

static bool
fact_from(struct decoder *d, const Ward__Scan__V1__Fact *m)
{
	const char *path = text(d, m->path);
	const char *key = text(d, m->key);
	const char *value = text(d, m->value);

	if (!path || !key || !value)
		return false;
	ward_result_add_fact(d->result, path, key, value);
	return true;
}

static bool
numbers_from(struct ward_result *r, const Ward__Scan__V1__ScanReply *m)
{
	if (m->verdict < 0 || m->verdict > (int)WARD_MALICIOUS || m->type >= WARD_TYPE_COUNT)
		return false;
	if (m->sha256.len != 0 && m->sha256.len != sizeof(r->sha256))
		return false;
	r->verdict = (enum ward_verdict)m->verdict;
	r->type = (enum ward_type)m->type;
	r->size = m->size;
	if (m->sha256.len)
		memcpy(r->sha256, m->sha256.data, sizeof(r->sha256));
	r->traits = m->traits;
	r->active = m->active;
	r->known_good = m->known_good;
	r->objects = m->objects;
	r->unpacked_bytes = m->unpacked_bytes;
	r->memory_peak = (size_t)m->memory_peak;
	return true;
}

static bool
lists_from(struct decoder *d, const Ward__Scan__V1__ScanReply *m)
{
	if (m->n_findings > WARD_FINDINGS_MAX || m->n_gaps > WARD_REASON_COUNT ||
	    m->n_facts > WARD_FACTS_MAX || m->n_inners > WARD_INNERS_MAX)
		return false;
	for (size_t i = 0; i < m->n_findings; i++)
		if (!finding_from(d, m->findings[i]))
			return false;
	for (size_t i = 0; i < m->n_gaps; i++)
		if (!gap_from(d, m->gaps[i]))
			return false;
	for (size_t i = 0; i < m->n_inners; i++)
		if (!inner_from(d, m->inners[i]))
			return false;
	for (size_t i = 0; i < m->n_facts; i++)
		if (!fact_from(d, m->facts[i]))
			return false;
	if (m->row && !row_from(d, m->row))
		return false;
	d->result->findings_dropped += m->findings_dropped;
	d->result->facts_dropped += m->facts_dropped;
	d->result->inners_dropped += m->inners_dropped;
	return true;
}

/* A verdict needs its evidence: no gap may hide behind "clean", nothing is convicted without a
   finding that says so. */
static bool
verdict_holds(const struct ward_result *r)
{
	enum ward_verdict worst = r->gap_count ? WARD_NOT_SCANNED : WARD_CLEAN;

	for (size_t i = 0; i < r->finding_count; i++)
		if (r->findings[i].verdict > worst)
			worst = r->findings[i].verdict;
	if (worst == WARD_CLEAN)
		return r->verdict == WARD_CLEAN || r->verdict == WARD_UNKNOWN;
	return r->verdict == worst;
}

enum ward_rc
ward_proto_reply_decode(struct ward_span in, struct ward_arena *arena,
			struct ward_proto_reply *ret_reply)
{
	const Ward__Scan__V1__ScanReply *m =
		ward_codec_unpack(&ward__scan__v1__scan_reply__descriptor, in, arena);
	WARD_AUTO(ward_result_freep) struct ward_result *r = NULL;
	struct decoder d = {.arena = arena};

	if (!m || m->id == 0)
		return WARD_E_PROTO;
	r = d.result = ward_result_new();
	if (!r)
		return WARD_E_NOMEM;
	if (!numbers_from(r, m) || !lists_from(&d, m) || !verdict_holds(r))
		return WARD_E_PROTO;
	*ret_reply = (struct ward_proto_reply){m->id, m->usec, m->strings_cut, r};
	r = NULL;
	return WARD_OK;
}
