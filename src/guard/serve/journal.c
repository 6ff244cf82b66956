/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/serve/journal.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/log.h"
#include "sys/process.h"

enum {
	QUEUE_MAX = 2048,
	/* What is no new conviction leaves room for those: a file that is not told of is not taken away. */
	QUEUE_OTHERS = QUEUE_MAX / 2,
	NAME_ROOM = 4096,
	TEXT_ROOM = 128,
	/* The same file again within this time is the same news. */
	REPEAT_USEC = 10 * 1000 * 1000,
	RECENT_MAX = 256,
};

struct item {
	enum ward_incident_kind kind;
	enum ward_policy_action action;
	enum ward_verdict verdict;
	enum ward_reason reason;
	struct ward_key key;
	int fd, pidfd, pid;
	bool exec, has_digest;
	enum ward_type type;
	uint8_t sha256[WARD_SHA256_LEN];
	char threat[TEXT_ROOM], rule[TEXT_ROOM], layer[TEXT_ROOM];
	const char *tier; /* static */
};

struct recent {
	struct ward_key key;
	enum ward_incident_kind kind;
	uint64_t time;
};

struct ward_journal {
	pthread_t thread;
	pthread_mutex_t lock; /* of all that follows but what hears */
	pthread_cond_t more;
	bool stop;
	struct ward_remedy *remedy;
	struct item *items; /* a ring */
	size_t first, count;
	bool busy; /* with one that is in the ring no more */
	struct ward_journal_stats stats;
	pthread_mutex_t hearing; /* of the next two */
	ward_journal_hear hear;
	void *hear_ctx;
	struct recent recent[RECENT_MAX]; /* with `lock` */
	size_t recent_at;
};

/* What was really done: a quarantine that follows a block is a quarantine. */
static Ward__V1__Action
action_of(const struct item *item, enum ward_threat_status status)
{
	if (status == WARD_THREAT_QUARANTINED)
		return WARD__V1__ACTION__ACTION_QUARANTINED;
	return item->kind == WARD_INCIDENT_BLOCKED ? WARD__V1__ACTION__ACTION_BLOCKED
						   : WARD__V1__ACTION__ACTION_NONE;
}

static void
tell(struct ward_journal *j, const struct item *item, enum ward_threat_status status)
{
	struct ward_note note = {
		.kind = WARD_NOTE_FILE,
		.file =
			{
				.size = item->key.size,
				.type = item->type,
				.verdict = item->verdict,
				.action = action_of(item, status),
			},
	};

	if (!item->has_digest || item->verdict < WARD_SUSPICIOUS)
		return;
	memcpy(note.file.sha256, item->sha256, sizeof(note.file.sha256));
	(void)snprintf(note.file.threat, sizeof(note.file.threat), "%s", item->threat);
	(void)snprintf(note.file.layer, sizeof(note.file.layer), "%.31s", item->layer);
	(void)snprintf(note.file.rule, sizeof(note.file.rule), "%s", item->rule);
	(void)pthread_mutex_lock(&j->hearing);
	if (j->hear)
		j->hear(j->hear_ctx, &note);
	(void)pthread_mutex_unlock(&j->hearing);
}

static void
say(struct ward_journal *j, const struct item *item)
{
	static const struct {
		const char *action, *message;
	} words[WARD_INCIDENTS] = {
		{"open.denied", "a file was not opened"},
		{"open.would-be-denied", "a file would not have been opened"},
		{"file.convicted", "a bad file was written"},
		{"file.convicted-late", "a bad file was opened before its verdict came"},
		{"file.noticed", "a file was noticed and left alone"},
		{"file.not-decided", "nobody could say what a file is"},
		{"file.found", "a scan has found a bad file"},
	};
	char name[NAME_ROOM], program[NAME_ROOM], pid[16], digest[2 * WARD_SHA256_LEN + 1] = "";
	enum ward_threat_status status;
	const char *note;

	ward_fd_name(item->fd, name, sizeof(name));
	ward_process_program(item->pid, item->pidfd, program, sizeof(program));
	(void)snprintf(pid, sizeof(pid), "%d", item->pid);
	if (item->has_digest)
		ward_text_hex(ward_span_of(item->sha256, sizeof(item->sha256)), digest);
	const struct ward_remedy_case what = {
		.kind = item->kind,
		.action = item->action,
		.verdict = item->verdict,
		.fd = item->fd,
		.path = name,
		.threat = item->threat,
		.layer = item->layer,
		.rule = item->rule,
		.tier = item->tier,
		.program = program,
		.sha256 = ward_span_of(item->sha256, item->has_digest ? sizeof(item->sha256) : 0),
		.pid = item->pid,
		.exec = item->exec,
	};

	ward_remedy_act(j->remedy, &what, &status, &note);
	tell(j, item, status);
	ward_say(WARD_WARNING, words[item->kind].action, words[item->kind].message, "file.path",
		 name, "file.hash.sha256", digest, "ward.verdict", ward_verdict_name(item->verdict),
		 "ward.reason", ward_reason_name(item->reason), "threat.indicator.name",
		 item->threat, "rule.name", item->rule, "ward.layer", item->layer, "ward.tier",
		 item->tier, "process.pid", pid, "process.executable", program, "ward.access",
		 item->exec ? "exec" : "open", "ward.status", ward_threat_status_name(status),
		 "ward.note", note, NULL);
}

static bool
take(struct ward_journal *j, struct item *ret)
{
	bool any;

	(void)pthread_mutex_lock(&j->lock);
	j->busy = false;
	while (j->count == 0 && !j->stop)
		(void)pthread_cond_wait(&j->more, &j->lock);
	any = j->count > 0;
	j->busy = any;
	if (any) {
		*ret = j->items[j->first];
		j->first = (j->first + 1) % QUEUE_MAX;
		j->count--;
	}
	(void)pthread_mutex_unlock(&j->lock);
	return any;
}

static void *
run(void *ctx)
{
	struct ward_journal *j = ctx;
	struct item item;

	while (take(j, &item)) {
		say(j, &item);
		ward_fd_close(&item.fd);
		ward_fd_close(&item.pidfd);
		(void)pthread_mutex_lock(&j->lock);
		j->stats.told++;
		j->busy = false;
		(void)pthread_mutex_unlock(&j->lock);
	}
	return NULL;
}

enum ward_rc
ward_journal_new(struct ward_remedy *remedy, struct ward_journal **ret_journal)
{
	struct ward_journal *j = calloc(1, sizeof(*j));

	if (j)
		j->items = calloc(QUEUE_MAX, sizeof(*j->items));
	if (!j || !j->items) {
		free(j);
		return WARD_E_NOMEM;
	}
	j->remedy = remedy;
	(void)pthread_mutex_init(&j->lock, NULL);
	(void)pthread_mutex_init(&j->hearing, NULL);
	(void)pthread_cond_init(&j->more, NULL);
	if (pthread_create(&j->thread, NULL, run, j) != 0) {
		free(j->items);
		free(j);
		return WARD_E_LIMIT;
	}
	*ret_journal = j;
	return WARD_OK;
}

struct ward_journal *
ward_journal_free(struct ward_journal *j)
{
	if (!j)
		return NULL;
	(void)pthread_mutex_lock(&j->lock);
	j->stop = true;
	(void)pthread_cond_signal(&j->more);
	(void)pthread_mutex_unlock(&j->lock);
	(void)pthread_join(j->thread, NULL);
	(void)pthread_cond_destroy(&j->more);
	(void)pthread_mutex_destroy(&j->lock);
	(void)pthread_mutex_destroy(&j->hearing);
	free(j->items);
	free(j);
	return NULL;
}

static void
fill(struct item *item, const struct ward_incident *incident)
{
	const struct ward_answer *answer = incident->answer;

	*item = (struct item){
		.kind = incident->kind,
		.action = incident->action,
		.verdict = answer->verdict,
		.type = answer->type,
		.reason = answer->reason,
		.tier = answer->tier ? answer->tier : "",
		.key = *incident->key,
		.fd = -1,
		.pidfd = -1,
		.pid = incident->pid,
		.exec = incident->exec,
		.has_digest = answer->sha256 != NULL,
	};
	if (answer->sha256)
		memcpy(item->sha256, answer->sha256, sizeof(item->sha256));
	(void)snprintf(item->threat, sizeof(item->threat), "%s", answer->threat);
	(void)snprintf(item->rule, sizeof(item->rule), "%s", answer->rule);
	(void)snprintf(item->layer, sizeof(item->layer), "%s", answer->layer);
	/* Without it the name is lost, not the incident. */
	(void)!ward_fd_copy(incident->fd, &item->fd);
	if (incident->pidfd >= 0)
		(void)!ward_fd_copy(incident->pidfd, &item->pidfd);
}

/* The lock is held, as below. */
static bool
is_repeated(const struct ward_journal *j, const struct ward_incident *incident, uint64_t now)
{
	for (size_t i = 0; i < RECENT_MAX; i++) {
		const struct recent *r = &j->recent[i];

		if (r->time && now - r->time < REPEAT_USEC && r->kind == incident->kind &&
		    ward_key_equal(&r->key, incident->key))
			return true;
	}
	return false;
}

static size_t
room_for(const struct ward_incident *incident)
{
	return incident->answer->verdict >= WARD_SUSPICIOUS && !incident->known ? QUEUE_MAX
										: QUEUE_OTHERS;
}

static void
append(struct ward_journal *j, const struct ward_incident *incident, uint64_t now)
{
	fill(&j->items[(j->first + j->count) % QUEUE_MAX], incident);
	j->count++;
	j->recent[j->recent_at++ % RECENT_MAX] =
		(struct recent){*incident->key, incident->kind, now};
	(void)pthread_cond_signal(&j->more);
}

void
ward_journal_listen(struct ward_journal *j, ward_journal_hear hear, void *ctx)
{
	(void)pthread_mutex_lock(&j->hearing);
	j->hear = hear;
	j->hear_ctx = ctx;
	(void)pthread_mutex_unlock(&j->hearing);
}

void
ward_journal_rest(struct ward_journal *j, unsigned ms)
{
	uint64_t end = ward_clock_monotonic() + (uint64_t)ms * 1000;
	bool busy = true;

	while (busy && ward_clock_monotonic() < end) {
		(void)pthread_mutex_lock(&j->lock);
		busy = j->count > 0 || j->busy;
		(void)pthread_mutex_unlock(&j->lock);
		if (busy)
			(void)poll(NULL, 0, 5);
	}
}

void
ward_journal_put(struct ward_journal *j, const struct ward_incident *incident)
{
	uint64_t now = ward_clock_monotonic();

	(void)pthread_mutex_lock(&j->lock);
	if (is_repeated(j, incident, now))
		j->stats.repeated++;
	else if (j->count >= room_for(incident))
		j->stats.dropped++;
	else
		append(j, incident, now);
	(void)pthread_mutex_unlock(&j->lock);
}

void
ward_journal_stats(struct ward_journal *j, struct ward_journal_stats *ret_stats)
{
	(void)pthread_mutex_lock(&j->lock);
	*ret_stats = j->stats;
	ret_stats->waiting = j->count;
	(void)pthread_mutex_unlock(&j->lock);
}
