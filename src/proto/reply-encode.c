/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/scan.h"

#include "proto/codec-priv.h"
#include "scan.pb-c.h"

/* What the numbers of a reply take at most, and what each repeated entry takes besides its texts:
   tags, lengths, numbers (protobuf's varints are at most 10 bytes). */
enum { FIXED_SIZE = 256, ENTRY_SIZE = 48 };

struct encoder {
	struct ward_arena *arena;
	size_t room; /* bytes of the message not yet promised to anybody */
	uint64_t cut;
};

static ProtobufCBinaryData
text(struct encoder *e, const char *s)
{
	size_t len = strnlen(s, WARD_PROTO_STRING_MAX + 1);

	if (len > WARD_PROTO_STRING_MAX) {
		len = WARD_PROTO_STRING_MAX;
		e->cut++;
	}
	return ward_codec_bytes(s, len);
}

/* False when it does not fit any more. */
static bool
promise(struct encoder *e, size_t texts)
{
	if (texts + ENTRY_SIZE > e->room)
		return false;
	e->room -= texts + ENTRY_SIZE;
	return true;
}

static bool
add_finding(struct encoder *e, const struct ward_finding *f, Ward__Scan__V1__Finding *m)
{
	ward__scan__v1__finding__init(m);
	m->layer = (Ward__Scan__V1__Layer)f->layer;
	m->verdict = (Ward__Scan__V1__Verdict)f->verdict;
	m->threat = text(e, f->threat);
	m->rule = text(e, f->rule);
	m->source = text(e, f->source);
	m->detail = text(e, f->detail);
	m->path = text(e, f->path);
	return promise(e,
		       m->threat.len + m->rule.len + m->source.len + m->detail.len + m->path.len);
}

/* The worst first: should the message be too short for all, the verdict still has its evidence. */
static enum ward_rc
add_findings(struct encoder *e, const struct ward_result *r, Ward__Scan__V1__ScanReply *m)
{
	static const enum ward_verdict order[] = {WARD_MALICIOUS, WARD_SUSPICIOUS};
	Ward__Scan__V1__Finding *list = ward_arena_array(e->arena, r->finding_count, sizeof(*list));

	m->findings = ward_arena_array(e->arena, r->finding_count, sizeof(*m->findings));
	if (!list || !m->findings)
		return WARD_E_LIMIT;
	m->findings_dropped = r->findings_dropped;
	for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
		for (size_t i = 0; i < r->finding_count; i++) {
			if (r->findings[i].verdict != order[k])
				continue;
			if (add_finding(e, &r->findings[i], &list[i]))
				m->findings[m->n_findings++] = &list[i];
			else
				m->findings_dropped++;
		}
	}
	return WARD_OK;
}

static enum ward_rc
add_gaps(struct encoder *e, const struct ward_result *r, Ward__Scan__V1__ScanReply *m)
{
	Ward__Scan__V1__Gap *list = ward_arena_array(e->arena, r->gap_count, sizeof(*list));

	m->gaps = ward_arena_array(e->arena, r->gap_count, sizeof(*m->gaps));
	if (!list || !m->gaps)
		return WARD_E_LIMIT;
	for (size_t i = 0; i < r->gap_count; i++) {
		ward__scan__v1__gap__init(&list[i]);
		list[i].reason = (Ward__Scan__V1__Reason)r->gaps[i].reason;
		list[i].path = text(e, r->gaps[i].path);
		list[i].count = r->gaps[i].count;
		/* Reasons are never left out, their paths may be. */
		if (!promise(e, list[i].path.len)) {
			list[i].path.len = 0;
			e->cut++;
		}
		m->gaps[m->n_gaps++] = &list[i];
	}
	return WARD_OK;
}

/* A whole row or none: half of one means something else. */
static void
add_row(struct encoder *e, const struct ward_result *r, Ward__Scan__V1__Row *row,
	Ward__Scan__V1__ScanReply *m)
{
	if (!r->row.schema || !promise(e, r->row.count * sizeof(float)))
		return;
	ward__scan__v1__row__init(row);
	row->schema = r->row.schema;
	row->version = r->row.version;
	row->n_values = r->row.count;
	row->values = r->row.values;
	m->row = row;
}

static bool
add_inner(struct encoder *e, const struct ward_inner *i, Ward__Scan__V1__Inner *m)
{
	ward__scan__v1__inner__init(m);
	m->sha256 = ward_codec_bytes(i->sha256, sizeof(i->sha256));
	m->size = i->size;
	m->type = i->type;
	m->verdict = (Ward__Scan__V1__Verdict)i->verdict;
	m->threat = text(e, i->threat);
	m->path = text(e, i->path);
	return promise(e, m->sha256.len + m->threat.len + m->path.len);
}

/* The worst first. */
static enum ward_rc
add_inners(struct encoder *e, const struct ward_result *r, Ward__Scan__V1__ScanReply *m)
{
	Ward__Scan__V1__Inner *list = ward_arena_array(e->arena, r->inner_count, sizeof(*list));

	m->inners = ward_arena_array(e->arena, r->inner_count, sizeof(*m->inners));
	if (!list || !m->inners)
		return WARD_E_LIMIT;
	m->inners_dropped = r->inners_dropped;
	for (int verdict = WARD_MALICIOUS; verdict >= WARD_CLEAN; verdict--) {
		for (size_t i = 0; i < r->inner_count; i++) {
			if ((int)r->inners[i].verdict != verdict)
				continue;
			if (add_inner(e, &r->inners[i], &list[i]))
				m->inners[m->n_inners++] = &list[i];
			else
				m->inners_dropped++;
		}
	}
	return WARD_OK;
}

static enum ward_rc
add_facts(struct encoder *e, const struct ward_result *r, Ward__Scan__V1__ScanReply *m)
{
	Ward__Scan__V1__Fact *list = ward_arena_array(e->arena, r->fact_count, sizeof(*list));

	m->facts = ward_arena_array(e->arena, r->fact_count, sizeof(*m->facts));
	if (!list || !m->facts)
		return WARD_E_LIMIT;
	m->facts_dropped = r->facts_dropped;
	for (size_t i = 0; i < r->fact_count; i++) {
		ward__scan__v1__fact__init(&list[i]);
		list[i].path = text(e, r->facts[i].path);
		list[i].key = text(e, r->facts[i].key);
		list[i].value = text(e, r->facts[i].value);
		if (promise(e, list[i].path.len + list[i].key.len + list[i].value.len))
			m->facts[m->n_facts++] = &list[i];
		else
			m->facts_dropped++;
	}
	return WARD_OK;
}

static void
add_numbers(const struct ward_proto_reply *reply, Ward__Scan__V1__ScanReply *m)
{
	struct ward_result *r = reply->result;

	m->id = reply->id;
	m->usec = reply->usec;
	m->verdict = (Ward__Scan__V1__Verdict)r->verdict;
	m->type = r->type;
	m->size = r->size;
	m->sha256 = (ProtobufCBinaryData){sizeof(r->sha256), r->sha256};
	m->traits = r->traits;
	m->active = r->active;
	m->known_good = r->known_good;
	m->objects = r->objects;
	m->unpacked_bytes = r->unpacked_bytes;
	m->memory_peak = r->memory_peak;
}

enum ward_rc
ward_proto_reply_encode(const struct ward_proto_reply *reply, struct ward_arena *arena,
			struct ward_buf *out)
{
	/* The reasons' own room is set aside before findings may take it. */
	const size_t reasons = WARD_REASON_COUNT * (size_t)ENTRY_SIZE;
	struct encoder e = {arena, WARD_PROTO_MESSAGE_MAX - FIXED_SIZE - reasons, 0};
	Ward__Scan__V1__ScanReply m = WARD__SCAN__V1__SCAN_REPLY__INIT;
	Ward__Scan__V1__Row row;
	enum ward_rc rc;

	add_numbers(reply, &m);
	rc = add_findings(&e, reply->result, &m);
	if (rc == WARD_OK)
		rc = add_gaps(&e, reply->result, &m);
	if (rc == WARD_OK)
		add_row(&e, reply->result, &row, &m);
	if (rc == WARD_OK)
		rc = add_inners(&e, reply->result, &m);
	if (rc == WARD_OK)
		rc = add_facts(&e, reply->result, &m);
	if (rc != WARD_OK)
		return rc;
	m.strings_cut = reply->strings_cut + e.cut;
	return ward_codec_pack(&m.base, out);
}
