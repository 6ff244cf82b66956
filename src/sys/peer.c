/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/peer.h"

#include <errno.h>
#include <grp.h>
#include <sys/socket.h>

#include "sys/errno.h"

enum { ENTRY_ROOM = 64 * 1024 };

enum ward_rc
ward_peer_of(int fd, struct ward_peer *ret_peer)
{
	struct ucred who;
	socklen_t who_len = sizeof(who), groups_len = sizeof(ret_peer->groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &who_len) != 0)
		return ward_errno_rc(errno);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, ret_peer->groups, &groups_len) != 0)
		return errno == ERANGE ? WARD_E_LIMIT : ward_errno_rc(errno);
	ret_peer->uid = who.uid;
	ret_peer->gid = who.gid;
	ret_peer->pid = who.pid;
	ret_peer->group_count = groups_len / sizeof(ret_peer->groups[0]);
	return WARD_OK;
}

bool
ward_peer_has_group(const struct ward_peer *peer, uint32_t gid)
{
	for (size_t i = 0; i < peer->group_count; i++) {
		if (peer->groups[i] == gid)
			return true;
	}
	return peer->gid == gid;
}

struct ward_rights
ward_peer_rights(const struct ward_peer *peer)
{
	return (struct ward_rights){peer->uid, peer->gid, peer->groups, peer->group_count};
}

enum ward_rc
ward_peer_group(const char *name, uint32_t *ret_gid)
{
	static _Thread_local char room[ENTRY_ROOM];
	struct group entry, *found = NULL;

	if (getgrnam_r(name, &entry, room, sizeof(room), &found) != 0 || !found)
		return WARD_E_NOENT;
	*ret_gid = found->gr_gid;
	return WARD_OK;
}
