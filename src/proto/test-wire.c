/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/wire.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static uint8_t digest[32] = {0xab, 0xcd};
static uint8_t uuid7[16] = {0x01, 0x93, 0, 0, 0, 0, 0x70, 0, 0x80};

static ProtobufCBinaryData
bytes(uint8_t *data, size_t len)
{
	return (ProtobufCBinaryData){len, data};
}

/* Encodes, decodes with the budget the contract promises to suffice. */
static enum ward_rc
around(const ProtobufCMessage *message, const char **ret_why)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	struct ward_budget budget = {.cap = 0};
	struct ward_arena *arena;
	void *decoded = NULL;
	enum ward_rc rc;

	ward_buf_init(&out, 16 << 20, NULL);
	assert_int_equal(ward_wire_encode(message, &out), WARD_OK);
	budget.cap = 24 * out.len + 65536;
	arena = ward_arena_new(&budget);
	assert_non_null(arena);
	rc = ward_wire_decode(message->descriptor, ward_buf_span(&out), arena, &decoded, ret_why);
	assert_true((rc == WARD_OK) == (decoded != NULL));
	ward_arena_free(arena);
	return rc;
}

static void
test_lookup(void **state)
{
	Ward__V1__LookupRequest request = WARD__V1__LOOKUP_REQUEST__INIT;
	static Ward__V1__FileQuery query[1001];
	static Ward__V1__FileQuery *queries[1001];
	const char *why = NULL;

	(void)state;
	for (size_t i = 0; i < 1001; i++) {
		ward__v1__file_query__init(&query[i]);
		query[i].sha256 = bytes(digest, 32);
		queries[i] = &query[i];
	}
	request.files = queries;
	request.n_files = 1000;
	assert_int_equal(around(&request.base, &why), WARD_OK);
	request.n_files = 1001;
	assert_int_equal(around(&request.base, &why), WARD_E_PROTO);
	assert_string_equal(why, "files");
	request.n_files = 0;
	assert_int_equal(around(&request.base, &why), WARD_E_PROTO);
}

static void
test_lookup_fields(void **state)
{
	Ward__V1__LookupRequest request = WARD__V1__LOOKUP_REQUEST__INIT;
	Ward__V1__FileQuery query = WARD__V1__FILE_QUERY__INIT, *queries[] = {&query};
	char bell[] = "\a", latin[] = "\xe4";
	const char *why = NULL;

	(void)state;
	request.files = queries;
	request.n_files = 1;
	query.sha256 = bytes(digest, 31);
	assert_int_equal(around(&request.base, &why), WARD_E_PROTO);
	assert_string_equal(why, "sha256");
	query.sha256 = bytes(NULL, 0);
	query.prefix = bytes(digest, 2);
	assert_int_equal(around(&request.base, &why), WARD_E_PROTO);
	assert_string_equal(why, "prefix");
	query.prefix = bytes(digest, 3);
	assert_int_equal(around(&request.base, &why), WARD_OK);
	query.sha256 = bytes(digest, 32);
	assert_int_equal(around(&request.base, &why), WARD_E_PROTO);
	query.prefix = bytes(NULL, 0);
	query.type = bell;
	assert_int_equal(around(&request.base, &why), WARD_E_PROTO);
	assert_string_equal(why, "type");
	query.type = latin;
	assert_int_equal(around(&request.base, &why), WARD_E_PROTO);
}

static void
test_event(void **state)
{
	Ward__V1__ReportRequest request = WARD__V1__REPORT_REQUEST__INIT;
	Ward__V1__Event event = WARD__V1__EVENT__INIT, *events[] = {&event};
	Ward__V1__Sighting sighting = WARD__V1__SIGHTING__INIT;
	Ward__V1__FileQuery query = WARD__V1__FILE_QUERY__INIT;
	uint8_t random[16] = {0, 1, 2, 3, 4, 5, 0x40, 7, 0x80};
	const char *why = NULL;

	(void)state;
	request.events = events;
	request.n_events = 1;
	event.id = bytes(uuid7, 16);
	assert_int_equal(around(&request.base, &why), WARD_E_PROTO);
	assert_string_equal(why, "event.what");
	event.what_case = WARD__V1__EVENT__WHAT_SIGHTING;
	event.sighting = &sighting;
	assert_int_equal(around(&request.base, &why), WARD_E_PROTO);
	sighting.file = &query;
	query.sha256 = bytes(digest, 32);
	assert_int_equal(around(&request.base, &why), WARD_OK);
	event.id = bytes(random, 16);
	assert_int_equal(around(&request.base, &why), WARD_E_PROTO);
	assert_string_equal(why, "event.id");
}

static void
test_reputation(void **state)
{
	Ward__Log__V1__Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Reputation list = WARD__LOG__V1__REPUTATION__INIT;
	char name[] = "list", threat[] = "A.Threat", *threats[] = {threat};
	uint32_t which[] = {1};
	const char *why = NULL;

	(void)state;
	record.fact_case = WARD__LOG__V1__RECORD__FACT_REPUTATION;
	record.reputation = &list;
	list.list = name;
	list.kind = WARD__LOG__V1__DIGEST__DIGEST_SHA256;
	list.verdict = WARD__V1__VERDICT__VERDICT_MALICIOUS;
	list.digests = bytes(digest, 32);
	assert_int_equal(around(&record.base, &why), WARD_OK);
	list.threats = threats;
	list.n_threats = 1;
	list.threat = which;
	list.n_threat = 1;
	assert_int_equal(around(&record.base, &why), WARD_E_PROTO);
	assert_string_equal(why, "reputation.threat");
	which[0] = 0;
	assert_int_equal(around(&record.base, &why), WARD_OK);
	list.digests = bytes(digest, 31);
	assert_int_equal(around(&record.base, &why), WARD_E_PROTO);
	assert_string_equal(why, "reputation.digests");
}

static void
test_garbage(void **state)
{
	struct ward_budget budget = {.cap = 1 << 20}, none = {.cap = 64};
	struct ward_arena *arena = ward_arena_new(&budget), *small = ward_arena_new(&none);
	Ward__V1__SampleChunk chunk = WARD__V1__SAMPLE_CHUNK__INIT;
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	static uint8_t data[1024];
	const char *why = NULL;
	void *message;

	(void)state;
	assert_int_equal(ward_wire_decode(&ward__v1__lookup_request__descriptor,
					  ward_span_str("\xff\xff\xff"), arena, &message, &why),
			 WARD_E_PROTO);
	assert_string_equal(why, "encoding");
	/* nothing decodes what has no check */
	assert_int_equal(ward_wire_decode(&ward__v1__heartbeat__descriptor, ward_span_str(""),
					  arena, &message, &why),
			 WARD_E_INVAL);
	chunk.part_case = WARD__V1__SAMPLE_CHUNK__PART_DATA;
	chunk.data = bytes(data, sizeof(data));
	ward_buf_init(&out, 4096, NULL);
	assert_int_equal(ward_wire_encode(&chunk.base, &out), WARD_OK);
	if (small) /* an arena may already refuse to be born so small */
		assert_int_equal(ward_wire_decode(&ward__v1__sample_chunk__descriptor,
						  ward_buf_span(&out), small, &message, &why),
				 WARD_E_LIMIT);
	ward_arena_free(arena);
	ward_arena_free(small);
}

static void
test_uuid_made(void **state)
{
	static const uint8_t random[10] = {0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6};
	uint8_t id[16];
	char text[37];
	uint64_t ms = 0;

	(void)state;
	ward_wire_uuid_make(UINT64_C(0x0193a1b2c3d4), random, id);
	assert_true(ward_wire_uuid_time(id, &ms));
	assert_int_equal(ms, UINT64_C(0x0193a1b2c3d4));
	ward_wire_uuid_text(id, text);
	assert_string_equal(text, "0193a1b2-c3d4-7fff-bfff-010203040506");
}

static void
test_uuid(void **state)
{
	static const char text[] = "01930000-0000-7000-8000-000000000000";
	uint8_t id[16];
	char back[37];
	uint64_t ms = 0;

	(void)state;
	assert_int_equal(ward_wire_uuid_parse(ward_span_str(text), id), WARD_OK);
	assert_memory_equal(id, uuid7, 16);
	ward_wire_uuid_text(id, back);
	assert_string_equal(back, text);
	assert_true(ward_wire_uuid_time(id, &ms));
	assert_int_equal(ms, 0x019300000000);
	id[6] = 0x40;
	assert_false(ward_wire_uuid_time(id, &ms));
	assert_int_equal(
		ward_wire_uuid_parse(ward_span_str("01930000-0000-7000-8000-00000000000g"), id),
		WARD_E_FORMAT);
	assert_int_equal(
		ward_wire_uuid_parse(ward_span_str("0193000000000-7000-8000-000000000000"), id),
		WARD_E_FORMAT);
}

static void
test_verdicts(void **state)
{
	(void)state;
	for (enum ward_verdict v = WARD_CLEAN; v <= WARD_MALICIOUS; v++)
		assert_int_equal(ward_wire_verdict_from(ward_wire_verdict(v)), v);
	assert_int_equal(ward_wire_verdict_from(WARD__V1__VERDICT__VERDICT_UNSPECIFIED),
			 WARD_UNKNOWN);
	assert_int_equal(ward_wire_verdict_from((Ward__V1__Verdict)99), WARD_UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookup),	 cmocka_unit_test(test_lookup_fields),
		cmocka_unit_test(test_event),	 cmocka_unit_test(test_reputation),
		cmocka_unit_test(test_garbage),	 cmocka_unit_test(test_uuid),
		cmocka_unit_test(test_verdicts), cmocka_unit_test(test_uuid_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
