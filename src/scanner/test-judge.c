/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/text.h"
#include "intel/builder.h"
#include "scanner/judge.h"

static const char EVIL[] = "this text stands for something evil";

static enum ward_rc
take(void *ctx, struct ward_span bytes)
{
	return ward_buf_append(ctx, bytes.data, bytes.len);
}

/* A pack that knows the MD5 of `text` under `name`. */
static void
make_pack(const char *text, const char *name, struct ward_buf *ret_pack)
{
	const struct ward_pack_config config = {.notice = NULL};
	struct ward_pack_builder *b = NULL;
	uint8_t digest[WARD_DIGEST_MAX];
	char hex[2 * WARD_MD5_LEN + 1], line[128];

	assert_int_equal(ward_digest(WARD_MD5, ward_span_str(text), digest), WARD_OK);
	ward_text_hex(ward_span_of(digest, WARD_MD5_LEN), hex);
	(void)snprintf(line, sizeof(line), "%s:%zu:%s\n", hex, strlen(text), name);
	ward_buf_init(ret_pack, 1 << 20, NULL);
	assert_int_equal(ward_pack_builder_new(&config, &b), WARD_OK);
	assert_int_equal(ward_pack_builder_add(b, "t.hdb", ward_span_str(line)), WARD_OK);
	assert_int_equal(ward_pack_builder_finish(b, "now", take, ret_pack, NULL, NULL), WARD_OK);
	b = ward_pack_builder_free(b);
}

static struct ward_result *
scan(struct ward_judge *j, const char *text)
{
	struct ward_scan_request request = {
		.bytes = ward_span_str(text),
		.origin = {"t", "/t", "", ""},
	};
	struct ward_result *r = NULL;

	ward_limits_default(&request.limits);
	assert_int_equal(ward_judge_scan(j, &request, &r), WARD_OK);
	return r;
}

static void
test_all_packs_count(void **state)
{
	struct ward_judge j = {0};
	struct ward_buf pack[2], why;
	struct ward_span spans[2];
	struct ward_result *r;

	(void)state;
	ward_buf_init(&why, 4096, NULL);
	make_pack("something else", "Other", &pack[0]);
	make_pack(EVIL, "Test.Evil", &pack[1]);
	for (int i = 0; i < 2; i++)
		spans[i] = ward_buf_span(&pack[i]);
	assert_int_equal(ward_judge_load(&j, spans, 2, &why), WARD_OK);
	r = scan(&j, EVIL);
	assert_int_equal(r->verdict, WARD_MALICIOUS);
	assert_string_equal(r->findings[0].threat, "Test.Evil");
	r = ward_result_free(r);
	r = scan(&j, "harmless");
	assert_int_equal(r->verdict, WARD_CLEAN);
	r = ward_result_free(r);
	ward_judge_done(&j);
	ward_buf_done(&why);
	ward_buf_done(&pack[0]);
	ward_buf_done(&pack[1]);
}

static void
test_without_packs_nothing_is_clean(void **state)
{
	struct ward_judge j = {0};
	struct ward_buf why;
	struct ward_result *r;

	(void)state;
	ward_buf_init(&why, 4096, NULL);
	assert_int_equal(ward_judge_load(&j, NULL, 0, &why), WARD_OK);
	r = scan(&j, EVIL);
	assert_int_equal(r->verdict, WARD_UNKNOWN);
	r = ward_result_free(r);
	ward_judge_done(&j);
}

static void
test_a_bad_pack_is_named(void **state)
{
	struct ward_judge j = {0};
	struct ward_buf pack, why;
	struct ward_span spans[2];

	(void)state;
	ward_buf_init(&why, 4096, NULL);
	make_pack(EVIL, "Test.Evil", &pack);
	spans[0] = ward_buf_span(&pack);
	spans[1] = ward_span_str("no pack");
	assert_int_equal(ward_judge_load(&j, spans, 2, &why), WARD_E_FORMAT);
	assert_true(ward_span_starts(ward_buf_span(&why), "intelligence pack 2 of 2: ", 26));
	ward_judge_done(&j);
	ward_buf_done(&why);
	ward_buf_done(&pack);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_packs_count),
		cmocka_unit_test(test_without_packs_nothing_is_clean),
		cmocka_unit_test(test_a_bad_pack_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
