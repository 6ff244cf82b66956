/* SPDX-License-Identifier: Apache-2.0 */
/* uplink.proto's limits. Each check names the field it does not like. */
#include "proto/uplink.h"

#include "formats/type.h"
#include "proto/wire-priv.h"

#define REFUSE_UNLESS(condition, field)                                                            \
	do {                                                                                       \
		if (!(condition))                                                                  \
			return field;                                                              \
	} while (0)

enum { SERVER_MAX = 255, PROXY_MAX = 511, WHY_MAX = 256, DEVICE_TEXT = 36, UPDATES_LIMIT = 10000 };

/* --- guard to uplink --- */

static const char *
check_settings(const Ward__Uplink__V1__Settings *s)
{
	REFUSE_UNLESS(s && s->policy, "settings");
	REFUSE_UNLESS(ward_wire_is_text(s->server, SERVER_MAX), "settings.server");
	REFUSE_UNLESS(ward_wire_is_text(s->proxy, PROXY_MAX), "settings.proxy");
	REFUSE_UNLESS(ward_wire_is_text(s->engine_version, 64), "settings.engine_version");
	REFUSE_UNLESS(ward_wire_is_text(s->intelligence_version, 64),
		      "settings.intelligence_version");
	return ward_wire_check_policy(s->policy);
}

static const char *
check_start(const Ward__Uplink__V1__Start *s)
{
	REFUSE_UNLESS(s->version == WARD_UPLINK_VERSION, "start.version");
	return check_settings(s->settings);
}

static const char *
check_ask(const Ward__Uplink__V1__Ask *a)
{
	REFUSE_UNLESS(a->id != 0, "ask.id");
	REFUSE_UNLESS(a->file && a->file->sha256.len == 32 && a->file->prefix.len == 0, "ask.file");
	REFUSE_UNLESS(a->file->size > 0, "ask.file.size");
	REFUSE_UNLESS(a->type < WARD_TYPE_COUNT, "ask.type");
	REFUSE_UNLESS(a->deadline_ms > 0 && a->deadline_ms <= WARD_UPLINK_DEADLINE_MAX_MS,
		      "ask.deadline_ms");
	return ward_wire_check_file(a->file);
}

static const char *
check_report(const Ward__Uplink__V1__Report *r)
{
	REFUSE_UNLESS(r->id != 0, "report.id");
	REFUSE_UNLESS((unsigned)r->worth <= WARD__UPLINK__V1__WORTH__WORTH_HIGH, "report.worth");
	REFUSE_UNLESS(r->n_events >= 1 && r->n_events <= WARD_UPLINK_EVENTS_MAX, "report.events");
	for (size_t i = 0; i < r->n_events; i++) {
		const char *why = ward_wire_check_event(r->events[i]);

		if (why)
			return why;
	}
	return NULL;
}

static const char *
check_fetch(const Ward__Uplink__V1__Fetch *f)
{
	REFUSE_UNLESS(f->id != 0, "fetch.id");
	switch ((int)f->what_case) {
	case WARD__UPLINK__V1__FETCH__WHAT_UPDATES:
		REFUSE_UNLESS(f->updates->limit <= UPDATES_LIMIT, "fetch.updates.limit");
		return NULL;
	case WARD__UPLINK__V1__FETCH__WHAT_METADATA:
		REFUSE_UNLESS(f->metadata->role > 0 &&
				      (unsigned)f->metadata->role <= WARD__V1__ROLE__ROLE_TIMESTAMP,
			      "fetch.metadata.role");
		return NULL;
	default:
		return "fetch.what";
	}
}

const char *
ward_wire_check_uplink_request(const void *message)
{
	const ward_uplink_request *r = message;

	switch ((int)r->what_case) {
	case WARD__UPLINK__V1__REQUEST__WHAT_START:
		return check_start(r->start);
	case WARD__UPLINK__V1__REQUEST__WHAT_SETTINGS:
		return check_settings(r->settings);
	case WARD__UPLINK__V1__REQUEST__WHAT_ASK:
		return check_ask(r->ask);
	case WARD__UPLINK__V1__REQUEST__WHAT_CANCEL:
		return r->cancel->id != 0 ? NULL : "cancel.id";
	case WARD__UPLINK__V1__REQUEST__WHAT_REPORT:
		return check_report(r->report);
	case WARD__UPLINK__V1__REQUEST__WHAT_STOP:
		return NULL;
	case WARD__UPLINK__V1__REQUEST__WHAT_FETCH:
		return check_fetch(r->fetch);
	default:
		return "request.what";
	}
}

/* --- uplink to guard --- */

/* A verdict is a verdict and an error an error: never both, never neither. */
static const char *
check_answer(const Ward__Uplink__V1__Answer *a)
{
	bool verdict = a->outcome == WARD__UPLINK__V1__OUTCOME__OUTCOME_VERDICT;

	REFUSE_UNLESS(a->id != 0, "answer.id");
	REFUSE_UNLESS(a->outcome > 0 &&
			      (unsigned)a->outcome <= WARD__UPLINK__V1__OUTCOME__OUTCOME_OFF,
		      "answer.outcome");
	REFUSE_UNLESS(ward_wire_is_len(a->sha256, 32), "answer.sha256");
	REFUSE_UNLESS(verdict == (a->verdict != NULL), "answer.verdict");
	REFUSE_UNLESS(verdict || !a->late, "answer.late");
	REFUSE_UNLESS((unsigned)a->sample <= WARD__UPLINK__V1__SAMPLE__SAMPLE_FAILED,
		      "answer.sample");
	REFUSE_UNLESS(ward_wire_is_text(a->why, WHY_MAX), "answer.why");
	return verdict ? ward_wire_check_verdict(a->verdict) : NULL;
}

static const char *
check_change(const Ward__Uplink__V1__Change *c)
{
	switch ((int)c->what_case) {
	case WARD__UPLINK__V1__CHANGE__WHAT_VERDICT:
		return ward_wire_check_change(c->verdict);
	case WARD__UPLINK__V1__CHANGE__WHAT_RESTART:
		return NULL;
	default:
		return "change.what";
	}
}

static const char *
check_state(const Ward__Uplink__V1__State *s)
{
	REFUSE_UNLESS(ward_wire_is_text(s->server, SERVER_MAX), "state.server");
	REFUSE_UNLESS(ward_wire_is_text(s->device, DEVICE_TEXT), "state.device");
	REFUSE_UNLESS(ward_wire_is_text(s->organisation, 128), "state.organisation");
	REFUSE_UNLESS(ward_wire_is_text(s->problem, WHY_MAX), "state.problem");
	return NULL;
}

static const char *
check_started(const Ward__Uplink__V1__Started *s)
{
	REFUSE_UNLESS(s->version == WARD_UPLINK_VERSION, "started.version");
	REFUSE_UNLESS(s->landlock <= 1000, "started.landlock");
	return NULL;
}

static const char *
check_piece(const Ward__Uplink__V1__Piece *p)
{
	REFUSE_UNLESS(p->data.len <= WARD_UPLINK_PIECE_MAX, "piece.data");
	REFUSE_UNLESS(ward_wire_is_text(p->why, WHY_MAX), "piece.why");
	REFUSE_UNLESS(!*p->why || (p->last && p->data.len == 0 && p->id != 0), "piece.why");
	return NULL;
}

const char *
ward_wire_check_uplink_reply(const void *message)
{
	const ward_uplink_reply *r = message;

	switch ((int)r->what_case) {
	case WARD__UPLINK__V1__REPLY__WHAT_STARTED:
		return check_started(r->started);
	case WARD__UPLINK__V1__REPLY__WHAT_ANSWER:
		return check_answer(r->answer);
	case WARD__UPLINK__V1__REPLY__WHAT_KEPT:
		return r->kept->id != 0 ? NULL : "kept.id";
	case WARD__UPLINK__V1__REPLY__WHAT_CHANGE:
		return check_change(r->change);
	case WARD__UPLINK__V1__REPLY__WHAT_STATE:
		return check_state(r->state);
	case WARD__UPLINK__V1__REPLY__WHAT_PIECE:
		return check_piece(r->piece);
	default:
		return "reply.what";
	}
}

/* --- both ways --- */

static enum ward_rc
refuse(const char *why, const char **ret_why)
{
	if (ret_why)
		*ret_why = why;
	return WARD_E_PROTO;
}

static size_t
descriptors_max(const ward_uplink_request *r)
{
	return r->what_case == WARD__UPLINK__V1__REQUEST__WHAT_ASK ? 1 : 0;
}

enum ward_rc
ward_uplink_request_decode(struct ward_span in, size_t fd_count, struct ward_arena *arena,
			   ward_uplink_request **ret_request, const char **ret_why)
{
	ward_uplink_request *r = NULL;
	enum ward_rc rc;

	if (in.len > WARD_UPLINK_MESSAGE_MAX)
		return refuse("length", ret_why);
	rc = ward_wire_decode(&ward__uplink__v1__request__descriptor, in, arena, &r, ret_why);
	if (rc != WARD_OK)
		return rc;
	if (fd_count > descriptors_max(r))
		return refuse("descriptors", ret_why);
	*ret_request = r;
	return WARD_OK;
}

enum ward_rc
ward_uplink_reply_decode(struct ward_span in, size_t fd_count, struct ward_arena *arena,
			 ward_uplink_reply **ret_reply, const char **ret_why)
{
	if (in.len > WARD_UPLINK_MESSAGE_MAX)
		return refuse("length", ret_why);
	if (fd_count > 0)
		return refuse("descriptors", ret_why);
	return ward_wire_decode(&ward__uplink__v1__reply__descriptor, in, arena, ret_reply,
				ret_why);
}

static enum ward_rc
encode(const ProtobufCMessage *message, const char *why, struct ward_buf *out)
{
	if (why)
		return WARD_E_INVAL;
	if (protobuf_c_message_get_packed_size(message) > WARD_UPLINK_MESSAGE_MAX)
		return WARD_E_LIMIT;
	return ward_wire_encode(message, out);
}

enum ward_rc
ward_uplink_request_encode(const ward_uplink_request *request, struct ward_buf *out)
{
	return encode(&request->base, ward_wire_check_uplink_request(request), out);
}

enum ward_rc
ward_uplink_reply_encode(const ward_uplink_reply *reply, struct ward_buf *out)
{
	return encode(&reply->base, ward_wire_check_uplink_reply(reply), out);
}
