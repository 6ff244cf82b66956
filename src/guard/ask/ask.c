/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks: the decisions call ward_asker_ask and _note with theirs held, which take ours; so ours is never
 * held while the decisions are called.
 */
#include "guard/ask/ask.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "guard/ask/known.h"
#include "guard/ask/recent.h"
#include "guard/ask/settings.h"
#include "guard/ask/signed.h"
#include "proto/place.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum {
	PENDING_MAX = 1024,
	LOOKS_MAX = 128, /* so many may be awaited when a scan asks */
	TEXT_ROOM = 129,
	TURN_MS = 1000,
	LATE_USEC = 600 * 1000 * 1000, /* as long as the network process goes on asking */
	RESEND_MS = 50,
};

/* Before its start the guard may have been away, or have died before it came to a file: what was written
   within a day before counts as what is written later, µs. */
#define WRITTEN_BEFORE (24 * 3600 * UINT64_C(1000000))

enum pending_state {
	PENDING_FREE,
	PENDING_WAITS, /* opens wait */
	PENDING_LATE,  /* they went on; a verdict is still acted on */
};

struct pending {
	enum pending_state state;
	uint32_t generation;
	uint64_t question; /* the decisions' */
	bool sent;
	bool check; /* not before it is known not to be a package's */
	int fd;
	struct ward_key key;
	uint8_t sha256[WARD_SHA256_LEN];
	enum ward_type type;
	Ward__V1__PathClass place;
	bool network;
	int pid;
	uint64_t deadline;
};

struct ward_asker {
	struct ward_asker_options o;
	struct ward_decide *decide;
	struct ward_peer *peer;
	struct ward_notes *notes;
	struct ward_recent *recent; /* the thread's */
	struct ward_signed *overruled;
	uint64_t since; /* wall clock, µs: from when on files count as written */
	pthread_t thread;
	bool running;
	int wake;
	_Atomic bool stop;
	pthread_mutex_t lock;	   /* of what follows */
	struct ward_policy policy; /* numbers and words only: its texts are somebody else's */
	struct ward_known *known;
	struct pending pending[PENDING_MAX];
	size_t used; /* places below this may be in use */
	bool told;   /* a state was heard of the network process */
	bool failed; /* it could not be started */
	struct ward_asker_state state;
};

/* --- settings --- */

void
ward_asker_policy(struct ward_asker *a, const struct ward_policy *policy)
{
	struct ward_peer_settings settings;

	ward_peer_settings_of(policy, a->o.intelligence, &settings);
	(void)pthread_mutex_lock(&a->lock);
	a->policy = *policy;
	a->state.enabled = policy->cloud.enabled;
	(void)pthread_mutex_unlock(&a->lock);
	ward_peer_set(a->peer, &settings);
}

/* --- pending questions; the lock is held --- */

static uint64_t
id_of(const struct ward_asker *a, const struct pending *p)
{
	return (uint64_t)p->generation << 16 | (uint64_t)(p - a->pending + 1);
}

static struct pending *
by_id(struct ward_asker *a, uint64_t id)
{
	size_t place = (size_t)(id & 0xffff);
	struct pending *p = place >= 1 && place <= PENDING_MAX ? &a->pending[place - 1] : NULL;

	return p && p->state != PENDING_FREE && p->generation == id >> 16 ? p : NULL;
}

static void
free_place(struct pending *p)
{
	p->state = PENDING_FREE;
	ward_fd_close(&p->fd);
}

/* A free one, or that of a verdict which is awaited longest: who waits comes first. NULL: all wait. */
static struct pending *
take_place(struct ward_asker *a)
{
	struct pending *found = NULL;

	for (size_t i = 0; i < PENDING_MAX; i++) {
		struct pending *p = &a->pending[i];

		if (p->state == PENDING_FREE) {
			found = p;
			break;
		}
		if (p->state == PENDING_LATE && (!found || p->deadline < found->deadline))
			found = p;
	}
	if (!found)
		return NULL;
	if (found->state == PENDING_LATE) {
		a->state.late_dropped++;
		free_place(found);
	}
	*found = (struct pending){.generation = found->generation + 1, .fd = -1};
	if (a->used < (size_t)(found - a->pending) + 1)
		a->used = (size_t)(found - a->pending) + 1;
	return found;
}

/* A content that was held for once in vain is not held for again while its verdict is awaited. */
static bool
was_given_up(const struct ward_asker *a, const uint8_t *sha256)
{
	for (size_t i = 0; i < a->used; i++)
		if (a->pending[i].state == PENDING_LATE &&
		    memcmp(a->pending[i].sha256, sha256, WARD_SHA256_LEN) == 0)
			return true;
	return false;
}

static enum ward_rc
send(struct ward_asker *a, struct pending *p, uint64_t now)
{
	ward_uplink_request r = WARD__UPLINK__V1__REQUEST__INIT;
	Ward__Uplink__V1__Ask ask = WARD__UPLINK__V1__ASK__INIT;
	Ward__V1__FileQuery file = WARD__V1__FILE_QUERY__INIT;
	Ward__V1__Context context = WARD__V1__CONTEXT__INIT;
	bool sample = a->policy.cloud.samples == WARD_POLICY_SAMPLES_ALL ||
		      a->policy.cloud.samples == WARD_POLICY_SAMPLES_SAFE;
	char path[4096], *name;
	enum ward_rc rc;

	ward_fd_name(p->fd, path, sizeof(path));
	name = strrchr(path, '/');
	context.path_class = p->place;
	context.downloaded = p->network;
	if (a->policy.cloud.send_names && name && ward_wire_is_text(name + 1, 255))
		context.name = name + 1;
	file.sha256 = (ProtobufCBinaryData){sizeof(p->sha256), p->sha256};
	file.size = p->key.size;
	file.type = (char *)(uintptr_t)ward_type_name(p->type);
	file.context = &context;
	ask.id = id_of(a, p);
	ask.file = &file;
	ask.type = p->type;
	ask.deadline_ms = p->deadline > now ? (uint32_t)((p->deadline - now) / 1000) : 0;
	if (ask.deadline_ms == 0)
		ask.deadline_ms = 1;
	if (ask.deadline_ms > WARD_UPLINK_DEADLINE_MAX_MS)
		ask.deadline_ms = WARD_UPLINK_DEADLINE_MAX_MS;
	r.what_case = WARD__UPLINK__V1__REQUEST__WHAT_ASK;
	r.ask = &ask;
	rc = ward_peer_send(a->peer, &r, sample ? p->fd : -1);
	p->sent = rc == WARD_OK;
	return rc;
}

/* --- being asked --- */

/* Before the network process has said anything it is waited for, unless it cannot be started. */
static bool
is_off(const struct ward_asker *a)
{
	return !a->policy.cloud.enabled || a->policy.cloud.hold == 0 ||
	       (a->told && !a->state.enrolled) || (a->state.starts == 0 && a->failed);
}

static void
poke(struct ward_asker *a)
{
	const uint64_t one = 1;

	(void)!write(a->wake, &one, sizeof(one));
}

/* All but its state and its time. */
static void
fill(struct pending *p, const struct ward_question *q, Ward__V1__PathClass place,
     const struct ward_origin *origin)
{
	p->question = q->id;
	p->key = *q->key;
	p->type = q->so_far->type;
	p->pid = q->pid;
	p->place = place;
	p->network = origin->downloaded != 0;
	memcpy(p->sha256, q->so_far->sha256, sizeof(p->sha256));
}

static enum ward_rc
begin(struct ward_asker *a, const struct ward_question *q, Ward__V1__PathClass place,
      const struct ward_origin *origin)
{
	struct pending *p = take_place(a);
	uint64_t now = ward_clock_monotonic();
	struct ward_answer known;
	bool hopeless = a->state.breaker_open || was_given_up(a, q->so_far->sha256) ||
			ward_known_find(a->known, q->so_far->sha256, &known);

	if (!p || ward_fd_copy(q->fd, &p->fd) != WARD_OK) {
		a->state.refused++;
		return WARD_E_LIMIT;
	}
	p->state = PENDING_WAITS;
	fill(p, q, place, origin);
	a->state.asked++;
	/* The thread gives the answer, or that there is none: nothing here may call the decisions. */
	p->deadline = hopeless ? 0 : now + a->policy.cloud.hold * 1000;
	p->check =
		a->o.packages && a->policy.realtime.trust_packages && ward_packages_may_have(q->fd);
	if (!hopeless && !p->check) {
		a->state.held++;
		(void)!send(a, p, now);
	}
	poke(a);
	return WARD_OK;
}

static void
origin_of(const struct ward_asker *a, const struct ward_question *q, Ward__V1__PathClass place,
	  struct ward_origin *ret)
{
	ward_origin_of_attributes(q->fd, ret);
	if (place == WARD__V1__PATH_CLASS__PATH_CLASS_DOWNLOAD)
		ret->downloaded |= WARD_ORIGIN_BY_PLACE;
	ret->removable = place == WARD__V1__PATH_CLASS__PATH_CLASS_REMOVABLE;
	/* Changed lately, even if nobody saw by whom. */
	ret->written = q->key->ctime / 1000 >= (int64_t)a->since;
}

/* What the package manager is seen to write is checked against its lists when it has ended, and asked
   about by everybody meanwhile. */
static void
add_writer(struct ward_asker *a, const struct ward_key *key, struct ward_origin *origin)
{
	struct ward_origin known;

	if (!a->o.origins || !ward_origins_recall(a->o.origins, key, &known))
		return;
	origin->downloaded |= known.downloaded;
	origin->written = true;
	origin->writer = known.writer;
}

enum ward_rc
ward_asker_ask(void *ctx, const struct ward_question *q)
{
	struct ward_asker *a = ctx;
	struct ward_origin origin;
	Ward__V1__PathClass place;
	enum ward_rc rc = WARD_E_UNSUPPORTED;

	if (!q->so_far || !q->so_far->sha256)
		return rc;
	place = ward_place_of_fd(q->fd);
	origin_of(a, q, place, &origin);
	(void)pthread_mutex_lock(&a->lock);
	add_writer(a, q->key, &origin);
	if (!is_off(a) && ward_origin_in_scope(&a->policy, q->so_far->type, &origin))
		rc = begin(a, q, place, &origin);
	(void)pthread_mutex_unlock(&a->lock);
	return rc;
}

/* What a message says, out of the message: used when no lock is held. */
struct said {
	struct pending was;
	struct ward_answer answer;
	char threat[TEXT_ROOM], rule[TEXT_ROOM];
	bool verdict;
};

/* Convicted before, in words of its own: what is known may change when the lock is left. */
static bool
recall(const struct ward_asker *a, struct said *s)
{
	if (!ward_known_find(a->known, s->was.sha256, &s->answer))
		return false;
	(void)snprintf(s->threat, sizeof(s->threat), "%s", s->answer.threat);
	(void)snprintf(s->rule, sizeof(s->rule), "%s", s->answer.rule);
	s->answer.threat = s->threat;
	s->answer.rule = s->rule;
	s->answer.type = s->was.type;
	s->answer.sha256 = s->was.sha256;
	return true;
}

/* --- what scans ask --- */

static size_t
awaited(const struct ward_asker *a)
{
	size_t count = 0;

	for (size_t i = 0; i < a->used; i++)
		count += a->pending[i].state == PENDING_LATE;
	return count;
}

/* The lock is held. Nobody waits for it: it begins as one whose time is over. */
static enum ward_rc
begin_look(struct ward_asker *a, const struct ward_question *q, Ward__V1__PathClass place,
	   const struct ward_origin *origin)
{
	uint64_t now = ward_clock_monotonic();
	struct pending *p;

	if (awaited(a) >= LOOKS_MAX)
		return WARD_E_LIMIT;
	p = take_place(a);
	if (!p || ward_fd_copy(q->fd, &p->fd) != WARD_OK)
		return WARD_E_LIMIT;
	p->state = PENDING_LATE;
	fill(p, q, place, origin);
	p->deadline = now + LATE_USEC;
	a->state.asked++;
	(void)!send(a, p, now); /* or the thread does */
	return WARD_OK;
}

/* What was convicted before needs no question. */
static bool
recall_for_scan(struct ward_asker *a, const struct ward_question *q, struct said *s)
{
	*s = (struct said){.was = {.fd = -1, .type = q->so_far->type}};
	memcpy(s->was.sha256, q->so_far->sha256, sizeof(s->was.sha256));
	return recall(a, s);
}

static bool
is_packaged(const struct ward_asker *a, const struct ward_question *q, bool trusts)
{
	return trusts && a->o.packages && ward_packages_may_have(q->fd) &&
	       ward_packages_unchanged(a->o.packages, q->fd, NULL);
}

enum ward_rc
ward_asker_look(struct ward_asker *a, const struct ward_question *q)
{
	struct ward_origin origin;
	Ward__V1__PathClass place = ward_place_of_fd(q->fd);
	enum ward_rc rc = WARD_E_UNSUPPORTED;
	struct said s;
	bool known = false, asks, trusts;

	if (!q->so_far || !q->so_far->sha256)
		return rc;
	origin_of(a, q, place, &origin);
	(void)pthread_mutex_lock(&a->lock);
	add_writer(a, q->key, &origin);
	asks = !is_off(a) && !a->state.breaker_open &&
	       ward_origin_in_scope(&a->policy, q->so_far->type, &origin);
	trusts = a->policy.realtime.trust_packages;
	(void)pthread_mutex_unlock(&a->lock);
	if (!asks || is_packaged(a, q, trusts))
		return rc;
	(void)pthread_mutex_lock(&a->lock);
	known = recall_for_scan(a, q, &s);
	rc = known ? WARD_OK : begin_look(a, q, place, &origin);
	(void)pthread_mutex_unlock(&a->lock);
	if (known)
		ward_decide_revise(a->decide, q->fd, q->key, 0, &s.answer);
	return rc;
}

void
ward_asker_tell(struct ward_asker *a, const struct ward_note *note)
{
	ward_notes_put(a->notes, note);
	poke(a);
}

void
ward_asker_flush(struct ward_asker *a, unsigned ms)
{
	uint64_t end = ward_clock_monotonic() + (uint64_t)ms * 1000;

	while (ward_notes_waiting(a->notes) > 0 && ward_peer_figures(a->peer).ready &&
	       ward_clock_monotonic() < end)
		(void)poll(NULL, 0, 5);
}

/* --- answers, on the thread --- */

static void
no_answer(struct ward_answer *answer, const struct pending *p, enum ward_reason reason)
{
	*answer = (struct ward_answer){
		.verdict = WARD_NOT_SCANNED,
		.reason = reason,
		.type = p->type,
		.sha256 = p->sha256,
		.threat = "",
		.rule = "",
		.layer = "",
		.from_cloud = true,
	};
}

/* Good for no time means: asked each time. */
static uint32_t
good_until(uint64_t seconds)
{
	uint64_t until = ward_clock_monotonic() / 1000000 + 1 + seconds;

	return until < UINT32_MAX ? (uint32_t)until : UINT32_MAX;
}

static void
read_verdict(const Ward__V1__FileVerdict *v, struct said *s)
{
	(void)snprintf(s->threat, sizeof(s->threat), "%s", v->threat);
	if (v->n_evidence > 0)
		(void)snprintf(s->rule, sizeof(s->rule), "%s", v->evidence[0]->name);
	s->verdict = true;
	s->answer = (struct ward_answer){
		.verdict = ward_wire_verdict_from(v->verdict),
		.type = s->was.type,
		.sha256 = s->was.sha256,
		.threat = s->threat,
		.rule = s->rule,
		.layer = "cloud",
		.tier = ward_wire_tier_name(v->tier),
		.from_cloud = true,
		.until = good_until(v->ttl_seconds),
	};
	if (s->answer.verdict == WARD_NOT_SCANNED)
		s->answer.verdict = WARD_UNKNOWN;
}

static void
note_missed(struct ward_asker *a, const struct pending *p)
{
	struct ward_note note = {
		.kind = WARD_NOTE_FILE,
		.file = {.size = p->key.size, .type = p->type, .verdict = WARD_UNKNOWN},
	};

	memcpy(note.file.sha256, p->sha256, sizeof(note.file.sha256));
	ward_notes_put(a->notes, &note);
}

/* False: nobody asked that, or it changes nothing. The copy in `s` has the descriptor unless the
   place goes on. */
static bool
take_answer(struct ward_asker *a, const Ward__Uplink__V1__Answer *m, struct said *s)
{
	struct pending *p = by_id(a, m->id);
	bool waited, goes_on;

	if (!p || memcmp(m->sha256.data, p->sha256, sizeof(p->sha256)) != 0)
		return false;
	waited = p->state == PENDING_WAITS;
	s->was = *p;
	if (m->verdict) {
		read_verdict(m->verdict, s);
		ward_known_put(a->known, p->sha256, &s->answer);
	} else {
		no_answer(&s->answer, &s->was,
			  m->outcome == WARD__UPLINK__V1__OUTCOME__OUTCOME_OFF
				  ? WARD_REASON_NONE
				  : WARD_REASON_TIMEOUT);
	}
	goes_on = m->outcome == WARD__UPLINK__V1__OUTCOME__OUTCOME_TIMEOUT;
	if (goes_on) {
		p->state = PENDING_LATE;
		p->deadline = ward_clock_monotonic() + LATE_USEC;
	} else {
		p->fd = -1; /* in the copy */
		free_place(p);
	}
	a->state.answered += waited && s->verdict;
	a->state.timed_out += waited && !s->verdict;
	a->state.late += !waited && s->verdict;
	if (goes_on)
		s->was.fd = -1;
	return waited || s->verdict;
}

static void
on_answer(struct ward_asker *a, const Ward__Uplink__V1__Answer *m)
{
	struct said s = {.was.fd = -1};
	bool use;

	if (a->o.intake && m->verdict && m->verdict->record.len > 0)
		ward_intake_record(a->o.intake,
				   ward_span_of(m->verdict->record.data, m->verdict->record.len));
	(void)pthread_mutex_lock(&a->lock);
	use = take_answer(a, m, &s);
	(void)pthread_mutex_unlock(&a->lock);
	if (use && s.was.state == PENDING_WAITS) {
		ward_decide_answer(a->decide, s.was.question, &s.answer);
		if (m->outcome == WARD__UPLINK__V1__OUTCOME__OUTCOME_UNAVAILABLE)
			note_missed(a, &s.was);
	} else if (use && s.answer.verdict >= WARD_SUSPICIOUS) {
		ward_decide_revise(a->decide, s.was.fd, &s.was.key, s.was.pid, &s.answer);
	}
	if (s.verdict && s.was.fd >= 0 && s.answer.verdict < WARD_SUSPICIOUS)
		ward_recent_put(a->recent, s.was.sha256, &s.was.key, s.was.fd);
	ward_fd_close(&s.was.fd);
}

/* --- what changed for everybody --- */

struct change {
	struct ward_asker *a;
	const Ward__V1__VerdictChange *what;
	bool convicts;
};

static uint32_t
expiry(uint64_t expires_ms)
{
	uint64_t now = ward_clock_wall() / 1000;

	if (expires_ms == 0)
		return 0;
	return good_until(expires_ms > now ? (expires_ms - now) / 1000 : 0);
}

static struct ward_answer
answer_of_change(const Ward__V1__VerdictChange *what)
{
	return (struct ward_answer){
		.verdict = ward_wire_verdict_from(what->verdict),
		.sha256 = what->sha256.data,
		.threat = what->threat,
		.rule = "",
		.layer = "cloud",
		.tier = ward_wire_tier_name(what->tier),
		.from_cloud = true,
		.until = expiry(what->expires_ms),
	};
}

/* The lock is held. */
static void
learn_change(struct ward_asker *a, const struct change *c)
{
	const struct ward_answer answer = answer_of_change(c->what);

	if (c->convicts || answer.verdict != WARD_MALICIOUS)
		ward_known_put(a->known, c->what->sha256.data, &answer);
}

static void
apply_change(void *ctx, int fd, const struct ward_key *key)
{
	const struct change *c = ctx;
	struct ward_answer answer = answer_of_change(c->what);

	if (c->convicts && answer.verdict >= WARD_SUSPICIOUS)
		ward_decide_revise(c->a->decide, fd, key, 0, &answer);
	else
		ward_decide_forget(c->a->decide, fd, key);
}

static void
on_change(struct ward_asker *a, const Ward__Uplink__V1__Change *m)
{
	struct change c = {a, m->verdict, !ward_signed_only(a->o.intake)};

	(void)pthread_mutex_lock(&a->lock);
	if (m->what_case == WARD__UPLINK__V1__CHANGE__WHAT_RESTART)
		ward_known_clear(a->known);
	else
		learn_change(a, &c);
	(void)pthread_mutex_unlock(&a->lock);
	if (m->what_case == WARD__UPLINK__V1__CHANGE__WHAT_RESTART) {
		ward_decide_new_epoch(a->decide);
		return;
	}
	ward_recent_find(a->recent, m->verdict->sha256.data, apply_change, &c);
}

/* --- signed updates --- */

enum ward_rc
ward_asker_need(struct ward_asker *a, uint64_t id, const struct ward_intake_want *want)
{
	return ward_signed_need(a->peer, id, want);
}

static void
on_pushed(void *ctx, struct ward_span updates)
{
	const struct ward_asker *a = ctx;

	if (a->o.intake)
		ward_intake_pushed(a->o.intake, updates);
}

static void
on_fetched(void *ctx, uint64_t id, struct ward_span message, const char *why)
{
	const struct ward_asker *a = ctx;

	if (a->o.intake)
		ward_intake_fetched(a->o.intake, id, *why ? WARD_E_GONE : WARD_OK, message);
}

void
ward_asker_overruled(struct ward_asker *a, const uint8_t (*digests)[WARD_SHA256_LEN], size_t count)
{
	ward_signed_put(a->overruled, digests, count);
	poke(a);
}

/* --- the network process --- */

static void
on_state(struct ward_asker *a, const Ward__Uplink__V1__State *m)
{
	struct ward_asker_state *s = &a->state;
	bool begins, online;

	(void)pthread_mutex_lock(&a->lock);
	begins = a->told && m->enrolled && !s->enrolled;
	online = m->connected && !s->connected;
	a->told = true;
	s->enrolled = m->enrolled;
	s->connected = m->connected;
	s->breaker_open = m->breaker_open;
	s->down_since_ms = m->down_since_ms;
	s->answered_ms = m->answered_ms;
	s->certificate_until_ms = m->certificate_until_ms;
	s->round_trip_usec = m->round_trip_usec;
	s->position = m->position;
	s->outbox = m->outbox;
	s->outbox_dropped = m->outbox_dropped;
	s->lookups = m->lookups;
	s->samples = m->samples;
	s->unavailable = m->unavailable;
	(void)snprintf(s->server, sizeof(s->server), "%s", m->server);
	(void)snprintf(s->device, sizeof(s->device), "%s", m->device);
	(void)snprintf(s->organisation, sizeof(s->organisation), "%s", m->organisation);
	(void)snprintf(s->problem, sizeof(s->problem), "%s", m->problem);
	(void)pthread_mutex_unlock(&a->lock);
	/* What was let go because there was nobody to ask is asked about now. */
	if (begins)
		ward_decide_new_epoch(a->decide);
	ward_signed_self(a->o.intake, m->device, a->policy.updates.ring);
	if (online && a->o.intake)
		ward_intake_online(a->o.intake);
}

/* Those who still wait have their time: their questions are put to its next life. */
static void
on_lost(void *ctx)
{
	struct ward_asker *a = ctx;

	(void)pthread_mutex_lock(&a->lock);
	a->state.connected = false;
	for (size_t i = 0; i < a->used; i++)
		a->pending[i].sent = false;
	(void)pthread_mutex_unlock(&a->lock);
	ward_notes_lost(a->notes);
}

static void
on_reply(void *ctx, const ward_uplink_reply *m)
{
	struct ward_asker *a = ctx;

	switch ((int)m->what_case) {
	case WARD__UPLINK__V1__REPLY__WHAT_ANSWER:
		on_answer(a, m->answer);
		break;
	case WARD__UPLINK__V1__REPLY__WHAT_KEPT:
		ward_notes_kept(a->notes, m->kept);
		break;
	case WARD__UPLINK__V1__REPLY__WHAT_CHANGE:
		on_change(a, m->change);
		break;
	case WARD__UPLINK__V1__REPLY__WHAT_STATE:
		on_state(a, m->state);
		break;
	default:
		break;
	}
}

/* --- time --- */

/* One whose time is over; its answer, if it waited. The descriptor in the copy is nobody's. */
static void
end_waiting(struct ward_asker *a, struct pending *p, uint64_t now, struct said *s)
{
	s->was = *p;
	s->verdict = p->state == PENDING_WAITS && recall(a, s);
	if (p->state == PENDING_LATE || !p->sent || s->verdict) {
		free_place(p);
	} else {
		p->state = PENDING_LATE;
		p->deadline = now + LATE_USEC;
	}
	if (s->verdict || s->was.state != PENDING_WAITS)
		return;
	no_answer(&s->answer, &s->was, is_off(a) ? WARD_REASON_NONE : WARD_REASON_TIMEOUT);
}

/* The next one that is over; false: none. */
static bool
next_over(struct ward_asker *a, uint64_t now, struct said *s)
{
	bool found = false, waited;

	(void)pthread_mutex_lock(&a->lock);
	for (size_t i = 0; i < a->used && !found; i++) {
		struct pending *p = &a->pending[i];

		/* Who cannot be asked any more is not waited for. */
		found = p->state != PENDING_FREE &&
			(p->deadline <= now ||
			 (p->state == PENDING_WAITS && !p->sent && !p->check && is_off(a)));
		if (found)
			end_waiting(a, p, now, s);
	}
	waited = found && s->was.state == PENDING_WAITS;
	a->state.recalled += waited && s->verdict;
	a->state.timed_out += waited && !s->verdict && s->answer.reason == WARD_REASON_TIMEOUT;
	(void)pthread_mutex_unlock(&a->lock);
	return found;
}

static void
expire(struct ward_asker *a, uint64_t now)
{
	struct said s;

	while (next_over(a, now, &s)) {
		if (s.was.state != PENDING_WAITS)
			continue;
		ward_decide_answer(a->decide, s.was.question, &s.answer);
		if (!s.verdict && s.answer.reason == WARD_REASON_TIMEOUT)
			note_missed(a, &s.was);
	}
}

/* --- files of packages --- */

/* The next one that is to be checked; its copy has a descriptor of its own. */
static bool
next_check(struct ward_asker *a, struct pending *ret, uint64_t *ret_id)
{
	bool found = false;

	(void)pthread_mutex_lock(&a->lock);
	for (size_t i = 0; i < a->used && !found; i++) {
		struct pending *p = &a->pending[i];

		if (p->state != PENDING_WAITS || !p->check)
			continue;
		*ret = *p;
		*ret_id = id_of(a, p);
		found = ward_fd_copy(p->fd, &ret->fd) == WARD_OK;
		p->check = found;
	}
	(void)pthread_mutex_unlock(&a->lock);
	return found;
}

/* True: it was still waiting, and has its answer now. */
static bool
end_check(struct ward_asker *a, uint64_t id, bool unchanged)
{
	struct pending *p;
	bool waits;

	(void)pthread_mutex_lock(&a->lock);
	p = by_id(a, id);
	waits = p && p->state == PENDING_WAITS;
	if (waits)
		p->check = false;
	if (waits && unchanged) {
		free_place(p);
		a->state.packaged++;
	} else if (waits) {
		a->state.held++;
	}
	(void)pthread_mutex_unlock(&a->lock);
	return waits && unchanged;
}

/* Reads whole files, but such as the scanner has just read. The local layers' word stands for those that
   are as their package has them. */
static void
check_packages(struct ward_asker *a)
{
	struct ward_answer answer;
	struct pending p;
	uint64_t id;

	while (next_check(a, &p, &id)) {
		bool unchanged = ward_packages_unchanged(a->o.packages, p.fd, NULL);

		ward_fd_close(&p.fd);
		if (!end_check(a, id, unchanged))
			continue;
		no_answer(&answer, &p, WARD_REASON_NONE);
		ward_decide_answer(a->decide, p.question, &answer);
	}
}

/* Sends what could not be sent; µs until something is over. */
static uint64_t
resend(struct ward_asker *a, uint64_t now)
{
	struct ward_peer_figures f = ward_peer_figures(a->peer);
	uint64_t wait = TURN_MS * 1000;

	(void)pthread_mutex_lock(&a->lock);
	a->state.running = f.ready;
	a->state.starts = f.starts;
	a->failed = f.failed;
	a->state.user = f.user;
	for (size_t i = 0; i < a->used; i++) {
		struct pending *p = &a->pending[i];

		if (p->state == PENDING_FREE || (p->check && p->deadline > now))
			continue;
		if (!p->sent && f.ready)
			(void)!send(a, p, now);
		if (!p->sent && wait > RESEND_MS * 1000)
			wait = RESEND_MS * 1000;
		if (p->deadline < now + wait)
			wait = p->deadline > now ? p->deadline - now : 0;
	}
	(void)pthread_mutex_unlock(&a->lock);
	return wait;
}

static void
sleep_for(struct ward_asker *a, uint64_t usec)
{
	uint64_t now = ward_clock_monotonic(), next = ward_peer_next(a->peer), count;
	struct pollfd fds[] = {
		{.fd = a->wake, .events = POLLIN},
		{.fd = ward_peer_fd(a->peer), .events = POLLIN},
	};

	if (next < now + usec)
		usec = next > now ? next - now : 0;
	(void)poll(fds, 2, (int)((usec + 999) / 1000));
	if (fds[0].revents)
		(void)!read(a->wake, &count, sizeof(count));
}

static void *
run(void *ctx)
{
	struct ward_asker *a = ctx;

	while (!atomic_load(&a->stop)) {
		uint64_t now;

		ward_peer_turn(a->peer);
		check_packages(a);
		now = ward_clock_monotonic();
		expire(a, now);
		ward_signed_look(a->overruled, a->recent, a->decide);
		ward_notes_send(a->notes, a->peer);
		sleep_for(a, resend(a, now));
	}
	return NULL;
}

/* --- life --- */

static void
on_process(void *ctx, int pid, bool alive)
{
	const struct ward_asker *a = ctx;

	if (a->o.process)
		a->o.process(a->o.ctx, pid, alive);
}

enum ward_rc
ward_asker_new(const struct ward_asker_options *options, struct ward_asker **ret_asker)
{
	struct ward_asker *a = calloc(1, sizeof(*a));
	struct ward_peer_options peer = {
		.program = options->program,
		.directory = options->directory,
		.reply = on_reply,
		.pushed = on_pushed,
		.fetched = on_fetched,
		.lost = on_lost,
		.process = on_process,
		.ctx = a,
	};

	if (!a)
		return WARD_E_NOMEM;
	a->o = *options;
	a->policy = *options->policy;
	a->state.enabled = options->policy->cloud.enabled;
	a->since = ward_clock_wall() - WRITTEN_BEFORE;
	(void)pthread_mutex_init(&a->lock, NULL);
	ward_peer_settings_of(options->policy, options->intelligence, &peer.settings);
	a->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	a->known = ward_known_new();
	a->notes = ward_notes_new();
	a->recent = ward_recent_new();
	a->overruled = ward_signed_new(options->intake);
	if (a->wake < 0 || !a->known || !a->notes || !a->recent || !a->overruled ||
	    ward_peer_new(&peer, &a->peer) != WARD_OK) {
		(void)ward_asker_free(a);
		return WARD_E_NOMEM;
	}
	*ret_asker = a;
	return WARD_OK;
}

enum ward_rc
ward_asker_start(struct ward_asker *a, struct ward_decide *decide)
{
	a->decide = decide;
	if (pthread_create(&a->thread, NULL, run, a) != 0)
		return WARD_E_LIMIT;
	a->running = true;
	return WARD_OK;
}

struct ward_asker *
ward_asker_free(struct ward_asker *a)
{
	if (!a)
		return NULL;
	atomic_store(&a->stop, true);
	if (a->running) {
		poke(a);
		(void)pthread_join(a->thread, NULL);
	}
	a->peer = ward_peer_free(a->peer);
	for (size_t i = 0; i < PENDING_MAX; i++)
		if (a->pending[i].state != PENDING_FREE)
			free_place(&a->pending[i]);
	a->recent = ward_recent_free(a->recent);
	a->overruled = ward_signed_free(a->overruled);
	a->known = ward_known_free(a->known);
	a->notes = ward_notes_free(a->notes);
	ward_fd_close(&a->wake);
	(void)pthread_mutex_destroy(&a->lock);
	free(a);
	return NULL;
}

void
ward_asker_state(struct ward_asker *a, struct ward_asker_state *ret_state)
{
	(void)pthread_mutex_lock(&a->lock);
	*ret_state = a->state;
	(void)pthread_mutex_unlock(&a->lock);
	ret_state->notes_dropped = ward_notes_dropped(a->notes);
}
