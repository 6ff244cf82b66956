/* SPDX-License-Identifier: Apache-2.0 */
/* Processes by the file they run. */
#ifndef WARD_SYS_RUNNING_H
#define WARD_SYS_RUNNING_H

#include <stddef.h>

/* Ends (SIGKILL) all processes but the caller whose program is the file behind `fd`, by device and inode;
 * each by its pidfd, taken before it was looked at, so that no number's later owner is hit. Returns how
 * many. Walks /proc: waits, not for a thread that must answer. */
size_t ward_running_kill(int fd);

#endif
