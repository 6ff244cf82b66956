/* SPDX-License-Identifier: Apache-2.0 */
#include "client/answer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static uint8_t one[32] = {0xaa, 0xbb, 0xcc, 1}, two[32] = {0xaa, 0xbb, 0xcc, 2}, far[32] = {0xab};

struct asked {
	Ward__V1__LookupRequest request;
	Ward__V1__LookupReply reply;
	Ward__V1__FileQuery queries[2], *files[2];
	Ward__V1__FileVerdict verdicts[3], *answers[3];
	uint32_t cut[1];
};

/* A query by digest and one by prefix; no answers yet. */
static void
ask(struct asked *a)
{
	ward__v1__lookup_request__init(&a->request);
	ward__v1__lookup_reply__init(&a->reply);
	for (size_t i = 0; i < 2; i++) {
		ward__v1__file_query__init(&a->queries[i]);
		a->files[i] = &a->queries[i];
	}
	a->queries[0].sha256 = (ProtobufCBinaryData){32, one};
	a->queries[1].prefix = (ProtobufCBinaryData){3, one};
	a->request.files = a->files;
	a->request.n_files = 2;
	a->reply.files = a->answers;
	a->reply.cut = a->cut;
}

static void
answer(struct asked *a, uint32_t query, uint8_t *sha256)
{
	Ward__V1__FileVerdict *v = &a->verdicts[a->reply.n_files];

	ward__v1__file_verdict__init(v);
	v->query = query;
	if (sha256)
		v->sha256 = (ProtobufCBinaryData){32, sha256};
	a->answers[a->reply.n_files++] = v;
}

static void
test_good(void **state)
{
	struct asked a;
	bool cut = true;

	(void)state;
	ask(&a);
	assert_null(ward_answer_refuse(&a.request, &a.reply));
	assert_null(ward_answer_find(&a.reply, 1, two, &cut));
	assert_false(cut);
	answer(&a, 0, NULL);
	answer(&a, 1, one);
	answer(&a, 1, two);
	assert_null(ward_answer_refuse(&a.request, &a.reply));
	assert_ptr_equal(ward_answer_find(&a.reply, 0, one, NULL), &a.verdicts[0]);
	assert_ptr_equal(ward_answer_find(&a.reply, 1, two, NULL), &a.verdicts[2]);
	assert_null(ward_answer_find(&a.reply, 1, far, NULL));
	a.reply.n_cut = 1;
	a.cut[0] = 1;
	assert_null(ward_answer_refuse(&a.request, &a.reply));
	assert_null(ward_answer_find(&a.reply, 1, far, &cut));
	assert_true(cut);
}

static void
test_wrong(void **state)
{
	struct asked a;

	(void)state;
	ask(&a);
	answer(&a, 2, NULL);
	assert_string_equal(ward_answer_refuse(&a.request, &a.reply), "an answer to no query");
	ask(&a);
	answer(&a, 0, NULL);
	answer(&a, 0, NULL);
	assert_string_equal(ward_answer_refuse(&a.request, &a.reply), "two answers to one query");
	ask(&a);
	answer(&a, 0, two);
	assert_string_equal(ward_answer_refuse(&a.request, &a.reply), "a digest nobody asked for");
	ask(&a);
	answer(&a, 1, far);
	assert_string_equal(ward_answer_refuse(&a.request, &a.reply),
			    "a digest without the prefix");
	ask(&a);
	answer(&a, 1, NULL);
	assert_string_equal(ward_answer_refuse(&a.request, &a.reply),
			    "a digest without the prefix");
	ask(&a);
	a.reply.n_cut = 1;
	a.cut[0] = 7;
	assert_string_equal(ward_answer_refuse(&a.request, &a.reply), "an answer to no query");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
