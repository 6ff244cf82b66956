/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/serve/memory.h"

#include <stdio.h>
#include <stdlib.h>

#include "sys/clock.h"
#include "sys/log.h"

enum { PERIOD_USEC = 1000 * 1000, LINES_MAX = 16 };

struct ward_memory {
	struct ward_memexec *memexec;
	bool on;
	uint64_t next;
	unsigned lines;
};

struct ward_memory *
ward_memory_new(void)
{
	struct ward_memory *m = calloc(1, sizeof(*m));

	if (m)
		m->memexec = ward_memexec_new();
	return m && m->memexec ? m : ward_memory_free(m);
}

void
ward_memory_want(struct ward_memory *m, enum ward_policy_memfd wanted)
{
	enum ward_rc rc = wanted == WARD_POLICY_MEMFD_DENY ? ward_memexec_deny() : WARD_OK;
	enum ward_memexec_kernel kernel = ward_memexec_kernel();
	bool fine = wanted != WARD_POLICY_MEMFD_DENY || kernel == WARD_MEMEXEC_KERNEL_DENIES;

	m->on = wanted != WARD_POLICY_MEMFD_OFF;
	if (m->on)
		ward_say(fine ? WARD_INFO : WARD_WARNING, "memory.kernel",
			 ward_memexec_kernel_text(kernel), "error.message",
			 rc == WARD_OK ? "" : ward_rc_str(rc), NULL);
}

struct ward_memory *
ward_memory_free(struct ward_memory *m)
{
	if (m)
		(void)ward_memexec_free(m->memexec);
	free(m);
	return NULL;
}

static void
tell(void *ctx, const struct ward_memexec_found *found)
{
	struct ward_memory *m = ctx;
	bool memory = found->kind == WARD_MEMEXEC_MEMORY;
	char pid[16], parent[16], user[16];

	if (m->lines++ >= LINES_MAX)
		return;
	(void)snprintf(pid, sizeof(pid), "%d", found->pid);
	(void)snprintf(parent, sizeof(parent), "%d", found->parent);
	(void)snprintf(user, sizeof(user), "%u", found->uid);
	ward_say(WARD_WARNING, memory ? "memory.executed" : "deleted.executed",
		 memory ? "a program runs from memory" : "a program runs from a removed file",
		 "process.executable", found->name, "process.pid", pid, "process.parent.pid",
		 parent, "user.id", user, NULL);
}

void
ward_memory_turn(struct ward_memory *m)
{
	uint64_t now = ward_clock_monotonic();
	char more[16];

	if (!m->on || now < m->next)
		return;
	m->next = now + PERIOD_USEC;
	m->lines = 0;
	/* Without /proc the guard does not even start. */
	(void)!ward_memexec_look(m->memexec, tell, m);
	if (m->lines > LINES_MAX) {
		(void)snprintf(more, sizeof(more), "%u", m->lines - LINES_MAX);
		ward_say(WARD_WARNING, "memory.more",
			 "more programs run from memory or removed "
			 "files",
			 "ward.count", more, NULL);
	}
}

void
ward_memory_stats(const struct ward_memory *m, struct ward_memexec_stats *ret_stats)
{
	ward_memexec_stats(m->memexec, ret_stats);
}
