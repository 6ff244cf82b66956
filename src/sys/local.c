/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/local.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/errno.h"
#include "sys/fd.h"

enum { BACKLOG = 16, PEER_GROUPS = 1024 };

static enum ward_rc
address_of(const char *path, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	return snprintf(ret->sun_path, sizeof(ret->sun_path), "%s", path) <
			       (int)sizeof(ret->sun_path)
		       ? WARD_OK
		       : WARD_E_LIMIT;
}

enum ward_rc
ward_local_connect(const char *path, int *ret_fd)
{
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	enum ward_rc rc = address_of(path, &address);

	if (fd < 0)
		return ward_errno_rc(errno);
	if (!rc && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		rc = errno == ENOENT || errno == ECONNREFUSED ? WARD_E_NOENT : ward_errno_rc(errno);
	if (rc)
		(void)close(fd);
	else
		*ret_fd = fd;
	return rc;
}

static enum ward_rc
listen_at(const char *path, int type, mode_t mode, int *ret_fd)
{
	WARD_AUTO(ward_fd_close) int other = -1;
	struct sockaddr_un address;
	mode_t mask;
	int fd, bound;
	enum ward_rc rc = address_of(path, &address);

	if (rc)
		return rc;
	if (!ward_local_connect(path, &other))
		return WARD_E_PERM;
	(void)unlink(path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | type, 0);
	if (fd < 0)
		return ward_errno_rc(errno);
	mask = umask(0777 & ~mode);
	bound = bind(fd, (struct sockaddr *)&address, sizeof(address));
	(void)umask(mask);
	if (bound == 0 && listen(fd, BACKLOG) == 0) {
		*ret_fd = fd;
		return WARD_OK;
	}
	rc = ward_errno_rc(errno);
	(void)close(fd);
	return rc;
}

enum ward_rc
ward_local_listen(const char *path, int *ret_fd)
{
	return listen_at(path, 0, 0600, ret_fd);
}

enum ward_rc
ward_local_listen_open(const char *path, int *ret_fd)
{
	return listen_at(path, SOCK_NONBLOCK, 0666, ret_fd);
}

enum ward_rc
ward_local_accept(int listener, int *ret_fd)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return ward_errno_rc(errno);
	*ret_fd = fd;
	return WARD_OK;
}

enum ward_rc
ward_local_peer(int fd, uint32_t *ret_uid)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0)
		return ward_errno_rc(errno);
	*ret_uid = who.uid;
	return WARD_OK;
}

bool
ward_local_peer_in_group(int fd, const char *group)
{
	const struct group *entry = getgrnam(group);
	gid_t groups[PEER_GROUPS];
	socklen_t len = sizeof(groups);
	struct ucred who;
	socklen_t who_len = sizeof(who);

	if (!entry || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &who_len) != 0)
		return false;
	if (who.gid == entry->gr_gid)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0)
		return false;
	for (size_t i = 0; i < len / sizeof(gid_t); i++) {
		if (groups[i] == entry->gr_gid)
			return true;
	}
	return false;
}
