/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "sys/errno.h"

enum ward_rc
ward_signals_watch_children(int *ret_fd)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return ward_errno_rc(errno);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return ward_errno_rc(errno);
	*ret_fd = fd;
	return WARD_OK;
}

void
ward_signals_drain(int fd)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		;
}

enum ward_rc
ward_signals_watch_manager(int *ret_fd)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t set;
	int fd;

	(void)sigaction(SIGIO, &ignore, NULL);
	(void)sigaction(SIGPIPE, &ignore, NULL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
		return WARD_E_INVAL;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return ward_errno_rc(errno);
	*ret_fd = fd;
	return WARD_OK;
}

enum ward_signal
ward_signals_next(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return WARD_SIGNAL_NONE;
	return info.ssi_signo == SIGHUP ? WARD_SIGNAL_RELOAD : WARD_SIGNAL_STOP;
}

void
ward_signals_unblock(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);
}
