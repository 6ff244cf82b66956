/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "formats/rtf/lex.h"
#include "formats/rtf/rtf.h"

struct seen {
	unsigned traits;
	int children;
	char names[512]; /* "name:bytes;" per child */
	char text[4096]; /* facts and gaps */
};

static struct seen seen;

static enum ward_rc
on_child(void *ctx, const struct ward_child *child)
{
	struct seen *s = ctx;
	size_t n = strlen(s->names);

	s->children++;
	(void)snprintf(s->names + n, sizeof(s->names) - n, "%s:%.*s;", child->name,
		       (int)child->bytes.len, (const char *)child->bytes.data);
	return WARD_OK;
}

static void
on_gap(void *ctx, const char *name, enum ward_reason why)
{
	struct seen *s = ctx;
	size_t n = strlen(s->text);

	(void)snprintf(s->text + n, sizeof(s->text) - n, "gap %s %s\n", name ? name : "-",
		       ward_reason_name(why));
}

static void
on_fact(void *ctx, const char *key, const char *value)
{
	struct seen *s = ctx;
	size_t n = strlen(s->text);

	(void)snprintf(s->text + n, sizeof(s->text) - n, "%s=%s\n", key, value);
}

static void
on_trait(void *ctx, enum ward_trait trait)
{
	((struct seen *)ctx)->traits |= (unsigned)trait;
}

static enum ward_rc
read_limited(const char *rtf, uint64_t max_child)
{
	struct ward_budget budget = {.cap = 8 << 20};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_sink sink = {.ctx = &seen,
				 .child = on_child,
				 .gap = on_gap,
				 .fact = on_fact,
				 .trait = on_trait,
				 .max_child = max_child};
	enum ward_rc rc;

	memset(&seen, 0, sizeof(seen));
	rc = ward_rtf_read(ward_span_str(rtf), arena, &sink);
	ward_arena_free(arena);
	assert_int_equal(budget.used, 0);
	return rc;
}

static void
check(const char *rtf, const char *names, const char *text, unsigned traits)
{
	assert_int_equal(read_limited(rtf, 0), WARD_OK);
	assert_string_equal(seen.names, names);
	assert_string_equal(seen.text, text);
	assert_int_equal(seen.traits, traits);
}

/* "MZabc" as an object that is no OLE1 object. */
#define RAW "4d5a616263"
/* Version, embedded, class "A\0", no topic, no item, 3 bytes. */
#define OLE1                                                                                       \
	"01050000"                                                                                 \
	"02000000"                                                                                 \
	"020000004100"                                                                             \
	"00000000"                                                                                 \
	"00000000"                                                                                 \
	"03000000"                                                                                 \
	"78797a"

static void
test_objects(void **state)
{
	(void)state;
	check("{\\rtf1 text {\\object\\objemb{\\*\\objclass A}{\\*\\objdata " OLE1 "}}}",
	      "object1:xyz;", "rtf.class=A\n", 0);
	check("{\\rtf1{\\*\\objdata " RAW "}{\\*\\objdata " RAW "}}",
	      "object1:MZabc;object2:MZabc;", "", 0);
	/* Nothing closed, and the type only begun. */
	check("{\\rt{\\objdata " RAW, "object1:MZabc;", "", 0);
	check("{\\rtf1{\\*\\objdata zz}}", "", "", 0);
	check("{\\rtf1 no objects}", "", "", 0);
	assert_int_equal(read_limited("\\rtf1", 0), WARD_E_FORMAT);
	assert_int_equal(read_limited("", 0), WARD_E_FORMAT);
}

static void
test_package(void **state)
{
	(void)state;
	/* Class "Package", whose data is "\2\0a.js\0p\0\0\0\3\0" + "t\0" + "var". */
	check("{\\rtf1{\\*\\objdata 0105000002000000080000005061636b616765000000000000000000"
	      "1b0000000200612e6a7300700000000300020000007400"
	      "0300000076617200000000}}",
	      "a.js:var;", "rtf.class=Package\npackage.name=a.js\npackage.path=p\n", 0);
}

static void
test_hiding_tricks(void **state)
{
	(void)state;
	check("{\\rtf1{\\*\\objdata 4d\n 5\\par a\\'41 6{\\*\\junk 999}1{\\b 62}{\\pict 11}63}}",
	      "object1:MZabc;", "", 0);
	check("{\\rtf1{\\*\\objdata 4d\\bin2 Za6263}}", "object1:MZabc;", "", 0);
	check("{\\rtf1{\\*\\objdata " RAW "\\bin999999999 }}", "object1:MZabc;", "", 0);
	check("{\\rtf1{\\*\\objdata " RAW "\\bin-1 }}", "object1:MZabc;", "", 0);
	/* An object in an object's data, and one in a group to be skipped. */
	check("{\\rtf1{\\*\\objdata 4d{\\*\\objdata " RAW "}}}", "object1:M;object2:MZabc;", "", 0);
	check("{\\rtf1{\\*\\no{{\\*\\objdata " RAW "}}}}", "object1:MZabc;", "", 0);
	check("{\\rtf1}  \r\n{\\rtf1{\\*\\objdata " RAW "}}",
	      "trailing:{\\rtf1{\\*\\objdata " RAW "}};", "", WARD_TRAIT_OVERLAY);
}

static void
test_what_it_loads(void **state)
{
	(void)state;
	check("{\\rtf1{\\*\\template http://e.org/a.dot}}", "", "rtf.template=http://e.org/a.dot\n",
	      WARD_TRAIT_EXTERNAL);
	check("{\\rtf1{\\*\\template C:\\\\Normal.dot}}", "", "rtf.template=C:\\Normal.dot\n", 0);
	check("{\\rtf1{\\field{\\*\\fldinst{\\b DDE}AUTO c:x}}}", "", "rtf.field=DDEAUTO c:x\n",
	      WARD_TRAIT_EXTERNAL);
	check("{\\rtf1{\\field{\\*\\fldinst INCLUDEPICTURE \"http://e.org/\\'61\"}}}", "",
	      "rtf.field=INCLUDEPICTURE \"http://e.org/a\"\n", WARD_TRAIT_EXTERNAL);
	check("{\\rtf1{\\field{\\*\\fldinst PAGE}}}", "", "", 0);
	check("{\\rtf1{\\object\\objupdate}}", "", "rtf.update=the object is loaded on opening\n",
	      WARD_TRAIT_AUTOEXEC);
	/* A linked object. */
	check("{\\rtf1{\\*\\objdata 01050000010000000200000041000200000062000000000000}}",
	      "object1:\x01\x05;", "rtf.class=A\nrtf.link=b\n", WARD_TRAIT_EXTERNAL);
}

static void
test_limits(void **state)
{
	char *deep = malloc(200001);

	(void)state;
	assert_int_equal(read_limited("{\\rtf1{\\*\\objdata " RAW RAW "}}", 4), WARD_OK);
	assert_string_equal(seen.names, "object1:MZab;");
	assert_string_equal(seen.text, "gap object1 size\n");
	/* The object says more than there is. */
	check("{\\rtf1{\\*\\objdata 0105000002000000000000000000000000000000ff00000078}}",
	      "object1:x;", "gap object1 corrupt\n", 0);
	assert_non_null(deep);
	memset(deep, '{', 200000);
	memcpy(deep, "{\\rtf", 5);
	deep[200000] = '\0';
	check(deep, "", "", 0);
	free(deep);
}

static void
check_token(struct ward_cursor *c, enum ward_rtf_kind kind, const char *bytes)
{
	struct ward_rtf_token t = ward_rtf_next(c);

	assert_int_equal(t.kind, kind);
	if (bytes)
		assert_true(ward_span_eq(t.bytes, ward_span_str(bytes)));
}

static void
test_tokens(void **state)
{
	struct ward_cursor c =
		ward_cursor_of(ward_span_str("{\\rtf1 a\\*\\x-12\\'4g\\'41\\bin3 }}}\\~}\\"));

	(void)state;
	check_token(&c, WARD_RTF_OPEN, NULL);
	check_token(&c, WARD_RTF_WORD, "rtf");
	check_token(&c, WARD_RTF_TEXT, "a");
	check_token(&c, WARD_RTF_STAR, NULL);
	check_token(&c, WARD_RTF_WORD, "x");
	check_token(&c, WARD_RTF_BYTE, NULL);
	assert_int_equal(ward_rtf_next(&c).byte, 'A');
	check_token(&c, WARD_RTF_BIN, "}}}");
	check_token(&c, WARD_RTF_TEXT, "~");
	check_token(&c, WARD_RTF_CLOSE, NULL);
	check_token(&c, WARD_RTF_TEXT, "");
	check_token(&c, WARD_RTF_END, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects),	      cmocka_unit_test(test_package),
		cmocka_unit_test(test_hiding_tricks), cmocka_unit_test(test_what_it_loads),
		cmocka_unit_test(test_limits),	      cmocka_unit_test(test_tokens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
