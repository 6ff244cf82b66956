/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The streams of src/client that no command uses yet, against a real service: reports events, then
 * follows the updates, printing each; ends when the update for a digest was seen.
 * usage: stream STATE report COUNT SEED	prints accepted and duplicates
 *        stream STATE follow POSITION SHA256	prints "update POSITION VERDICT", "down FAULT"
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "client/state.h"
#include "client/subscribe.h"
#include "sys/clock.h"

enum { EVENTS = 1000, WAIT_USEC = 30 * 1000 * 1000 };

struct follow {
	uint8_t wanted[32];
	bool found;
	struct ward_subscription *subscription;
};

/* --- report --- */

struct one {
	Ward__V1__Event event;
	Ward__V1__Sighting sighting;
	Ward__V1__FileQuery file;
	uint8_t id[16], sha256[32];
};

/* Event `i` of a series: the same seed gives the same ids (UUID version 7, RFC 9562 §5.7). */
static void
fill(struct one *e, unsigned i, uint64_t seed_ms)
{
	memset(e, 0, sizeof(*e));
	ward__v1__event__init(&e->event);
	ward__v1__sighting__init(&e->sighting);
	ward__v1__file_query__init(&e->file);
	for (unsigned b = 0; b < 6; b++)
		e->id[b] = (uint8_t)(seed_ms >> (40 - 8 * b));
	e->id[6] = 0x70;
	e->id[8] = 0x80;
	memcpy(e->id + 12, &i, sizeof(i));
	memcpy(e->sha256, &i, sizeof(i));
	e->file.sha256 = (ProtobufCBinaryData){32, e->sha256};
	e->file.size = 1;
	e->sighting.file = &e->file;
	e->event.id = (ProtobufCBinaryData){16, e->id};
	e->event.time_ms = seed_ms;
	e->event.what_case = WARD__V1__EVENT__WHAT_SIGHTING;
	e->event.sighting = &e->sighting;
}

static void
reported(void *context, const struct ward_call_end *end, const void *message)
{
	const Ward__V1__ReportReply *reply = message;
	char text[512];
	int *status = context;

	if (reply)
		(void)printf("accepted %llu duplicates %llu\n", (unsigned long long)reply->accepted,
			     (unsigned long long)reply->duplicates);
	else
		(void)printf("failed %s\n", ward_fault_describe(end, text, sizeof(text)));
	*status = reply ? 0 : 1;
}

/* Two messages of one stream. */
static int
report(struct ward_client *client, unsigned count, uint64_t seed_ms)
{
	static struct one ones[EVENTS];
	static Ward__V1__Event *events[EVENTS];
	Ward__V1__ReportRequest first = WARD__V1__REPORT_REQUEST__INIT, second = first;
	const ProtobufCMessage *messages[] = {&first.base, &second.base};
	int status = -1;
	struct ward_ask_spec spec = {.kind = WARD_ASK_REPORT,
				     .messages = messages,
				     .message_count = 2,
				     .done = reported,
				     .context = &status};

	if (count < 2 || count > EVENTS)
		return 2;
	for (unsigned i = 0; i < count; i++) {
		fill(&ones[i], i, seed_ms);
		events[i] = &ones[i].event;
	}
	first.events = events;
	first.n_events = count / 2;
	second.events = events + count / 2;
	second.n_events = count - count / 2;
	if (ward_ask_start(client, &spec, NULL))
		return 2;
	while (status < 0)
		ward_client_wait(client, 1000);
	return status;
}

/* --- follow --- */

static void
on_update(void *context, const Ward__V1__Update *update)
{
	struct follow *f = context;

	if (update->what_case != WARD__V1__UPDATE__WHAT_VERDICT)
		return;
	(void)printf("update %llu %s\n", (unsigned long long)update->position,
		     ward_verdict_name(ward_wire_verdict_from(update->verdict->verdict)));
	(void)fflush(stdout);
	f->found |= memcmp(update->verdict->sha256.data, f->wanted, 32) == 0;
}

static void
on_down(void *context, const struct ward_call_end *end)
{
	(void)context;
	(void)printf("down %s\n", ward_fault_name(end->fault));
	(void)fflush(stdout);
}

static int
follow(struct ward_client *client, uint64_t position, const char *sha256)
{
	struct follow f = {.found = false};
	struct ward_subscribe_spec spec = {.position = position,
					   .heartbeat_ms = 1000,
					   .update = on_update,
					   .down = on_down,
					   .context = &f};
	uint64_t end = ward_clock_monotonic() + WAIT_USEC;

	if (!ward_text_unhex(ward_span_str(sha256), f.wanted, 32) ||
	    ward_subscribe_start(client, &spec, &f.subscription))
		return 2;
	while (!f.found && ward_clock_monotonic() < end)
		ward_client_wait(client, 200);
	(void)printf("position %llu\n",
		     (unsigned long long)ward_subscription_position(f.subscription));
	ward_subscription_free(f.subscription);
	return f.found ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct ward_channel_options options;
	struct ward_client *client = NULL;
	struct ward_state state;
	const char *why = NULL;
	uint64_t number = 0, seed = 0;
	int status = 2;

	if (argc != 5 || !ward_text_u64(ward_span_str(argv[3]), &number))
		return 2;
	if (ward_state_load(argv[1], &state, &why)) {
		(void)fprintf(stderr, "stream: %s\n", why ? why : "no state");
		return 2;
	}
	ward_state_channel(&state, &options);
	if (ward_client_new(&options, &client))
		return 2;
	ward_client_breaker(client)->threshold = 100; /* the test lets things fail */
	if (strcmp(argv[2], "follow") == 0)
		status = follow(client, number, argv[4]);
	else if (ward_text_u64(ward_span_str(argv[4]), &seed))
		status = report(client, (unsigned)number, seed);
	ward_client_free(client);
	ward_state_done(&state);
	return status;
}
