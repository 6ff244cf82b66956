/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/pool-priv.h"

#include <sys/epoll.h>

#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/sandbox.h"

/* Linux's number on all architectures we build for. */
enum { SIGNAL_KILL = 9 };

enum ward_rc
worker_start(struct ward_pool *pool, unsigned slot)
{
	struct worker *w = &pool->workers[slot];
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = slot};
	int ends[2];
	enum ward_rc rc = ward_ipc_pair(ends);

	if (rc != WARD_OK)
		return rc;
	rc = zygote_ask_worker(pool, slot, ends[1]);
	ward_fd_close(&ends[1]);
	if (rc == WARD_OK && epoll_ctl(pool->epoll, EPOLL_CTL_ADD, ends[0], &event) != 0)
		rc = WARD_E_IO;
	if (rc != WARD_OK) {
		ward_fd_close(&ends[0]);
		return rc;
	}
	w->state = WORKER_STARTING;
	w->sock = ends[0];
	w->asked_at = ward_clock_monotonic();
	return WARD_OK;
}

enum ward_rc
worker_feed(struct ward_pool *pool, unsigned slot, size_t depth)
{
	struct worker *w = &pool->workers[slot];
	struct job *job = pool->queue.head;
	enum ward_rc rc;

	if (!job || w->sock < 0 || w->line.count >= depth || w->line.bytes >= LINE_MAX_BYTES)
		return WARD_OK;
	rc = ward_ipc_send(w->sock, ward_buf_span(&job->message), &job->fd, 1, false);
	/* Gone: its end is read from the channel, in order with its last answers. */
	if (rc == WARD_E_LIMIT || rc == WARD_E_GONE)
		return WARD_OK;
	if (rc != WARD_OK)
		return rc;
	if (w->line.count == 0)
		w->head_since = ward_clock_monotonic();
	job_list_push(&w->line, job_list_pop(&pool->queue));
	return WARD_OK;
}

/*
 * The channel is closed, so the process is ending, or means us harm. Killing it makes sure of the
 * first and does not change what an ending process has to say about its end.
 */
static void
close_channel(struct worker *w)
{
	ward_fd_close(&w->sock);
	w->state = WORKER_ENDING;
	if (w->pidfd >= 0)
		ward_process_kill(w->pidfd);
}

static void
count_end(struct ward_pool *pool, enum ward_reason why)
{
	if (why == WARD_REASON_MEMORY)
		pool->stats.out_of_memory++;
	else if (why == WARD_REASON_TIMEOUT)
		pool->stats.timed_out++;
	else
		pool->stats.crashed++;
}

/* The file at the head of the line was what the worker worked on: it pays. The others have not
   been touched and go back. */
static enum ward_rc
settle(struct ward_pool *pool, unsigned slot, enum ward_reason why)
{
	struct worker *w = &pool->workers[slot];
	struct job *job = w->line.head;
	enum ward_rc rc = WARD_OK;

	count_end(pool, why);
	if (!job) {
		pool->idle_deaths++;
	} else {
		job_list_pop(&w->line);
		rc = pool_answer_reason(pool, job, why);
		if (rc != WARD_OK)
			job_list_push(&pool->queue, job);
		pool->idle_deaths = 0;
	}
	worker_reset(pool, slot);
	return rc;
}

enum ward_rc
worker_doom(struct ward_pool *pool, unsigned slot, enum ward_reason why)
{
	struct worker *w = &pool->workers[slot];

	/* Its place is free at once: a process that hangs in the kernel may take long to die. */
	if (w->pidfd >= 0)
		ward_process_kill(w->pidfd);
	else
		w->nameless++;
	return settle(pool, slot, why);
}

static enum ward_rc
take_answer(struct ward_pool *pool, struct worker *w, size_t len)
{
	struct ward_proto_reply reply;
	struct job *job = w->line.head;
	enum ward_rc rc =
		ward_proto_reply_decode(ward_span_of(pool->message, len), pool->arena, &reply);

	if (rc != WARD_OK)
		return rc;
	if (!job || reply.id != job->id) {
		(void)ward_result_free(reply.result);
		return WARD_E_PROTO;
	}
	job = job_list_pop(&w->line);
	rc = pool_answer(pool, job, &reply);
	if (rc != WARD_OK) {
		struct job_list back = {job, job, 1, job->size};

		job_list_prepend(&w->line, &back);
		(void)ward_result_free(reply.result);
		return rc;
	}
	w->head_since = ward_clock_monotonic();
	pool->stats.answered++;
	pool->idle_deaths = 0;
	pool->restarts = 0;
	return WARD_OK;
}

enum ward_rc
worker_read(struct ward_pool *pool, unsigned slot)
{
	struct worker *w = &pool->workers[slot];

	while (w->sock >= 0) {
		struct ward_arena_mark start = ward_arena_save(pool->arena);
		struct ward_ipc_message m;
		enum ward_rc rc = ward_ipc_recv(w->sock, pool->message, &m, false);

		if (rc == WARD_E_LIMIT)
			return WARD_OK;
		if (rc == WARD_E_GONE) {
			close_channel(w);
			return WARD_OK;
		}
		if (rc == WARD_OK) {
			/* Workers have no descriptors to give. */
			rc = m.fd_count ? WARD_E_PROTO : take_answer(pool, w, m.len);
			ward_ipc_message_close(&m);
		}
		ward_arena_restore(pool->arena, start);
		if (rc == WARD_E_NOMEM)
			return rc;
		if (rc != WARD_OK)
			return worker_doom(pool, slot, WARD_REASON_CRASHED);
		/* All is answered: should it have more to say, it is heard in the next round. */
		if (!w->line.head)
			return WARD_OK;
	}
	return WARD_OK;
}

void
worker_spawned(struct ward_pool *pool, unsigned slot, uint32_t pid, int take_pidfd)
{
	struct worker *w = &pool->workers[slot];

	/* Events come in the order of what was asked for. */
	if (w->nameless > 0 || w->state == WORKER_NONE) {
		w->nameless -= w->nameless > 0;
		ward_process_kill(take_pidfd);
		ward_fd_close(&take_pidfd);
		return;
	}
	ward_fd_close(&w->pidfd);
	w->pidfd = take_pidfd;
	w->pid = pid;
	pool->stats.spawn_usec = ward_clock_monotonic() - w->asked_at;
	if (w->state == WORKER_STARTING)
		w->state = WORKER_RUNNING;
	else
		ward_process_kill(w->pidfd);
}

static enum ward_reason
reason_of_end(const struct ward_process_exit *end)
{
	if (end->signal == 0 && end->code == WARD_SANDBOX_EXIT_MEMORY)
		return WARD_REASON_MEMORY;
	/* Not from us: the kernel, because the machine's or the group's memory is used up. */
	if (end->signal == SIGNAL_KILL)
		return WARD_REASON_MEMORY;
	return ward_sandbox_is_fuse(end->signal) ? WARD_REASON_TIMEOUT : WARD_REASON_CRASHED;
}

void
worker_reset(struct ward_pool *pool, unsigned slot)
{
	struct worker *w = &pool->workers[slot];

	ward_fd_close(&w->sock);
	ward_fd_close(&w->pidfd);
	w->pid = 0;
	w->state = WORKER_NONE;
	job_list_prepend(&pool->queue, &w->line);
}

static bool
find(const struct ward_pool *pool, uint32_t pid, unsigned *ret_slot)
{
	for (unsigned i = 0; i < pool->jobs; i++) {
		if (pool->workers[i].pid == pid) {
			*ret_slot = i;
			return true;
		}
	}
	return false;
}

enum ward_rc
worker_exited(struct ward_pool *pool, uint32_t pid, const struct ward_process_exit *end)
{
	unsigned slot = 0;
	enum ward_rc rc;

	/* One that was ended by us has been settled already. */
	if (!find(pool, pid, &slot))
		return WARD_OK;
	/* What it said before it ended counts. */
	rc = worker_read(pool, slot);
	if (rc != WARD_OK || pool->workers[slot].pid != pid)
		return rc;
	return settle(pool, slot, reason_of_end(end));
}

uint64_t
worker_check_time(struct ward_pool *pool, unsigned slot, uint64_t now)
{
	const struct worker *w = &pool->workers[slot];
	uint64_t deadline;

	if (w->sock < 0 || !w->line.head)
		return UINT64_MAX;
	deadline = w->head_since + w->line.head->timeout_usec + KILL_GRACE_USEC;
	if (now < deadline)
		return deadline - now;
	/* Without memory for the answer the file goes back to the queue. */
	(void)!worker_doom(pool, slot, WARD_REASON_TIMEOUT);
	return 0;
}
