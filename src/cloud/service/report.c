/* SPDX-License-Identifier: Apache-2.0 */
/* Reports: each message is appended as a whole, the call is held until it is durable, and the answer
 * comes when the last one is. Whether an event was there already is decided when it is applied; what
 * is known to be applied is not appended again. */
#include <stdlib.h>

#include "cloud/service/service-priv.h"
#include "sys/clock.h"

enum { DAY_MS = 86400000, DAYS = 30 };

struct report {
	Ward__V1__RefusedEvent **refused;
	size_t refused_count, refused_room;
	uint64_t accepted, duplicates, events;
};

/* One append under way: names the call, for the call may end first. */
struct append {
	struct ward_service *service;
	struct ward_call_ref call;
	enum ward_rc rc;
	uint64_t count;
};

static struct report *
report_of(struct ward_call *call)
{
	struct report *r = ward_call_state(call);

	if (!r) {
		r = calloc(1, sizeof(*r));
		ward_call_set_state(call, r);
	}
	return r;
}

static bool
refuse(struct report *r, ProtobufCBinaryData id)
{
	static char reason[] = "too-old";
	Ward__V1__RefusedEvent *one;

	if (r->refused_count == r->refused_room) {
		size_t room = r->refused_room ? 2 * r->refused_room : 16;
		Ward__V1__RefusedEvent **more = realloc(r->refused, room * sizeof(*more));

		if (!more)
			return false;
		r->refused = more;
		r->refused_room = room;
	}
	one = malloc(sizeof(*one) + id.len);
	if (!one)
		return false;
	ward__v1__refused_event__init(one);
	one->reason = reason;
	one->id = (ProtobufCBinaryData){id.len, (uint8_t *)(one + 1)};
	memcpy(one->id.data, id.data, id.len);
	r->refused[r->refused_count++] = one;
	return true;
}

static bool
in_time(const Ward__V1__Event *e, uint64_t now_ms)
{
	uint64_t ms = 0;

	return ward_wire_uuid_time(e->id.data, &ms) && ms <= now_ms + DAY_MS &&
	       now_ms < ms + (uint64_t)DAYS * DAY_MS;
}

static bool
of_this_device(const Ward__V1__ReportRequest *request, const uint8_t device[16])
{
	for (size_t i = 0; i < request->n_events; i++)
		if (request->events[i]->device.len > 0 &&
		    memcmp(request->events[i]->device.data, device, 16) != 0)
			return false;
	return true;
}

static enum ward_rc
item_of(struct ward_call *call, Ward__V1__Event *event, uint64_t now_ms, struct ward_log_item *ret)
{
	Ward__Log__V1__Record record = WARD__LOG__V1__RECORD__INIT;

	record.time_ms = now_ms;
	record.device =
		(ProtobufCBinaryData){16, (uint8_t *)(uintptr_t)ward_call_peer(call)->device};
	record.fact_case = WARD__LOG__V1__RECORD__FACT_EVENT;
	record.event = event;
	return ward_record_item(&record, ward_call_arena(call), ret);
}

/* The events to append; those too old and those known are taken out. */
static enum ward_rc
collect(struct ward_call *call, struct report *r, const Ward__V1__ReportRequest *request,
	struct ward_log_item *items, size_t *ret_count)
{
	struct ward_service *s = ward_call_context(call);
	uint64_t now_ms = ward_clock_wall() / 1000;
	size_t n = 0;
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < request->n_events && !rc; i++) {
		Ward__V1__Event *e = request->events[i];

		if (!in_time(e, now_ms))
			rc = refuse(r, e->id) ? WARD_OK : WARD_E_NOMEM;
		else if (ward_views_event_known(s->o.views, ward_call_peer(call)->device,
						e->id.data))
			r->duplicates++;
		else
			rc = item_of(call, e, now_ms, &items[n++]);
	}
	*ret_count = n;
	return rc;
}

/* Not recorded, or nobody knows: the sender keeps the events and sends them again. */
static void
refuse_all(struct ward_call *call, enum ward_rc rc)
{
	if (rc == WARD_E_LIMIT)
		ward_call_finish(call, WARD_GRPC_RESOURCE_EXHAUSTED,
				 "too much waits for the log; send it again later");
	else if (rc == WARD_E_TIMEOUT)
		ward_call_finish(call, WARD_GRPC_UNAVAILABLE,
				 "the log did not acknowledge it in time; send it again");
	else
		ward_call_finish(call, WARD_GRPC_UNAVAILABLE, "the service cannot record this now");
}

/* On the call's loop again; the call may be gone. */
static void
appended(struct ward_call *call, void *arg)
{
	struct append *a = arg;

	ward_counter_add(a->service->events, a->rc ? 0 : a->count);
	if (call && a->rc) {
		refuse_all(call, a->rc);
	} else if (call) {
		struct report *r = ward_call_state(call);

		r->accepted += a->count;
		ward_call_hold(call, false);
	}
	free(a);
}

static void
durable(void *context, enum ward_rc rc, const struct ward_log_position *positions, size_t count)
{
	struct append *a = context;

	(void)positions;
	(void)count;
	a->rc = rc;
	ward_edge_post(a->call, appended, a);
}

static enum ward_rc
append(struct ward_call *call, const struct ward_log_item *items, size_t count)
{
	struct ward_service *s = ward_call_context(call);
	struct append *a;
	enum ward_rc rc;

	if (count == 0)
		return WARD_OK;
	a = calloc(1, sizeof(*a));
	if (!a)
		return WARD_E_NOMEM;
	*a = (struct append){s, ward_call_ref(call), WARD_OK, count};
	ward_call_hold(call, true);
	rc = ward_log_append(s->o.log, items, count, durable, a);
	if (rc)
		free(a);
	return rc;
}

void
service_report(struct ward_call *call, struct ward_span message)
{
	struct ward_service *s = ward_call_context(call);
	struct ward_arena *arena = ward_call_arena(call);
	struct report *r = report_of(call);
	struct ward_log_item *items = ward_arena_array(arena, WARD_WIRE_EVENTS_MAX, sizeof(*items));
	Ward__V1__ReportRequest *request;
	const char *why = NULL;
	size_t count = 0;
	uint64_t known;
	enum ward_rc rc;

	if (!r || !items ||
	    ward_wire_decode(&ward__v1__report_request__descriptor, message, arena, &request,
			     &why)) {
		ward_call_finish(call, WARD_GRPC_INVALID_ARGUMENT, why);
		return;
	}
	r->events += request->n_events;
	if (!of_this_device(request, ward_call_peer(call)->device)) {
		ward_call_finish(call, WARD_GRPC_PERMISSION_DENIED, "another device's event");
		return;
	}
	if (r->events > WARD_WIRE_STREAM_EVENTS_MAX) {
		ward_call_finish(call, WARD_GRPC_RESOURCE_EXHAUSTED, "too many events in a stream");
		return;
	}
	known = r->duplicates;
	rc = collect(call, r, request, items, &count);
	ward_counter_add(s->duplicates, r->duplicates - known);
	if (!rc)
		rc = append(call, items, count);
	if (rc)
		refuse_all(call, rc);
}

void
service_report_end(struct ward_call *call)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	Ward__V1__ReportReply reply = WARD__V1__REPORT_REPLY__INIT;
	struct report *r = report_of(call);

	ward_buf_init(&out, 16 << 20, NULL);
	if (r) {
		reply.accepted = r->accepted;
		reply.duplicates = r->duplicates;
		reply.refused = r->refused;
		reply.n_refused = r->refused_count;
	}
	if (!r || ward_wire_encode(&reply.base, &out))
		ward_call_finish(call, WARD_GRPC_INTERNAL, NULL);
	else
		ward_call_answer(call, ward_buf_span(&out));
}

void
service_report_closed(struct ward_call *call)
{
	struct report *r = ward_call_state(call);

	if (!r)
		return;
	for (size_t i = 0; i < r->refused_count; i++)
		free(r->refused[i]);
	free(r->refused);
	free(r);
}
