/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events for the cloud: kept on disk before the guard is told so, sent in batches, let go when the
 * service has them. One that was sent twice has the same id and counts once.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sys/clock.h"
#include "uplink/uplink-priv.h"

enum {
	GATHER_USEC = 1000 * 1000,
	BATCH_MAX = WARD_WIRE_EVENTS_MAX,
	BATCH_BYTES = 1 << 20,
	BACKOFF_USEC = 1000 * 1000,
	BACKOFF_MAX_USEC = 300 * 1000 * 1000,
	DEADLINE_MS = 30 * 1000,
	PATH = 4096,
};

enum ward_rc
report_open(struct uplink *u)
{
	char path[PATH];
	struct ward_outbox_options options = {.path = path};
	struct reporting *r = &u->reporting;
	bool set_aside = false;
	enum ward_rc rc;

	(void)snprintf(path, sizeof(path), "%s/outbox.db", u->directory);
	rc = ward_outbox_open(&options, &r->outbox, &set_aside);
	if (rc != WARD_OK)
		return rc;
	r->ids = calloc(BATCH_MAX, sizeof(*r->ids));
	r->batch = BATCH_MAX;
	if (!r->ids)
		return WARD_E_NOMEM;
	rc = ward_outbox_totals(r->outbox, &r->totals);
	r->due = r->totals.rows > 0 ? 0 : UINT64_MAX;
	return rc;
}

void
report_close(struct uplink *u)
{
	ward_outbox_freep(&u->reporting.outbox);
	free(u->reporting.ids);
	u->reporting.ids = NULL;
}

/* --- keeping --- */

/* What only this process knows. */
static void
complete(const struct uplink *u, Ward__V1__Event *event)
{
	if (event->what_case != WARD__V1__EVENT__WHAT_HEALTH)
		return;
	event->health->update_position = u->link.position;
	event->health->outbox =
		(uint32_t)(u->reporting.totals.rows < UINT32_MAX ? u->reporting.totals.rows
								 : UINT32_MAX);
}

static enum ward_rc
keep(struct uplink *u, const Ward__Uplink__V1__Report *report)
{
	struct ward_outbox_event events[WARD_UPLINK_EVENTS_MAX];
	size_t starts[WARD_UPLINK_EVENTS_MAX + 1];
	WARD_AUTO(ward_buf_done) struct ward_buf bodies = {0};
	enum ward_rc rc = WARD_OK;

	ward_buf_init(&bodies, 2 * WARD_UPLINK_MESSAGE_MAX, NULL);
	for (size_t i = 0; i < report->n_events && rc == WARD_OK; i++) {
		starts[i] = bodies.len;
		complete(u, report->events[i]);
		rc = ward_wire_encode(&report->events[i]->base, &bodies);
	}
	starts[report->n_events] = bodies.len;
	for (size_t i = 0; i < report->n_events && rc == WARD_OK; i++) {
		events[i] = (struct ward_outbox_event){
			.worth = (enum ward_outbox_worth)report->worth,
			.body = ward_span_cut(ward_buf_span(&bodies), starts[i],
					      starts[i + 1] - starts[i]),
		};
		memcpy(events[i].id, report->events[i]->id.data, sizeof(events[i].id));
	}
	return rc == WARD_OK ? ward_outbox_put(u->reporting.outbox, events, report->n_events) : rc;
}

void
report_take(struct uplink *u, const Ward__Uplink__V1__Report *report)
{
	ward_uplink_reply reply = WARD__UPLINK__V1__REPLY__INIT;
	Ward__Uplink__V1__Kept kept = WARD__UPLINK__V1__KEPT__INIT;
	struct reporting *r = &u->reporting;
	uint64_t due = u->now + GATHER_USEC;

	kept.id = report->id;
	kept.kept = keep(u, report) == WARD_OK;
	reply.what_case = WARD__UPLINK__V1__REPLY__WHAT_KEPT;
	reply.kept = &kept;
	channel_send(u, &reply);
	(void)!ward_outbox_totals(r->outbox, &r->totals);
	if (r->failures == 0 && due < r->due)
		r->due = due;
}

/* --- sending --- */

struct parcel {
	Ward__V1__Event *events[BATCH_MAX];
	size_t count;
	struct reporting *r;
};

/* What the disk has spoilt goes with the others, without having been sent. */
static enum ward_rc
pack_one(void *context, const struct ward_outbox_event *event)
{
	struct parcel *p = context;
	Ward__V1__Event *e = ward__v1__event__unpack(NULL, event->body.len, event->body.data);

	memcpy(p->r->ids[p->r->id_count++], event->id, WARD_OUTBOX_ID);
	if (e)
		p->events[p->count++] = e;
	return WARD_OK;
}

static void
reported(void *context, const struct ward_call_end *end, const void *reply)
{
	struct uplink *u = context;
	struct reporting *r = &u->reporting;
	/* One event that the service refuses must not keep back all others: the batch is halved until
	   it is alone, and then let go. */
	bool refused = end->fault == WARD_FAULT_STATUS && end->status == WARD_GRPC_INVALID_ARGUMENT;

	r->sending = false;
	if (reply || (refused && r->id_count == 1)) {
		(void)!ward_outbox_acknowledge(r->outbox, r->ids, r->id_count);
		r->failures = 0;
		r->batch = reply ? BATCH_MAX : r->batch;
		r->due = 0;
	} else if (refused) {
		r->batch = r->id_count / 2;
		r->due = 0;
	} else {
		r->failures++;
		r->due = ward_clock_monotonic() + BACKOFF_USEC +
			 ward_backoff(r->failures, BACKOFF_USEC, BACKOFF_MAX_USEC,
				      ward_clock_wall());
	}
	(void)!ward_outbox_totals(r->outbox, &r->totals);
	if (r->totals.rows == 0)
		r->due = UINT64_MAX;
}

static enum ward_rc
send_parcel(struct uplink *u, struct parcel *p)
{
	Ward__V1__ReportRequest request = WARD__V1__REPORT_REQUEST__INIT;
	const ProtobufCMessage *message = &request.base;
	struct ward_ask_spec spec = {
		.kind = WARD_ASK_REPORT,
		.messages = &message,
		.message_count = 1,
		.deadline_ms = DEADLINE_MS,
		.attempts = 1,
		.done = reported,
		.context = u,
	};

	request.n_events = p->count;
	request.events = p->events;
	return ward_ask_start(u->link.client, &spec, NULL);
}

void
report_work(struct uplink *u)
{
	struct reporting *r = &u->reporting;
	struct parcel *p;
	enum ward_rc rc;

	if (r->sending || u->now < r->due || !u->link.client || link_refusal(u))
		return;
	p = calloc(1, sizeof(*p));
	if (!p)
		return;
	p->r = r;
	r->id_count = 0;
	r->due = UINT64_MAX;
	rc = ward_outbox_peek(r->outbox, r->batch, BATCH_BYTES, pack_one, p);
	if (rc == WARD_OK && p->count > 0)
		rc = send_parcel(u, p);
	else if (rc == WARD_OK && r->id_count > 0)
		rc = ward_outbox_acknowledge(r->outbox, r->ids, r->id_count);
	r->sending = rc == WARD_OK && p->count > 0;
	if (rc != WARD_OK)
		r->due = u->now + BACKOFF_MAX_USEC;
	for (size_t i = 0; i < p->count; i++)
		ward__v1__event__free_unpacked(p->events[i], NULL);
	free(p);
}

/* While nobody can be asked, the link says when to look again. */
uint64_t
report_next(const struct uplink *u)
{
	return u->reporting.sending || !u->link.client || link_refusal(u) ? UINT64_MAX
									  : u->reporting.due;
}
