/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"
#include "formats/zip/zip.h"

enum { BUDGET = 16 << 20, STORED = 0, DEFLATE = 8, LZMA = 14 };

static struct ward_buf file;
static struct ward_buf directory;
static unsigned entries;
static char seen[8192];
static unsigned traits;
static uint64_t charged;
static uint64_t charge_max;

static WARD_PRINTF(1, 2) void note(const char *fmt, ...)
{
	size_t len = strlen(seen);
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(seen + len, sizeof(seen) - len, fmt, args);
	va_end(args);
}

static enum ward_rc
on_child(void *ctx, const struct ward_child *child)
{
	(void)ctx;
	note("%s=%.*s\n", child->name, (int)child->bytes.len, (const char *)child->bytes.data);
	return WARD_OK;
}

static void
on_gap(void *ctx, const char *name, enum ward_reason why)
{
	(void)ctx;
	note("gap %s %s\n", name ? name : "-", ward_reason_name(why));
}

static void
on_trait(void *ctx, enum ward_trait trait)
{
	(void)ctx;
	traits |= (unsigned)trait;
}

static enum ward_rc
on_charge(void *ctx, uint64_t produced, uint64_t consumed)
{
	(void)ctx;
	(void)consumed;
	charged += produced;
	return charge_max && charged > charge_max ? WARD_E_LIMIT : WARD_OK;
}

static int
setup(void **state)
{
	(void)state;
	ward_buf_init(&file, 16 << 20, NULL);
	ward_buf_init(&directory, 16 << 20, NULL);
	entries = 0;
	seen[0] = '\0';
	traits = 0;
	charged = 0;
	charge_max = 0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	ward_buf_done(&file);
	ward_buf_done(&directory);
	return 0;
}

static void
put(struct ward_buf *to, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		assert_int_equal(ward_buf_byte(to, (uint8_t)(i < 8 ? value >> 8 * i : 0)), WARD_OK);
}

struct made {
	const char *name;
	const char *data;
	uint16_t method;
	uint16_t flags;
	uint32_t packed; /* 0: what it is */
};

static uint32_t
packed_of(const struct made *m)
{
	return m->packed ? m->packed : (uint32_t)strlen(m->data);
}

static uint32_t
put_local(const struct made *m)
{
	uint32_t at = (uint32_t)file.len;

	put(&file, 0x04034b50, 4);
	put(&file, 20, 2);
	put(&file, m->flags, 2);
	put(&file, m->method, 2);
	put(&file, 0, 8); /* time, date, crc */
	put(&file, m->flags & 8 ? 0 : packed_of(m), 4);
	put(&file, m->flags & 8 ? 0 : strlen(m->data), 4);
	put(&file, strlen(m->name), 2);
	put(&file, 0, 2);
	assert_int_equal(ward_buf_str(&file, m->name), WARD_OK);
	assert_int_equal(ward_buf_str(&file, m->data), WARD_OK);
	return at;
}

static void
put_central(const struct made *m, uint32_t local)
{
	entries++;
	put(&directory, 0x02014b50, 4);
	put(&directory, 20, 2);
	put(&directory, 20, 2);
	put(&directory, m->flags, 2);
	put(&directory, m->method, 2);
	put(&directory, 0, 8);
	put(&directory, packed_of(m), 4);
	put(&directory, strlen(m->data), 4);
	put(&directory, strlen(m->name), 2);
	put(&directory, 0, 12); /* extra, comment, disk, attributes */
	put(&directory, local, 4);
	assert_int_equal(ward_buf_str(&directory, m->name), WARD_OK);
}

static void
add(struct made m)
{
	put_central(&m, put_local(&m));
}

static void
finish(uint32_t in_front)
{
	uint32_t at = (uint32_t)file.len - in_front;

	assert_int_equal(ward_buf_append(&file, directory.data, directory.len), WARD_OK);
	put(&file, 0x06054b50, 4);
	put(&file, 0, 4);
	put(&file, entries, 2);
	put(&file, entries, 2);
	put(&file, directory.len, 4);
	put(&file, at, 4);
	put(&file, 0, 2);
}

static enum ward_rc
read_with(uint64_t max_child, ward_zip_other other)
{
	struct ward_budget budget = {.cap = BUDGET};
	struct ward_sink sink = {.child = on_child,
				 .gap = on_gap,
				 .trait = on_trait,
				 .charge = on_charge,
				 .max_child = max_child};
	struct ward_arena *arena = ward_arena_new(&budget);
	enum ward_rc rc = ward_zip_read(ward_buf_span(&file), arena, &sink, other);

	arena = ward_arena_free(arena);
	assert_null(arena);
	assert_int_equal(budget.used, 0);
	return rc;
}

/* zlib's raw deflate of "abc". */
#define ABC "\x4b\x4c\x4a\x06"

static void
test_listed_entries(void **state)
{
	(void)state;
	add((struct made){"a", "stored", STORED, 0, 0});
	add((struct made){"dir/", "", STORED, 0, 0});
	add((struct made){"b", ABC, DEFLATE, 0, 5}); /* its fifth byte is a zero */
	put(&file, 0, 1);
	add((struct made){"", "nameless", STORED, 0, 0});
	finish(0);
	assert_int_equal(read_with(0, NULL), WARD_OK);
	assert_string_equal(seen, "a=stored\nb=abc\nentry-4=nameless\n");
	assert_int_equal(charged, 6 + 3 + 8);
	assert_int_equal(traits, 0);
}

static void
test_data_in_front_and_behind(void **state)
{
	(void)state;
	assert_int_equal(ward_buf_str(&file, "MZ a program that unpacks itself"), WARD_OK);
	add((struct made){"a", "one", STORED, 0, 0});
	/* The directory's offsets do not know of the program. */
	directory.data[42] = 0;
	finish(32);
	assert_int_equal(ward_buf_str(&file, "trailing garbage that is no comment"), WARD_OK);
	assert_int_equal(read_with(0, NULL), WARD_OK);
	assert_string_equal(seen, "a=one\n");
}

static void
test_unlisted_entries_are_found(void **state)
{
	struct made hidden = {"hidden", "payload", STORED, 0, 0};
	struct made streamed = {"streamed", ABC "\0", DEFLATE, 8, 0};

	(void)state;
	(void)put_local(&hidden);
	add((struct made){"a", "one", STORED, 0, 0});
	(void)put_local(&streamed);
	put(&file, 0, 1);
	finish(0);
	assert_int_equal(read_with(0, NULL), WARD_OK);
	assert_string_equal(seen, "a=one\nhidden=payload\nstreamed=abc\n");
	assert_int_equal(traits, WARD_TRAIT_MALFORMED);
}

static void
test_both_views_of_a_mismatch(void **state)
{
	struct made local = {"a", "harmless and then payload", STORED, 0, 0};
	struct made listed = {"a", "harmless", STORED, 0, 0};

	(void)state;
	put_central(&listed, put_local(&local));
	finish(0);
	assert_int_equal(read_with(0, NULL), WARD_OK);
	assert_string_equal(seen, "a=harmless\na=harmless and then payload\n");
	assert_int_equal(traits, WARD_TRAIT_MALFORMED);
}

static void
test_without_a_directory(void **state)
{
	struct made m = {"a", "one", STORED, 0, 0};

	(void)state;
	(void)put_local(&m);
	m.name = "b";
	(void)put_local(&m);
	assert_int_equal(read_with(0, NULL), WARD_E_TRUNCATED);
	assert_string_equal(seen, "a=one\nb=one\n");
}

static void
test_encrypted_and_unknown(void **state)
{
	(void)state;
	add((struct made){"secret", "xxxxxxxxxxxxxxx", STORED, 1, 0});
	add((struct made){"shrunk", "xxxx", 1, 0, 0});
	add((struct made){"after", "read", STORED, 0, 0});
	finish(0);
	assert_int_equal(read_with(0, NULL), WARD_OK);
	assert_string_equal(seen, "gap secret encrypted\ngap shrunk unsupported\nafter=read\n");
	assert_int_equal(traits, WARD_TRAIT_ENCRYPTED);
}

static enum ward_rc
read_other(struct ward_span record, struct ward_arena *arena, const struct ward_sink *sink)
{
	(void)arena;
	assert_true(ward_span_starts(record, "PK\3\4", 4));
	return ward_sink_object(sink, "other", ward_span_str("done"));
}

static void
test_other_methods_go_to_the_caller(void **state)
{
	(void)state;
	add((struct made){"l", "packed", LZMA, 0, 0});
	finish(0);
	assert_int_equal(read_with(0, read_other), WARD_OK);
	assert_int_equal(read_with(0, NULL), WARD_OK);
	assert_string_equal(seen, "other=done\ngap l unsupported\n");
}

static void
test_damage_keeps_what_was_unpacked(void **state)
{
	struct made gone = {"gone", "", STORED, 0, 9};

	(void)state;
	add((struct made){"a", "\x4b\x4c\x4a", DEFLATE, 0, 0});
	put_central(&gone, 7);
	add((struct made){"long", "short", STORED, 0, 60000});
	finish(0);
	assert_int_equal(read_with(0, NULL), WARD_OK);
	assert_non_null(strstr(seen, "gap a corrupt\na=a"));
	assert_non_null(strstr(seen, "gap gone corrupt\n"));
	assert_non_null(strstr(seen, "gap long corrupt\nlong=short"));
}

static void
test_too_large_gives_its_head(void **state)
{
	(void)state;
	add((struct made){"a", "0123456789", STORED, 0, 0});
	add((struct made){"b", ABC, DEFLATE, 0, 5});
	put(&file, 0, 1);
	finish(0);
	assert_int_equal(read_with(2, NULL), WARD_OK);
	assert_string_equal(seen, "gap a size\na=01\ngap b size\nb=ab\n");
}

/* Many entries over the same bytes, as in the densest bombs. */
static void
test_overlapping_entries_are_charged(void **state)
{
	struct made m = {"a", "0123456789012345678901234567890123456789", STORED, 0, 0};
	uint32_t at;

	(void)state;
	at = put_local(&m);
	for (int i = 0; i < 1000; i++)
		put_central(&m, at);
	finish(0);
	charge_max = 4000;
	assert_int_equal(read_with(0, NULL), WARD_E_LIMIT);
	assert_true(charged <= 4040);
}

static void
test_no_zip(void **state)
{
	(void)state;
	assert_int_equal(read_with(0, NULL), WARD_E_FORMAT);
	assert_int_equal(ward_buf_str(&file, "PK\3\4 and PK\5\6 but nothing behind them, really"),
			 WARD_OK);
	assert_int_equal(read_with(0, NULL), WARD_E_FORMAT);
	file.len = 0;
	finish(0);
	assert_int_equal(read_with(0, NULL), WARD_OK);
	assert_string_equal(seen, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_listed_entries, setup, teardown),
		cmocka_unit_test_setup_teardown(test_data_in_front_and_behind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unlisted_entries_are_found, setup, teardown),
		cmocka_unit_test_setup_teardown(test_both_views_of_a_mismatch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_a_directory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_encrypted_and_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_methods_go_to_the_caller, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_damage_keeps_what_was_unpacked, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_too_large_gives_its_head, setup, teardown),
		cmocka_unit_test_setup_teardown(test_overlapping_entries_are_charged, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_no_zip, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
