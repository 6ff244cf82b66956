/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/ask/notes.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "sys/clock.h"
#include "sys/crypto.h"

enum { ROOM = 1024, BATCH = 50 };

struct item {
	uint8_t id[WARD_WIRE_ID_LEN];
	uint64_t time_ms;
	struct ward_note note;
};

struct ward_notes {
	pthread_mutex_t lock;
	struct item items[ROOM]; /* a ring */
	size_t first, count;
	size_t sent; /* of the front, under way */
	uint64_t serial, dropped;
};

struct ward_notes *
ward_notes_new(void)
{
	struct ward_notes *n = calloc(1, sizeof(*n));

	if (n)
		(void)pthread_mutex_init(&n->lock, NULL);
	return n;
}

struct ward_notes *
ward_notes_free(struct ward_notes *n)
{
	if (n)
		(void)pthread_mutex_destroy(&n->lock);
	free(n);
	return NULL;
}

void
ward_notes_put(struct ward_notes *n, const struct ward_note *note)
{
	uint8_t random[10];
	struct item *item;
	bool named = ward_crypto_random(random, sizeof(random)) == WARD_OK;

	(void)pthread_mutex_lock(&n->lock);
	if (n->count == ROOM || !named) {
		n->dropped++;
	} else {
		item = &n->items[(n->first + n->count++) % ROOM];
		item->note = *note;
		item->time_ms = ward_clock_wall() / 1000;
		ward_wire_uuid_make(item->time_ms, random, item->id);
	}
	(void)pthread_mutex_unlock(&n->lock);
}

/* An event with everything it points to. */
struct message {
	Ward__V1__Event event;
	Ward__V1__Detection detection;
	Ward__V1__Sighting sighting;
	Ward__V1__Tamper tamper;
	Ward__V1__Health health;
	Ward__V1__FileQuery file;
	Ward__V1__Evidence evidence, *evidences;
	char issues[sizeof(((struct ward_note *)NULL)->health.issues)],
		*codes[WARD_WIRE_ISSUES_MAX];
};

static char engine_version[] = WARD_VERSION;

static void
fill_detection(struct message *m, struct ward_note *note)
{
	ward__v1__detection__init(&m->detection);
	ward__v1__evidence__init(&m->evidence);
	m->evidence.kind = note->file.layer;
	m->evidence.name = note->file.rule;
	m->evidences = &m->evidence;
	m->detection.file = &m->file;
	m->detection.verdict = ward_wire_verdict(note->file.verdict);
	m->detection.threat = note->file.threat;
	m->detection.action = note->file.action;
	m->detection.evidence = &m->evidences;
	m->detection.n_evidence = note->file.layer[0] ? 1 : 0;
	m->event.what_case = WARD__V1__EVENT__WHAT_DETECTION;
	m->event.detection = &m->detection;
}

static void
fill_file(struct message *m, struct ward_note *note)
{
	ward__v1__file_query__init(&m->file);
	m->file.sha256 = (ProtobufCBinaryData){sizeof(note->file.sha256), note->file.sha256};
	m->file.size = note->file.size;
	m->file.type = (char *)(uintptr_t)ward_type_name(note->file.type);
	if (note->file.verdict >= WARD_SUSPICIOUS) {
		fill_detection(m, note);
		return;
	}
	ward__v1__sighting__init(&m->sighting);
	m->sighting.file = &m->file;
	m->event.what_case = WARD__V1__EVENT__WHAT_SIGHTING;
	m->event.sighting = &m->sighting;
}

static void
fill_tamper(struct message *m, struct ward_note *note)
{
	ward__v1__tamper__init(&m->tamper);
	m->tamper.kind = note->tamper.kind;
	m->tamper.deed = note->tamper.deed;
	m->tamper.setting = note->tamper.setting;
	m->event.what_case = WARD__V1__EVENT__WHAT_TAMPER;
	m->event.tamper = &m->tamper;
}

/* Ends each code where its comma was. */
static size_t
cut(char *text, char *codes[WARD_WIRE_ISSUES_MAX])
{
	size_t n = 0;

	while (*text && n < WARD_WIRE_ISSUES_MAX) {
		char *comma = strchr(text, ',');

		codes[n++] = text;
		if (!comma)
			break;
		*comma = 0;
		text = comma + 1;
	}
	return n;
}

static void
fill_health(struct message *m, struct ward_note *note)
{
	ward__v1__health__init(&m->health);
	memcpy(m->issues, note->health.issues, sizeof(m->issues));
	m->health.n_issues = cut(m->issues, m->codes);
	m->health.issues = m->codes;
	m->health.engine_version = engine_version;
	m->health.intelligence_version = note->health.intelligence;
	m->health.mode = note->health.mode;
	m->health.policy_version = note->health.policy_version;
	m->health.files_scanned = note->health.scanned;
	m->health.not_scanned = note->health.not_scanned;
	m->event.what_case = WARD__V1__EVENT__WHAT_HEALTH;
	m->event.health = &m->health;
}

static void
fill(struct message *m, struct item *item)
{
	ward__v1__event__init(&m->event);
	m->event.id = (ProtobufCBinaryData){sizeof(item->id), item->id};
	m->event.time_ms = item->time_ms;
	switch (item->note.kind) {
	case WARD_NOTE_FILE:
		fill_file(m, &item->note);
		break;
	case WARD_NOTE_TAMPER:
		fill_tamper(m, &item->note);
		break;
	case WARD_NOTE_HEALTH:
		fill_health(m, &item->note);
		break;
	}
}

static bool
is_worth_more(const struct ward_note *note)
{
	return note->kind == WARD_NOTE_TAMPER ||
	       (note->kind == WARD_NOTE_FILE && note->file.verdict >= WARD_SUSPICIOUS);
}

static enum ward_rc
send_front(struct ward_notes *n, struct ward_peer *peer, size_t count)
{
	struct message messages[BATCH];
	Ward__V1__Event *events[BATCH];
	ward_uplink_request request = WARD__UPLINK__V1__REQUEST__INIT;
	Ward__Uplink__V1__Report report = WARD__UPLINK__V1__REPORT__INIT;

	report.worth = WARD__UPLINK__V1__WORTH__WORTH_NORMAL;
	for (size_t i = 0; i < count; i++) {
		struct item *item = &n->items[(n->first + i) % ROOM];

		fill(&messages[i], item);
		events[i] = &messages[i].event;
		if (is_worth_more(&item->note))
			report.worth = WARD__UPLINK__V1__WORTH__WORTH_HIGH;
	}
	report.id = n->serial + 1;
	report.events = events;
	report.n_events = count;
	request.what_case = WARD__UPLINK__V1__REQUEST__WHAT_REPORT;
	request.report = &report;
	return ward_peer_send(peer, &request, -1);
}

void
ward_notes_send(struct ward_notes *n, struct ward_peer *peer)
{
	size_t count;
	enum ward_rc rc;

	(void)pthread_mutex_lock(&n->lock);
	count = n->count < BATCH ? n->count : BATCH;
	if (n->sent == 0 && count > 0) {
		rc = send_front(n, peer, count);
		if (rc == WARD_OK) {
			n->sent = count;
			n->serial++;
		} else if (rc == WARD_E_INVAL || rc == WARD_E_LIMIT) {
			/* one text that no event may hold: the whole front is not worth more */
			n->dropped += rc == WARD_E_INVAL ? count : 0;
			n->first = rc == WARD_E_INVAL ? (n->first + count) % ROOM : n->first;
			n->count -= rc == WARD_E_INVAL ? count : 0;
		}
	}
	(void)pthread_mutex_unlock(&n->lock);
}

void
ward_notes_kept(struct ward_notes *n, const Ward__Uplink__V1__Kept *kept)
{
	(void)pthread_mutex_lock(&n->lock);
	if (n->sent > 0 && kept->id == n->serial) {
		n->dropped += kept->kept ? 0 : n->sent;
		n->first = (n->first + n->sent) % ROOM;
		n->count -= n->sent;
		n->sent = 0;
	}
	(void)pthread_mutex_unlock(&n->lock);
}

void
ward_notes_lost(struct ward_notes *n)
{
	(void)pthread_mutex_lock(&n->lock);
	n->sent = 0;
	(void)pthread_mutex_unlock(&n->lock);
}

size_t
ward_notes_waiting(struct ward_notes *n)
{
	size_t count;

	(void)pthread_mutex_lock(&n->lock);
	count = n->count;
	(void)pthread_mutex_unlock(&n->lock);
	return count;
}

uint64_t
ward_notes_dropped(struct ward_notes *n)
{
	uint64_t dropped;

	(void)pthread_mutex_lock(&n->lock);
	dropped = n->dropped;
	(void)pthread_mutex_unlock(&n->lock);
	return dropped;
}
