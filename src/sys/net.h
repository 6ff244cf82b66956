/* SPDX-License-Identifier: Apache-2.0 */
/* TCP sockets: listening, taking and making connections. All non-blocking and close-on-exec. */
#ifndef WARD_SYS_NET_H
#define WARD_SYS_NET_H

#include "base/rc.h"
#include "base/span.h"

enum { WARD_NET_ADDRESS = 46 };

/*
 * Listens on "127.0.0.1:7443" or "[::]:7443" (which takes IPv4 as well); port 0: any. Several sockets
 * may listen on the same one, in one process or user (SO_REUSEPORT): the kernel spreads connections.
 * WARD_E_INVAL: no such address; WARD_E_PERM, WARD_E_IO: it cannot be had.
 */
enum ward_rc ward_net_listen(const char *text, int *ret_fd) WARD_MUST_CHECK;
/* The port a socket is bound to; 0 if it is not. */
uint16_t ward_net_port(int fd);
/* The same address with another port, in `ret` of `room` bytes. */
enum ward_rc ward_net_with_port(const char *address, uint16_t port, char *ret,
				size_t room) WARD_MUST_CHECK;
/* The next connection; WARD_E_NOENT: none waits; WARD_E_LIMIT: no descriptors. ret_address gets the
 * other end as text. Nagle's algorithm is off. */
enum ward_rc ward_net_accept(int listener, int *ret_fd,
			     char ret_address[WARD_NET_ADDRESS]) WARD_MUST_CHECK;

/* Begins a connection to "address:port" (numbers, as _listen); it stands or has failed when the socket is
 * writable. WARD_E_INVAL: no such address; WARD_E_LIMIT: no descriptors; else what connect(2) said. */
enum ward_rc ward_net_connect(const char *text, int *ret_fd) WARD_MUST_CHECK;
/* How it ended. */
enum ward_rc ward_net_connected(int fd) WARD_MUST_CHECK;

#endif
