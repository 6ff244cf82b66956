/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/updates/reader.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/ipc.h"
#include "sys/process.h"

/* One child, from its start to its end. */
struct reading {
	const struct ward_reader *reader;
	struct ward_process child;
	int channel;
	uint64_t end; /* monotonic, µs */
	int out;      /* -1: none */
	uint64_t written;
	struct ward_updates_look *look;
	struct ward_reader_bad *bad; /* NULL: no rules are compiled */
	bool done;
	uint8_t message[WARD_IPC_MESSAGE_MAX];
};

static void
on_birth(void *ctx, pid_t pid)
{
	const struct ward_reader *r = ctx;

	if (r->on_process)
		r->on_process(r->ctx, pid, true);
}

static enum ward_rc
start(struct reading *g, const char *what, int file, int base)
{
	char max[24];
	int ends[2];
	const char *argv[] = {"wardd", WARD_UPDATES_CHILD, what, max, NULL};
	const char *envp[] = {NULL};
	struct ward_process_fd fds[] = {
		{.to = WARD_UPDATES_CHANNEL},
		{.from = file, .to = WARD_UPDATES_FILE},
		{.from = base, .to = WARD_UPDATES_BASE},
	};
	const struct ward_process_options o = {
		.program = g->reader->program ? g->reader->program : "/proc/self/exe",
		.argv = argv,
		.envp = envp,
		.fds = fds,
		.fd_count = base < 0 ? 2 : 3,
		.born = on_birth,
		.ctx = (void *)(uintptr_t)g->reader,
	};
	enum ward_rc rc = ward_ipc_pair(ends);

	if (rc != WARD_OK)
		return rc;
	(void)snprintf(max, sizeof(max), "%llu", (unsigned long long)g->reader->max);
	g->channel = ends[0];
	fds[0].from = ends[1];
	rc = ward_process_spawn(&o, &g->child);
	ward_fd_close(&ends[1]);
	return rc;
}

static enum ward_rc
take_failure(struct ward_span rest)
{
	int32_t code = 0;

	if (rest.len != sizeof(code))
		return WARD_E_PROTO;
	memcpy(&code, rest.data, sizeof(code));
	switch (code) {
	case WARD_E_FORMAT:
	case WARD_E_UNSUPPORTED:
	case WARD_E_LIMIT:
	case WARD_E_NOMEM:
		return (enum ward_rc)code;
	default:
		return WARD_E_IO;
	}
}

/* A record's number, and for people why it is left out. */
static enum ward_rc
take_rule(struct reading *g, bool bad, struct ward_span rest)
{
	char why[WARD_UPDATES_WHY_MAX + 1];
	uint64_t number;

	if (!g->bad || rest.len < sizeof(number) ||
	    rest.len > sizeof(number) + (bad ? WARD_UPDATES_WHY_MAX : 0))
		return WARD_E_PROTO;
	memcpy(&number, rest.data, sizeof(number));
	if (!bad) {
		g->bad->trying = number;
		return WARD_OK;
	}
	rest = ward_span_cut(rest, sizeof(number), rest.len);
	for (size_t i = 0; i < rest.len; i++)
		why[i] = (char)(rest.data[i] >= ' ' && rest.data[i] < 0x7f ? rest.data[i] : '?');
	why[rest.len] = 0;
	g->bad->say(g->bad->ctx, number, why);
	return WARD_OK;
}

static enum ward_rc
take(struct reading *g, struct ward_span m)
{
	struct ward_span rest = ward_span_cut(m, 1, m.len);

	if (m.len == 0)
		return WARD_E_PROTO;
	switch (m.data[0]) {
	case WARD_UPDATES_FAILED:
		return take_failure(rest);
	case WARD_UPDATES_LOOK:
		if (!g->look || rest.len != sizeof(*g->look))
			return WARD_E_PROTO;
		memcpy(g->look, rest.data, rest.len);
		g->done = true;
		return WARD_OK;
	case WARD_UPDATES_DATA:
		if (g->out < 0 || rest.len > g->reader->max - g->written)
			return WARD_E_LIMIT;
		g->written += rest.len;
		return ward_fd_write_all(g->out, rest);
	case WARD_UPDATES_TRIES:
	case WARD_UPDATES_BAD:
		return take_rule(g, m.data[0] == WARD_UPDATES_BAD, rest);
	case WARD_UPDATES_END:
		g->done = g->out >= 0;
		return g->done ? WARD_OK : WARD_E_PROTO;
	default:
		return WARD_E_PROTO;
	}
}

static enum ward_rc
hear(struct reading *g)
{
	struct pollfd p = {.fd = g->channel, .events = POLLIN};
	uint64_t now = ward_clock_monotonic();
	struct ward_ipc_message m;
	enum ward_rc rc;

	if (now >= g->end || poll(&p, 1, (int)((g->end - now) / 1000) + 1) <= 0)
		return now >= g->end ? WARD_E_TIMEOUT : WARD_OK;
	rc = ward_ipc_recv(g->channel, g->message, &m, false);
	if (rc != WARD_OK)
		return rc == WARD_E_LIMIT ? WARD_OK : rc;
	ward_ipc_message_close(&m);
	return take(g, ward_span_of(g->message, m.len));
}

static enum ward_rc
read_with(const struct ward_reader *r, struct reading *g, const char *what, int file, int base)
{
	enum ward_rc rc;

	g->reader = r;
	g->channel = -1;
	g->child = (struct ward_process){.pid = -1, .pidfd = -1};
	g->end = ward_clock_monotonic() + (uint64_t)r->patience_ms * 1000;
	rc = start(g, what, file, base);
	while (rc == WARD_OK && !g->done)
		rc = hear(g);
	ward_fd_close(&g->channel);
	/* Still ours until it is reaped. */
	if (g->child.pidfd >= 0 && r->on_process) {
		ward_process_kill(g->child.pidfd);
		r->on_process(r->ctx, g->child.pid, false);
	}
	ward_process_end(&g->child);
	return rc;
}

enum ward_rc
ward_reader_look(const struct ward_reader *r, int file, struct ward_updates_look *ret_look)
{
	struct ward_updates_look look = {.zero = 0};
	struct reading *g = calloc(1, sizeof(*g));
	enum ward_rc rc;

	if (!g)
		return WARD_E_NOMEM;
	g->out = -1;
	g->look = &look;
	rc = read_with(r, g, "look", file, -1);
	free(g);
	if (rc == WARD_OK)
		*ret_look = look;
	return rc;
}

enum ward_rc
ward_reader_apply(const struct ward_reader *r, int delta, int base, int out)
{
	struct reading *g = calloc(1, sizeof(*g));
	enum ward_rc rc;

	if (!g)
		return WARD_E_NOMEM;
	g->out = out;
	rc = read_with(r, g, "apply", delta, base);
	free(g);
	return rc;
}

enum ward_rc
ward_reader_compile(const struct ward_reader *r, int rules, struct ward_reader_bad *bad, int out)
{
	struct reading *g = calloc(1, sizeof(*g));
	enum ward_rc rc;

	if (!g)
		return WARD_E_NOMEM;
	g->out = out;
	g->bad = bad;
	rc = read_with(r, g, "compile", rules, -1);
	free(g);
	return rc;
}
