/* SPDX-License-Identifier: Apache-2.0 */
/* Signals as something to read, for programs with one loop. */
#ifndef WARD_SYS_SIGNALS_H
#define WARD_SYS_SIGNALS_H

#include "base/rc.h"

/* Blocks SIGCHLD; the descriptor becomes readable when a child has ended. */
enum ward_rc ward_signals_watch_children(int *ret_fd) WARD_MUST_CHECK;
/* Reads off what such a descriptor says. */
void ward_signals_drain(int fd);
/* What people and service managers ask of a program. */
enum ward_signal { WARD_SIGNAL_NONE, WARD_SIGNAL_STOP, WARD_SIGNAL_RELOAD };

/*
 * Blocks SIGTERM, SIGINT (stop) and SIGHUP (reload) for this thread and those it starts, and readies
 * them to be read. SIGIO, which leases bring (ward_fd_has_writer), and SIGPIPE are ignored.
 */
enum ward_rc ward_signals_watch_manager(int *ret_fd) WARD_MUST_CHECK;
/* The next one; WARD_SIGNAL_NONE: none has come. */
enum ward_signal ward_signals_next(int fd);
/* Delivers all signals again; for a fresh child. */
void ward_signals_unblock(void);

#endif
