/* SPDX-License-Identifier: Apache-2.0 */
/* What the quarantine's tests share: a directory of their own, files with every attribute. */
#ifndef WARD_GUARD_QUARANTINE_TESTING_H
#define WARD_GUARD_QUARANTINE_TESTING_H

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "guard/quarantine/quarantine.h"
#include "sys/fd.h"
#include "sys/meta.h"

static char base[64];

__attribute__((unused)) static const char *
in_base(const char *name)
{
	static char paths[64][512];
	static unsigned next;
	char *path = paths[next++ % 64];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", base, name);
	return path;
}

__attribute__((unused)) static int
make_base(void **state)
{
	(void)state;
	(void)snprintf(base, sizeof(base), "/tmp/ward-test-vault-XXXXXX");
	return mkdtemp(base) ? 0 : -1;
}

__attribute__((unused)) static void
remove_tree(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	for (struct dirent *e; d && (e = readdir(d));) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, e->d_name, 0) != 0)
			remove_tree(fd, e->d_name);
	}
	if (d)
		closedir(d);
	(void)unlinkat(at, name, AT_REMOVEDIR);
}

__attribute__((unused)) static int
remove_base(void **state)
{
	(void)state;
	remove_tree(AT_FDCWD, base);
	return access(base, F_OK) == 0 ? -1 : 0;
}

__attribute__((unused)) static bool
exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* Names in the directory, without "." and "..". */
__attribute__((unused)) static unsigned
count_names(const char *path)
{
	DIR *d = opendir(path);
	unsigned n = 0;

	if (!d)
		return 0;
	for (struct dirent *e; (e = readdir(d));)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(d);
	return n;
}

/* Names in the quarantine's directory with this ending. */
__attribute__((unused)) static unsigned
count_suffix(const char *path, const char *suffix)
{
	DIR *d = opendir(path);
	unsigned n = 0;

	if (!d)
		return 0;
	for (struct dirent *e; (e = readdir(d));) {
		size_t len = strlen(e->d_name);

		n += len > strlen(suffix) && strcmp(e->d_name + len - strlen(suffix), suffix) == 0;
	}
	closedir(d);
	return n;
}

__attribute__((unused)) static void
put_file(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(ward_fd_write_all(fd, ward_span_of(data, len)), WARD_OK);
	close(fd);
}

/* True when the file is there and holds just that. */
__attribute__((unused)) static bool
holds(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW);
	uint8_t *got = malloc(len + 1);
	ssize_t n = fd < 0 ? -1 : read(fd, got, len + 1);
	bool same = n == (ssize_t)len && memcmp(got, data, len) == 0;

	free(got);
	if (fd >= 0)
		close(fd);
	return same;
}

__attribute__((unused)) static struct ward_quarantine *
open_quarantine_with(const struct ward_quarantine_options *options,
		     struct ward_quarantine_recovery *recovery)
{
	struct ward_quarantine *q = NULL;

	assert_int_equal(ward_quarantine_open(options, &q, recovery), WARD_OK);
	return q;
}

__attribute__((unused)) static struct ward_quarantine *
open_quarantine(const char *directory)
{
	struct ward_quarantine_options options = {.directory = directory};

	return open_quarantine_with(&options, NULL);
}

__attribute__((unused)) static struct ward_item_cause
some_cause(void)
{
	return (struct ward_item_cause){
		.verdict = WARD_MALICIOUS,
		.threat = ward_span_str("Test.Eicar"),
		.evidence = ward_span_str("{\"layer\":\"yara\",\"rule\":\"Test_EICAR\"}"),
		.reason = ward_span_str("open"),
		.origin = ward_span_str("https://example.org/x"),
		.volume = ward_span_str("disk"),
		.program = ward_span_str("/usr/bin/curl"),
		.actor_pid = 4711,
		.actor_uid = 1000,
		.sha1 = ward_span_of("01234567890123456789", 20),
	};
}

__attribute__((unused)) static enum ward_rc
add_fd(struct ward_quarantine *q, int fd, struct ward_quarantine_outcome *ret)
{
	struct ward_item_cause cause = some_cause();
	struct ward_quarantine_request request = {.fd = fd, .root = -1, .cause = &cause};

	return ward_quarantine_add(q, &request, ret);
}

__attribute__((unused)) static enum ward_rc
add_path(struct ward_quarantine *q, const char *path, struct ward_quarantine_outcome *ret)
{
	int fd = open(path, O_RDONLY | O_NOATIME);
	enum ward_rc rc;

	assert_true(fd >= 0);
	rc = add_fd(q, fd, ret);
	close(fd);
	return rc;
}

__attribute__((unused)) static enum ward_rc
restore_to(struct ward_quarantine *q, const uint8_t *id, const char *path,
	   struct ward_quarantine_restore_outcome *ret)
{
	struct ward_quarantine_restore_request request = {.path = path, .set_id = true};

	return ward_quarantine_restore(q, id, &request, ret);
}

#endif
