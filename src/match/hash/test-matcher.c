/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "match/hash/build.h"
#include "match/hash/matcher.h"

static const char BODY[] = "0123456789abcdefghijklmnopqrstuvwxyz";

struct fixture {
	struct ward_hash_builder *b;
	struct ward_buf bytes;
	struct ward_matcher *matcher;
	struct ward_digests digests;
	struct ward_match_object object;
	struct ward_match_hit last;
	char threat[64], detail[100];
	unsigned hits;
	bool enough;
};

static void
add(struct fixture *f, enum ward_hash_kind kind, struct ward_span of, uint64_t size,
    enum ward_verdict verdict)
{
	struct ward_hash_entry e = {.kind = kind,
				    .any_size = size == UINT64_MAX,
				    .size = size,
				    .verdict = verdict,
				    .name = ward_span_str("Test.Threat"),
				    .source = ward_span_str("a.hdb")};

	assert_int_equal(ward_digest(ward_hash_digest_of(kind), of, e.digest), WARD_OK);
	assert_int_equal(ward_hash_builder_add(f->b, &e), WARD_OK);
}

static struct ward_span
body(void)
{
	return ward_span_of(BODY, sizeof(BODY) - 1);
}

static void
start(struct fixture *f)
{
	*f = (struct fixture){.object = {.bytes = body(), .type = WARD_TYPE_TEXT}};
	f->digests = ward_digests_of(body());
	f->object.digests = &f->digests;
	assert_int_equal(ward_hash_builder_new(&f->b), WARD_OK);
	ward_buf_init(&f->bytes, 1 << 20, NULL);
}

static void
ready(struct fixture *f)
{
	struct ward_hash_image image;

	assert_int_equal(ward_hash_builder_finish(f->b, NULL, NULL, &image), WARD_OK);
	for (size_t i = 0; i < image.count; i++)
		assert_int_equal(ward_buf_append(&f->bytes, image.runs[i].data, image.runs[i].len),
				 WARD_OK);
	f->b = ward_hash_builder_free(f->b);
	assert_int_equal(ward_hash_matcher_new(ward_buf_span(&f->bytes), &f->matcher), WARD_OK);
}

static void
stop(struct fixture *f)
{
	f->matcher = ward_matcher_free(f->matcher);
	ward_buf_done(&f->bytes);
}

static bool
on_hit(void *ctx, const struct ward_match_hit *hit)
{
	struct fixture *f = ctx;

	f->last = *hit;
	(void)snprintf(f->threat, sizeof(f->threat), "%s", hit->threat);
	(void)snprintf(f->detail, sizeof(f->detail), "%s", hit->detail);
	f->hits++;
	return !f->enough;
}

static enum ward_rc
run(struct fixture *f)
{
	f->hits = 0;
	return ward_matcher_scan(f->matcher, &f->object, on_hit, f);
}

static void
test_sha256_is_found(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	add(&f, WARD_HASH_SHA256, body(), UINT64_MAX, WARD_MALICIOUS);
	ready(&f);
	assert_int_equal(run(&f), WARD_OK);
	assert_int_equal(f.hits, 1);
	assert_string_equal(f.threat, "Test.Threat");
	assert_string_equal(f.detail, "sha256");
	assert_int_equal(f.last.verdict, WARD_MALICIOUS);
	assert_int_equal(f.digests.have, 1u << WARD_SHA256);
	f.object.derived = true;
	assert_int_equal(run(&f), WARD_OK);
	assert_int_equal(f.hits, 0);
	stop(&f);
}

static void
test_md5_only_for_listed_sizes(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	add(&f, WARD_HASH_MD5, body(), body().len + 1, WARD_MALICIOUS);
	ready(&f);
	assert_int_equal(run(&f), WARD_OK);
	assert_int_equal(f.hits, 0);
	assert_int_equal(f.digests.have, 0); /* MD5 was not even computed */
	stop(&f);

	start(&f);
	add(&f, WARD_HASH_MD5, body(), body().len, WARD_SUSPICIOUS);
	ready(&f);
	assert_int_equal(run(&f), WARD_OK);
	assert_int_equal(f.hits, 1);
	assert_int_equal(f.last.verdict, WARD_SUSPICIOUS);
	stop(&f);
}

static void
test_any_size_and_allow(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	add(&f, WARD_HASH_SHA1, body(), UINT64_MAX, WARD_CLEAN);
	ready(&f);
	assert_int_equal(run(&f), WARD_OK);
	assert_int_equal(f.hits, 1);
	assert_int_equal(f.last.verdict, WARD_CLEAN);
	f.enough = true;
	assert_int_equal(run(&f), WARD_E_STOPPED);
	stop(&f);
}

static void
test_sections(void **state)
{
	struct ward_layout_section sections[] = {{.offset = 0, .size = 4},
						 {.offset = 10, .size = 5}};
	struct ward_layout layout = {.sections = sections, .section_count = 2};
	struct fixture f;

	(void)state;
	start(&f);
	add(&f, WARD_HASH_SECTION_MD5, ward_span_cut(body(), 10, 5), 5, WARD_MALICIOUS);
	ready(&f);
	f.object.layout = &layout;
	assert_int_equal(run(&f), WARD_OK);
	assert_int_equal(f.hits, 0); /* not a PE */
	f.object.type = WARD_TYPE_PE;
	assert_int_equal(run(&f), WARD_OK);
	assert_int_equal(f.hits, 1);
	assert_string_equal(f.detail, "md5 of section 1 (5 bytes)");
	stop(&f);
}

static void
test_overlapping_sections_hit_the_limit(void **state)
{
	static struct ward_layout_section sections[1000];
	struct ward_layout layout = {.sections = sections, .section_count = 1000};
	struct fixture f;

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		sections[i] = (struct ward_layout_section){.size = UINT64_MAX};
	start(&f);
	add(&f, WARD_HASH_SECTION_SHA256, ward_span_str("other"), UINT64_MAX, WARD_MALICIOUS);
	ready(&f);
	f.object.layout = &layout;
	f.object.type = WARD_TYPE_PE;
	assert_int_equal(run(&f), WARD_E_LIMIT);
	stop(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256_is_found),
		cmocka_unit_test(test_md5_only_for_listed_sizes),
		cmocka_unit_test(test_any_size_and_allow),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_overlapping_sections_hit_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
