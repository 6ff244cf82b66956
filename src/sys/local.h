/* SPDX-License-Identifier: Apache-2.0 */
/* Local sockets with a name (unix(7), SOCK_SEQPACKET): for sys/ipc.h's messages between programs that
 * did not start each other. */
#ifndef WARD_SYS_LOCAL_H
#define WARD_SYS_LOCAL_H

#include "base/rc.h"
#include "base/span.h"

/* Listens at `path`, mode 0600. What a dead process left there is removed; WARD_E_PERM: somebody
 * answers there. */
enum ward_rc ward_local_listen(const char *path, int *ret_fd) WARD_MUST_CHECK;
/* The same, for everybody on the machine to connect to (mode 0666); accepting does not wait:
 * WARD_E_LIMIT when nobody is there. */
enum ward_rc ward_local_listen_open(const char *path, int *ret_fd) WARD_MUST_CHECK;
enum ward_rc ward_local_accept(int listener, int *ret_fd) WARD_MUST_CHECK;
/* WARD_E_NOENT: nobody listens there. */
enum ward_rc ward_local_connect(const char *path, int *ret_fd) WARD_MUST_CHECK;
/* The user at the other end when it connected (SO_PEERCRED). */
enum ward_rc ward_local_peer(int fd, uint32_t *ret_uid) WARD_MUST_CHECK;

/* Whether the other end belonged to the named group when it connected, by its main or another group
 * (SO_PEERGROUPS). False: no such group, or the kernel does not tell. */
bool ward_local_peer_in_group(int fd, const char *group);

#endif
