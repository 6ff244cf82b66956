/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/ipc.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "sys/errno.h"
#include "sys/fd.h"

union control {
	struct cmsghdr header; /* aligns it */
	uint8_t room[CMSG_SPACE(sizeof(int) * WARD_IPC_FDS_MAX)];
};

enum ward_rc
ward_ipc_pair(int ret_ends[2])
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return ward_errno_rc(errno);
	ret_ends[0] = ends[0];
	ret_ends[1] = ends[1];
	return WARD_OK;
}

static void
attach(struct msghdr *m, union control *control, const int *fds, size_t fd_count)
{
	m->msg_control = control;
	m->msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
	control->header.cmsg_level = SOL_SOCKET;
	control->header.cmsg_type = SCM_RIGHTS;
	control->header.cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
	memcpy(CMSG_DATA(&control->header), fds, sizeof(int) * fd_count);
}

enum ward_rc
ward_ipc_send(int sock, struct ward_span message, const int *fds, size_t fd_count, bool wait)
{
	union control control = {0};
	struct iovec iov = {(void *)(uintptr_t)message.data, message.len};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	int flags = MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT);
	ssize_t n;

	if (message.len == 0 || message.len > WARD_IPC_MESSAGE_MAX || fd_count > WARD_IPC_FDS_MAX)
		return WARD_E_INVAL;
	if (fd_count > 0)
		attach(&m, &control, fds, fd_count);
	do {
		n = sendmsg(sock, &m, flags);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? ward_errno_rc(errno) : WARD_OK;
}

/* The descriptors of one control message. */
static void
detach_one(struct cmsghdr *c, struct ward_ipc_message *m)
{
	size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t i = 0; i < count; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
		if (m->fd_count < WARD_IPC_FDS_MAX)
			m->fds[m->fd_count++] = fd;
		else
			ward_fd_close(&fd);
	}
}

static void
detach(struct msghdr *from, struct ward_ipc_message *m)
{
	m->fd_count = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(from); c; c = CMSG_NXTHDR(from, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			detach_one(c, m);
	}
}

enum ward_rc
ward_ipc_recv(int sock, uint8_t *into, struct ward_ipc_message *ret_message, bool wait)
{
	union control control;
	struct iovec iov = {into, WARD_IPC_MESSAGE_MAX};
	struct msghdr m = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	unsigned resets = 0;
	ssize_t n;

	/* A peer that ends with messages of ours unread makes Linux report ECONNRESET once, ahead of
	   what the peer had sent before: that is still there, and comes with the next call. */
	do {
		n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
	} while (n < 0 && (errno == EINTR || (errno == ECONNRESET && resets++ == 0)));
	if (n < 0)
		return ward_errno_rc(errno);
	detach(&m, ret_message);
	ret_message->len = (size_t)n;
	/* An empty message cannot be sent through this face, so that 0 is the end. */
	if (n == 0 || (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		ward_ipc_message_close(ret_message);
		return n == 0 ? WARD_E_GONE : WARD_E_PROTO;
	}
	return WARD_OK;
}

void
ward_ipc_message_close(struct ward_ipc_message *m)
{
	for (size_t i = 0; i < m->fd_count; i++)
		ward_fd_close(&m->fds[i]);
	m->fd_count = 0;
}
