/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: test-sandbox PLANTED-SCANNER WARD-SCAN [as-nobody]
 *
 * Everything a scanner under an attacker's control can do, seen from its client: nothing leaves the
 * sandbox, and no file but the one at fault pays. With the third argument and as root, the whole
 * test runs again as user 65534.
 */
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
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attempts.h"
#include "planted.h"
#include "pool/pool.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { SKIP = 77, NOBODY = 65534 };

static const char *planted_scanner;
static const char *real_scanner;

static int
file_of(const char *text, size_t len)
{
	int fd = -1;

	assert_int_equal(ward_fd_memory("test", &fd), WARD_OK);
	assert_int_equal(ward_fd_write_all(fd, ward_span_of(text, len)), WARD_OK);
	return fd;
}

static struct ward_pool *
pool_with(const char *program, unsigned jobs, unsigned timeout_ms)
{
	struct ward_pool_options o;
	struct ward_pool *pool = NULL;
	struct ward_buf why;
	enum ward_rc rc;

	ward_pool_options_default(&o);
	o.program = program;
	o.jobs = jobs;
	o.timeout_ms = timeout_ms;
	o.worker_memory = 64u << 20;
	o.queue_max = 64;
	ward_buf_init(&why, 4096, NULL);
	rc = ward_pool_new(&o, &pool, &why);
	if (rc != WARD_OK)
		print_error("%s: %s: %.*s\n", program, ward_rc_str(rc), (int)why.len,
			    (const char *)why.data);
	ward_buf_done(&why);
	assert_int_equal(rc, WARD_OK);
	return pool;
}

static void
submit(struct ward_pool *pool, int take_fd, uintptr_t cookie)
{
	const struct ward_pool_request request = {
		.fd = take_fd,
		.path = "/tmp/dir.x/Planted.EXE",
		.owner = "root",
		.want_facts = true,
		.cookie = (void *)cookie,
	};

	assert_int_equal(ward_pool_submit(pool, &request), WARD_OK);
}

static void
submit_order(struct ward_pool *pool, const char *order, uintptr_t cookie)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "%s%s", PLANTED_MAGIC, order);

	submit(pool, file_of(text, (size_t)n), cookie);
}

static struct ward_pool_reply *
wait_reply(struct ward_pool *pool)
{
	struct ward_pool_reply *reply = NULL;

	assert_int_equal(ward_pool_wait(pool, 30000, &reply), WARD_OK);
	assert_non_null(reply->result);
	return reply;
}

static const char *
fact(const struct ward_pool_reply *reply, const char *key)
{
	for (size_t i = 0; i < reply->result->fact_count; i++)
		if (strcmp(reply->result->facts[i].key, key) == 0)
			return reply->result->facts[i].value;
	return NULL;
}

/* An ordinary process succeeds with the controls: the refusals below mean something. */
static void
test_attempts_succeed_outside(void **state)
{
	pid_t pid = fork();
	int status = 0;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		int refused = 0;

		for (size_t i = 0; i < ATTEMPT_COUNT; i++) {
			int err = ATTEMPTS[i].control ? attempt_errno(&ATTEMPTS[i]) : 0;

			if (err)
				print_error("%s: %s\n", ATTEMPTS[i].name, strerror(err));
			refused += err != 0;
		}
		(void)unlink(ATTEMPT_FILE);
		_exit(refused);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
test_every_attempt_is_refused(void **state)
{
	struct ward_pool *pool = pool_with(planted_scanner, 1, 10000);
	struct ward_pool_reply *reply;
	size_t refused = 0;

	(void)state;
	submit_order(pool, "attempts", 0);
	reply = wait_reply(pool);
	assert_int_equal(reply->result->gap_count, 0);
	for (size_t i = 0; i < ATTEMPT_COUNT; i++) {
		const char *value = fact(reply, ATTEMPTS[i].name);

		assert_non_null(value);
		if (strcmp(value, "1") != 0) /* EPERM */
			print_error("%s: errno %s\n", ATTEMPTS[i].name, value);
		else
			refused++;
	}
	print_message("%zu of %zu attempts refused\n", refused, ATTEMPT_COUNT);
	assert_int_equal(refused, ATTEMPT_COUNT);
	(void)ward_pool_reply_free(reply);
	(void)ward_pool_free(pool);
}

static void
test_no_descriptor_is_inherited_or_leaks(void **state)
{
	int secret = open("/etc/passwd", O_RDONLY); /* deliberately without O_CLOEXEC */
	struct ward_pool *pool = pool_with(planted_scanner, 2, 10000);

	(void)state;
	assert_true(secret >= 0);
	for (int i = 0; i < 40; i++) {
		submit_order(pool, "fds", 0);
		struct ward_pool_reply *reply = wait_reply(pool);

		/* Three times /dev/null, the channel, the file. */
		assert_string_equal(fact(reply, "fds"), "5");
		(void)ward_pool_reply_free(reply);
	}
	(void)close(secret);
	(void)ward_pool_free(pool);
}

/* Under AddressSanitizer memory is not limited (sys/sandbox.h); clang tells of it in its own way. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WARD_CLANG_ASAN
#endif
#endif

struct expectation {
	const char *order;
	enum ward_reason reason;
};

static const struct expectation CRASHES[] = {
	{"segv", WARD_REASON_CRASHED},	   {"abort", WARD_REASON_CRASHED},
	{"overflow", WARD_REASON_CRASHED}, {"exit", WARD_REASON_CRASHED},
	{"garbage", WARD_REASON_CRASHED},  {"forge", WARD_REASON_CRASHED},
	{"send-fd", WARD_REASON_CRASHED},  {"hang", WARD_REASON_TIMEOUT},
#if !defined(__SANITIZE_ADDRESS__) && !defined(WARD_CLANG_ASAN)
	{"hog", WARD_REASON_MEMORY},
#endif
#if defined(__x86_64__)
	{"int80", WARD_REASON_CRASHED},
#endif
};

/* Each crash lies between harmless files in one worker's line: they all must come back whole. */
static void
test_a_crash_costs_one_file(void **state)
{
	enum { KINDS = sizeof(CRASHES) / sizeof(CRASHES[0]) };
	struct ward_pool *pool = pool_with(planted_scanner, 1, 5000);
	struct ward_pool_stats stats;
	unsigned harmless = 0, guilty = 0;

	(void)state;
	for (uintptr_t i = 0; i < KINDS; i++) {
		submit(pool, file_of("abc", 3), 1000 + i);
		submit_order(pool, CRASHES[i].order, i);
		submit(pool, file_of("abc", 3), 1000 + i);
	}
	while (ward_pool_pending(pool)) {
		struct ward_pool_reply *reply = wait_reply(pool);
		uintptr_t cookie = (uintptr_t)reply->cookie;
		const struct ward_result *r = reply->result;

		if (cookie >= 1000) {
			assert_int_equal(r->verdict, WARD_CLEAN);
			assert_string_equal(fact(reply, "sum"), "294");
			harmless++;
		} else {
			if (r->gap_count != 1 || r->gaps[0].reason != CRASHES[cookie].reason)
				print_error("%s: %s\n", CRASHES[cookie].order,
					    ward_reason_name(r->gaps[0].reason));
			assert_int_equal(r->verdict, WARD_NOT_SCANNED);
			assert_int_equal(r->gap_count, 1);
			assert_int_equal(r->gaps[0].reason, CRASHES[cookie].reason);
			guilty++;
		}
		(void)ward_pool_reply_free(reply);
	}
	assert_int_equal(harmless, 2 * KINDS);
	assert_int_equal(guilty, KINDS);
	ward_pool_stats(pool, &stats);
	assert_int_equal(stats.crashed + stats.timed_out + stats.out_of_memory, KINDS);
	assert_int_equal(stats.restarts, 0);
	print_message("replacement of a worker: %llu us\n", (unsigned long long)stats.spawn_usec);
	(void)ward_pool_free(pool);
}

/* Closing the channel and going on is an end too. */
static void
test_a_mute_worker_is_ended(void **state)
{
	struct ward_pool *pool = pool_with(planted_scanner, 1, 5000);
	struct ward_pool_reply *reply;

	(void)state;
	submit_order(pool, "close", 0);
	submit(pool, file_of("abc", 3), 1);
	reply = wait_reply(pool);
	assert_int_equal(reply->result->verdict, WARD_NOT_SCANNED);
	(void)ward_pool_reply_free(reply);
	reply = wait_reply(pool);
	assert_int_equal(reply->result->verdict, WARD_CLEAN);
	(void)ward_pool_reply_free(reply);
	(void)ward_pool_free(pool);
}

static void
test_other_instruction_sets_do_not_help(void **state)
{
#if defined(__x86_64__)
	struct ward_pool *pool = pool_with(planted_scanner, 1, 5000);
	struct ward_pool_reply *reply;

	(void)state;
	submit_order(pool, "x32", 0);
	reply = wait_reply(pool);
	assert_true(reply->result->verdict == WARD_NOT_SCANNED ||
		    strcmp(fact(reply, "x32"), "-1") == 0);
	(void)ward_pool_reply_free(reply);
	(void)ward_pool_free(pool);
#else
	(void)state;
	skip();
#endif
}

static void
test_workers_work_at_once(void **state)
{
	struct ward_pool *pool = pool_with(planted_scanner, 4, 10000);
	uint64_t start = ward_clock_monotonic();

	(void)state;
	for (uintptr_t i = 0; i < 4; i++)
		submit_order(pool, "wait", i);
	while (ward_pool_pending(pool)) {
		struct ward_pool_reply *reply = wait_reply(pool);

		(void)ward_pool_reply_free(reply);
	}
	/* They wait by the clock, not by the CPU; one after the other would be 4 times that. */
	assert_true(ward_clock_monotonic() - start < 3000u * PLANTED_WAIT_MS);
	(void)ward_pool_free(pool);
}

static void
test_the_queue_has_an_end(void **state)
{
	struct ward_pool *pool = pool_with(planted_scanner, 1, 10000);
	struct ward_pool_request request = {.fd = -1, .path = "x", .owner = ""};
	struct ward_pool_reply *reply = NULL;
	int fd = file_of("abc", 3);

	(void)state;
	assert_int_equal(ward_pool_wait(pool, 0, &reply), WARD_E_NOENT);
	for (int i = 0; i < 64; i++)
		submit(pool, file_of("abc", 3), 7);
	request.fd = fd;
	assert_int_equal(ward_pool_submit(pool, &request), WARD_E_LIMIT);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC); /* still ours */
	(void)close(fd);
	assert_int_equal(ward_pool_pending(pool), 64);
	for (int i = 0; i < 64; i++) {
		reply = wait_reply(pool);
		assert_ptr_equal(reply->cookie, (void *)7);
		assert_string_equal(fact(reply, "filename"), "Planted.EXE");
		assert_string_equal(fact(reply, "extension"), ".exe");
		(void)ward_pool_reply_free(reply);
	}
	assert_int_equal(ward_pool_pending(pool), 0);
	(void)ward_pool_free(pool);
}

static void
test_waiting_has_an_end(void **state)
{
	struct ward_pool *pool = pool_with(planted_scanner, 1, 10000);
	struct ward_pool_reply *reply = NULL;
	uint64_t start = ward_clock_monotonic();

	(void)state;
	submit_order(pool, "wait", 0);
	assert_int_equal(ward_pool_wait(pool, 50, &reply), WARD_E_TIMEOUT);
	assert_in_range(ward_clock_monotonic() - start, 50000, 290000);
	(void)ward_pool_reply_free(wait_reply(pool));
	(void)ward_pool_free(pool);
}

/* A pool that is given up with work under way leaves nothing behind. */
static void
test_free_with_work_under_way(void **state)
{
	struct ward_pool *pool = pool_with(planted_scanner, 2, 10000);

	(void)state;
	for (uintptr_t i = 0; i < 20; i++)
		submit_order(pool, "hang", i);
	(void)ward_pool_free(pool);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static pid_t
only_child(void)
{
	char path[64], text[64] = "";
	int fd, child = 0;
	size_t n = 0;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	assert_int_equal(ward_fd_pread(fd, text, sizeof(text) - 1, 0, &n), WARD_OK);
	(void)close(fd);
	child = (int)strtol(text, NULL, 10);
	return child;
}

static void
test_a_killed_zygote_is_replaced(void **state)
{
	struct ward_pool *pool = pool_with(planted_scanner, 2, 10000);
	struct ward_pool_stats stats;
	pid_t zygote = only_child();

	(void)state;
	if (zygote <= 0)
		skip();
	for (uintptr_t i = 0; i < 6; i++)
		submit_order(pool, "wait", i);
	assert_int_equal(kill(zygote, SIGKILL), 0);
	while (ward_pool_pending(pool)) {
		struct ward_pool_reply *reply = wait_reply(pool);

		assert_int_equal(reply->result->verdict, WARD_CLEAN);
		(void)ward_pool_reply_free(reply);
	}
	ward_pool_stats(pool, &stats);
	assert_int_equal(stats.restarts, 1);
	(void)ward_pool_free(pool);
}

static void
test_load_errors_come_back_as_text(void **state)
{
	struct ward_pool_options o;
	struct ward_pool *pool = NULL;
	int pack = file_of("bad pack", 8);
	struct ward_buf why;

	(void)state;
	ward_buf_init(&why, 4096, NULL);
	ward_pool_options_default(&o);
	o.program = planted_scanner;
	o.packs = &pack;
	o.pack_count = 1;
	assert_int_equal(ward_pool_new(&o, &pool, &why), WARD_E_FORMAT);
	assert_true(ward_span_eq(ward_buf_span(&why),
				 ward_span_str("planted.pack: line 3: no such thing")));
	o.program = "/nonexistent/ward-scan";
	assert_int_equal(ward_pool_new(&o, &pool, NULL), WARD_E_NOENT);
	o.program = "/etc";
	assert_int_equal(ward_pool_new(&o, &pool, NULL), WARD_E_PERM);
	o.program = "/bin/true";
	assert_int_equal(ward_pool_new(&o, &pool, NULL), WARD_E_GONE);
	assert_null(pool);
	(void)close(pack);
	ward_buf_done(&why);
}

static enum ward_reason
reason_of_fd(struct ward_pool *pool, int take_fd)
{
	struct ward_pool_reply *reply;
	enum ward_reason why = WARD_REASON_NONE;

	submit(pool, take_fd, 0);
	reply = wait_reply(pool);
	if (reply->result->gap_count) {
		assert_int_equal(reply->result->verdict, WARD_NOT_SCANNED);
		why = reply->result->gaps[0].reason;
	}
	(void)ward_pool_reply_free(reply);
	return why;
}

static void
test_what_is_no_file_is_not_read(void **state)
{
	struct ward_pool *pool = pool_with(planted_scanner, 1, 2000);
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(reason_of_fd(pool, ends[0]), WARD_REASON_SPECIAL);
	(void)close(ends[1]);
	assert_int_equal(reason_of_fd(pool, open("/dev/zero", O_RDONLY)), WARD_REASON_SPECIAL);
	assert_int_equal(reason_of_fd(pool, open("/", O_RDONLY)), WARD_REASON_SPECIAL);
	assert_int_equal(reason_of_fd(pool, file_of("", 0)), WARD_REASON_NONE);
	(void)ward_pool_free(pool);
}

/* Files of /proc say they are empty and are not. */
static void
test_proc_files_are_read(void **state)
{
	struct ward_pool *pool = pool_with(planted_scanner, 1, 2000);
	struct ward_pool_reply *reply;
	int fd = open("/proc/self/status", O_RDONLY);

	(void)state;
	assert_true(fd >= 0);
	submit(pool, fd, 0);
	reply = wait_reply(pool);
	assert_true(reply->result->size > 100);
	assert_int_equal(reply->result->gap_count, 0);
	(void)ward_pool_reply_free(reply);
	(void)ward_pool_free(pool);
}

/* 300 MiB of nothing are read while the file is cut to a page: the reader must neither die nor call
   it clean. */
static void
test_a_file_cut_short_while_read(void **state)
{
	struct ward_pool *pool = pool_with(planted_scanner, 1, 20000);
	struct ward_pool_reply *reply;
	int fd = -1, keep;

	(void)state;
	assert_int_equal(ward_fd_memory("test", &fd), WARD_OK);
	assert_int_equal(ftruncate(fd, 300 << 20), 0);
	keep = dup(fd);
	submit(pool, fd, 0);
	(void)usleep(30000);
	assert_int_equal(ftruncate(keep, 4096), 0);
	reply = wait_reply(pool);
	assert_int_equal(reply->result->verdict, WARD_NOT_SCANNED);
	assert_int_equal(reply->result->gap_count, 1);
	assert_int_equal(reply->result->gaps[0].reason, WARD_REASON_CHANGED);
	assert_string_equal(fact(reply, "sum"), "0");
	(void)ward_pool_reply_free(reply);
	(void)close(keep);
	(void)ward_pool_free(pool);
}

static bool
contains(const char *path, const char *text)
{
	struct ward_buf all;
	bool found;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	ward_buf_init(&all, 256u << 20, NULL);
	assert_int_equal(ward_fd_read_all(fd, &all), WARD_OK);
	(void)close(fd);
	found = memmem(all.data, all.len, text, strlen(text)) != NULL;
	ward_buf_done(&all);
	return found;
}

static void
test_the_product_has_no_planted_orders(void **state)
{
	(void)state;
	assert_true(contains(planted_scanner, PLANTED_MAGIC));
	assert_false(contains(real_scanner, PLANTED_MAGIC));
}

static void
test_the_real_scanner_answers(void **state)
{
	struct ward_pool *pool = pool_with(real_scanner, 2, 10000);
	struct ward_pool_reply *reply;
	int fd = open(real_scanner, O_RDONLY | O_CLOEXEC);
	struct ward_pool_stats stats;

	(void)state;
	assert_true(fd >= 0);
	submit(pool, fd, 3);
	reply = wait_reply(pool);
	assert_int_equal(reply->result->type, WARD_TYPE_ELF);
	assert_int_equal(reply->result->gap_count, 0);
	assert_int_equal(reply->result->verdict, WARD_UNKNOWN);
	(void)ward_pool_reply_free(reply);
	ward_pool_stats(pool, &stats);
	print_message("loaded in %llu us, worker there after %llu us\n",
		      (unsigned long long)stats.load_usec, (unsigned long long)stats.spawn_usec);
	(void)ward_pool_free(pool);
}

/* Runs this program again as an ordinary user, if that user can get at it. */
static int
run_as_nobody(char **argv)
{
	if (seteuid(NOBODY) != 0 || faccessat(AT_FDCWD, argv[1], X_OK, AT_EACCESS) != 0) {
		(void)printf("SKIP: user %d cannot reach %s\n", NOBODY, argv[1]);
		return SKIP;
	}
	(void)!seteuid(0);
	(void)execlp("setpriv", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--",
		     argv[0], argv[1], argv[2], (char *)NULL);
	(void)printf("SKIP: no setpriv\n");
	return SKIP;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attempts_succeed_outside),
		cmocka_unit_test(test_every_attempt_is_refused),
		cmocka_unit_test(test_no_descriptor_is_inherited_or_leaks),
		cmocka_unit_test(test_a_crash_costs_one_file),
		cmocka_unit_test(test_a_mute_worker_is_ended),
		cmocka_unit_test(test_other_instruction_sets_do_not_help),
		cmocka_unit_test(test_workers_work_at_once),
		cmocka_unit_test(test_the_queue_has_an_end),
		cmocka_unit_test(test_waiting_has_an_end),
		cmocka_unit_test(test_free_with_work_under_way),
		cmocka_unit_test(test_a_killed_zygote_is_replaced),
		cmocka_unit_test(test_load_errors_come_back_as_text),
		cmocka_unit_test(test_what_is_no_file_is_not_read),
		cmocka_unit_test(test_proc_files_are_read),
		cmocka_unit_test(test_a_file_cut_short_while_read),
		cmocka_unit_test(test_the_product_has_no_planted_orders),
		cmocka_unit_test(test_the_real_scanner_answers),
	};

	if (argc < 3)
		return 2;
	if (argc > 3 && getuid() == 0)
		return run_as_nobody(argv);
	planted_scanner = argv[1];
	real_scanner = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
