/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the tests of the decisions: real files; answers go to a pipe in the place of the kernel's group, and the
 * test plays those who are asked. With the kernel and real scanners: tests/guard.
 */
#ifndef WARD_GUARD_DECIDE_TESTING_H
#define WARD_GUARD_DECIDE_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard/decide/decide.h"
#include "sys/clock.h"

enum { FILES = 6, ASKED_MAX = 64, STRANGER = 999999 };

static char dir[64];

struct asked {
	uint64_t id;
	enum ward_urgency urgency;
	uint64_t inode;
	enum ward_verdict so_far;
	int pid;
};

struct fixture {
	int ends[2];
	struct ward_decide *d;
	struct ward_kin *kin;
	struct ward_decide_options options;
	struct asked scans[ASKED_MAX], clouds[ASKED_MAX];
	size_t scan_count, cloud_count;
	enum ward_rc scan_rc, cloud_rc;
	unsigned settled, unsettled, unsettled_all;
	bool blocked;
	enum ward_ruling ruling; /* about contents whose digest begins with 'x' */
	bool touch_while_settling, kept_out;
	uint64_t excluded_inode;
	const char *allowed_threat;
	bool allowed_for_good;
	enum ward_incident_kind kinds[ASKED_MAX];
	enum ward_policy_action actions[ASKED_MAX];
	int pids[ASKED_MAX];
	char threat[64];
	size_t incident_count;
};

static struct fixture f;

static inline void
path_of(int file, char path[128])
{
	(void)snprintf(path, 128, "%s/%d", dir, file);
}

static inline int
open_file(int file, int flags)
{
	char path[128];

	path_of(file, path);
	return open(path, flags | O_CLOEXEC, 0600);
}

static inline void
write_file(int file, const char *text)
{
	int fd = open_file(file, O_WRONLY | O_CREAT | O_TRUNC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
}

/* Until a further change is sure to show in the file's times. */
static inline void
rest(void)
{
	(void)usleep(WARD_KEY_RACY_NS / 1000 + 10000);
}

/* --- the others --- */

static inline enum ward_rc
note(struct asked *list, size_t *count, const struct ward_question *q)
{
	list[(*count)++] = (struct asked){
		.id = q->id,
		.urgency = q->urgency,
		.inode = q->key->inode,
		.so_far = q->so_far ? q->so_far->verdict : WARD_CLEAN,
		.pid = q->pid,
	};
	return WARD_OK;
}

static inline enum ward_rc
scan(void *ctx, const struct ward_question *q)
{
	(void)ctx;
	return f.scan_rc ? f.scan_rc : note(f.scans, &f.scan_count, q);
}

static inline void
settle(void *ctx, int fd)
{
	(void)ctx;
	(void)fd;
	f.settled++;
	if (f.touch_while_settling)
		f.kept_out = open_file(0, O_WRONLY | O_NONBLOCK) < 0 && errno == EWOULDBLOCK;
}

static inline void
unsettle(void *ctx, int fd)
{
	(void)ctx;
	(void)fd;
	f.unsettled++;
}

static inline void
unsettle_all(void *ctx)
{
	(void)ctx;
	f.unsettled_all++;
}

static inline bool
blocked(void *ctx, const uint8_t sha256[WARD_SHA256_LEN])
{
	(void)ctx;
	return f.blocked && sha256[0] == 'x';
}

static inline enum ward_ruling
ruled(void *ctx, const uint8_t sha256[WARD_SHA256_LEN], struct ward_ruled *ret_ruled)
{
	(void)ctx;
	if (ret_ruled)
		*ret_ruled = (struct ward_ruled){"Record.Threat", "record 17"};
	return sha256[0] == 'x' ? f.ruling : WARD_RULING_NONE;
}

static inline bool
excluded(void *ctx, int fd, int pid)
{
	struct stat st;

	(void)ctx;
	(void)pid;
	return fstat(fd, &st) == 0 && st.st_ino == f.excluded_inode;
}

static inline bool
allowed(void *ctx, const struct ward_answer *answer, bool *ret_for_good)
{
	(void)ctx;
	*ret_for_good = f.allowed_for_good;
	return f.allowed_threat && strcmp(f.allowed_threat, answer->threat) == 0;
}

static inline void
report(void *ctx, const struct ward_incident *incident)
{
	(void)ctx;
	f.pids[f.incident_count] = incident->pid;
	f.actions[f.incident_count] = incident->action;
	f.kinds[f.incident_count++] = incident->kind;
	(void)snprintf(f.threat, sizeof(f.threat), "%s", incident->answer->threat);
}

/* --- fixture --- */

static inline int
make_files(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/ward-test-decide-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static inline int
remove_files(void **state)
{
	char path[128];

	(void)state;
	for (int i = 0; i < FILES; i++) {
		path_of(i, path);
		(void)unlink(path);
	}
	return rmdir(dir);
}

static inline void
begin(void)
{
	assert_int_equal(ward_decide_new(&f.options, &f.d), WARD_OK);
}

static inline int
set_up(void **state)
{
	(void)state;
	f = (struct fixture){0};
	for (int i = 0; i < FILES; i++)
		write_file(i, "content");
	rest();
	if (pipe2(f.ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return -1;
	f.kin = ward_kin_new();
	f.options = (struct ward_decide_options){
		.ops = {scan, NULL, settle, unsettle, unsettle_all, excluded, allowed, blocked,
			ruled, report, NULL, NULL},
		.kin = f.kin,
		.real_time = true,
		.settle_ms = 1,
	};
	(void)signal(SIGIO, SIG_IGN); /* leases */
	ward_decide_rules_of(ward_policy_default(), &f.options.rules);
	f.options.rules.threads = 0;
	return 0;
}

static inline int
tear_down(void **state)
{
	(void)state;
	f.d = ward_decide_free(f.d);
	f.kin = ward_kin_free(f.kin);
	return close(f.ends[0]) + close(f.ends[1]);
}

/* An open of the file comes in; its descriptor. */
static inline int
open_by(int file, bool exec, int pid)
{
	struct ward_open open = {.gate = f.ends[1],
				 .fd = open_file(file, O_RDONLY),
				 .pidfd = -1,
				 .pid = pid,
				 .exec = exec};
	uint32_t slot;

	assert_true(open.fd >= 0);
	if (ward_decide_hold(f.d, &open, &slot))
		ward_decide_open(f.d, slot);
	(void)ward_decide_pump(f.d);
	return open.fd;
}

static inline int
open_it(int file)
{
	return open_by(file, false, STRANGER);
}

/* The next answer: the descriptor, negative when denied; 0: none. */
static inline int
answered(void)
{
	struct fanotify_response r;

	if (read(f.ends[0], &r, sizeof(r)) != sizeof(r))
		return 0;
	return r.response == FAN_ALLOW ? r.fd : -r.fd;
}

static inline void
say(uint64_t id, enum ward_verdict verdict, enum ward_reason reason)
{
	const struct ward_answer answer = {
		.verdict = verdict,
		.reason = reason,
		.threat = verdict == WARD_MALICIOUS ? "Test.Bad" : "",
		.rule = "",
		.layer = "test",
	};

	ward_decide_answer(f.d, id, &answer);
	(void)ward_decide_pump(f.d);
}

static inline void
scanned(size_t which, enum ward_verdict verdict)
{
	assert_true(which < f.scan_count);
	say(f.scans[which].id, verdict,
	    verdict == WARD_NOT_SCANNED ? WARD_REASON_ENCRYPTED : WARD_REASON_NONE);
}

static inline struct ward_decide_stats
stats(void)
{
	struct ward_decide_stats s;

	ward_decide_stats(f.d, &s);
	return s;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
