/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of the intake: a publisher with real keys, a service that answers, an endpoint on a disk that
 * can fail. */
#ifndef WARD_GUARD_INTAKE_TESTING_H
#define WARD_GUARD_INTAKE_TESTING_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard/intake/intake.h"
#include "proto/wire.h"
#include "sys/entry.h"
#include "sys/fd.h"
#include "trust/testing.h"
#include <cmocka.h>

/* --- steps of the disk, to die at or to fail --- */

/* These stand before libc's in this program. */
static unsigned step, die_at, fail_from;

static inline bool
may_go_on(void)
{
	step++;
	if (step == die_at)
		_exit(9);
	return fail_from == 0 || step < fail_from;
}

ssize_t
write(int fd, const void *buf, size_t n)
{
	return fd <= 2 || may_go_on() ? syscall(SYS_write, fd, buf, n) : -1;
}

/* First the half of it, so that there is something half written to die with. */
ssize_t
pwrite(int fd, const void *buf, size_t nbytes, off_t offset)
{
	size_t part = die_at && nbytes > 100 && step % 2 == 0 ? nbytes / 2 : nbytes;

	return may_go_on() ? syscall(SYS_pwrite64, fd, buf, part, offset) : -1;
}

int
fsync(int fd)
{
	return may_go_on() ? (int)syscall(SYS_fsync, fd) : -1;
}

int
ftruncate(int fd, off_t length)
{
	return may_go_on() ? (int)syscall(SYS_ftruncate, fd, length) : -1;
}

int
rename(const char *old, const char *new)
{
	return may_go_on() ? (int)syscall(SYS_renameat2, AT_FDCWD, old, AT_FDCWD, new, 0) : -1;
}

/* --- a world: a publisher, a service that answers, an endpoint --- */

enum { EVENTS = 32 };

static struct test_publisher *p;
static struct ward_intake *intake;
static char directory[64], enrolment[96], store[96];
static uint64_t now_ms;
static bool online;
static uint64_t asked;
static struct ward_intake_want want;
static unsigned needs, changes, about, digest_count, event_count;
static char events[EVENTS][32];

static inline uint64_t
clock_ms(void)
{
	return now_ms;
}

static inline enum ward_rc
need(void *ctx, uint64_t id, const struct ward_intake_want *w)
{
	(void)ctx;
	if (!online)
		return WARD_E_GONE;
	needs++;
	asked = id;
	want = *w;
	return WARD_OK;
}

static inline void
on_change(void *ctx, const struct ward_intake_change *change)
{
	(void)ctx;
	changes++;
	about |= change->about;
	digest_count += (unsigned)change->digest_count;
}

static inline void
on_event(void *ctx, const char *word, const char *text)
{
	(void)ctx;
	assert_true(*text);
	if (event_count < EVENTS)
		(void)snprintf(events[event_count++], sizeof(events[0]), "%s", word);
}

static inline bool
told(const char *word)
{
	for (unsigned i = 0; i < event_count; i++)
		if (strcmp(events[i], word) == 0)
			return true;
	return false;
}

static inline void
open_intake(void)
{
	const struct ward_intake_options o = {
		.directory = store,
		.enrolment = enrolment,
		.ops = {need, on_change, on_event, NULL},
		.now_ms = clock_ms,
	};
	const struct ward_trust_self self = {.device = {9}, .ring = "canary"};

	assert_int_equal(ward_intake_new(&o, &intake), WARD_OK);
	ward_intake_self(intake, &self);
}

static inline void
reopen(void)
{
	intake = ward_intake_free(intake);
	asked = 0;
	open_intake();
}

static inline void
path_of(const char *where, const char *name, char ret[160])
{
	(void)snprintf(ret, 160, "%s/%s", where, name);
}

static inline void
leave(const char *where, const char *name, struct ward_span bytes)
{
	char path[160];

	path_of(where, name, path);
	assert_int_equal(ward_fd_write_atomic(path, bytes, 0644), WARD_OK);
}

static inline int
setup(void **state)
{
	(void)state;
	step = die_at = fail_from = 0;
	needs = changes = about = digest_count = event_count = 0;
	asked = 0;
	online = true;
	now_ms = TEST_NOW_MS;
	p = test_publisher_new();
	p->delegations[0].kinds |= 1u << WARD_KIND_ALLOW_FILE;
	test_sign_all(p);
	(void)snprintf(directory, sizeof(directory), "/tmp/ward-intake-XXXXXX");
	assert_non_null(mkdtemp(directory));
	(void)snprintf(enrolment, sizeof(enrolment), "%s/uplink", directory);
	(void)snprintf(store, sizeof(store), "%s/trust", directory);
	assert_int_equal(ward_entry_make_directory(-1, enrolment, 0755), WARD_OK);
	leave(enrolment, "updates.root", p->envelopes[WARD_DSSE_ROOT]);
	open_intake();
	return 0;
}

static inline void
drop(const char *where, const char *name)
{
	char path[160];

	path_of(where, name, path);
	(void)unlink(path);
}

static inline int
teardown(void **state)
{
	static const char *const names[] = {"root", "state", "records"};

	(void)state;
	step = die_at = fail_from = 0;
	intake = ward_intake_free(intake);
	test_publisher_free(p);
	drop(enrolment, "updates.root");
	for (size_t i = 0; i < 3; i++)
		drop(store, names[i]);
	(void)rmdir(enrolment);
	(void)rmdir(store);
	(void)rmdir(directory);
	return 0;
}

static inline ProtobufCBinaryData
bytes_of(struct ward_span s)
{
	return (ProtobufCBinaryData){s.len, (uint8_t *)(uintptr_t)s.data};
}

/* The message with the records from `first` to before `end` (counted from 0), and the proof for them. */
static inline void
updates(struct ward_buf *out, size_t first, size_t end, bool timestamp)
{
	Ward__V1__Updates u = WARD__V1__UPDATES__INIT;
	ProtobufCBinaryData records[TEST_RECORDS];
	struct ward_merkle_source source = test_source(p);
	struct ward_proof proof = {.count = 0};
	struct ward_buf hashes;

	ward_buf_init(out, 1 << 20, NULL);
	ward_buf_init(&hashes, 1 << 16, NULL);
	for (size_t i = first; i < end; i++)
		records[u.n_records++] = bytes_of(p->records[i]);
	u.records = records;
	if (end < p->record_count && end > 0)
		assert_int_equal(ward_merkle_connect(&source, end, p->record_count, &proof),
				 WARD_OK);
	assert_int_equal(ward_proof_write(&proof, &hashes), WARD_OK);
	u.proof = bytes_of(ward_buf_span(&hashes));
	if (timestamp)
		u.timestamp = bytes_of(p->envelopes[WARD_DSSE_TIMESTAMP]);
	assert_int_equal(ward_wire_encode(&u.base, out), WARD_OK);
	ward_buf_done(&hashes);
}

static inline void
push(size_t first, size_t end)
{
	struct ward_buf out;

	updates(&out, first, end, true);
	ward_intake_pushed(intake, ward_buf_span(&out));
	ward_buf_done(&out);
	ward_intake_turn(intake);
}

static inline void
answer_metadata(void)
{
	Ward__V1__MetadataReply m = WARD__V1__METADATA_REPLY__INIT;
	struct ward_buf out;

	/* One root, until a test says otherwise. */
	if (want.role != WARD_DSSE_ROOT || want.version == p->root.version)
		m.envelope = bytes_of(p->envelopes[want.role]);
	ward_buf_init(&out, 1 << 20, NULL);
	assert_int_equal(ward_wire_encode(&m.base, &out), WARD_OK);
	ward_intake_fetched(intake, asked, WARD_OK, ward_buf_span(&out));
	ward_buf_done(&out);
}

/* The service answers until nothing is asked any more. */
static inline void
serve(void)
{
	struct ward_buf out;

	for (unsigned i = 0; i < 32; i++) {
		ward_intake_turn(intake);
		if (asked == 0)
			return;
		if (want.records) {
			size_t end =
				want.after + 2 < p->record_count ? want.after + 2 : p->record_count;

			updates(&out, want.after, end, true);
			ward_intake_fetched(intake, asked, WARD_OK, ward_buf_span(&out));
			ward_buf_done(&out);
		} else {
			answer_metadata();
		}
		asked = 0;
	}
	fail_msg("it asks and asks");
}

static inline struct ward_intake_state
state_of(void)
{
	struct ward_intake_state s;

	ward_intake_state(intake, &s);
	return s;
}

static inline struct ward_span
digest(uint64_t n)
{
	static uint8_t bytes[32];

	memset(bytes, 0x40 + (int)n, sizeof(bytes));
	return ward_span_of(bytes, sizeof(bytes));
}

static inline enum ward_overlay_says
says(uint64_t n)
{
	return ward_overlay_find(ward_intake_overlay(intake), digest(n), now_ms, NULL);
}

static inline void
publish_one(struct ward_trust_record r)
{
	r.number = p->record_count + 1;
	r.id[1] = (uint8_t)r.number;
	test_append(p, test_seal(p, &r, TEST_CONVICTIONS));
	p->timestamp.version++;
	test_sign_timestamp(p);
}

/* Record n blocks digest(n). */
static inline void
publish(unsigned count)
{
	while (count-- > 0) {
		struct ward_trust_record r = test_record(p->record_count + 1);

		r.of.file = digest(r.number);
		publish_one(r);
	}
}

#endif
