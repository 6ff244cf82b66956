/* SPDX-License-Identifier: Apache-2.0 */
/* One log for everybody: what is proven, and what an endpoint that was told another story is found by. */
#include "guard/intake/audit.h"
#include "guard/intake/testing.h"

static struct ward_refusal why;

static struct ward_audit_head
head(void)
{
	struct ward_audit_head h;

	assert_int_equal(ward_audit_head(intake, &h, NULL), WARD_OK);
	return h;
}

static void
test_nothing_yet(void **state)
{
	struct ward_audit_record r;
	struct ward_audit_head h;
	enum ward_audit_word word;
	struct ward_buf payload;

	(void)state;
	ward_buf_init(&payload, 1 << 20, NULL);
	assert_int_equal(ward_audit_head(intake, &h, NULL), WARD_E_NOENT);
	assert_int_equal(ward_audit_record(intake, 1, &r, &payload, &why), WARD_E_NOENT);
	assert_int_equal(
		ward_audit_compare(intake, p->envelopes[WARD_DSSE_TIMESTAMP], &h, &word, &why),
		WARD_E_NOENT);
	ward_buf_done(&payload);
}

/* Each record of logs of many sizes, and none besides. */
static void
test_proves(void **state)
{
	struct ward_audit_record r;
	struct ward_buf payload;

	(void)state;
	ward_buf_init(&payload, 1 << 20, NULL);
	for (uint64_t size = 1; size <= 21; size++) {
		publish(1);
		serve();
		push(size - 1, size);
		assert_int_equal(head().head.size, size);
		for (uint64_t n = 1; n <= size; n++) {
			ward_buf_clear(&payload);
			assert_int_equal(ward_audit_record(intake, n, &r, &payload, &why), WARD_OK);
			assert_true(payload.len > 0);
			assert_int_equal(r.taken_ms, now_ms);
			assert_int_equal(ward_proof_included(&r.proof, &r.leaf, n - 1, size,
							     &p->timestamp.head.root),
					 WARD_OK);
		}
		assert_int_equal(ward_audit_record(intake, 0, &r, &payload, &why), WARD_E_NOENT);
		assert_int_equal(ward_audit_record(intake, size + 1, &r, &payload, &why),
				 WARD_E_NOENT);
	}
	ward_buf_done(&payload);
}

/* Somebody else's word about the log, in bytes of its own. */
static struct ward_buf
shown(void)
{
	struct ward_audit_head h;
	struct ward_buf b;

	ward_buf_init(&b, 1 << 16, NULL);
	assert_int_equal(ward_audit_head(intake, &h, &b), WARD_OK);
	return b;
}

static enum ward_audit_word
compare(struct ward_span envelope)
{
	struct ward_audit_head h;
	enum ward_audit_word word = WARD_AUDIT_DIFFERS;

	assert_int_equal(ward_audit_compare(intake, envelope, &h, &word, &why), WARD_OK);
	return word;
}

static void
test_heads_of_others(void **state)
{
	struct ward_buf early, late;

	(void)state;
	publish(3);
	serve();
	early = shown();
	publish(4);
	serve();
	push(3, 7);
	late = shown();
	assert_int_equal(head().head.size, 7);
	assert_int_equal(compare(ward_buf_span(&early)), WARD_AUDIT_AGREES);
	assert_int_equal(compare(ward_buf_span(&late)), WARD_AUDIT_AGREES);
	publish(1);
	assert_int_equal(compare(p->envelopes[WARD_DSSE_TIMESTAMP]), WARD_AUDIT_AHEAD);
	ward_buf_done(&early);
	ward_buf_done(&late);
}

/* Signed by the right key, about the right log, of a size that both know: and another log. */
static void
test_two_stories(void **state)
{
	struct ward_head was;

	(void)state;
	publish(5);
	serve();
	was = p->timestamp.head;
	p->timestamp.version++;
	p->timestamp.head.root.bytes[0] ^= 1;
	test_sign_timestamp(p);
	assert_int_equal(compare(p->envelopes[WARD_DSSE_TIMESTAMP]), WARD_AUDIT_DIFFERS);
	p->timestamp.head.size = 3;
	test_sign_timestamp(p);
	assert_int_equal(compare(p->envelopes[WARD_DSSE_TIMESTAMP]), WARD_AUDIT_DIFFERS);
	p->timestamp.head = was;
	test_sign_timestamp(p);
	assert_int_equal(compare(p->envelopes[WARD_DSSE_TIMESTAMP]), WARD_AUDIT_AGREES);
}

static void
refused(struct ward_span envelope, enum ward_refusal_code code)
{
	struct ward_audit_head h;
	enum ward_audit_word word;

	assert_int_equal(ward_audit_compare(intake, envelope, &h, &word, &why), WARD_E_PERM);
	assert_string_equal(ward_refusal_word(why.code), ward_refusal_word(code));
}

/* What nobody has signed accuses nobody. */
static void
test_unsigned_heads(void **state)
{
	uint8_t large[64 * 1024] = {0};

	(void)state;
	publish(2);
	serve();
	p->signers[WARD_DSSE_TIMESTAMP] = TEST_STRANGER;
	p->timestamp.head.root.bytes[0] ^= 1;
	test_sign_timestamp(p);
	refused(p->envelopes[WARD_DSSE_TIMESTAMP], WARD_REFUSED_THRESHOLD);
	p->signers[WARD_DSSE_TIMESTAMP] = TEST_TIMESTAMP;
	p->timestamp.log[0] ^= 1;
	test_sign_timestamp(p);
	refused(p->envelopes[WARD_DSSE_TIMESTAMP], WARD_REFUSED_LOG);
	refused(p->envelopes[WARD_DSSE_SNAPSHOT], WARD_REFUSED_TYPE);
	refused(ward_span_str("no envelope"), WARD_REFUSED_FORMAT);
	refused(ward_span_of(large, sizeof(large)), WARD_REFUSED_SIZE);
}

/* A record that was changed on the disk is not taken for one of the log. */
static void
test_changed_on_disk(void **state)
{
	struct ward_audit_record r;
	struct ward_buf payload;
	char path[160];
	struct stat st;
	int fd;

	(void)state;
	publish(3);
	serve();
	reopen();
	ward_intake_turn(intake);
	path_of(store, "records", path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(syscall(SYS_pwrite64, fd, "x", 1, st.st_size - 1), 1);
	(void)close(fd);
	ward_buf_init(&payload, 1 << 20, NULL);
	assert_int_not_equal(ward_audit_record(intake, 1, &r, &payload, &why), WARD_OK);
	ward_buf_done(&payload);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_yet, setup, teardown),
		cmocka_unit_test_setup_teardown(test_proves, setup, teardown),
		cmocka_unit_test_setup_teardown(test_heads_of_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_stories, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unsigned_heads, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changed_on_disk, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
