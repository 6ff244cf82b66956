/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/intake/intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "guard/intake/intake-priv.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { TURN_S = 1, REPEAT_MS = 3600 * 1000 };

uint64_t
intake_now(const struct ward_intake *i)
{
	return i->o.now_ms ? i->o.now_ms() : ward_clock_wall() / 1000;
}

/* --- what is told --- */

void
intake_tell(const struct ward_intake *i, const char *word, const char *text)
{
	i->o.ops.event(i->o.ops.ctx, word, text);
}

void
intake_refuse(struct ward_intake *i, const struct ward_refusal *refusal)
{
	uint64_t now = intake_now(i);
	bool again;

	(void)pthread_mutex_lock(&i->lock);
	again = now < i->state.refused_ms + REPEAT_MS &&
		strcmp(i->state.refusal, ward_refusal_word(refusal->code)) == 0;
	i->state.refusals++;
	if (!again)
		i->state.refused_ms = now;
	(void)snprintf(i->state.refusal, sizeof(i->state.refusal), "%s",
		       ward_refusal_word(refusal->code));
	(void)snprintf(i->state.refusal_text, sizeof(i->state.refusal_text), "%s", refusal->text);
	(void)pthread_mutex_unlock(&i->lock);
	if (!again)
		intake_tell(i, ward_refusal_word(refusal->code), refusal->text);
}

void
intake_show(struct ward_intake *i)
{
	const struct ward_trust_timestamp *t = i->trust ? ward_trust_timestamp_now(i->trust) : NULL;
	struct ward_intake_state *s = &i->state;

	(void)pthread_mutex_lock(&i->lock);
	s->pinned = i->trust != NULL;
	s->root_version = i->trust ? ward_trust_root_now(i->trust)->version : 0;
	s->last_number = i->trust ? ward_trust_frontier(i->trust)->size : 0;
	s->head_number = t ? t->head.size : 0;
	s->timestamp_version = t ? t->version : 0;
	s->timestamp_until_ms = t ? t->expires_ms : 0;
	s->unsaved = i->dirty || i->lost;
	intake_show_head(i);
	(void)pthread_mutex_unlock(&i->lock);
}

void
ward_intake_state(struct ward_intake *i, struct ward_intake_state *ret)
{
	(void)pthread_mutex_lock(&i->lock);
	*ret = i->state;
	(void)pthread_mutex_unlock(&i->lock);
	ret->silent = ret->pinned && ret->timestamp_until_ms <= intake_now(i);
	ward_overlay_counts(i->overlay, &ret->overlay);
}

/* --- what comes --- */

/* The lock is held. */
static bool
enqueue(struct ward_intake *i, struct message *m)
{
	if (i->waiting >= INBOX_MAX || i->waiting_bytes + m->len > INBOX_BYTES_MAX) {
		i->state.dropped++;
		i->overflow = true;
		return false;
	}
	*i->last = m;
	i->last = &m->next;
	i->waiting++;
	i->waiting_bytes += m->len;
	return true;
}

static void
post(struct ward_intake *i, enum message_kind kind, uint64_t id, enum ward_rc rc,
     struct ward_span bytes)
{
	struct message *m = malloc(sizeof(*m) + bytes.len);
	bool taken = false;

	if (m) {
		*m = (struct message){.kind = kind, .rc = rc, .id = id, .len = bytes.len};
		if (bytes.len > 0)
			memcpy(m->bytes, bytes.data, bytes.len);
	}
	(void)pthread_mutex_lock(&i->lock);
	if (m)
		taken = enqueue(i, m);
	(void)pthread_cond_signal(&i->come);
	(void)pthread_mutex_unlock(&i->lock);
	if (!taken)
		free(m);
}

void
ward_intake_pushed(struct ward_intake *i, struct ward_span updates)
{
	post(i, MESSAGE_PUSHED, 0, WARD_OK, updates);
}

void
ward_intake_fetched(struct ward_intake *i, uint64_t id, enum ward_rc rc, struct ward_span message)
{
	post(i, MESSAGE_FETCHED, id, rc, message);
}

void
ward_intake_record(struct ward_intake *i, struct ward_span envelope)
{
	post(i, MESSAGE_RECORD, 0, WARD_OK, envelope);
}

void
ward_intake_online(struct ward_intake *i)
{
	post(i, MESSAGE_ONLINE, 0, WARD_OK, ward_span_of(NULL, 0));
}

void
ward_intake_self(struct ward_intake *i, const struct ward_trust_self *self)
{
	struct self s = {.tag_count = 0};

	memcpy(s.device, self->device, sizeof(s.device));
	(void)snprintf(s.ring, sizeof(s.ring), "%s", self->ring ? self->ring : "");
	for (size_t t = 0; t < self->tag_count && t < TAGS_MAX; t++)
		(void)snprintf(s.tags[s.tag_count++], NAME_ROOM, "%s", self->tags[t]);
	(void)pthread_mutex_lock(&i->lock);
	i->new_self = s;
	(void)pthread_cond_signal(&i->come);
	(void)pthread_mutex_unlock(&i->lock);
}

/* --- the thread --- */

static struct message *
next_message(struct ward_intake *i)
{
	struct message *m;

	(void)pthread_mutex_lock(&i->lock);
	m = i->first;
	if (m) {
		i->first = m->next;
		i->waiting--;
		i->waiting_bytes -= m->len;
	}
	if (!i->first)
		i->last = &i->first;
	if (!m && i->overflow)
		i->wants = true;
	if (!m)
		i->overflow = false;
	(void)pthread_mutex_unlock(&i->lock);
	return m;
}

static void
take_all(struct ward_intake *i)
{
	struct message *m;

	while ((m = next_message(i))) {
		if (i->trust)
			intake_take(i, m);
		free(m);
	}
}

/* The lists of texts begin with those of this copy. */
static bool
take_self(struct ward_intake *i)
{
	bool other;

	(void)pthread_mutex_lock(&i->lock);
	other = memcmp(i->self.device, i->new_self.device, sizeof(i->self.device)) != 0 ||
		strcmp(i->self.ring, i->new_self.ring) != 0 ||
		i->self.tag_count != i->new_self.tag_count ||
		memcmp(i->self.tags, i->new_self.tags, sizeof(i->self.tags)) != 0;
	if (other)
		i->self = i->new_self;
	(void)pthread_mutex_unlock(&i->lock);
	for (size_t t = 0; t < i->self.tag_count; t++)
		i->self.list[t] = i->self.tags[t];
	return other;
}

static void
turn_overlay(struct ward_intake *i)
{
	struct ward_intake_change change = {.digests = NULL};

	change.about = ward_overlay_turn(i->overlay, intake_now(i));
	if (change.about)
		i->o.ops.changed(i->o.ops.ctx, &change);
}

void
ward_intake_turn(struct ward_intake *i)
{
	enum ward_rc rc = intake_pin(i);

	if (take_self(i) && rc == WARD_OK)
		rc = intake_replay(i);
	if (rc != WARD_OK && !i->told_unsaved)
		intake_tell(i, "store-failed", ward_rc_str(rc));
	i->told_unsaved |= rc != WARD_OK;
	take_all(i);
	turn_overlay(i);
	intake_ask(i);
	intake_save(i);
	intake_show(i);
}

static bool
wait_for_work(struct ward_intake *i)
{
	struct timespec until;
	bool stop;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += TURN_S;
	(void)pthread_mutex_lock(&i->lock);
	if (!i->first && !i->stop)
		(void)pthread_cond_timedwait(&i->come, &i->lock, &until);
	stop = i->stop;
	(void)pthread_mutex_unlock(&i->lock);
	return !stop;
}

static void *
run(void *ctx)
{
	struct ward_intake *i = ctx;
	const struct ward_intake_change rules = {.about = WARD_OVERLAY_RULES};
	struct ward_overlay_counts counts;

	ward_overlay_counts(i->overlay, &counts);
	if (counts.rules > 0) /* nobody has been told of those that were stored */
		i->o.ops.changed(i->o.ops.ctx, &rules);
	while (wait_for_work(i))
		ward_intake_turn(i);
	/* A timestamp that has waited. */
	i->save_ms = 0;
	intake_save(i);
	return NULL;
}

/* --- life --- */

static bool
name_files(struct ward_intake *i)
{
	const struct {
		char *into;
		const char *directory, *name;
	} files[] = {
		{i->records_path, i->o.directory, "records"},
		{i->state_path, i->o.directory, "state"},
		{i->pin_path, i->o.directory, "root"},
		{i->root_path, i->o.enrolment, "updates.root"},
	};

	for (size_t k = 0; k < sizeof(files) / sizeof(files[0]); k++)
		if (snprintf(files[k].into, WARD_ENTRY_PATH_MAX, "%s/%s", files[k].directory,
			     files[k].name) >= WARD_ENTRY_PATH_MAX)
			return false;
	return true;
}

static void
init_locks(struct ward_intake *i)
{
	pthread_condattr_t attributes;

	(void)pthread_mutex_init(&i->lock, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&i->come, &attributes);
	(void)pthread_condattr_destroy(&attributes);
}

/* When a timestamp was taken last, by the file that says which one. */
static void
recall_heard(struct ward_intake *i)
{
	struct ward_fd_stat st;

	if (i->trust && ward_trust_timestamp_now(i->trust) &&
	    ward_fd_stat_at(-1, i->state_path, false, &st) == WARD_OK && st.mtime > 0)
		i->state.heard_ms = (uint64_t)st.mtime / 1000000;
}

enum ward_rc
ward_intake_new(const struct ward_intake_options *options, struct ward_intake **ret)
{
	struct ward_intake *i = calloc(1, sizeof(*i));
	enum ward_rc rc = WARD_E_NOMEM;

	if (!i)
		return rc;
	i->o = *options;
	i->last = &i->first;
	i->pin_seen = -1;
	init_locks(i);
	i->overlay = ward_overlay_new();
	if (i->overlay)
		rc = name_files(i) ? ward_entry_make_directory(-1, options->directory, 0700)
				   : WARD_E_LIMIT;
	if (rc == WARD_E_PERM) /* it is there; else reading will tell */
		rc = WARD_OK;
	if (rc == WARD_OK)
		rc = intake_pin(i);
	if (rc != WARD_OK) {
		(void)ward_intake_free(i);
		return rc;
	}
	recall_heard(i);
	intake_show(i);
	*ret = i;
	return WARD_OK;
}

enum ward_rc
ward_intake_start(struct ward_intake *i)
{
	i->started = true;
	if (pthread_create(&i->thread, NULL, run, i) != 0)
		return WARD_E_LIMIT;
	i->running = true;
	return WARD_OK;
}

void
ward_intake_stop(struct ward_intake *i)
{
	(void)pthread_mutex_lock(&i->lock);
	i->stop = true;
	(void)pthread_cond_signal(&i->come);
	(void)pthread_mutex_unlock(&i->lock);
	if (i->running)
		(void)pthread_join(i->thread, NULL);
	i->running = false;
}

struct ward_intake *
ward_intake_free(struct ward_intake *i)
{
	struct message *m;

	if (!i)
		return NULL;
	ward_intake_stop(i);
	while ((m = next_message(i)))
		free(m);
	ward_trust_freep(&i->trust);
	ward_ledger_freep(&i->ledger);
	ward_buf_done(&i->shown.envelope);
	i->overlay = ward_overlay_free(i->overlay);
	(void)pthread_cond_destroy(&i->come);
	(void)pthread_mutex_destroy(&i->lock);
	free(i);
	return NULL;
}

struct ward_overlay *
ward_intake_overlay(struct ward_intake *i)
{
	return i->overlay;
}
