/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Marks that come and go while files turn bad: marks DIRECTORY TURNS. The directory's file system is watched as
 * the guard does it; processes write files, open them, write to them and open them again; one thread answers,
 * settling what is good, another one settles and unsettles what was opened, as news of writes does.
 * Prints how many opens of bad files there were, and how many were let through; ends with 1 if any was.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/fan.h"
#include "sys/fd.h"

enum { WORKERS = 8, LATER = 64, BOTH = WARD_FAN_OPEN | WARD_FAN_EXEC };

struct counts {
	_Atomic long opens, through, settled;
};

static struct counts *counts;
static int group;
static _Atomic int later[LATER]; /* descriptors that the other thread takes; 0: none */

static bool
is_good(int fd)
{
	char c = 0;

	return pread(fd, &c, 1, 0) == 1 && c == 'g';
}

/* As the decisions do it: nobody may write between the last look and the mark. */
static void
settle(int fd)
{
	if (!ward_fd_keep_writers_out(fd))
		return;
	if (is_good(fd) && ward_fan_ignore(group, fd, BOTH) == WARD_OK)
		counts->settled++;
	ward_fd_let_write(fd);
}

static void
answer(const struct ward_fan_event *event, unsigned at)
{
	int none = 0, fd = event->fd;
	char c;
	bool bad = pread(fd, &c, 1, 0) == 1 && c == 'b';

	settle(fd);
	(void)!ward_fan_answer(group, fd, !bad);
	if (!atomic_compare_exchange_strong(&later[at % LATER], &none, fd))
		ward_fd_close(&fd);
}

static void *
answer_all(void *ctx)
{
	static uint8_t buffer[WARD_FAN_BUFFER] __attribute__((aligned(8)));
	struct ward_fan_event event;
	struct ward_span rest;
	size_t n;

	for (unsigned at = 0;;) {
		if (ward_fan_read(group, buffer, sizeof(buffer), &n) != WARD_OK)
			continue;
		rest = ward_span_of(buffer, n);
		while (ward_fan_next(&rest, &event) == WARD_OK)
			answer(&event, at++);
	}
	return ctx;
}

static void *
unsettle_some(void *ctx)
{
	for (unsigned at = 0;; at++) {
		int fd = atomic_exchange(&later[at % LATER], 0);

		if (fd == 0)
			continue;
		if (at % 4 == 0)
			(void)!ward_fan_heed(group, fd, BOTH);
		settle(fd);
		ward_fd_close(&fd);
	}
	return ctx;
}

static int
put(const char *path, int flags, const char *text)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return -1;
	return close(fd);
}

static void
work(const char *directory, int number, long turns)
{
	char path[4096];

	for (long i = 0; i < turns; i++) {
		int fd;

		(void)snprintf(path, sizeof(path), "%s/%d-%ld", directory, number, i);
		if (put(path, O_WRONLY | O_CREAT | O_EXCL, "good") != 0)
			_exit(2);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || close(fd) != 0 || put(path, O_WRONLY | O_TRUNC, "bad") != 0)
			_exit(2);
		for (int k = 0; k < 3; k++) {
			fd = open(path, O_RDONLY | O_CLOEXEC);
			counts->opens++;
			counts->through += fd >= 0;
			if (fd >= 0)
				(void)close(fd);
			else if (errno != EPERM)
				_exit(2);
		}
		(void)unlink(path);
	}
}

static bool
watch(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && ward_fan_new(WARD_FAN_GATE, false, &group) == WARD_OK &&
	       ward_fan_watch(group, fd, BOTH) == WARD_OK && close(fd) == 0 &&
	       fcntl(group, F_SETFL, 0) == 0;
}

int
main(int argc, char **argv)
{
	pid_t pids[WORKERS];
	pthread_t threads[2];
	int status, ended = 0;

	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	(void)signal(SIGIO, SIG_IGN); /* leases */
	if (argc < 3 || counts == MAP_FAILED || !watch(argv[1]))
		return 2;
	for (int i = 0; i < WORKERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			(void)close(group);
			work(argv[1], i, strtol(argv[2], NULL, 10) / WORKERS);
			_exit(0);
		}
	}
	if (pthread_create(&threads[0], NULL, answer_all, NULL) != 0 ||
	    pthread_create(&threads[1], NULL, unsettle_some, NULL) != 0)
		return 2;
	for (int i = 0; i < WORKERS; i++)
		ended += waitpid(pids[i], &status, 0) == pids[i] && status == 0;
	(void)printf("settled %ld times; %ld opens of bad files, %ld let through\n",
		     counts->settled, counts->opens, counts->through);
	if (ended != WORKERS)
		return 2;
	return counts->through != 0;
}
