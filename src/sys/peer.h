/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at the other end of a local socket, by the kernel's word (unix(7), SO_PEERCRED,
 * SO_PEERGROUPS): as it was when it connected. */
#ifndef WARD_SYS_PEER_H
#define WARD_SYS_PEER_H

#include "base/rc.h"
#include "base/span.h"
#include "sys/rights.h"

struct ward_peer {
	uint32_t uid, gid;
	int32_t pid;				 /* 0: in another PID namespace */
	uint32_t groups[WARD_RIGHTS_GROUPS_MAX]; /* supplementary */
	size_t group_count;
};

/* WARD_E_LIMIT: it is in more groups than fit, and then nothing is known of it. */
enum ward_rc ward_peer_of(int fd, struct ward_peer *ret_peer) WARD_MUST_CHECK;
bool ward_peer_has_group(const struct ward_peer *peer, uint32_t gid);
/* Its rights at files; borrows from the peer. */
struct ward_rights ward_peer_rights(const struct ward_peer *peer);

/* The group's number; may wait for a name service. WARD_E_NOENT. */
enum ward_rc ward_peer_group(const char *name, uint32_t *ret_gid) WARD_MUST_CHECK;

#endif
