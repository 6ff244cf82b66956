/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/pool-priv.h"

#include <poll.h>
#include <sys/epoll.h>

#include "sys/clock.h"
#include "sys/fd.h"

static enum ward_rc
send_control(const struct ward_pool *pool, const struct ward_proto_control *control, const int *fds,
	     size_t count)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	enum ward_rc rc;

	ward_buf_init(&out, WARD_PROTO_MESSAGE_MAX, NULL);
	rc = ward_proto_control_encode(control, &out);
	if (rc != WARD_OK)
		return rc;
	return ward_ipc_send(pool->control, ward_buf_span(&out), fds, count, true);
}

static void
born(void *ctx, pid_t pid)
{
	const struct ward_pool *pool = ctx;

	pool->on_process(pool->on_process_ctx, pid, true);
}

static enum ward_rc
run_program(struct ward_pool *pool)
{
	static const char *const environment[] = {"LC_ALL=C.UTF-8", NULL};
	const char *const argv[] = {"ward-scan", NULL};
	int ends[2];
	struct ward_process_fd map = {.to = 3};
	const struct ward_process_options options = {
		.program = pool->program,
		.argv = argv,
		.envp = environment,
		.fds = &map,
		.fd_count = 1,
		.born = pool->on_process ? born : NULL,
		.ctx = pool,
	};
	enum ward_rc rc = ward_ipc_pair(ends);

	if (rc != WARD_OK)
		return rc;
	map.from = ends[1];
	rc = ward_process_spawn(&options, &pool->zygote);
	ward_fd_close(&ends[1]);
	if (rc != WARD_OK)
		ward_fd_close(&ends[0]);
	else
		pool->control = ends[0];
	return rc;
}

/* The answer to the set-up: it is ready, or says why not. */
static enum ward_rc
read_answer(struct ward_pool *pool, struct ward_buf *why)
{
	struct ward_arena_mark start = ward_arena_save(pool->arena);
	struct ward_proto_event event;
	struct ward_ipc_message m;
	enum ward_rc rc = ward_ipc_recv(pool->control, pool->message, &m, false);

	if (rc != WARD_OK)
		return rc;
	ward_ipc_message_close(&m);
	rc = ward_proto_event_decode(ward_span_of(pool->message, m.len), pool->arena, &event);
	if (rc == WARD_OK && event.kind == WARD_PROTO_FAILED) {
		if (why)
			(void)!ward_buf_str(why, event.text);
		rc = event.rc;
	} else if (rc == WARD_OK && event.kind != WARD_PROTO_READY) {
		rc = WARD_E_PROTO;
	}
	ward_arena_restore(pool->arena, start);
	if (rc == WARD_OK) {
		pool->loading = false;
		pool->stats.load_usec = ward_clock_monotonic() - pool->load_start;
	}
	return rc;
}

static uint64_t
load_deadline(const struct ward_pool *pool)
{
	return pool->load_start + (uint64_t)pool->start_timeout_ms * 1000;
}

enum ward_rc
zygote_check_time(const struct ward_pool *pool)
{
	return pool->loading && ward_clock_monotonic() >= load_deadline(pool) ? WARD_E_TIMEOUT
									      : WARD_OK;
}

enum ward_rc
zygote_wait(struct ward_pool *pool, struct ward_buf *why)
{
	uint64_t deadline = load_deadline(pool);

	for (;;) {
		struct pollfd p = {.fd = pool->control, .events = POLLIN};
		uint64_t now = ward_clock_monotonic();
		int n;

		if (now >= deadline)
			return WARD_E_TIMEOUT;
		n = poll(&p, 1, (int)((deadline - now) / 1000) + 1);
		if (n > 0)
			return read_answer(pool, why);
	}
}

static enum ward_rc
watch(const struct ward_pool *pool)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = CONTROL_TAG};

	return epoll_ctl(pool->epoll, EPOLL_CTL_ADD, pool->control, &event) == 0 ? WARD_OK
										 : WARD_E_IO;
}

enum ward_rc
zygote_start(struct ward_pool *pool)
{
	const struct ward_proto_control setup = {
		.kind = WARD_PROTO_SETUP,
		.worker_memory = pool->worker_memory,
		.pack_count = (uint32_t)pool->pack_count,
	};
	enum ward_rc rc;

	pool->load_start = ward_clock_monotonic();
	rc = run_program(pool);
	if (rc != WARD_OK)
		return rc;
	pool->loading = true;
	rc = send_control(pool, &setup, pool->packs, pool->pack_count);
	/* Gone: what it had to say about that is still in the channel. */
	if (rc == WARD_OK || rc == WARD_E_GONE)
		rc = watch(pool);
	if (rc != WARD_OK)
		zygote_stop(pool);
	return rc;
}

void
zygote_stop(struct ward_pool *pool)
{
	for (unsigned i = pool->jobs; i-- > 0;) {
		worker_reset(pool, i);
		pool->workers[i].nameless = 0;
	}
	/* Closing takes it out of the epoll set. */
	ward_fd_close(&pool->control);
	pool->loading = false;
	if (pool->on_process && pool->zygote.pidfd >= 0)
		pool->on_process(pool->on_process_ctx, pool->zygote.pid, false);
	ward_process_end(&pool->zygote);
}

enum ward_rc
zygote_ask_worker(struct ward_pool *pool, unsigned slot, int end)
{
	const struct ward_proto_control spawn = {.kind = WARD_PROTO_SPAWN, .slot = slot};

	return send_control(pool, &spawn, &end, 1);
}

static enum ward_rc
handle_spawned(struct ward_pool *pool, const struct ward_proto_event *event,
	       struct ward_ipc_message *m)
{
	if (event->slot >= pool->jobs)
		return WARD_E_PROTO;
	if (event->pid == 0 || m->fd_count != 1)
		return WARD_E_GONE;
	worker_spawned(pool, event->slot, event->pid, m->fds[0]);
	m->fds[0] = -1;
	return WARD_OK;
}

static enum ward_rc
handle(struct ward_pool *pool, struct ward_ipc_message *m)
{
	struct ward_proto_event event;
	enum ward_rc rc =
		ward_proto_event_decode(ward_span_of(pool->message, m->len), pool->arena, &event);

	if (rc != WARD_OK)
		return rc;
	if (event.kind == WARD_PROTO_SPAWNED)
		return handle_spawned(pool, &event, m);
	if (event.kind == WARD_PROTO_EXITED) {
		const struct ward_process_exit end = {event.code, event.signal};

		return worker_exited(pool, event.pid, &end);
	}
	return WARD_E_PROTO;
}

enum ward_rc
zygote_read(struct ward_pool *pool)
{
	if (pool->loading) {
		enum ward_rc rc = read_answer(pool, NULL);

		if (rc != WARD_OK)
			return rc == WARD_E_LIMIT ? WARD_OK : rc;
	}
	for (;;) {
		struct ward_arena_mark start = ward_arena_save(pool->arena);
		struct ward_ipc_message m;
		enum ward_rc rc = ward_ipc_recv(pool->control, pool->message, &m, false);

		if (rc == WARD_E_LIMIT)
			return WARD_OK;
		if (rc != WARD_OK)
			return rc;
		rc = handle(pool, &m);
		ward_ipc_message_close(&m);
		ward_arena_restore(pool->arena, start);
		if (rc != WARD_OK)
			return rc;
	}
}
