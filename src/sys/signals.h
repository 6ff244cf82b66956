/* SPDX-License-Identifier: Apache-2.0 */
/* Signals as something to read, for programs with one loop. */
#ifndef WARD_SYS_SIGNALS_H
#define WARD_SYS_SIGNALS_H

#include "base/rc.h"

/* Blocks SIGCHLD; the descriptor becomes readable when a child has ended. */
enum ward_rc ward_signals_watch_children(int *ret_fd) WARD_MUST_CHECK;
/* Reads off what such a descriptor says. */
void ward_signals_drain(int fd);
/* Delivers all signals again; for a fresh child. */
void ward_signals_unblock(void);

#endif
