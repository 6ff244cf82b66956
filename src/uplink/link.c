/* SPDX-License-Identifier: Apache-2.0 */
/* The connection to the service: from the files of the enrolment, again when they change; the stream
 * of updates, whose position is kept. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "sys/clock.h"
#include "uplink/uplink-priv.h"

enum {
	LOOK_USEC = 2 * 1000 * 1000, /* at the files */
	CONTACT_USEC = 30 * 1000 * 1000,
	/* So many failures in a row, and opens are not held any more. */
	BREAKER_THRESHOLD = 3,
	HEARTBEAT_MS = 10 * 1000,
	PATH = 4096,
	FILE_MAX = 4096,
};

static void
path_of(const struct uplink *u, const char *name, char ret[PATH])
{
	(void)snprintf(ret, PATH, "%s/%s", u->directory, name);
}

/* --- the position in the stream --- */

static uint64_t
load_position(const struct uplink *u)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	char path[PATH], device[37];
	const char *of = NULL;
	json_int_t position = 0;
	json_t *object;

	path_of(u, "updates.json", path);
	ward_buf_init(&text, FILE_MAX, NULL);
	if (ward_fd_open_regular(-1, path, false, &fd, NULL) || ward_fd_read_all(fd, &text))
		return 0;
	object = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
	ward_wire_uuid_text(u->link.state.device, device);
	/* of another enrolment: another stream */
	if (json_unpack(object, "{s:s, s:I}", "device", &of, "position", &position) != 0 ||
	    strcmp(of, device) != 0 || position < 0)
		position = 0;
	json_decref(object);
	return (uint64_t)position;
}

/* Not being able to write it means to hear some updates again. */
static void
save_position(struct uplink *u)
{
	struct link *l = &u->link;
	char path[PATH], device[37], text[128];

	if (!l->loaded || l->position == l->saved_position)
		return;
	ward_wire_uuid_text(l->state.device, device);
	(void)snprintf(text, sizeof(text), "{\"device\": \"%s\", \"position\": %llu}\n", device,
		       (unsigned long long)l->position);
	path_of(u, "updates.json", path);
	if (ward_fd_write_atomic(path, ward_span_str(text), 0600) == WARD_OK)
		l->saved_position = l->position;
}

/* --- the stream --- */

static void
on_update(void *context, const Ward__V1__Update *update)
{
	struct uplink *u = context;
	ward_uplink_reply reply = WARD__UPLINK__V1__REPLY__INIT;
	Ward__Uplink__V1__Change change = WARD__UPLINK__V1__CHANGE__INIT;

	u->link.streaming = true;
	fetch_pushed(u, update);
	change.position = update->position;
	if (update->what_case == WARD__V1__UPDATE__WHAT_VERDICT) {
		change.what_case = WARD__UPLINK__V1__CHANGE__WHAT_VERDICT;
		change.verdict = update->verdict;
	} else if (update->what_case == WARD__V1__UPDATE__WHAT_RESTART) {
		change.what_case = WARD__UPLINK__V1__CHANGE__WHAT_RESTART;
		change.restart = update->restart;
	}
	reply.what_case = WARD__UPLINK__V1__REPLY__WHAT_CHANGE;
	reply.change = &change;
	if (change.what_case != WARD__UPLINK__V1__CHANGE__WHAT__NOT_SET)
		channel_send(u, &reply);
	/* told first, kept then: once too often rather than never */
	u->link.position = update->position;
}

static void
on_down(void *context, const struct ward_call_end *end)
{
	struct uplink *u = context;

	(void)end;
	u->link.streaming = false;
}

/* --- opening and closing --- */

static void
remember_certificate(struct link *l)
{
	struct ward_key_facts facts;

	l->certificate_until_ms = 0;
	l->organisation[0] = 0;
	if (ward_key_facts(ward_buf_span(&l->state.identity), &facts) != WARD_OK)
		return;
	l->certificate_until_ms = facts.not_after_ms;
	(void)snprintf(l->organisation, sizeof(l->organisation), "%s", facts.organisation);
}

static enum ward_rc
connect_to(struct uplink *u)
{
	struct link *l = &u->link;
	struct ward_channel_options options;
	struct ward_subscribe_spec spec = {
		.position = l->position,
		.heartbeat_ms = HEARTBEAT_MS,
		.update = on_update,
		.down = on_down,
		.context = u,
	};
	enum ward_rc rc;

	ward_state_channel(&l->state, &options);
	options.agent = "ward-uplink/" WARD_VERSION;
	if (u->settings.server[0])
		options.server = u->settings.server;
	if (u->settings.proxy[0])
		options.proxy = u->settings.proxy;
	rc = ward_client_new(&options, &l->client);
	if (rc == WARD_OK) {
		ward_client_breaker(l->client)->threshold = BREAKER_THRESHOLD;
		rc = ward_subscribe_start(l->client, &spec, &l->subscription);
	}
	return rc;
}

static void
load_enrolment(struct uplink *u)
{
	struct link *l = &u->link;
	struct ward_state_contact contact;
	const char *why = NULL;
	enum ward_rc rc = ward_state_load(u->directory, &l->state, &why);

	l->problem[0] = 0;
	l->loaded = rc == WARD_OK;
	/* What cannot be read is there all the same: the cloud is out of reach then, not switched off. */
	l->enrolled = rc != WARD_E_NOENT;
	if (rc == WARD_E_NOENT)
		return;
	if (rc != WARD_OK) {
		(void)snprintf(l->problem, sizeof(l->problem), "the enrolment: %s",
			       why ? why : ward_rc_str(rc));
		return;
	}
	remember_certificate(l);
	ward_state_contact_load(u->directory, &contact);
	l->down_since_ms = contact.failing_since_ms;
	l->position = l->saved_position = load_position(u);
}

/* What tells a changed enrolment: all zero when there is none. */
static void
look(const struct uplink *u, struct ward_fd_stat *ret)
{
	char path[PATH];

	path_of(u, "enrolment.json", path);
	if (ward_fd_stat_at(-1, path, false, ret) != WARD_OK)
		memset(ret, 0, sizeof(*ret));
}

void
link_open(struct uplink *u)
{
	struct link *l = &u->link;
	enum ward_rc rc;

	l->look_at = u->now + LOOK_USEC;
	look(u, &l->file);
	load_enrolment(u);
	if (!l->loaded && l->enrolled) /* as if it had changed: the next look tries again */
		memset(&l->file, 0, sizeof(l->file));
	if (!l->loaded || !u->settings.enabled)
		return;
	rc = connect_to(u);
	if (rc != WARD_OK) {
		(void)snprintf(l->problem, sizeof(l->problem), "no connection can be made: %s",
			       ward_rc_str(rc));
		l->client = ward_client_free(l->client);
	}
}

void
link_close(struct uplink *u)
{
	struct link *l = &u->link;
	struct ward_client *client = l->client;

	save_position(u);
	if (client)
		ward_state_contact_save(u->directory, client);
	l->subscription = ward_subscription_free(l->subscription);
	l->client = NULL; /* who is called back now finds nobody to ask */
	(void)ward_client_free(client);
	if (l->loaded)
		ward_state_done(&l->state);
	l->loaded = l->streaming = l->reopen = false;
	l->certificate_until_ms = 0;
}

/* --- how it stands --- */

bool
link_off(const struct uplink *u)
{
	return !u->settings.enabled || !u->link.enrolled;
}

const char *
link_refusal(const struct uplink *u)
{
	const struct ward_breaker *b;

	if (!u->settings.enabled)
		return "switched off by the policy";
	if (!u->link.enrolled)
		return "this machine is not enrolled";
	if (!u->link.client)
		return u->link.problem;
	b = ward_client_breaker(u->link.client);
	if (b->state == WARD_BREAKER_PROBING ||
	    (b->state == WARD_BREAKER_OPEN && u->now < b->probe_at))
		return "the service does not answer";
	return NULL;
}

static void
note_contact(struct link *l)
{
	const struct ward_client_contact *met = ward_client_contact(l->client);
	const struct ward_breaker *b = ward_client_breaker(l->client);

	if (b->failures > 0)
		l->down_since_ms = l->down_since_ms ? l->down_since_ms : b->since_ms;
	else if (met->answered_ms > 0)
		l->down_since_ms = 0;
	if (b->failures > 0 && met->failed_ms > 0)
		(void)ward_fault_describe(&met->failure, l->problem, sizeof(l->problem));
	else if (met->answered_ms > 0)
		l->problem[0] = 0;
}

/* With a question under way it can wait a while: its answer would be lost. */
static bool
may_reopen(const struct uplink *u)
{
	return !u->link.client || ward_client_asking(u->link.client) <= 1 ||
	       u->now > u->link.contact_at + 2 * (uint64_t)CONTACT_USEC;
}

void
link_work(struct uplink *u)
{
	struct link *l = &u->link;
	struct ward_fd_stat is;

	if (l->client)
		note_contact(l);
	if (u->now >= l->look_at) {
		l->look_at = u->now + LOOK_USEC;
		save_position(u);
		look(u, &is);
		if (!ward_submit_file_same(&is, &l->file))
			l->reopen = true;
	}
	if (l->client && u->now >= l->contact_at) {
		l->contact_at = u->now + CONTACT_USEC;
		ward_state_contact_save(u->directory, l->client);
	}
	renew_work(u);
	if (l->reopen && !l->renewing && may_reopen(u)) {
		link_close(u);
		link_open(u);
		if (link_off(u))
			ask_give_up(u, WARD__UPLINK__V1__OUTCOME__OUTCOME_OFF, "not enrolled");
	}
}

uint64_t
link_next(const struct uplink *u)
{
	return u->link.look_at;
}
