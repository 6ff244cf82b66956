/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile owner of the directory keeps exchanging names while files are taken out of it: none of
 * his other files may ever be lost, whatever he wins by it. */
#include "guard/quarantine/quarantine.h"

#include <signal.h>
#include <sys/wait.h>

#include "guard/quarantine/testing.h"
#include "sys/clock.h"

enum { FOREIGN = 8, HOSTILE = 0x7ffe, WANTED = 150 };

static const char BAD[] = "the bad one";

static void
foreign_text(unsigned i, char ret[32])
{
	(void)snprintf(ret, 32, "foreign file number %u", i);
}

/* --- the hostile process --- */

static void
tease_stashes(void)
{
	DIR *d = opendir(".");

	for (struct dirent *e; d && (e = readdir(d));) {
		if (strncmp(e->d_name, ".ward-", 6) != 0)
			continue;
		if (e->d_name[6] & 1)
			(void)rmdir(e->d_name);
		else
			(void)renameat2(AT_FDCWD, e->d_name, AT_FDCWD, "moved", RENAME_NOREPLACE);
		(void)rmdir("moved");
	}
	if (d)
		closedir(d);
}

static void
be_hostile(const char *dir)
{
	unsigned random = 1;

	if (chdir(dir) != 0 || setgid(HOSTILE) != 0 || setuid(HOSTILE) != 0)
		_exit(1);
	for (unsigned i = 0;; i++) {
		char name[8];

		random = random * 1664525 + 1013904223;
		(void)snprintf(name, sizeof(name), "f%u", random >> 16 & (FOREIGN - 1));
		switch (random >> 8 & 3) {
		case 0:
			(void)renameat2(AT_FDCWD, "target", AT_FDCWD, "aside", RENAME_NOREPLACE);
			(void)renameat2(AT_FDCWD, name, AT_FDCWD, "target", RENAME_NOREPLACE);
			(void)renameat2(AT_FDCWD, "target", AT_FDCWD, name, RENAME_NOREPLACE);
			(void)renameat2(AT_FDCWD, "aside", AT_FDCWD, "target", RENAME_NOREPLACE);
			break;
		default:
			(void)renameat2(AT_FDCWD, "target", AT_FDCWD, name, RENAME_EXCHANGE);
			break;
		}
		if (i % 64 == 0)
			tease_stashes();
	}
}

/* --- counting --- */

struct census {
	unsigned foreign[FOREIGN];
	unsigned bad;
};

static void
count_in(int at, const char *name, struct census *c)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	DIR *d = fdopendir(fd);

	for (struct dirent *e; d && (e = readdir(d));) {
		char text[64] = "", expected[32];
		int file;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (e->d_type == DT_DIR) {
			count_in(fd, e->d_name, c);
			continue;
		}
		file = openat(fd, e->d_name, O_RDONLY);
		assert_true(read(file, text, sizeof(text) - 1) >= 0);
		close(file);
		c->bad += strcmp(text, BAD) == 0;
		for (unsigned i = 0; i < FOREIGN; i++) {
			foreign_text(i, expected);
			c->foreign[i] += strcmp(text, expected) == 0;
		}
	}
	if (d)
		closedir(d);
}

/* --- the guard's side --- */

struct seen {
	unsigned put_back;
};

static void
watch(void *ctx, const char *what)
{
	struct seen *s = ctx;

	s->put_back += strcmp(what, "put back") == 0;
}

/* A fresh bad file under the contested name, or under another when that is taken just now. */
static int
plant(const char *dir)
{
	char fresh[256], target[256];
	int fd;

	(void)snprintf(fresh, sizeof(fresh), "%s/fresh", dir);
	(void)snprintf(target, sizeof(target), "%s/target", dir);
	put_file(fresh, BAD, sizeof(BAD) - 1);
	assert_int_equal(chown(fresh, HOSTILE, HOSTILE), 0);
	fd = open(fresh, O_RDONLY);
	assert_true(fd >= 0);
	(void)renameat2(AT_FDCWD, fresh, AT_FDCWD, target, RENAME_NOREPLACE);
	return fd;
}

static void
test_no_foreign_file_is_ever_lost(void **state)
{
	struct seen seen = {0};
	struct ward_quarantine_options options = {
		.directory = in_base("vault"), .step = watch, .step_ctx = &seen};
	struct ward_quarantine *q = open_quarantine_with(&options, NULL);
	uint64_t end = ward_clock_monotonic() + 4000000;
	const char *dir = in_base("d");
	unsigned taken = 0, left = 0;
	struct census census = {0};
	pid_t child;

	(void)state;
	assert_int_equal(chmod(base, 0755), 0);
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(chown(dir, HOSTILE, HOSTILE), 0);
	for (unsigned i = 0; i < FOREIGN; i++) {
		char path[256], text[32];

		(void)snprintf(path, sizeof(path), "%s/f%u", dir, i);
		foreign_text(i, text);
		put_file(path, text, strlen(text));
		assert_int_equal(chown(path, HOSTILE, HOSTILE), 0);
	}
	child = fork();
	if (child == 0)
		be_hostile(dir);
	while (ward_clock_monotonic() < end && (seen.put_back < WANTED || taken < WANTED)) {
		struct ward_quarantine_outcome in = {0};
		int fd = plant(dir);

		if (add_fd(q, fd, &in) == WARD_OK && in.removed)
			taken++;
		else
			left++;
		close(fd);
	}
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	ward_quarantine_freep(&q);
	q = open_quarantine_with(&options, NULL);
	count_in(AT_FDCWD, dir, &census);
	for (unsigned i = 0; i < FOREIGN; i++)
		assert_int_equal(census.foreign[i], 1);
	assert_int_equal(census.bad, left);
	assert_true(taken > 0);
	print_message("(%u taken, %u got away, %u foreign files put back)\n", taken, left,
		      seen.put_back);
	ward_quarantine_freep(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_foreign_file_is_ever_lost)};

	if (geteuid() != 0) {
		print_message("skipped: needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, make_base, remove_base);
}
