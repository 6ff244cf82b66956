/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/scanner.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "proto/scan.h"
#include "scanner/worker.h"
#include "sys/fd.h"
#include "sys/ipc.h"
#include "sys/mapping.h"
#include "sys/process.h"
#include "sys/sandbox.h"
#include "sys/signals.h"

enum { WHY_MAX = 4096 };

struct zygote {
	const struct ward_scanner_ops *ops;
	struct ward_budget budget;
	struct ward_arena *arena; /* of one message */
	int children;		  /* readable when a child has ended */
	size_t worker_data;
	pid_t self;
	struct ward_mapping packs[WARD_PROTO_PACKS_MAX];
	size_t pack_count;
	uint8_t message[WARD_IPC_MESSAGE_MAX];
};

static enum ward_rc
tell(const struct ward_proto_event *event, int fd)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	enum ward_rc rc;

	ward_buf_init(&out, WARD_PROTO_MESSAGE_MAX, NULL);
	rc = ward_proto_event_encode(event, &out);
	if (rc != WARD_OK)
		return rc;
	return ward_ipc_send(WARD_SCANNER_CHANNEL, ward_buf_span(&out), &fd, fd < 0 ? 0 : 1, true);
}

static enum ward_rc
receive(struct zygote *z, struct ward_ipc_message *m, struct ward_proto_control *ret_control)
{
	enum ward_rc rc = ward_ipc_recv(WARD_SCANNER_CHANNEL, z->message, m, true);

	if (rc != WARD_OK)
		return rc;
	rc = ward_proto_control_decode(ward_span_of(z->message, m->len), z->arena, ret_control);
	if (rc != WARD_OK)
		ward_ipc_message_close(m);
	return rc;
}

static enum ward_rc
map_packs(struct zygote *z, const struct ward_ipc_message *m)
{
	for (size_t i = 0; i < m->fd_count; i++) {
		enum ward_rc rc = ward_mapping_open(m->fds[i], &z->packs[i]);

		if (rc != WARD_OK)
			return rc;
		z->pack_count++;
	}
	return WARD_OK;
}

static enum ward_rc
load(struct zygote *z, struct ward_buf *why)
{
	struct ward_span packs[WARD_PROTO_PACKS_MAX];

	for (size_t i = 0; i < z->pack_count; i++)
		packs[i] = z->packs[i].bytes;
	return z->ops->load(z->ops->ctx, packs, z->pack_count, why);
}

static enum ward_rc
set_up(struct zygote *z, struct ward_buf *why)
{
	struct ward_proto_control control;
	struct ward_ipc_message m;
	enum ward_rc rc = receive(z, &m, &control);

	if (rc != WARD_OK)
		return rc;
	if (control.kind != WARD_PROTO_SETUP || control.pack_count != m.fd_count)
		rc = WARD_E_PROTO;
	else
		rc = map_packs(z, &m);
	ward_ipc_message_close(&m);
	if (rc == WARD_OK)
		rc = load(z, why);
	/* What loading took is shared with the children and not theirs to answer for. */
	z->worker_data = (size_t)control.worker_memory + ward_process_data_size();
	return rc;
}

static enum ward_rc
close_doors(uint32_t *ret_landlock)
{
	int abi = 0;
	enum ward_rc rc = ward_sandbox_mute();

	if (rc == WARD_OK)
		rc = ward_sandbox_isolate(&abi);
	if (rc == WARD_OK)
		rc = ward_sandbox_filter(WARD_SANDBOX_ZYGOTE);
	*ret_landlock = (uint32_t)abi;
	return rc;
}

static void
child(const struct zygote *z, int channel)
{
	const struct ward_worker_options options = {
		.ops = z->ops,
		.channel = channel,
		.zygote = z->self,
		.data_memory = z->worker_data,
	};

	ward_signals_unblock();
	ward_worker_run(&options);
}

static enum ward_rc
spawn(const struct zygote *z, uint32_t slot, int channel)
{
	struct ward_proto_event event = {.kind = WARD_PROTO_SPAWNED, .slot = slot};
	WARD_AUTO(ward_fd_close) int pidfd = -1;
	pid_t pid = 0;

	if (ward_process_fork(&pid) == WARD_OK) {
		if (pid == 0)
			child(z, channel);
		if (ward_process_pidfd(pid, &pidfd) == WARD_OK)
			event.pid = (uint32_t)pid;
	}
	return tell(&event, pidfd);
}

static enum ward_rc
handle_control(struct zygote *z)
{
	struct ward_arena_mark start = ward_arena_save(z->arena);
	struct ward_proto_control control;
	struct ward_ipc_message m;
	enum ward_rc rc = receive(z, &m, &control);

	if (rc != WARD_OK)
		return rc;
	if (control.kind != WARD_PROTO_SPAWN || m.fd_count != 1)
		rc = WARD_E_PROTO;
	else
		rc = spawn(z, control.slot, m.fds[0]);
	ward_ipc_message_close(&m);
	ward_arena_restore(z->arena, start);
	return rc;
}

static enum ward_rc
report_children(const struct zygote *z)
{
	struct ward_process_exit end;
	enum ward_rc rc = WARD_OK;
	pid_t pid;

	ward_signals_drain(z->children);
	while (rc == WARD_OK && ward_process_reap(&pid, &end)) {
		const struct ward_proto_event event = {
			.kind = WARD_PROTO_EXITED,
			.pid = (uint32_t)pid,
			.code = end.code,
			.signal = end.signal,
		};

		rc = tell(&event, -1);
	}
	return rc;
}

static enum ward_rc
serve(struct zygote *z)
{
	enum ward_rc rc = WARD_OK;

	while (rc == WARD_OK) {
		struct pollfd wait[] = {
			{.fd = WARD_SCANNER_CHANNEL, .events = POLLIN},
			{.fd = z->children, .events = POLLIN},
		};

		if (poll(wait, 2, -1) < 0)
			continue;
		if (wait[1].revents)
			rc = report_children(z);
		if (rc == WARD_OK && wait[0].revents)
			rc = handle_control(z);
	}
	return rc;
}

static enum ward_rc
prepare(struct zygote *z, struct ward_buf *why, uint32_t *ret_landlock)
{
	enum ward_rc rc = ward_sandbox_drop(NULL);

	z->budget.cap = WARD_PROTO_ARENA;
	z->arena = ward_arena_new(&z->budget);
	if (rc == WARD_OK && !z->arena)
		rc = WARD_E_NOMEM;
	if (rc == WARD_OK)
		rc = ward_signals_watch_children(&z->children);
	if (rc == WARD_OK)
		rc = set_up(z, why);
	if (rc == WARD_OK)
		rc = close_doors(ret_landlock);
	return rc;
}

int
ward_scanner_run(const struct ward_scanner_ops *ops)
{
	static struct zygote z = {.children = -1};
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	struct ward_proto_event event = {.kind = WARD_PROTO_READY};
	enum ward_rc rc;

	z.ops = ops;
	z.self = ward_process_self();
	ward_buf_init(&why, WHY_MAX, NULL);
	rc = prepare(&z, &why, &event.landlock);
	if (rc != WARD_OK) {
		/* The terminating NUL; the text may have filled the buffer. */
		if (ward_buf_byte(&why, 0) != WARD_OK)
			why.data[why.len - 1] = 0;
		event = (struct ward_proto_event){
			.kind = WARD_PROTO_FAILED, .rc = rc, .text = (const char *)why.data};
		(void)tell(&event, -1);
		return 1;
	}
	rc = tell(&event, -1);
	if (rc == WARD_OK)
		rc = serve(&z);
	return rc == WARD_E_GONE ? 0 : 1;
}
