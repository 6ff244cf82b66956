/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ward-scan's zygote, worker and sandbox around a judge that an attacker has taken over: files that
 * begin with a magic text make it misbehave. Only this test program has it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "attempts.h"
#include "base/text.h"
#include "planted.h"
#include "proto/scan.h"
#include "scanner/scanner.h"
#include "sys/fd.h"
#include "sys/ipc.h"

static void
do_attempts(struct ward_result *r)
{
	for (size_t i = 0; i < ATTEMPT_COUNT; i++) {
		char value[16];

		(void)snprintf(value, sizeof(value), "%d", attempt_errno(&ATTEMPTS[i]));
		ward_result_add_fact(r, "", ATTEMPTS[i].name, value);
	}
}

static void
do_count_fds(struct ward_result *r)
{
	struct ward_fd_stat st;
	char value[16];
	int open = 0;

	for (int fd = 0; fd < 4096; fd++)
		open += ward_fd_stat(fd, &st) == WARD_OK;
	(void)snprintf(value, sizeof(value), "%d", open);
	ward_result_add_fact(r, "", "fds", value);
}

static void
do_segv(struct ward_result *r)
{
	volatile int *volatile nowhere = NULL;

	(void)r;
	*nowhere = 1;
}

static void
do_abort(struct ward_result *r)
{
	(void)r;
	abort();
}

static int
deeper(volatile const char *above)
{
	volatile char here[4096];

	here[0] = *above;
	return here[0] == 'x' ? 0 : deeper(here) + here[0];
}

static void
do_overflow(struct ward_result *r)
{
	(void)r;
	(void)deeper("");
}

static void
do_hang(struct ward_result *r)
{
	(void)r;
	for (volatile int i = 0;; i++)
		;
}

static void
do_hog(struct ward_result *r)
{
	(void)r;
	for (;;) {
		char *p = malloc(1 << 20);

		memset(p, 1, 1 << 20);
		__asm__ volatile("" ::"r"(p) : "memory");
	}
}

static void
do_exit(struct ward_result *r)
{
	(void)r;
	_exit(0);
}

static void
do_close(struct ward_result *r)
{
	(void)r;
	(void)close(WARD_SCANNER_CHANNEL);
	for (;;)
		;
}

static void
do_garbage(struct ward_result *r)
{
	(void)r;
	(void)!ward_ipc_send(WARD_SCANNER_CHANNEL, ward_span_str("\xff\xff\xff\xff garbage"), NULL,
			     0, true);
	for (;;)
		;
}

/* A valid answer to a question nobody asked. */
static void
do_forge(struct ward_result *r)
{
	struct ward_budget budget = {.cap = WARD_PROTO_ARENA};
	struct ward_arena *arena = ward_arena_new(&budget);
	const struct ward_proto_reply reply = {.id = 1u << 30, .result = r};
	struct ward_buf out;

	ward_buf_init(&out, WARD_PROTO_MESSAGE_MAX, NULL);
	(void)!ward_proto_reply_encode(&reply, arena, &out);
	(void)!ward_ipc_send(WARD_SCANNER_CHANNEL, ward_buf_span(&out), NULL, 0, true);
	for (;;)
		;
}

/* Its own channel as a descriptor for the client. */
static void
do_send_fd(struct ward_result *r)
{
	int fd = WARD_SCANNER_CHANNEL;

	(void)r;
	(void)!ward_ipc_send(WARD_SCANNER_CHANNEL, ward_span_str("x"), &fd, 1, true);
	for (;;)
		;
}

static void
do_wait(struct ward_result *r)
{
	struct timespec until, now;

	(void)r;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	do {
		(void)clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - until.tv_sec) * 1000 + (now.tv_nsec - until.tv_nsec) / 1000000 <
		 PLANTED_WAIT_MS);
}

#if defined(__x86_64__)
/* 32-bit system call 20, getpid: another instruction set's door. */
static void
do_int80(struct ward_result *r)
{
	long result;

	(void)r;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory");
}

static void
do_x32(struct ward_result *r)
{
	char value[16];

	(void)snprintf(value, sizeof(value), "%ld", syscall(0x40000000 + SYS_getpid));
	ward_result_add_fact(r, "", "x32", value);
}
#endif

static const struct {
	const char *name;
	void (*run)(struct ward_result *r);
} ACTIONS[] = {
	{"attempts", do_attempts}, {"fds", do_count_fds},     {"segv", do_segv},
	{"abort", do_abort},	   {"overflow", do_overflow}, {"hang", do_hang},
	{"hog", do_hog},	   {"exit", do_exit},	      {"close", do_close},
	{"garbage", do_garbage},   {"forge", do_forge},	      {"send-fd", do_send_fd},
	{"wait", do_wait},
#if defined(__x86_64__)
	{"int80", do_int80},	   {"x32", do_x32},
#endif
};

static void
misbehave(struct ward_span order, struct ward_result *r)
{
	for (size_t i = 0; i < sizeof(ACTIONS) / sizeof(ACTIONS[0]); i++) {
		if (ward_span_eq(order, ward_span_str(ACTIONS[i].name)))
			ACTIONS[i].run(r);
	}
}

/* Reads all of it, as a real judge would. */
static void
describe(struct ward_span bytes, struct ward_result *r)
{
	char value[32];
	unsigned sum = 0;

	for (size_t i = 0; i < bytes.len; i++)
		sum += bytes.data[i];
	(void)snprintf(value, sizeof(value), "%u", sum);
	ward_result_add_fact(r, "", "sum", value);
}

static enum ward_rc
load(void *ctx, const struct ward_span *packs, size_t count, struct ward_buf *why)
{
	(void)ctx;
	for (size_t i = 0; i < count; i++) {
		if (ward_span_starts(packs[i], "bad", 3)) {
			(void)!ward_buf_str(why, "planted.pack: line 3: no such thing");
			return WARD_E_FORMAT;
		}
	}
	return WARD_OK;
}

static enum ward_rc
scan(void *ctx, const struct ward_scan_request *request, struct ward_result **ret_result)
{
	struct ward_result *r = ward_result_new();
	struct ward_span magic = ward_span_str(PLANTED_MAGIC);

	(void)ctx;
	if (!r)
		return WARD_E_NOMEM;
	r->size = request->bytes.len;
	r->objects = 1;
	ward_result_add_fact(r, "", "filename", request->origin.filename);
	ward_result_add_fact(r, "", "extension", request->origin.extension);
	if (ward_span_starts(request->bytes, magic.data, magic.len))
		misbehave(ward_span_cut(request->bytes, magic.len, SIZE_MAX), r);
	else
		describe(request->bytes, r);
	*ret_result = r;
	return WARD_OK;
}

int
main(void)
{
	const struct ward_scanner_ops ops = {load, scan, NULL};

	return ward_scanner_run(&ops);
}
