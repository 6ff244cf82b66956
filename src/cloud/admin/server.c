/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/admin/server.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/ipc.h"
#include "sys/local.h"

enum { PATIENCE_MS = 5000, ROUND_MS = 500 };

struct ward_admin_server {
	struct ward_node *node;
	int listener;
	pthread_t thread;
	_Atomic bool stop;
};

static enum ward_rc
send_json(int fd, const json_t *object, int with)
{
	char *text = json_dumps(object, JSON_COMPACT);
	enum ward_rc rc = text ? ward_ipc_send(fd, ward_span_str(text), &with, with >= 0, true)
			       : WARD_E_NOMEM;

	free(text);
	return rc;
}

static bool
readable(int fd, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, timeout_ms) == 1;
}

/* *ret_with: the first descriptor that came along, or -1. */
static json_t *
receive_json(int fd, int *ret_with)
{
	static _Thread_local uint8_t bytes[WARD_IPC_MESSAGE_MAX];
	struct ward_ipc_message message;

	if (ward_ipc_recv(fd, bytes, &message, true))
		return NULL;
	if (message.fd_count > 0) {
		*ret_with = message.fds[0];
		message.fds[0] = -1;
	}
	ward_ipc_message_close(&message);
	return json_loadb((const char *)bytes, message.len, JSON_REJECT_DUPLICATES, NULL);
}

static void
serve_one(struct ward_admin_server *s, int fd)
{
	WARD_AUTO(ward_fd_close) int with = -1;
	char actor[64];
	uint32_t uid = 0;
	json_t *request, *reply;

	if (ward_local_peer(fd, &uid) || (uid != 0 && uid != geteuid()) ||
	    !readable(fd, PATIENCE_MS))
		return;
	request = receive_json(fd, &with);
	if (!request)
		return;
	(void)snprintf(actor, sizeof(actor), "uid:%u", uid);
	reply = ward_admin_call(s->node, actor, request, with);
	if (send_json(fd, reply, -1)) { /* it is too large: say so at least */
		json_decref(reply);
		reply = json_pack("{s:b, s:s}", "ok", 0, "error", "the answer is too large");
		(void)!send_json(fd, reply, -1);
	}
	json_decref(reply);
	json_decref(request);
}

static void *
serve(void *context)
{
	struct ward_admin_server *s = context;

	while (!s->stop) {
		WARD_AUTO(ward_fd_close) int fd = -1;

		if (readable(s->listener, ROUND_MS) && !ward_local_accept(s->listener, &fd))
			serve_one(s, fd);
	}
	return NULL;
}

enum ward_rc
ward_admin_server_start(struct ward_node *node, struct ward_admin_server **ret)
{
	struct ward_admin_server *s = calloc(1, sizeof(*s));
	ward_config_text path;
	enum ward_rc rc = WARD_E_LIMIT;

	if (!s)
		return WARD_E_NOMEM;
	s->node = node;
	s->listener = -1;
	if (ward_config_path(&node->config, "admin.sock", path))
		rc = ward_local_listen(path, &s->listener);
	if (!rc && pthread_create(&s->thread, NULL, serve, s) != 0)
		rc = WARD_E_NOMEM;
	if (rc) {
		ward_fd_close(&s->listener);
		free(s);
	} else {
		*ret = s;
	}
	return rc;
}

struct ward_admin_server *
ward_admin_server_stop(struct ward_admin_server *s)
{
	ward_config_text path;

	if (!s)
		return NULL;
	s->stop = true;
	pthread_join(s->thread, NULL);
	ward_fd_close(&s->listener);
	if (ward_config_path(&s->node->config, "admin.sock", path))
		(void)unlink(path);
	free(s);
	return NULL;
}

enum ward_rc
ward_admin_ask(const struct ward_config *config, const json_t *request, int with,
	       json_t **ret_reply)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	WARD_AUTO(ward_fd_close) int unasked = -1;
	ward_config_text path;
	enum ward_rc rc;

	if (!ward_config_path(config, "admin.sock", path))
		return WARD_E_LIMIT;
	rc = ward_local_connect(path, &fd);
	if (!rc)
		rc = send_json(fd, request, with);
	if (rc)
		return rc;
	*ret_reply = receive_json(fd, &unasked);
	return *ret_reply ? WARD_OK : WARD_E_PROTO;
}
