/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/scan.h"

#include "proto/codec-priv.h"
#include "scan.pb-c.h"

static bool
limits_make_sense(const struct ward_limits *l)
{
	return l->max_object > 0 && l->max_bytes > 0 && l->max_files > 0 && l->max_depth > 0 &&
	       l->max_depth <= WARD_DEPTH_MAX && l->max_ratio > 0 && l->max_memory > 0;
}

static bool
makes_sense(const struct ward_proto_request *r)
{
	return r->id != 0 && r->timeout_ms > 0 && r->timeout_ms <= WARD_PROTO_TIMEOUT_MAX &&
	       limits_make_sense(&r->limits);
}

enum ward_rc
ward_proto_request_encode(const struct ward_proto_request *r, struct ward_buf *out)
{
	Ward__Scan__V1__ScanRequest m = WARD__SCAN__V1__SCAN_REQUEST__INIT;
	Ward__Scan__V1__Limits l = WARD__SCAN__V1__LIMITS__INIT;
	size_t path = strlen(r->path);
	size_t cut = path > WARD_PROTO_PATH_MAX ? path - WARD_PROTO_PATH_MAX : 0;

	if (!makes_sense(r))
		return WARD_E_INVAL;
	l.max_object = r->limits.max_object;
	l.max_bytes = r->limits.max_bytes;
	l.max_files = r->limits.max_files;
	l.max_depth = r->limits.max_depth;
	l.max_ratio = r->limits.max_ratio;
	l.max_memory = r->limits.max_memory;
	l.skip_archives = r->limits.skip_archives;
	m.id = r->id;
	m.path = ward_codec_bytes(r->path + cut, path - cut);
	m.owner = ward_codec_bytes(r->owner, strnlen(r->owner, WARD_PROTO_OWNER_MAX));
	m.all_matches = r->all_matches;
	m.want_facts = r->want_facts;
	m.want_inners = r->want_inners;
	m.want_row = r->want_row;
	m.timeout_ms = r->timeout_ms;
	m.limits = &l;
	return ward_codec_pack(&m.base, out);
}

static void
limits_from(const Ward__Scan__V1__Limits *m, struct ward_limits *ret_limits)
{
	*ret_limits = (struct ward_limits){
		.max_object = m->max_object,
		.max_bytes = m->max_bytes,
		.max_files = m->max_files,
		.max_depth = m->max_depth,
		.max_ratio = m->max_ratio,
		.max_memory = m->max_memory,
		.skip_archives = m->skip_archives != 0,
	};
}

enum ward_rc
ward_proto_request_decode(struct ward_span in, struct ward_arena *arena,
			  struct ward_proto_request *ret_request)
{
	const Ward__Scan__V1__ScanRequest *m =
		ward_codec_unpack(&ward__scan__v1__scan_request__descriptor, in, arena);
	struct ward_proto_request r;

	if (!m || !m->limits)
		return WARD_E_PROTO;
	r = (struct ward_proto_request){
		.id = m->id,
		.path = ward_codec_text(arena, m->path, WARD_PROTO_PATH_MAX),
		.owner = ward_codec_text(arena, m->owner, WARD_PROTO_OWNER_MAX),
		.all_matches = m->all_matches,
		.want_facts = m->want_facts,
		.want_inners = m->want_inners,
		.want_row = m->want_row,
		.timeout_ms = m->timeout_ms,
	};
	limits_from(m->limits, &r.limits);
	if (!r.path || !r.owner || !makes_sense(&r))
		return WARD_E_PROTO;
	*ret_request = r;
	return WARD_OK;
}
