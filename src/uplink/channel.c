/* SPDX-License-Identifier: Apache-2.0 */
/* The channel to the guard. What it sends is checked whole; a message that is none ends the uplink,
 * in order: without a guard that can be understood it has nothing to do. */
#include <stdio.h>

#include "sys/clock.h"
#include "sys/ipc.h"
#include "uplink/uplink-priv.h"

enum {
	MESSAGES_A_TURN = 64,
	TELL_USEC = 5 * 1000 * 1000,
};

void
channel_send(struct uplink *u, const ward_uplink_reply *reply)
{
	ward_buf_clear(&u->out);
	if (ward_uplink_reply_encode(reply, &u->out) != WARD_OK ||
	    ward_ipc_send(WARD_UPLINK_CHANNEL, ward_buf_span(&u->out), NULL, 0, true) != WARD_OK)
		u->broken = true;
}

void
channel_started(struct uplink *u)
{
	ward_uplink_reply reply = WARD__UPLINK__V1__REPLY__INIT;
	Ward__Uplink__V1__Started started = WARD__UPLINK__V1__STARTED__INIT;

	started.version = WARD_UPLINK_VERSION;
	started.user = u->uid;
	started.landlock = u->landlock;
	reply.what_case = WARD__UPLINK__V1__REPLY__WHAT_STARTED;
	reply.started = &started;
	channel_send(u, &reply);
}

/* --- what the guard says --- */

static void
take_settings(struct uplink *u, const Ward__Uplink__V1__Settings *from)
{
	struct settings *s = &u->settings;

	s->enabled = from->enabled;
	s->policy = *from->policy;
	s->policy.base.n_unknown_fields = 0;
	s->policy.base.unknown_fields = NULL;
	s->policy.document =
		(ProtobufCBinaryData){0, NULL}; /* the guard's business, and borrowed */
	(void)snprintf(s->server, sizeof(s->server), "%s", from->server);
	(void)snprintf(s->proxy, sizeof(s->proxy), "%s", from->proxy);
	(void)snprintf(s->engine_version, sizeof(s->engine_version), "%s", from->engine_version);
	(void)snprintf(s->intelligence_version, sizeof(s->intelligence_version), "%s",
		       from->intelligence_version);
}

/* A new way to the service is a new connection; everything else counts from the next question on. */
static void
change_settings(struct uplink *u, const Ward__Uplink__V1__Settings *to)
{
	const struct settings *s = &u->settings;
	bool reopen = s->enabled != to->enabled || strcmp(s->server, to->server) != 0 ||
		      strcmp(s->proxy, to->proxy) != 0;

	take_settings(u, to);
	if (!reopen)
		return;
	link_close(u);
	link_open(u);
	ask_give_up(u,
		    link_off(u) ? WARD__UPLINK__V1__OUTCOME__OUTCOME_OFF
				: WARD__UPLINK__V1__OUTCOME__OUTCOME_UNAVAILABLE,
		    "the settings changed");
}

static void
start(struct uplink *u, const Ward__Uplink__V1__Start *start)
{
	u->started = true;
	take_settings(u, start->settings);
	channel_started(u);
	link_open(u);
}

static void
handle(struct uplink *u, const ward_uplink_request *r, struct ward_ipc_message *m)
{
	int fd = -1;

	if (u->started == (r->what_case == WARD__UPLINK__V1__REQUEST__WHAT_START)) {
		u->broken = true;
		return;
	}
	switch ((int)r->what_case) {
	case WARD__UPLINK__V1__REQUEST__WHAT_START:
		start(u, r->start);
		break;
	case WARD__UPLINK__V1__REQUEST__WHAT_SETTINGS:
		change_settings(u, r->settings);
		break;
	case WARD__UPLINK__V1__REQUEST__WHAT_ASK:
		if (m->fd_count == 1) {
			fd = m->fds[0];
			m->fds[0] = -1;
		}
		ask_take(u, r->ask, fd);
		break;
	case WARD__UPLINK__V1__REQUEST__WHAT_CANCEL:
		ask_cancel(u, r->cancel->id);
		break;
	case WARD__UPLINK__V1__REQUEST__WHAT_REPORT:
		report_take(u, r->report);
		break;
	case WARD__UPLINK__V1__REQUEST__WHAT_FETCH:
		fetch_take(u, r->fetch);
		break;
	default:
		u->stop = true;
		break;
	}
}

static bool
read_one(struct uplink *u)
{
	struct ward_budget budget = {.cap = WARD_UPLINK_ARENA};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = NULL;
	ward_uplink_request *request = NULL;
	struct ward_ipc_message m;
	enum ward_rc rc = ward_ipc_recv(WARD_UPLINK_CHANNEL, u->message, &m, false);

	if (rc == WARD_E_LIMIT)
		return false;
	if (rc != WARD_OK) {
		u->stop = rc == WARD_E_GONE;
		u->broken = !u->stop;
		return false;
	}
	arena = ward_arena_new(&budget);
	rc = arena ? ward_uplink_request_decode(ward_span_of(u->message, m.len), m.fd_count, arena,
						&request, NULL)
		   : WARD_E_NOMEM;
	if (rc == WARD_OK)
		handle(u, request, &m);
	else
		u->broken = true;
	ward_ipc_message_close(&m);
	return true;
}

void
channel_read(struct uplink *u)
{
	for (int i = 0; i < MESSAGES_A_TURN && !u->stop && !u->broken && read_one(u); i++)
		;
}

/* --- the state --- */

static unsigned
brief(const struct uplink *u)
{
	const struct link *l = &u->link;

	return 1u | (unsigned)l->enrolled << 1 | (unsigned)l->streaming << 2 |
	       (unsigned)(l->down_since_ms != 0) << 3 | (unsigned)(link_refusal(u) != NULL) << 4 |
	       (unsigned)(u->reporting.totals.rows != 0) << 5;
}

static void
fill_state(const struct uplink *u, Ward__Uplink__V1__State *s, char device[37])
{
	const struct link *l = &u->link;
	const struct ward_client_contact *met = l->client ? ward_client_contact(l->client) : NULL;

	s->enrolled = l->enrolled;
	s->connected = l->streaming;
	s->down_since_ms = l->down_since_ms;
	s->breaker_open = l->client && link_refusal(u) != NULL;
	s->answered_ms = met ? met->answered_ms : 0;
	s->round_trip_usec = met ? met->round_trip_usec : 0;
	s->certificate_until_ms = l->certificate_until_ms;
	s->position = l->position;
	s->outbox = u->reporting.totals.rows;
	s->outbox_oldest_ms = u->reporting.totals.oldest_ms;
	s->outbox_dropped = u->reporting.totals.dropped;
	s->lookups = u->count.lookups;
	s->samples = u->count.samples;
	s->unavailable = u->count.unavailable;
	s->problem = (char *)(uintptr_t)l->problem;
	if (!l->loaded)
		return;
	ward_wire_uuid_text(l->state.device, device);
	s->device = device;
	s->organisation = (char *)(uintptr_t)l->organisation;
	s->server =
		(char *)(uintptr_t)(u->settings.server[0] ? u->settings.server : l->state.server);
}

void
channel_tell_state(struct uplink *u)
{
	ward_uplink_reply reply = WARD__UPLINK__V1__REPLY__INIT;
	Ward__Uplink__V1__State state = WARD__UPLINK__V1__STATE__INIT;
	char device[37];

	if (!u->started || (brief(u) == u->told.brief && u->now < u->told.at + TELL_USEC))
		return;
	u->told.brief = brief(u);
	u->told.at = u->now;
	fill_state(u, &state, device);
	reply.what_case = WARD__UPLINK__V1__REPLY__WHAT_STATE;
	reply.state = &state;
	channel_send(u, &reply);
}

uint64_t
channel_next(const struct uplink *u)
{
	return u->told.at + TELL_USEC;
}
