/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/errno.h"

enum { BACKLOG = 4096, HOST = 64 };

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool
split(const char *text, char ret_host[HOST], uint16_t *ret_port)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	unsigned long port;
	char *end;

	if (!colon || len == 0 || len >= HOST || colon[1] < '0' || colon[1] > '9')
		return false;
	port = strtoul(colon + 1, &end, 10);
	if (*end || port > UINT16_MAX)
		return false;
	memcpy(ret_host, text, len);
	ret_host[len] = 0;
	*ret_port = (uint16_t)port;
	return true;
}

static bool
parse(const char *text, union address *ret, socklen_t *ret_len)
{
	char host[HOST];
	uint16_t port;
	size_t len;

	memset(ret, 0, sizeof(*ret));
	if (!split(text, host, &port))
		return false;
	len = strlen(host);
	if (host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = 0;
		ret->v6.sin6_family = AF_INET6;
		ret->v6.sin6_port = htons(port);
		*ret_len = sizeof(ret->v6);
		return inet_pton(AF_INET6, host + 1, &ret->v6.sin6_addr) == 1;
	}
	ret->v4.sin_family = AF_INET;
	ret->v4.sin_port = htons(port);
	*ret_len = sizeof(ret->v4);
	return inet_pton(AF_INET, host, &ret->v4.sin_addr) == 1;
}

enum ward_rc
ward_net_listen(const char *text, int *ret_fd)
{
	union address address;
	socklen_t len;
	int one = 1, zero = 0, fd;
	enum ward_rc rc;

	if (!parse(text, &address, &len))
		return WARD_E_INVAL;
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return ward_errno_rc(errno);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (address.any.sa_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (bind(fd, &address.any, len) == 0 && listen(fd, BACKLOG) == 0) {
		*ret_fd = fd;
		return WARD_OK;
	}
	rc = ward_errno_rc(errno);
	(void)close(fd);
	return rc;
}

uint16_t
ward_net_port(int fd)
{
	union address address = {0};
	socklen_t len = sizeof(address);

	if (getsockname(fd, &address.any, &len) != 0)
		return 0;
	return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port
						       : address.v4.sin_port);
}

enum ward_rc
ward_net_with_port(const char *address, uint16_t port, char *ret, size_t room)
{
	char host[HOST];
	uint16_t ignored;

	if (!split(address, host, &ignored))
		return WARD_E_INVAL;
	return snprintf(ret, room, "%s:%u", host, port) < (int)room ? WARD_OK : WARD_E_LIMIT;
}

static void
name_of(const union address *a, char ret[WARD_NET_ADDRESS])
{
	const char *done = a->any.sa_family == AF_INET6
				   ? inet_ntop(AF_INET6, &a->v6.sin6_addr, ret, WARD_NET_ADDRESS)
				   : inet_ntop(AF_INET, &a->v4.sin_addr, ret, WARD_NET_ADDRESS);

	if (!done)
		ret[0] = 0;
}

enum ward_rc
ward_net_accept(int listener, int *ret_fd, char ret_address[WARD_NET_ADDRESS])
{
	union address address = {0};
	socklen_t len = sizeof(address);
	int one = 1, fd;

	do
		fd = accept4(listener, &address.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (fd < 0)
		return errno == EAGAIN ? WARD_E_NOENT : WARD_E_LIMIT;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	name_of(&address, ret_address);
	*ret_fd = fd;
	return WARD_OK;
}

enum ward_rc
ward_net_connect(const char *text, int *ret_fd)
{
	union address address;
	socklen_t len;
	int one = 1, fd;

	if (!parse(text, &address, &len))
		return WARD_E_INVAL;
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return WARD_E_LIMIT;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, &address.any, len) != 0 && errno != EINPROGRESS) {
		enum ward_rc rc = ward_errno_rc(errno);

		(void)close(fd);
		return rc;
	}
	*ret_fd = fd;
	return WARD_OK;
}

enum ward_rc
ward_net_connected(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	return error ? ward_errno_rc(error) : WARD_OK;
}
