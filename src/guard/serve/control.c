/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/serve/control.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/entry.h"
#include "sys/fd.h"
#include "sys/ipc.h"
#include "sys/local.h"

enum { CLIENTS_MAX = 32, IDLE_USEC = 5 * 1000 * 1000, LISTENER = CLIENTS_MAX };

struct client {
	int fd; /* -1: free */
	uint64_t since;
};

struct ward_control {
	char *path;
	int listener, epoll;
	ward_control_answer answer;
	void *ctx;
	struct client clients[CLIENTS_MAX];
	struct ward_budget budget;
	struct ward_arena *arena; /* of one message */
	uint8_t message[WARD_IPC_MESSAGE_MAX];
	struct ward_guard_reply reply;
};

static void
let_go(struct client *client)
{
	ward_fd_close(&client->fd);
}

static enum ward_rc
make_directory(const char *path)
{
	char directory[108]; /* sun_path */
	const char *slash = strrchr(path, '/');
	enum ward_rc rc;

	if (!slash || slash == path || (size_t)(slash - path) >= sizeof(directory))
		return WARD_OK;
	memcpy(directory, path, (size_t)(slash - path));
	directory[slash - path] = 0;
	rc = ward_entry_make_directory(-1, directory, 0755);
	return rc == WARD_E_PERM ? WARD_OK : rc; /* it is there; else listening will tell */
}

static enum ward_rc
watch(const struct ward_control *c, int fd, uint32_t tag)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = tag};

	return epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? WARD_OK : WARD_E_LIMIT;
}

static enum ward_rc
open_door(struct ward_control *c)
{
	enum ward_rc rc = make_directory(c->path);

	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (rc == WARD_OK && c->epoll < 0)
		rc = WARD_E_LIMIT;
	if (rc == WARD_OK)
		rc = ward_local_listen_open(c->path, &c->listener);
	return rc == WARD_OK ? watch(c, c->listener, LISTENER) : rc;
}

enum ward_rc
ward_control_new(const char *path, ward_control_answer answer, void *ctx,
		 struct ward_control **ret_control)
{
	struct ward_control *c = calloc(1, sizeof(*c));
	enum ward_rc rc;

	if (!c)
		return WARD_E_NOMEM;
	c->listener = c->epoll = -1;
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		c->clients[i].fd = -1;
	c->answer = answer;
	c->ctx = ctx;
	c->budget.cap = WARD_GUARD_ARENA;
	c->arena = ward_arena_new(&c->budget);
	c->path = strdup(path);
	rc = c->arena && c->path ? open_door(c) : WARD_E_NOMEM;
	if (rc == WARD_OK)
		*ret_control = c;
	else
		(void)ward_control_free(c);
	return rc;
}

struct ward_control *
ward_control_free(struct ward_control *c)
{
	if (!c)
		return NULL;
	if (c->listener >= 0)
		(void)unlink(c->path);
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		let_go(&c->clients[i]);
	ward_fd_close(&c->listener);
	ward_fd_close(&c->epoll);
	(void)ward_arena_free(c->arena);
	free(c->path);
	free(c);
	return NULL;
}

int
ward_control_fd(const struct ward_control *c)
{
	return c->epoll;
}

static bool
may_change(int fd)
{
	uint32_t uid;

	return ward_local_peer(fd, &uid) == WARD_OK &&
	       (uid == 0 || ward_local_peer_in_group(fd, "ward-admin"));
}

static enum ward_rc
serve(struct ward_control *c, int fd, size_t len)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	enum ward_guard_operation operation;
	enum ward_rc rc =
		ward_guard_ask_decode(ward_span_of(c->message, len), c->arena, &operation);

	if (rc != WARD_OK)
		return rc;
	c->reply = (struct ward_guard_reply){.error = ""};
	if (operation != WARD_GUARD_STATUS && !may_change(fd)) {
		c->reply.rc = WARD_E_PERM;
		c->reply.error =
			"only root and members of the group ward-admin may change the guard";
	} else {
		c->answer(c->ctx, operation, c->arena, &c->reply);
	}
	ward_buf_init(&out, WARD_IPC_MESSAGE_MAX, NULL);
	rc = ward_guard_reply_encode(&c->reply, c->arena, &out);
	return rc == WARD_OK ? ward_ipc_send(fd, ward_buf_span(&out), NULL, 0, false) : rc;
}

static void
hear(struct ward_control *c, struct client *client)
{
	struct ward_arena_mark start = ward_arena_save(c->arena);
	struct ward_ipc_message m;
	enum ward_rc rc;

	if (client->fd < 0)
		return;
	rc = ward_ipc_recv(client->fd, c->message, &m, false);
	if (rc == WARD_OK) {
		rc = m.fd_count == 0 ? serve(c, client->fd, m.len) : WARD_E_PROTO;
		ward_ipc_message_close(&m);
		client->since = ward_clock_monotonic();
	}
	if (rc != WARD_OK && rc != WARD_E_LIMIT)
		let_go(client);
	ward_arena_restore(c->arena, start);
}

/* A free place, or the one that was silent for the longest time. */
static size_t
place_for(struct ward_control *c)
{
	size_t best = 0;

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		if (c->clients[i].fd < 0)
			return i;
		if (c->clients[i].since < c->clients[best].since)
			best = i;
	}
	let_go(&c->clients[best]);
	return best;
}

static void
welcome(struct ward_control *c)
{
	int fd;

	for (size_t n = 0; n < CLIENTS_MAX && ward_local_accept(c->listener, &fd) == WARD_OK; n++) {
		size_t place = place_for(c);

		if (watch(c, fd, (uint32_t)place) != WARD_OK) {
			ward_fd_close(&fd);
			return;
		}
		c->clients[place] = (struct client){fd, ward_clock_monotonic()};
	}
}

void
ward_control_turn(struct ward_control *c)
{
	struct epoll_event events[CLIENTS_MAX + 1];
	int n = epoll_wait(c->epoll, events, CLIENTS_MAX + 1, 0);
	uint64_t now = ward_clock_monotonic();

	for (int i = 0; i < n; i++) {
		if (events[i].data.u32 != LISTENER)
			hear(c, &c->clients[events[i].data.u32]);
	}
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		if (c->clients[i].fd >= 0 && now - c->clients[i].since > IDLE_USEC)
			let_go(&c->clients[i]);
	}
	welcome(c);
}
