/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index of installed files, over this machine's packages: bench-packages [DATABASE] prints how long the
 * child takes to build it, its size, ns of CPU for a look-up of a path that is there and of one that is
 * not, and beside them the same paths looked for in the md5sums as grep would, line by line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/text.h"
#include "guard/packages/build.h"
#include "guard/packages/child.h"
#include "guard/packages/index.h"
#include "sys/fd.h"

enum { ROUNDS = 200000 };

static double
now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
look_up(const struct ward_index *index, const char *path, size_t *ret_found)
{
	double start = now(CLOCK_PROCESS_CPUTIME_ID);
	size_t first, found = 0;

	for (int i = 0; i < ROUNDS; i++)
		found += ward_index_find(index, path, &first);
	*ret_found = found / ROUNDS;
	return (now(CLOCK_PROCESS_CPUTIME_ID) - start) / ROUNDS * 1e9;
}

/* One package's list, as a simple implementation would ask it: the right one, which it would have to
   know. */
static double
by_text(const char *database, size_t *ret_found)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	WARD_AUTO(ward_fd_close) int fd = -1;
	double start;
	char path[512];
	size_t found = 0;

	(void)snprintf(path, sizeof(path), "%s/info/coreutils.md5sums", database);
	ward_buf_init(&text, 64 << 20, NULL);
	if (ward_fd_open_regular(-1, path, false, &fd, NULL) != WARD_OK ||
	    ward_fd_read_all(fd, &text) != WARD_OK)
		return 0;
	start = now(CLOCK_PROCESS_CPUTIME_ID);
	for (int i = 0; i < 1000; i++)
		found += ward_text_find(ward_buf_span(&text), ward_span_str("  usr/bin/who\n"),
					0) != SIZE_MAX;
	*ret_found = found / 1000;
	return (now(CLOCK_PROCESS_CPUTIME_ID) - start) / 1000 * 1e9;
}

int
main(int argc, char **argv)
{
	struct ward_packages_options options = {.database = "/var/lib/dpkg"};
	struct ward_index index;
	struct ward_buf bytes;
	size_t found, absent, text_found = 0;
	double start, built, hit, miss, text;

	if (argc > 1 && strcmp(argv[1], WARD_PACKAGES_CHILD) == 0)
		return ward_packages_child(argc, argv);
	if (argc > 1)
		options.database = argv[1];
	ward_buf_init(&bytes, WARD_INDEX_MAX, NULL);
	start = now(CLOCK_MONOTONIC);
	if (ward_packages_build(&options, &bytes) != WARD_OK ||
	    ward_index_open(ward_buf_span(&bytes), &index) != WARD_OK)
		return 1;
	built = now(CLOCK_MONOTONIC) - start;
	hit = look_up(&index, "/usr/bin/who", &found);
	miss = look_up(&index, "/usr/bin/no-such-program", &absent);
	text = by_text(options.database, &text_found);
	(void)printf(
		"%u files: built in %.0f ms, %.1f MB; look-up %.0f ns (%zu found), absent %.0f "
		"ns (%zu); in the one right list as text %.0f ns (%zu found): %.0f times\n",
		index.count, built * 1e3, (double)bytes.len / 1e6, hit, found, miss, absent, text,
		text_found, hit > 0 ? text / hit : 0);
	ward_buf_done(&bytes);
	return 0;
}
