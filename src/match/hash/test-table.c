/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "match/hash/build.h"

static struct ward_hash_entry
entry(enum ward_hash_kind kind, unsigned number, enum ward_verdict verdict, const char *name)
{
	struct ward_hash_entry e = {.kind = kind,
				    .any_size = true,
				    .verdict = verdict,
				    .name = ward_span_str(name),
				    .source = ward_span_str("test.hdb")};

	for (unsigned i = 0; i < WARD_DIGEST_MAX; i++)
		e.digest[i] = (uint8_t)((number * 2654435761u) >> (8 * (i % 4)) ^ i * 37);
	return e;
}

static void
add(struct ward_hash_builder *b, struct ward_hash_entry e)
{
	assert_int_equal(ward_hash_builder_add(b, &e), WARD_OK);
}

static struct ward_hash_builder *
builder(void)
{
	struct ward_hash_builder *b;

	assert_int_equal(ward_hash_builder_new(&b), WARD_OK);
	return b;
}

struct blob {
	struct ward_buf bytes;
	struct ward_hash_table table;
};

static unsigned notices;

static void
count_notice(void *ctx, bool bad, const char *file, unsigned line, const char *text)
{
	(void)ctx;
	(void)file;
	(void)line;
	assert_false(bad);
	assert_non_null(text);
	notices++;
}

/* Finishes, joins the runs, frees the builder. */
static void
finish(struct ward_hash_builder *b, struct blob *out)
{
	struct ward_hash_image image;

	notices = 0;
	ward_buf_init(&out->bytes, 1 << 30, NULL);
	assert_int_equal(ward_hash_builder_finish(b, count_notice, NULL, &image), WARD_OK);
	for (size_t i = 0; i < image.count; i++)
		assert_int_equal(
			ward_buf_append(&out->bytes, image.runs[i].data, image.runs[i].len),
			WARD_OK);
	assert_int_equal(out->bytes.len, image.length);
	ward_hash_builder_free(b);
	assert_int_equal(ward_hash_table_open(ward_buf_span(&out->bytes), &out->table), WARD_OK);
}

static void
test_nothing(void **state)
{
	struct ward_hash_entry e = entry(WARD_HASH_MD5, 1, WARD_MALICIOUS, "x");
	struct ward_hash_found f;
	struct blob out;

	(void)state;
	finish(builder(), &out);
	assert_int_equal(ward_hash_table_count(&out.table), 0);
	assert_int_equal(ward_hash_table_find(&out.table, WARD_HASH_MD5, e.digest, 1, &f),
			 WARD_E_NOENT);
	assert_false(ward_hash_table_wants(&out.table, WARD_HASH_MD5, 1));
	ward_buf_done(&out.bytes);
}

static void
test_many_of_every_kind(void **state)
{
	enum { N = 5000 };
	struct ward_hash_builder *b = builder();
	struct ward_hash_found f;
	struct blob out;

	(void)state;
	for (unsigned i = 0; i < N; i++) {
		struct ward_hash_entry e = entry(i % WARD_HASH_KINDS, i, WARD_MALICIOUS,
						 i % 2 ? "Odd.Family" : "Even.Family");

		e.any_size = false;
		e.size = i / 10;
		add(b, e);
	}
	finish(b, &out);
	assert_int_equal(ward_hash_table_count(&out.table), N);
	for (unsigned i = 0; i < N; i++) {
		struct ward_hash_entry e = entry(i % WARD_HASH_KINDS, i, WARD_MALICIOUS, "");

		assert_int_equal(ward_hash_table_find(&out.table, e.kind, e.digest, i / 10, &f),
				 WARD_OK);
		assert_string_equal(f.name, i % 2 ? "Odd.Family" : "Even.Family");
		assert_string_equal(f.source, "test.hdb");
		assert_int_equal(ward_hash_table_find(&out.table, e.kind, e.digest, i / 10 + 1, &f),
				 WARD_E_NOENT);
		/* The last byte decides too: digests are compared whole. */
		e.digest[ward_digest_len(ward_hash_digest_of(e.kind)) - 1] ^= 1;
		assert_int_equal(ward_hash_table_find(&out.table, e.kind, e.digest, i / 10, &f),
				 WARD_E_NOENT);
	}
	assert_true(ward_hash_table_wants(&out.table, WARD_HASH_MD5, 499));
	assert_false(ward_hash_table_wants(&out.table, WARD_HASH_MD5, 500));
	ward_buf_done(&out.bytes);
}

static void
test_allow_beats_malicious_beats_suspicious(void **state)
{
	struct ward_hash_builder *b = builder();
	struct ward_hash_entry e;
	struct ward_hash_found f;
	struct blob out;

	(void)state;
	add(b, entry(WARD_HASH_SHA256, 1, WARD_SUSPICIOUS, "PUA.A"));
	add(b, entry(WARD_HASH_SHA256, 1, WARD_MALICIOUS, "Mal.A"));
	add(b, entry(WARD_HASH_SHA256, 1, WARD_MALICIOUS, "Mal.B"));
	add(b, entry(WARD_HASH_SHA256, 2, WARD_MALICIOUS, "Mal.C"));
	add(b, entry(WARD_HASH_SHA256, 2, WARD_CLEAN, "Good"));
	e = entry(WARD_HASH_SHA256, 3, WARD_MALICIOUS, "Mal.D");
	add(b, e);
	e = entry(WARD_HASH_SHA256, 3, WARD_CLEAN, "Good.Size");
	e.any_size = false;
	e.size = 10;
	add(b, e);
	finish(b, &out);
	assert_int_equal(notices, 2); /* the one by name, and the sum */
	assert_int_equal(ward_hash_table_count(&out.table), 4);
	e = entry(WARD_HASH_SHA256, 1, 0, "");
	assert_int_equal(ward_hash_table_find(&out.table, e.kind, e.digest, 5, &f), WARD_OK);
	assert_string_equal(f.name, "Mal.A");
	e = entry(WARD_HASH_SHA256, 2, 0, "");
	assert_int_equal(ward_hash_table_find(&out.table, e.kind, e.digest, 5, &f), WARD_OK);
	assert_int_equal(f.verdict, WARD_CLEAN);
	e = entry(WARD_HASH_SHA256, 3, 0, "");
	assert_int_equal(ward_hash_table_find(&out.table, e.kind, e.digest, 5, &f), WARD_OK);
	assert_int_equal(f.verdict, WARD_MALICIOUS);
	assert_int_equal(ward_hash_table_find(&out.table, e.kind, e.digest, 10, &f), WARD_OK);
	assert_string_equal(f.name, "Good.Size");
	ward_buf_done(&out.bytes);
}

static void
test_ignored_names_are_left_out(void **state)
{
	struct ward_hash_builder *b = builder();
	struct blob out;

	(void)state;
	add(b, entry(WARD_HASH_MD5, 1, WARD_MALICIOUS, "Keep"));
	add(b, entry(WARD_HASH_MD5, 2, WARD_MALICIOUS, "Drop"));
	add(b, entry(WARD_HASH_MD5, 3, WARD_CLEAN, "Drop"));
	assert_int_equal(ward_hash_builder_ignore(b, ward_span_str("Drop")), WARD_OK);
	assert_int_equal(ward_hash_builder_ignore(b, ward_span_str("Other")), WARD_OK);
	finish(b, &out);
	assert_int_equal(ward_hash_table_count(&out.table), 2);
	ward_buf_done(&out.bytes);
}

static void
test_entries_come_back_for_a_merge(void **state)
{
	struct ward_hash_builder *b = builder(), *again = builder();
	struct blob out, second;

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		struct ward_hash_entry e =
			entry(WARD_HASH_SHA1, i, i % 3 ? WARD_MALICIOUS : WARD_SUSPICIOUS, "N");

		e.any_size = i % 5 == 0;
		e.size = i;
		add(b, e);
	}
	finish(b, &out);
	assert_int_equal(out.table.column[WARD_HASH_SHA1].prefix, 1);
	for (uint64_t i = 0; i < 3000; i++) {
		struct ward_hash_entry e;

		assert_int_equal(ward_hash_table_entry(&out.table, WARD_HASH_SHA1, i, &e), WARD_OK);
		add(again, e);
	}
	finish(again, &second);
	assert_int_equal(out.bytes.len, second.bytes.len);
	ward_buf_done(&out.bytes);
	ward_buf_done(&second.bytes);
}

static void
test_what_cannot_be_added(void **state)
{
	struct ward_hash_builder *b = builder();
	struct ward_hash_entry e = entry(WARD_HASH_MD5, 1, WARD_UNKNOWN, "x");

	(void)state;
	assert_int_equal(ward_hash_builder_add(b, &e), WARD_E_INVAL);
	e.verdict = WARD_MALICIOUS;
	e.name = ward_span_of("a\0b", 3);
	assert_int_equal(ward_hash_builder_add(b, &e), WARD_E_INVAL);
	ward_hash_builder_free(b);
}

/* Every byte of the headers and many behind them damaged in turn: an error or a harmless table,
 * never a read outside. */
static void
test_damage(void **state)
{
	struct ward_hash_builder *b = builder();
	struct ward_hash_found f;
	struct blob out;

	(void)state;
	for (unsigned i = 0; i < 300; i++)
		add(b, entry(i % 2 ? WARD_HASH_MD5 : WARD_HASH_SHA256, i, WARD_MALICIOUS, "Name"));
	finish(b, &out);
	for (size_t at = 0; at < out.bytes.len; at += at < 640 ? 1 : 13) {
		uint8_t was = out.bytes.data[at];
		struct ward_hash_table t;

		for (unsigned v = 0; v < 4; v++) {
			static const uint8_t values[] = {0, 1, 0x80, 0xff};

			out.bytes.data[at] = values[v];
			if (ward_hash_table_open(ward_buf_span(&out.bytes), &t) != WARD_OK)
				continue;
			for (unsigned i = 0; i < 300; i += 7) {
				struct ward_hash_entry e = entry(WARD_HASH_MD5, i, 0, "");

				(void)!ward_hash_table_find(&t, WARD_HASH_MD5, e.digest, 1, &f);
				(void)!ward_hash_table_find(&t, WARD_HASH_SHA256, e.digest, 1, &f);
				(void)!ward_hash_table_entry(&t, WARD_HASH_MD5, i, &e);
			}
		}
		out.bytes.data[at] = was;
	}
	for (size_t len = 0; len < out.bytes.len; len += 11) {
		struct ward_hash_table t;

		assert_int_not_equal(ward_hash_table_open(ward_span_of(out.bytes.data, len), &t),
				     WARD_OK);
	}
	ward_buf_done(&out.bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_many_of_every_kind),
		cmocka_unit_test(test_allow_beats_malicious_beats_suspicious),
		cmocka_unit_test(test_ignored_names_are_left_out),
		cmocka_unit_test(test_entries_come_back_for_a_merge),
		cmocka_unit_test(test_what_cannot_be_added),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
