/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>

#include "formats/archive/archive.h"

enum { MADE_MAX = 4 << 20, BUDGET = 64 << 20 };

/* What the reader told, one line each. */
struct seen {
	char log[8192];
	uint64_t produced;
	uint64_t produced_max; /* 0: no limit */
	unsigned children;
	enum ward_rc answer; /* of child */
};

static uint8_t made[MADE_MAX];
static size_t made_len;
static struct seen seen;

static WARD_PRINTF(1, 2) void note(const char *fmt, ...)
{
	size_t len = strlen(seen.log);
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(seen.log + len, sizeof(seen.log) - len, fmt, args);
	va_end(args);
}

static enum ward_rc
on_child(void *ctx, const struct ward_child *child)
{
	int show = child->bytes.len < 20 ? (int)child->bytes.len : 20;

	(void)ctx;
	seen.children++;
	note("%s=%.*s\n", child->name, show, (const char *)child->bytes.data);
	return seen.answer;
}

static void
on_gap(void *ctx, const char *name, enum ward_reason why)
{
	(void)ctx;
	note("gap %s %s\n", name ? name : "-", ward_reason_name(why));
}

static enum ward_rc
on_charge(void *ctx, uint64_t produced, uint64_t consumed)
{
	(void)ctx;
	(void)consumed;
	seen.produced += produced;
	return seen.produced_max && seen.produced > seen.produced_max ? WARD_E_LIMIT : WARD_OK;
}

static enum ward_rc
read_limited(struct ward_span in, uint64_t max_child, size_t memory)
{
	struct ward_budget budget = {.cap = memory};
	struct ward_sink sink = {
		.child = on_child, .gap = on_gap, .charge = on_charge, .max_child = max_child};
	struct ward_arena *arena = ward_arena_new(&budget);
	enum ward_rc rc = ward_archive_read(in, arena, &sink);

	arena = ward_arena_free(arena);
	assert_null(arena);
	assert_int_equal(budget.used, 0);
	return rc;
}

static enum ward_rc
read_made(void)
{
	return read_limited(ward_span_of(made, made_len), 0, BUDGET);
}

static int
setup(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	return 0;
}

static void
put_entry(struct archive *w, const char *name, const void *bytes, size_t len, int filetype)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, (unsigned)filetype);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_size(e, (la_int64_t)len);
	if (filetype == AE_IFLNK)
		archive_entry_set_symlink(e, "a.txt");
	assert_int_equal(archive_write_header(w, e), ARCHIVE_OK);
	if (len)
		assert_int_equal(archive_write_data(w, bytes, len), len);
	archive_entry_free(e);
}

static struct archive *
begin(int (*format)(struct archive *), int filter, const char *options)
{
	struct archive *w = archive_write_new();

	assert_int_equal(format(w), ARCHIVE_OK);
	assert_int_equal(archive_write_add_filter(w, filter), ARCHIVE_OK);
	if (options)
		assert_int_equal(archive_write_set_options(w, options), ARCHIVE_OK);
	assert_int_equal(archive_write_open_memory(w, made, sizeof(made), &made_len), ARCHIVE_OK);
	return w;
}

static void
finish(struct archive *w)
{
	assert_int_equal(archive_write_close(w), ARCHIVE_OK);
	assert_int_equal(archive_write_free(w), ARCHIVE_OK);
}

static void
make_pair(int (*format)(struct archive *), int filter, const char *options)
{
	struct archive *w = begin(format, filter, options);

	put_entry(w, "a.txt", "alpha", 5, AE_IFREG);
	put_entry(w, "dir", NULL, 0, AE_IFDIR);
	put_entry(w, "empty", NULL, 0, AE_IFREG);
	put_entry(w, "dir/b.txt", "beta", 4, AE_IFREG);
	finish(w);
}

static void
test_containers_give_their_files(void **state)
{
	static const struct {
		int (*format)(struct archive *);
		const char *options;
	} rows[] = {
		{archive_write_set_format_zip, "zip:compression=store"},
		{archive_write_set_format_zip, "zip:compression=deflate"},
		{archive_write_set_format_7zip, "7zip:compression=lzma1"},
		{archive_write_set_format_7zip, "7zip:compression=deflate"},
		{archive_write_set_format_pax, NULL},
		{archive_write_set_format_gnutar, NULL},
		{archive_write_set_format_v7tar, NULL},
		{archive_write_set_format_cpio_odc, NULL},
		{archive_write_set_format_cpio_newc, NULL},
		{archive_write_set_format_cpio_bin, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)setup(NULL);
		make_pair(rows[i].format, ARCHIVE_FILTER_NONE, rows[i].options);
		assert_int_equal(read_made(), WARD_OK);
		assert_string_equal(seen.log, "a.txt=alpha\ndir/b.txt=beta\n");
		assert_int_equal(seen.produced, 9);
	}
}

static void
test_iso_gives_its_files(void **state)
{
	(void)state;
	make_pair(archive_write_set_format_iso9660, ARCHIVE_FILTER_NONE, NULL);
	assert_int_equal(read_made(), WARD_OK);
	assert_non_null(strstr(seen.log, "a.txt=alpha\n"));
	assert_non_null(strstr(seen.log, "dir/b.txt=beta\n"));
	assert_int_equal(seen.children, 2);
}

static void
test_ar_gives_its_members(void **state)
{
	struct archive *w;

	(void)state;
	w = begin(archive_write_set_format_ar_svr4, ARCHIVE_FILTER_NONE, NULL);
	put_entry(w, "m.o", "object", 6, AE_IFREG);
	finish(w);
	assert_int_equal(read_made(), WARD_OK);
	assert_string_equal(seen.log, "m.o=object\n");
}

static void
test_streams_give_one_object(void **state)
{
	static const int filters[] = {
		ARCHIVE_FILTER_GZIP,	 ARCHIVE_FILTER_BZIP2, ARCHIVE_FILTER_XZ,
		ARCHIVE_FILTER_LZMA,	 ARCHIVE_FILTER_ZSTD,  ARCHIVE_FILTER_LZ4,
		ARCHIVE_FILTER_COMPRESS,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		struct archive *w = begin(archive_write_set_format_raw, filters[i], NULL);

		(void)setup(NULL);
		put_entry(w, "x", "inside a stream", 15, AE_IFREG);
		finish(w);
		assert_int_equal(read_made(), WARD_OK);
		assert_string_equal(seen.log, "data=inside a stream\n");
	}
}

static void
test_streams_are_opened_one_layer_at_a_time(void **state)
{
	struct archive *w;

	(void)state;
	w = archive_write_new();
	assert_int_equal(archive_write_set_format_raw(w), ARCHIVE_OK);
	assert_int_equal(archive_write_add_filter_gzip(w), ARCHIVE_OK);
	assert_int_equal(archive_write_add_filter_gzip(w), ARCHIVE_OK);
	assert_int_equal(archive_write_open_memory(w, made, sizeof(made), &made_len), ARCHIVE_OK);
	put_entry(w, "x", "deep", 4, AE_IFREG);
	finish(w);
	assert_int_equal(read_made(), WARD_OK);
	assert_memory_equal(seen.log, "data=\x1f\x8b", 7);
}

static void
test_gzip_members_are_joined_and_named(void **state)
{
	/* RFC 1952: FNAME set, stored block "one"; then a second member, stored "two". */
	static const uint8_t gz[] = {
		0x1f, 0x8b, 8,	  8,	0,    0,   0,	 0,    0,    255,  'n',	 '.',  't', 0,
		1,    3,    0,	  0xfc, 0xff, 'o', 'n',	 'e',  0xb1, 0xb0, 0x86, 0x7a, 3,   0,
		0,    0,    0x1f, 0x8b, 8,    0,   0,	 0,    0,    0,	   0,	 255,  1,   3,
		0,    0xfc, 0xff, 't',	'w',  'o', 0x11, 0xf8, 0x4d, 0x11, 3,	 0,    0,   0};

	(void)state;
	assert_int_equal(read_limited(ward_span_of(gz, sizeof(gz)), 0, BUDGET), WARD_OK);
	assert_string_equal(seen.log, "n.t=onetwo\n");
}

static void
test_too_large_gives_the_head_and_a_gap(void **state)
{
	(void)state;
	make_pair(archive_write_set_format_7zip, ARCHIVE_FILTER_NONE, "7zip:compression=lzma1");
	assert_int_equal(read_limited(ward_span_of(made, made_len), 4, BUDGET), WARD_OK);
	assert_string_equal(seen.log, "gap a.txt size\na.txt=alph\ndir/b.txt=beta\n");
}

static void
test_no_memory_is_said(void **state)
{
	static uint8_t zeros[1 << 20];
	struct archive *w = begin(archive_write_set_format_zip, ARCHIVE_FILTER_NONE, NULL);

	(void)state;
	put_entry(w, "big", zeros, sizeof(zeros), AE_IFREG);
	put_entry(w, "small", "s", 1, AE_IFREG);
	finish(w);
	assert_int_equal(read_limited(ward_span_of(made, made_len), 0, 300000), WARD_OK);
	assert_non_null(strstr(seen.log, "gap big memory\n"));
	assert_non_null(strstr(seen.log, "small=s\n"));
}

static void
test_a_bomb_ends_where_the_sink_says(void **state)
{
	static uint8_t zeros[1 << 20];
	struct archive *w = begin(archive_write_set_format_pax, ARCHIVE_FILTER_GZIP, NULL);

	(void)state;
	for (int i = 0; i < 100; i++)
		put_entry(w, "zeros", zeros, sizeof(zeros), AE_IFREG);
	finish(w);
	seen.produced_max = 10 << 20;
	assert_int_equal(read_made(), WARD_E_LIMIT);
	assert_true(seen.produced <= (10 << 20) + (1 << 20));
}

static void
test_draining_is_charged(void **state)
{
	static uint8_t zeros[1 << 20];
	struct archive *w = begin(archive_write_set_format_7zip, ARCHIVE_FILTER_NONE, NULL);

	(void)state;
	put_entry(w, "zeros", zeros, sizeof(zeros), AE_IFREG);
	finish(w);
	seen.produced_max = 100000;
	assert_int_equal(read_limited(ward_span_of(made, made_len), 10, BUDGET), WARD_E_LIMIT);
	assert_true(seen.children == 1);
}

static void
test_a_tar_too_large_is_read_as_it_unpacks(void **state)
{
	static uint8_t zeros[1 << 16];
	struct archive *w = begin(archive_write_set_format_gnutar, ARCHIVE_FILTER_GZIP, NULL);

	(void)state;
	memset(zeros, 'z', sizeof(zeros));
	put_entry(w, "first", "one", 3, AE_IFREG);
	for (int i = 0; i < 20; i++)
		put_entry(w, "long", zeros, sizeof(zeros), AE_IFREG);
	put_entry(w, "last", "two", 3, AE_IFREG);
	finish(w);
	assert_int_equal(read_limited(ward_span_of(made, made_len), 100000, BUDGET), WARD_OK);
	assert_non_null(strstr(seen.log, "first=one\n"));
	assert_non_null(strstr(seen.log, "last=two\n"));
	assert_null(strstr(seen.log, "gap"));
	assert_int_equal(seen.children, 22);
	seen.produced = 0;
	seen.produced_max = 500000;
	assert_int_equal(read_limited(ward_span_of(made, made_len), 100000, BUDGET), WARD_E_LIMIT);
}

static void
test_what_follows_a_tar_is_seen(void **state)
{
	static uint8_t twice[1 << 16];

	(void)state;
	make_pair(archive_write_set_format_gnutar, ARCHIVE_FILTER_NONE, NULL);
	memcpy(twice, made, made_len);
	memcpy(twice + made_len, made, made_len);
	assert_int_equal(read_limited(ward_span_of(twice, made_len * 2), 0, BUDGET), WARD_OK);
	assert_int_equal(seen.children, 4);
	memset(twice + made_len, 'x', 2048);
	(void)setup(NULL);
	assert_int_equal(read_limited(ward_span_of(twice, made_len + 2048), 0, BUDGET), WARD_OK);
	assert_int_equal(seen.children, 2);
	assert_non_null(strstr(seen.log, "gap - corrupt\n"));
}

static void
test_the_sink_can_stop(void **state)
{
	(void)state;
	make_pair(archive_write_set_format_zip, ARCHIVE_FILTER_NONE, NULL);
	seen.answer = WARD_E_STOPPED;
	assert_int_equal(read_made(), WARD_E_STOPPED);
	assert_int_equal(seen.children, 1);
}

static void
test_links_are_not_followed(void **state)
{
	struct archive *w = begin(archive_write_set_format_pax, ARCHIVE_FILTER_NONE, NULL);

	(void)state;
	put_entry(w, "link", NULL, 0, AE_IFLNK);
	put_entry(w, "after", "x", 1, AE_IFREG);
	finish(w);
	assert_int_equal(read_made(), WARD_OK);
	assert_string_equal(seen.log, "after=x\n");
}

static void
test_damage_comes_after_what_was_whole(void **state)
{
	(void)state;
	make_pair(archive_write_set_format_pax, ARCHIVE_FILTER_NONE, NULL);
	assert_int_equal(read_limited(ward_span_of(made, 1024 + 200), 0, BUDGET), WARD_OK);
	assert_non_null(strstr(seen.log, "a.txt=alpha\n"));
	assert_non_null(strstr(seen.log, "corrupt\n"));
}

static void
test_damaged_stream_gives_its_head(void **state)
{
	static uint8_t text[200000];
	uint64_t x = 1;
	struct archive *w = begin(archive_write_set_format_raw, ARCHIVE_FILTER_GZIP, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)((x = x * 6364136223846793005u + 1442695040888963407u) >> 56);
	put_entry(w, "x", text, sizeof(text), AE_IFREG);
	finish(w);
	assert_int_equal(read_limited(ward_span_of(made, made_len / 2), 0, BUDGET), WARD_OK);
	assert_int_equal(seen.children, 1);
	assert_non_null(strstr(seen.log, "gap data corrupt\n"));
}

/* Where the central directory starts (APPNOTE 4.3.12). */
static size_t
central_entry(void)
{
	for (size_t i = 0; i + 46 < made_len; i++)
		if (memcmp(made + i, "PK\1\2", 4) == 0)
			return i;
	fail();
	return 0;
}

static void
test_encrypted_entries_are_named_and_passed_over(void **state)
{
	(void)state;
	make_pair(archive_write_set_format_zip, ARCHIVE_FILTER_NONE, "zip:compression=store");
	made[6] |= 1;
	made[central_entry() + 8] |= 1;
	assert_int_equal(read_made(), WARD_OK);
	assert_string_equal(seen.log, "gap a.txt encrypted\ndir/b.txt=beta\n");
}

static void
test_unknown_method_is_named_and_passed_over(void **state)
{
	(void)state;
	make_pair(archive_write_set_format_zip, ARCHIVE_FILTER_NONE, "zip:compression=store");
	/* The method of the first entry, in its local header and in the central directory. */
	made[8] = 7;
	made[central_entry() + 10] = 7;
	assert_int_equal(read_made(), WARD_OK);
	assert_string_equal(seen.log, "gap a.txt unsupported\ndir/b.txt=beta\n");
}

static void
test_garbage_is_no_archive(void **state)
{
	(void)state;
	assert_int_equal(read_limited(ward_span_str("nothing of the kind"), 0, BUDGET),
			 WARD_E_FORMAT);
	assert_int_equal(read_limited(ward_span_str("PK\3\4 and then nothing"), 0, BUDGET),
			 WARD_E_FORMAT);
	assert_int_equal(read_limited(ward_span_of(NULL, 0), 0, BUDGET), WARD_E_FORMAT);
	assert_string_equal(seen.log, "");
}

static void
test_zip_behind_something_else_is_read(void **state)
{
	(void)state;
	make_pair(archive_write_set_format_zip, ARCHIVE_FILTER_NONE, "zip:compression=store");
	memmove(made + 5000, made, made_len);
	memset(made, 'M', 5000);
	made_len += 5000;
	memset(made + made_len, 'x', 100);
	made_len += 100;
	assert_int_equal(read_made(), WARD_OK);
	assert_string_equal(seen.log, "a.txt=alpha\ndir/b.txt=beta\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_containers_give_their_files, setup),
		cmocka_unit_test_setup(test_iso_gives_its_files, setup),
		cmocka_unit_test_setup(test_ar_gives_its_members, setup),
		cmocka_unit_test_setup(test_streams_give_one_object, setup),
		cmocka_unit_test_setup(test_streams_are_opened_one_layer_at_a_time, setup),
		cmocka_unit_test_setup(test_gzip_members_are_joined_and_named, setup),
		cmocka_unit_test_setup(test_too_large_gives_the_head_and_a_gap, setup),
		cmocka_unit_test_setup(test_no_memory_is_said, setup),
		cmocka_unit_test_setup(test_a_bomb_ends_where_the_sink_says, setup),
		cmocka_unit_test_setup(test_draining_is_charged, setup),
		cmocka_unit_test_setup(test_a_tar_too_large_is_read_as_it_unpacks, setup),
		cmocka_unit_test_setup(test_what_follows_a_tar_is_seen, setup),
		cmocka_unit_test_setup(test_the_sink_can_stop, setup),
		cmocka_unit_test_setup(test_links_are_not_followed, setup),
		cmocka_unit_test_setup(test_damage_comes_after_what_was_whole, setup),
		cmocka_unit_test_setup(test_damaged_stream_gives_its_head, setup),
		cmocka_unit_test_setup(test_encrypted_entries_are_named_and_passed_over, setup),
		cmocka_unit_test_setup(test_unknown_method_is_named_and_passed_over, setup),
		cmocka_unit_test_setup(test_garbage_is_no_archive, setup),
		cmocka_unit_test_setup(test_zip_behind_something_else_is_read, setup),
	};
	ward_archive_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
