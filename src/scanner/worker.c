/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/worker.h"

#include <stdio.h>

#include "base/text.h"
#include "proto/scan.h"
#include "scanner/content.h"
#include "sys/clock.h"
#include "sys/ipc.h"
#include "sys/process.h"
#include "sys/sandbox.h"

enum {
	EXIT_CLIENT_GONE = 0,
	EXIT_NO_SANDBOX = 80,
	EXIT_BAD_REQUEST = 81,
	EXTENSION_MAX = 32,
	/* The client kills a worker that overstays by wall time; this is for a client that cannot. */
	FUSE_FACTOR = 2,
	FUSE_EXTRA_USEC = 5 * 1000 * 1000,
};

struct worker {
	const struct ward_scanner_ops *ops;
	struct ward_budget budget;
	struct ward_arena *arena; /* of one request */
	struct ward_buf out;
	uint64_t deadline; /* of one request, monotonic µs */
	uint8_t message[WARD_IPC_MESSAGE_MAX];
	uint8_t small[WARD_CONTENT_SMALL + 1];
};

static enum ward_rc
enter_sandbox(const struct ward_worker_options *o)
{
	int abi;
	enum ward_rc rc = ward_process_die_with(o->zygote);

	if (rc == WARD_OK)
		rc = ward_sandbox_move_fd(o->channel, WARD_SCANNER_CHANNEL);
	if (rc != WARD_OK)
		return rc;
	ward_sandbox_close_from(WARD_SCANNER_CHANNEL + 1);
	rc = ward_sandbox_watch_crashes();
	if (rc == WARD_OK)
		rc = ward_sandbox_isolate(&abi);
	if (rc == WARD_OK)
		rc = ward_sandbox_limit(o->data_memory);
	if (rc == WARD_OK)
		rc = ward_sandbox_filter(WARD_SANDBOX_WORKER);
	return rc;
}

static bool
expired(void *ctx)
{
	const struct worker *w = ctx;

	return ward_clock_monotonic() >= w->deadline;
}

/* ".tar.GZ" is ".gz"; a name that only begins with a dot has none. */
static void
extension_of(const char *filename, char *ret_extension)
{
	const char *dot = strrchr(filename, '.');
	size_t n = 0;

	if (dot && dot != filename && strlen(dot) < EXTENSION_MAX) {
		for (; dot[n]; n++)
			ret_extension[n] = (char)ward_text_lower((uint8_t)dot[n]);
	}
	ret_extension[n] = 0;
}

static struct ward_result *
judge(struct worker *w, const struct ward_proto_request *r, struct ward_span bytes)
{
	const char *slash = strrchr(r->path, '/');
	const char *filename = slash ? slash + 1 : r->path;
	char extension[EXTENSION_MAX];
	const struct ward_scan_request request = {
		.bytes = bytes,
		.origin = {filename, r->path, extension, r->owner},
		.limits = r->limits,
		.all_matches = r->all_matches,
		.want_facts = r->want_facts,
		.want_inners = r->want_inners,
		.want_row = r->want_row,
		.expired = expired,
		.ctx = w,
	};
	struct ward_result *result = NULL;

	extension_of(filename, extension);
	if (w->ops->scan(w->ops->ctx, &request, &result) != WARD_OK)
		ward_process_quit(WARD_SANDBOX_EXIT_MEMORY);
	return result;
}

static void
add_gap(struct ward_result *result, enum ward_reason why)
{
	ward_result_add_gap(result, why, "");
	if (result->verdict < WARD_NOT_SCANNED)
		result->verdict = WARD_NOT_SCANNED;
}

static struct ward_result *
nothing(const struct ward_content *c, enum ward_reason why)
{
	struct ward_result *result = ward_result_new();

	if (!result)
		ward_process_quit(WARD_SANDBOX_EXIT_MEMORY);
	result->size = c->before.size;
	add_gap(result, why);
	return result;
}

static struct ward_result *
scan_file(struct worker *w, const struct ward_proto_request *r, int fd)
{
	struct ward_content c;
	enum ward_reason why = ward_content_open(&c, fd, w->small);
	struct ward_result *result;

	if (why != WARD_REASON_NONE)
		return nothing(&c, why);
	result = judge(w, r, c.bytes);
	why = ward_content_close(&c);
	if (why != WARD_REASON_NONE)
		add_gap(result, why);
	return result;
}

/* A request that does not parse comes from no client of ours: nothing sensible can be answered. */
static void
serve(struct worker *w, const struct ward_ipc_message *m)
{
	uint64_t start = ward_clock_monotonic();
	struct ward_proto_reply reply = {0};
	struct ward_proto_request r;
	uint64_t usec;

	if (ward_proto_request_decode(ward_span_of(w->message, m->len), w->arena, &r) != WARD_OK ||
	    m->fd_count != 1)
		ward_process_quit(EXIT_BAD_REQUEST);
	usec = (uint64_t)r.timeout_ms * 1000;
	w->deadline = start + usec;
	if (ward_sandbox_cpu_fuse(FUSE_FACTOR * usec + FUSE_EXTRA_USEC) != WARD_OK)
		ward_process_quit(EXIT_NO_SANDBOX);
	reply.id = r.id;
	reply.result = scan_file(w, &r, m->fds[0]);
	reply.usec = ward_clock_monotonic() - start;
	if (ward_proto_reply_encode(&reply, w->arena, &w->out) != WARD_OK)
		ward_process_quit(WARD_SANDBOX_EXIT_MEMORY);
	(void)ward_result_free(reply.result);
}

static enum ward_rc
serve_next(struct worker *w)
{
	struct ward_arena_mark start = ward_arena_save(w->arena);
	struct ward_ipc_message m;
	enum ward_rc rc = ward_ipc_recv(WARD_SCANNER_CHANNEL, w->message, &m, true);

	if (rc != WARD_OK)
		return rc;
	ward_buf_clear(&w->out);
	serve(w, &m);
	ward_ipc_message_close(&m);
	rc = ward_ipc_send(WARD_SCANNER_CHANNEL, ward_buf_span(&w->out), NULL, 0, true);
	ward_arena_restore(w->arena, start);
	return rc;
}

void
ward_worker_run(const struct ward_worker_options *options)
{
	static struct worker w;

	if (enter_sandbox(options) != WARD_OK)
		ward_process_quit(EXIT_NO_SANDBOX);
	w.ops = options->ops;
	w.budget.cap = WARD_PROTO_ARENA;
	w.arena = ward_arena_new(&w.budget);
	if (!w.arena)
		ward_process_quit(WARD_SANDBOX_EXIT_MEMORY);
	ward_buf_init(&w.out, WARD_PROTO_MESSAGE_MAX, NULL);
	while (serve_next(&w) == WARD_OK)
		;
	ward_process_quit(EXIT_CLIENT_GONE);
}
