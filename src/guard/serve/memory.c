/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/serve/memory.h"

#include <stdio.h>
#include <stdlib.h>

#include "guard/memexec/witness.h"
#include "sys/clock.h"
#include "sys/log.h"

enum { PERIOD_USEC = 1000 * 1000, LINES_MAX = 16 };
/* Whoever runs such programs in a loop does not push everything else out of the history. */
enum { EVENTS_MAX = 256 };

#define HOUR_USEC (3600u * 1000 * 1000)

struct ward_memory {
	struct ward_memexec *memexec;
	struct ward_witness *witness;
	const struct ward_policy *policy;
	struct ward_history *history; /* of a turn */
	bool on;
	uint64_t next;
	unsigned lines;
	uint64_t hour; /* when it began */
	unsigned events;
};

struct ward_memory *
ward_memory_new(bool ebpf)
{
	struct ward_memory *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->memexec = ward_memexec_new();
	m->witness = ward_witness_new(ebpf ? WARD_WITNESS_ALL : 0);
	return m->memexec && m->witness ? m : ward_memory_free(m);
}

static enum ward_bpf_mode
mode_of(enum ward_policy_memfd wanted)
{
	switch (wanted) {
	case WARD_POLICY_MEMFD_DENY:
		return WARD_BPF_DENY;
	case WARD_POLICY_MEMFD_REPORT:
		return WARD_BPF_REPORT;
	case WARD_POLICY_MEMFD_OFF:
	case WARD_POLICY_MEMFD_COUNT:
		break;
	}
	return WARD_BPF_OFF;
}

static void
say_what_is(const struct ward_memory *m, enum ward_rc rc)
{
	enum ward_memexec_kernel kernel = ward_memexec_kernel();
	bool fine = m->policy->realtime.memfd != WARD_POLICY_MEMFD_DENY ||
		    kernel == WARD_MEMEXEC_KERNEL_DENIES ||
		    ward_witness_way(m->witness) != WARD_WITNESS_NONE;

	ward_say(fine ? WARD_INFO : WARD_WARNING, "memory.kernel", ward_memexec_kernel_text(kernel),
		 "error.message", rc == WARD_OK ? "" : ward_rc_str(rc), NULL);
	ward_say(WARD_INFO, "memory.witness", ward_witness_text(m->witness), "ward.mechanism",
		 ward_witness_name(m->witness), NULL);
}

void
ward_memory_want(struct ward_memory *m, const struct ward_policy *policy)
{
	enum ward_policy_memfd wanted = policy->realtime.memfd;
	enum ward_rc rc = wanted == WARD_POLICY_MEMFD_DENY ? ward_memexec_deny() : WARD_OK;
	enum ward_rc told = ward_witness_want(m->witness, mode_of(wanted));

	m->policy = policy;
	m->on = wanted != WARD_POLICY_MEMFD_OFF;
	if (m->on)
		say_what_is(m, rc);
	if (told != WARD_OK)
		ward_say(WARD_ERROR, "memory.witness-failed",
			 "the eBPF program does not hear what is wanted", "error.message",
			 ward_rc_str(told), NULL);
}

struct ward_memory *
ward_memory_free(struct ward_memory *m)
{
	if (m) {
		(void)ward_memexec_free(m->memexec);
		(void)ward_witness_free(m->witness);
	}
	free(m);
	return NULL;
}

/* --- telling --- */

struct words {
	const char *action, *kind, *text;
};

/* By what it is and what was done. The history's kinds have no dots. */
static const struct words WORDS[][3] = {
	[WARD_MEMEXEC_MEMORY] =
		{
			[WARD_MEMEXEC_RUNS] = {"memory.executed", "memory-executed",
					       "a program runs from memory"},
			[WARD_MEMEXEC_REFUSED] = {"memory.refused", "memory-refused",
						  "a program from memory was refused"},
			[WARD_MEMEXEC_KILLED] = {"memory.killed", "memory-killed",
						 "a program from memory was killed as it began"},
		},
	[WARD_MEMEXEC_DELETED] =
		{
			[WARD_MEMEXEC_RUNS] = {"deleted.executed", "deleted-executed",
					       "a program runs from a removed file"},
			[WARD_MEMEXEC_REFUSED] = {"deleted.refused", "deleted-refused",
						  "a program from a removed file was refused"},
			[WARD_MEMEXEC_KILLED] = {"deleted.killed", "deleted-killed",
						 "a program from a removed file was killed as it "
						 "began"},
		},
	[WARD_MEMEXEC_PSEUDO] =
		{
			/* Never stopped. */
			[WARD_MEMEXEC_RUNS] = {"unwatched.executed", "unwatched-executed",
					       "a program runs from a file system that is not "
					       "watched"},
			[WARD_MEMEXEC_REFUSED] = {"unwatched.refused", "unwatched-refused",
						  "a program was refused"},
			[WARD_MEMEXEC_KILLED] = {"unwatched.killed", "unwatched-killed",
						 "a program was killed as it began"},
		},
};

static void
remember(struct ward_memory *m, const struct words *w, const struct ward_memexec_found *found)
{
	const struct ward_event event = {
		.at_ms = ward_clock_wall() / 1000,
		.kind = ward_span_str(w->kind),
		.text = ward_span_str(w->text),
		.program = ward_span_str(found->name),
		.pid = (uint32_t)found->pid,
		.uid = found->uid,
	};
	uint64_t now = ward_clock_monotonic();

	if (now - m->hour >= HOUR_USEC) {
		m->hour = now;
		m->events = 0;
	}
	/* What the history does not take stands in the log. */
	if (m->history && m->events++ < EVENTS_MAX)
		(void)!ward_history_event_add(m->history, &event);
}

static void
tell(void *ctx, const struct ward_memexec_found *found)
{
	const struct words *w = &WORDS[found->kind][found->done];
	struct ward_memory *m = ctx;
	char pid[16], parent[16], user[16];

	if (m->lines++ >= LINES_MAX)
		return;
	(void)snprintf(pid, sizeof(pid), "%d", found->pid);
	(void)snprintf(parent, sizeof(parent), "%d", found->parent);
	(void)snprintf(user, sizeof(user), "%u", found->uid);
	ward_say(WARD_WARNING, w->action, w->text, "process.executable", found->name, "process.pid",
		 pid, "process.parent.pid", parent, "user.id", user, "process.name", found->comm,
		 "ward.filesystem", found->type, "ward.mechanism",
		 found->witnessed ? "ebpf" : "proc", NULL);
	remember(m, w, found);
}

/* What is watched asks the guard all the same. */
static void
hear(void *ctx, const struct ward_bpf_record *record)
{
	struct ward_memory *m = ctx;

	if (record->kind != WARD_BPF_PSEUDO || !ward_policy_watches(m->policy, record->type))
		ward_memexec_hear(m->memexec, record, tell, m);
}

/* A new second: what was too much for the last one, and /proc. */
static void
look(struct ward_memory *m)
{
	char more[16];

	if (m->lines > LINES_MAX) {
		(void)snprintf(more, sizeof(more), "%u", m->lines - LINES_MAX);
		ward_say(WARD_WARNING, "memory.more",
			 "more programs run from memory or removed files", "ward.count", more,
			 NULL);
	}
	m->lines = 0;
	/* Without /proc the guard does not even start. */
	(void)!ward_memexec_look(m->memexec, tell, m);
}

int
ward_memory_fd(const struct ward_memory *m)
{
	return ward_witness_fd(m->witness);
}

void
ward_memory_turn(struct ward_memory *m, struct ward_history *history)
{
	uint64_t now = ward_clock_monotonic();

	m->history = history;
	/* First: of what it saw as it began, /proc tells less. */
	if (m->policy)
		ward_witness_read(m->witness, hear, m);
	if (!m->on || now < m->next)
		return;
	m->next = now + PERIOD_USEC;
	look(m);
}

void
ward_memory_stats(const struct ward_memory *m, struct ward_memexec_stats *ret_stats)
{
	ward_memexec_stats(m->memexec, ret_stats);
}

const struct ward_witness *
ward_memory_witness(const struct ward_memory *m)
{
	return m->witness;
}
