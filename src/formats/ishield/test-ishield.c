/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/buf.h"
#include "formats/ishield/ishield.h"

struct seen {
	char text[2048]; /* "name:bytes;" per child, "gap name reason;" */
};

static struct seen seen;

static enum ward_rc
on_child(void *ctx, const struct ward_child *child)
{
	struct seen *s = ctx;
	size_t n = strlen(s->text);

	(void)snprintf(s->text + n, sizeof(s->text) - n, "%s:%.20s;", child->name,
		       (const char *)child->bytes.data);
	return WARD_OK;
}

static void
on_gap(void *ctx, const char *name, enum ward_reason why)
{
	struct seen *s = ctx;
	size_t n = strlen(s->text);

	(void)snprintf(s->text + n, sizeof(s->text) - n, "gap %s %s;", name ? name : "-",
		       ward_reason_name(why));
}

static enum ward_rc
read_list(struct ward_span in, uint64_t max_child)
{
	struct ward_budget budget = {.cap = 8 << 20};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_sink sink = {
		.ctx = &seen, .child = on_child, .gap = on_gap, .max_child = max_child};
	enum ward_rc rc;

	memset(&seen, 0, sizeof(seen));
	rc = ward_ishield_read(in, arena, &sink);
	ward_arena_free(arena);
	assert_int_equal(budget.used, 0);
	return rc;
}

static void
put(struct ward_buf *out, const void *bytes, size_t n)
{
	assert_int_equal(ward_buf_append(out, bytes, n), WARD_OK);
}

static void
zeros(struct ward_buf *out, size_t n)
{
	while (n--)
		put(out, "", 1);
}

static void
head(struct ward_buf *out, uint8_t files)
{
	put(out, "InstallShield", 14);
	put(out, &files, 1);
	zeros(out, 31);
}

/* The inverse of the reader's: key, then nibbles swapped. */
static void
file(struct ward_buf *out, const char *name, const void *bytes, size_t len)
{
	static const uint8_t veil[4] = {0xEC, 0xCA, 0x79, 0xF8};
	uint8_t packed[8192];
	uLongf n = sizeof(packed);
	size_t name_len = strlen(name);
	uint8_t size[8];

	assert_int_equal(compress2(packed, &n, bytes, (uLong)len, 0), Z_OK);
	put(out, name, name_len);
	zeros(out, 260 - name_len + 8);
	for (int i = 0; i < 8; i++)
		size[i] = (uint8_t)((uint64_t)n >> 8 * i);
	put(out, size, 8);
	zeros(out, 36);
	for (size_t i = 0; i < n; i++) {
		size_t k = i % 1024 % name_len;
		uint8_t c = packed[i] ^ (uint8_t)name[k] ^ veil[k & 3];
		uint8_t swapped = (uint8_t)(c >> 4 | c << 4);

		put(out, &swapped, 1);
	}
}

static void
test_gives_every_file(void **state)
{
	static uint8_t large[3000] = "large";
	struct ward_buf out;

	(void)state;
	ward_buf_init(&out, 1 << 16, NULL);
	put(&out, "NB10 some path.pdb", 19);
	head(&out, 3);
	file(&out, "setup.ini", "[info]", 7);
	file(&out, "empty", "", 0);
	file(&out, "x.msi", large, sizeof(large));
	assert_true(ward_ishield_is(ward_buf_span(&out)));
	assert_int_equal(read_list(ward_buf_span(&out), 0), WARD_OK);
	assert_string_equal(seen.text, "setup.ini:[info];x.msi:large;");
	assert_int_equal(read_list(ward_buf_span(&out), 100), WARD_OK);
	assert_non_null(strstr(seen.text, "gap x.msi size;"));
	/* Cut at every place: never more than there is, never silent. */
	for (size_t n = 0; n < out.len; n += 13) {
		enum ward_rc rc = read_list(ward_span_cut(ward_buf_span(&out), 0, n), 0);

		assert_true(rc == WARD_E_FORMAT || rc == WARD_E_TRUNCATED);
	}
	ward_buf_done(&out);
}

static void
test_damage(void **state)
{
	struct ward_buf out;

	(void)state;
	ward_buf_init(&out, 1 << 16, NULL);
	head(&out, 1);
	file(&out, "a", "text", 5);
	out.data[out.len - 8] ^= 0xFF;
	out.data[14 + 32 + 260 + 8 + 8 + 36] ^= 0xFF;
	assert_int_equal(read_list(ward_buf_span(&out), 0), WARD_OK);
	assert_string_equal(seen.text, "gap a corrupt;");
	assert_int_equal(read_list(ward_span_str("InstallShield"), 0), WARD_E_FORMAT);
	assert_false(ward_ishield_is(ward_span_str("text about InstallShield")));
	ward_buf_clear(&out);
	head(&out, 0);
	assert_false(ward_ishield_is(ward_buf_span(&out)));
	ward_buf_done(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gives_every_file),
		cmocka_unit_test(test_damage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
