/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "intel/compile.h"

#define MD5    "5d41402abc4b2a76b9719d911017c592" /* of "hello" */
#define SHA256 "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

struct world {
	const char *names[8], *texts[8];
	struct ward_span packs[8]; /* used instead of the text when set */
	unsigned bad, notices, line, reads;
	char file[100], text[200];
	struct ward_buf out;
	const struct ward_edition *edition;
	uint8_t id[WARD_PACK_ID_LEN];
};

static enum ward_rc
world_read(void *ctx, const char *path, struct ward_span *ret)
{
	struct world *w = ctx;

	for (unsigned i = 0; i < 8 && w->names[i]; i++) {
		if (strcmp(w->names[i], path) != 0)
			continue;
		w->reads++;
		*ret = w->packs[i].data ? w->packs[i] : ward_span_str(w->texts[i]);
		return WARD_OK;
	}
	return WARD_E_NOENT;
}

static void
world_release(void *ctx, struct ward_span bytes)
{
	struct world *w = ctx;

	(void)bytes;
	w->reads--;
}

static void
world_notice(void *ctx, bool bad, const char *file, unsigned line, const char *text)
{
	struct world *w = ctx;

	w->notices++;
	if (!bad)
		return;
	w->bad++;
	w->line = line;
	(void)snprintf(w->file, sizeof(w->file), "%s", file);
	(void)snprintf(w->text, sizeof(w->text), "%s", text);
}

static enum ward_rc
world_write(void *ctx, struct ward_span bytes)
{
	struct world *w = ctx;

	return ward_buf_append(&w->out, bytes.data, bytes.len);
}

/* Compiles the first `count` of the world's files. */
static enum ward_rc
compile(struct world *w, size_t count, struct ward_intel_result *result)
{
	struct ward_intel_files files = {world_read, world_release, w};
	struct ward_intel_job job = {.paths = w->names,
				     .count = count,
				     .files = &files,
				     .created = "2026-01-31T12:00:00Z",
				     .notice = world_notice,
				     .notice_ctx = w,
				     .edition = w->edition};
	enum ward_rc rc;

	ward_buf_init(&w->out, 64 << 20, NULL);
	rc = ward_intel_compile(&job, world_write, w, result);
	assert_int_equal(w->reads, 0);
	return rc;
}

static bool
on_hit(void *ctx, const struct ward_match_hit *hit)
{
	struct world *w = ctx;

	size_t n = strlen(w->text);

	(void)snprintf(w->text + n, sizeof(w->text) - n, "%s ", hit->threat);
	return true;
}

/* Threat names of all hits on a text, each followed by a space. */
static const char *
scan(struct world *w, const struct ward_pack *p, const char *text)
{
	static const struct ward_match_origin origin = {"", "", "", ""};
	struct ward_digests digests = ward_digests_of(ward_span_str(text));
	struct ward_match_object o = {.bytes = ward_span_str(text),
				      .digests = &digests,
				      .type = WARD_TYPE_TEXT,
				      .origin = &origin};
	size_t count;
	struct ward_matcher *const *m = ward_pack_matchers(p, &count);

	w->text[0] = 0;
	for (size_t i = 0; i < count; i++)
		assert_int_equal(ward_matcher_scan(m[i], &o, on_hit, w), WARD_OK);
	return w->text;
}

static bool
contains(struct ward_span hay, const char *needle)
{
	return ward_text_find(hay, ward_span_str(needle), 0) != SIZE_MAX;
}

static void
test_a_mix(void **state)
{
	struct world w = {.names = {"a.hdb", "b.ndb", "c.txt", "d.ldb", "e.ign2"},
			  .texts = {MD5 ":5:Hash.Hello\n",
				    "Body.World:0:*:776f726c64\nGone:0:*:6162\n", SHA256 "\n",
				    "L;Target:0;0;6162\n", "Gone\n"}};
	struct ward_intel_result r;
	struct ward_span manifest;
	struct ward_pack *p;

	(void)state;
	assert_int_equal(compile(&w, 5, &r), WARD_OK);
	assert_int_equal(w.bad, 0);
	assert_int_equal(r.counts.hashes[WARD_HASH_MD5], 1);
	assert_int_equal(r.counts.hashes[WARD_HASH_SHA256], 1);
	assert_int_equal(r.counts.bodies, 1);
	assert_int_equal(ward_pack_verify(ward_buf_span(&w.out)), WARD_OK);
	assert_int_equal(ward_pack_open(ward_buf_span(&w.out), &p), WARD_OK);
	assert_memory_equal(ward_pack_id(p), r.id, sizeof(r.id));
	assert_string_equal(scan(&w, p, "hello"), "Listed.Hash Hash.Hello ");
	assert_string_equal(scan(&w, p, "a world ab"), "Body.World ");
	manifest = ward_pack_manifest(p);
	assert_true(contains(manifest, "\"created\": \"2026-01-31T12:00:00Z\""));
	assert_true(contains(manifest,
			     "\"counts\": {\"sha256\": 1, \"md5\": 1, \"body-signatures\": 1}"));
	assert_true(contains(manifest, "{\"file\": \"d.ldb\", \"kind\": \"ldb\", \"loaded\": 0, "
				       "\"unsupported\": {\"logical signatures (.ldb)\": 1}}"));
	ward_pack_free(p);
	ward_buf_done(&w.out);
}

static void
test_yara_rules(void **state)
{
	struct world w = {
		.names = {"dir/r.yar", "dir/inc.yar"},
		.texts = {"include \"inc.yar\"\nrule A { strings: $a = \"hello\" condition: $a }\n",
			  "rule B { strings: $a = \"there\" condition: $a }\n"}};
	struct ward_intel_result r;
	struct ward_pack *p;

	(void)state;
	assert_int_equal(compile(&w, 1, &r), WARD_OK);
	assert_int_equal(r.counts.yara_rules, 2);
	assert_int_equal(ward_pack_open(ward_buf_span(&w.out), &p), WARD_OK);
	assert_int_equal(ward_pack_count(p).yara_rules, 2);
	assert_string_equal(scan(&w, p, "hello"), "A ");
	ward_pack_free(p);
	ward_buf_done(&w.out);
}

static void
test_packs_are_merged(void **state)
{
	struct world w = {.names = {"a.hdb", "b.ndb", "r.yar"},
			  .texts = {MD5 ":5:Hash.Hello\n", "Body.World:0:*:776f*726c64\n",
				    "rule A { strings: $a = \"world\" condition: $a }\n"}};
	struct world again = {.names = {"one.wardpack", "c.fp", "s.yar"},
			      .texts = {NULL, SHA256 ":5:Good\n",
					"rule C { strings: $a = \"world\" condition: $a }\n"}};
	struct ward_intel_result r;
	struct ward_pack *p;

	(void)state;
	assert_int_equal(compile(&w, 3, &r), WARD_OK);
	again.packs[0] = ward_buf_span(&w.out);
	assert_int_equal(compile(&again, 3, &r), WARD_OK);
	assert_int_equal(r.counts.yara_rules, 2);
	assert_int_equal(r.counts.bodies, 1);
	assert_int_equal(ward_pack_open(ward_buf_span(&again.out), &p), WARD_OK);
	assert_string_equal(scan(&again, p, "hello"), "Good Hash.Hello ");
	assert_string_equal(scan(&again, p, "wo the rld world"), "A C Body.World ");
	ward_pack_free(p);

	/* One byte of the merged pack changed: refused, and named. */
	w.out.data[w.out.len - 5] ^= 1;
	ward_buf_done(&again.out);
	assert_int_equal(compile(&again, 3, &r), WARD_E_FORMAT);
	assert_string_equal(again.file, "one.wardpack");
	assert_int_equal(again.out.len, 0);
	ward_buf_done(&again.out);
	ward_buf_done(&w.out);
}

static void
test_same_input_same_pack(void **state)
{
	struct world w = {.names = {"a.hdb"}, .texts = {MD5 ":5:Hash.Hello\n"}};
	struct ward_intel_result a, b;
	struct ward_buf first;

	(void)state;
	assert_int_equal(compile(&w, 1, &a), WARD_OK);
	first = w.out;
	assert_int_equal(compile(&w, 1, &b), WARD_OK);
	assert_memory_equal(a.id, b.id, sizeof(a.id));
	assert_true(ward_span_eq(ward_buf_span(&first), ward_buf_span(&w.out)));
	ward_buf_done(&first);
	ward_buf_done(&w.out);
}

static void
test_errors_name_file_and_line(void **state)
{
	struct world w = {
		.names = {"good.hdb", "bad.hdb", "bad.yar", "what.exe"},
		.texts = {MD5 ":5:N\n", "# c\n" MD5 ":5:N\nnonsense\n", "rule {\n", "MZ"}};
	struct ward_intel_result r;

	(void)state;
	assert_int_equal(compile(&w, 2, &r), WARD_E_FORMAT);
	assert_int_equal(w.bad, 1);
	assert_string_equal(w.file, "bad.hdb");
	assert_int_equal(w.line, 3);
	assert_int_equal(w.out.len, 0);
	w.names[1] = "what.exe";
	assert_int_equal(compile(&w, 2, &r), WARD_E_UNSUPPORTED);
	assert_string_equal(w.file, "what.exe");
	w.names[1] = "bad.yar";
	w.texts[1] = "rule {\n";
	assert_int_equal(compile(&w, 2, &r), WARD_E_FORMAT);
	assert_string_equal(w.file, "bad.yar");
	w.names[1] = NULL;
	assert_int_equal(compile(&w, 1, &r), WARD_OK);
	ward_buf_done(&w.out);
	w.names[0] = "none.ldb";
	w.texts[0] = "x\n";
	assert_int_equal(compile(&w, 1, &r), WARD_E_FORMAT);
	assert_int_equal(w.out.len, 0);
}

/* Each byte of a pack changed: verify says so; opening gives an error or a pack that can be used
 * without reading outside. */
static void
test_damage(void **state)
{
	struct world w = {.names = {"a.hdb", "b.ndb", "r.yar"},
			  .texts = {MD5 ":5:Hash.Hello\n", "Body.World:0:*:776f*726c64\n",
				    "rule A { strings: $a = \"world\" condition: $a }\n"}};
	struct ward_intel_result r;

	(void)state;
	assert_int_equal(compile(&w, 3, &r), WARD_OK);
	for (size_t at = 0; at < w.out.len; at += at < 512 ? 1 : 41) {
		struct ward_pack *p;

		w.out.data[at] ^= 0x55;
		assert_int_not_equal(ward_pack_verify(ward_buf_span(&w.out)), WARD_OK);
		if (ward_pack_open(ward_buf_span(&w.out), &p) == WARD_OK) {
			(void)ward_pack_count(p);
			ward_pack_free(p);
		}
		w.out.data[at] ^= 0x55;
	}
	for (size_t len = 0; len < w.out.len; len += 61) {
		struct ward_pack *p;

		assert_int_not_equal(ward_pack_open(ward_span_of(w.out.data, len), &p), WARD_OK);
	}
	ward_buf_done(&w.out);
}

static void
test_edition(void **state)
{
	struct ward_edition e = {77, 1767225600, ward_span_str("für Köln")};
	struct world w = {.names = {"a.hdb"}, .texts = {MD5 ":5:Hash.Hello\n"}, .edition = &e};
	struct ward_intel_result r;
	struct ward_edition read;
	struct ward_pack *p;

	(void)state;
	assert_int_equal(compile(&w, 1, &r), WARD_OK);
	assert_int_equal(ward_pack_verify(ward_buf_span(&w.out)), WARD_OK);
	assert_int_equal(ward_pack_open(ward_buf_span(&w.out), &p), WARD_OK);
	assert_int_equal(ward_pack_name(ward_buf_span(&w.out), w.id, &read), WARD_OK);
	assert_memory_equal(w.id, r.id, sizeof(r.id));
	assert_int_equal(read.number, 77);
	read = ward_pack_edition(p);
	assert_int_equal(read.number, 77);
	assert_int_equal(read.made_s, 1767225600);
	assert_true(ward_span_eq(read.notes, e.notes));
	ward_pack_free(p);
	ward_buf_done(&w.out);
	e.notes = ward_span_str("\xff");
	assert_int_equal(compile(&w, 1, &r), WARD_E_FORMAT);
	assert_int_equal(ward_edition_read(ward_span_str("short"), &read), WARD_E_FORMAT);
	assert_int_equal(ward_edition_read(ward_span_str(""), &read), WARD_OK);
	assert_int_equal(read.number, 0);
}

static void
test_kinds(void **state)
{
	struct ward_span none = ward_span_str("");

	(void)state;
	assert_int_equal(ward_intel_kind_of("a.HDB", none), WARD_INTEL_CLAMAV);
	assert_int_equal(ward_intel_kind_of("d.d/a.yara", none), WARD_INTEL_YARA);
	assert_int_equal(ward_intel_kind_of("a.bin", ward_span_str("YARA....")),
			 WARD_INTEL_YARA_COMPILED);
	assert_int_equal(ward_intel_kind_of("x", ward_span_str("WARDPACK")), WARD_INTEL_PACK);
	assert_int_equal(ward_intel_kind_of("x.sha256", none), WARD_INTEL_LIST);
	assert_int_equal(ward_intel_kind_of("feed", ward_span_str(MD5 "\n")), WARD_INTEL_LIST);
	assert_int_equal(ward_intel_kind_of("feed", ward_span_str("MZ")), WARD_INTEL_UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_mix),
		cmocka_unit_test(test_yara_rules),
		cmocka_unit_test(test_packs_are_merged),
		cmocka_unit_test(test_same_input_same_pack),
		cmocka_unit_test(test_errors_name_file_and_line),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_edition),
		cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
