/* SPDX-License-Identifier: Apache-2.0 */
/* `ward audit` as the desk answers it. */
#include "guard/manage/manage-priv.h"

#include "guard/intake/testing.h"

enum { BUDGET = 4 << 20 };

struct answered {
	struct ward_budget budget;
	struct ward_arena *arena;
	struct desk desk;
	struct call call;
	enum ward_rc rc;
};

static void
ask(struct answered *a, enum ward_rc (*operation)(struct call *c), uint64_t number,
    struct ward_span file)
{
	*a = (struct answered){.budget = {.cap = BUDGET}};
	a->arena = ward_arena_new(&a->budget);
	assert_non_null(a->arena);
	a->desk.o.intake = intake;
	a->call = (struct call){.desk = &a->desk, .file = -1, .arena = a->arena};
	a->call.request.bytes = number;
	ward_buf_init(&a->call.error, 4096, NULL);
	assert_int_equal(ward_page_init(&a->call.page, a->arena, 0), WARD_OK);
	if (file.len > 0) {
		assert_int_equal(ward_fd_memory("test", &a->call.file), WARD_OK);
		assert_int_equal(ward_fd_write_all(a->call.file, file), WARD_OK);
	}
	a->rc = operation(&a->call);
}

static void
done(struct answered *a)
{
	ward_buf_done(&a->call.error);
	ward_fd_close(&a->call.file);
	ward_arena_free(a->arena);
}

static const struct ward_manage_field *
field(const struct answered *a, const char *name)
{
	const struct ward_manage_entry *e = &a->call.page.entries[0];

	assert_int_equal(a->rc, WARD_OK);
	assert_int_equal(a->call.page.count, 1);
	for (size_t i = 0; i < e->count; i++)
		if (strcmp(e->fields[i].name, name) == 0)
			return &e->fields[i];
	fail_msg("there is no %s", name);
	return NULL;
}

static void
assert_text(const struct answered *a, const char *name, const char *text)
{
	const struct ward_manage_field *f = field(a, name);

	assert_int_equal(f->text.len, strlen(text));
	assert_memory_equal(f->text.data, text, f->text.len);
}

static void
assert_refused(const struct answered *a, enum ward_rc rc, const char *part)
{
	assert_int_equal(a->rc, rc);
	assert_non_null(memmem(a->call.error.data, a->call.error.len, part, strlen(part)));
}

static const struct ward_span nothing;

static void
test_head(void **state)
{
	struct answered a;

	(void)state;
	ask(&a, audit_head, 0, nothing);
	assert_refused(&a, WARD_E_NOENT, "no signed head");
	done(&a);
	publish(3);
	serve();
	ask(&a, audit_head, 0, nothing);
	assert_int_equal(field(&a, "log_size")->number, 3);
	assert_int_equal(field(&a, "log_head")->text.len, 64);
	assert_int_equal(field(&a, "timestamp")->text.len,
			 2 * p->envelopes[WARD_DSSE_TIMESTAMP].len);
	done(&a);
}

static void
test_one_record(void **state)
{
	struct answered a;

	(void)state;
	publish(5);
	serve();
	ask(&a, audit_record, 4, nothing);
	assert_int_equal(field(&a, "number")->number, 4);
	assert_text(&a, "record", "block-file");
	assert_true(field(&a, "proof")->text.len > 0);
	assert_true(field(&a, "author")->text.len > 0);
	done(&a);
	ask(&a, audit_record, 6, nothing);
	assert_refused(&a, WARD_E_NOENT, "not among the records");
	done(&a);
	/* as a file: the very record, one that was never published, and no record */
	ask(&a, audit_record, 0, p->records[1]);
	assert_int_equal(field(&a, "number")->number, 2);
	done(&a);
	ask(&a, audit_record, 0, nothing);
	assert_refused(&a, WARD_E_NOENT, "not among the records");
	done(&a);
	ask(&a, audit_record, 0, ward_span_str("no record"));
	assert_refused(&a, WARD_E_PERM, "malformed");
	done(&a);
}

static void
test_forged_record(void **state)
{
	struct ward_trust_record forged = test_record(2);
	struct answered a;

	(void)state;
	publish(3);
	serve();
	forged.reason = "another reason";
	ask(&a, audit_record, 0, test_seal(p, &forged, TEST_CONVICTIONS));
	assert_refused(&a, WARD_E_PERM, "is another one");
	done(&a);
}

static void
test_compare(void **state)
{
	struct answered a;

	(void)state;
	publish(3);
	serve();
	ask(&a, audit_compare, 0, p->envelopes[WARD_DSSE_TIMESTAMP]);
	assert_text(&a, "result", "agrees");
	done(&a);
	p->timestamp.head.root.bytes[5] ^= 1;
	test_sign_timestamp(p);
	ask(&a, audit_compare, 0, p->envelopes[WARD_DSSE_TIMESTAMP]);
	assert_text(&a, "result", "differs");
	done(&a);
	p->timestamp.head.size = 9;
	test_sign_timestamp(p);
	ask(&a, audit_compare, 0, p->envelopes[WARD_DSSE_TIMESTAMP]);
	assert_text(&a, "result", "ahead");
	done(&a);
	p->signers[WARD_DSSE_TIMESTAMP] = TEST_STRANGER;
	test_sign_timestamp(p);
	ask(&a, audit_compare, 0, p->envelopes[WARD_DSSE_TIMESTAMP]);
	assert_refused(&a, WARD_E_PERM, "signatures: ");
	done(&a);
	ask(&a, audit_compare, 0, nothing);
	assert_refused(&a, WARD_E_INVAL, "no file");
	done(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_head, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_record, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forged_record, setup, teardown),
		cmocka_unit_test_setup_teardown(test_compare, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
