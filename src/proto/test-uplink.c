/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/uplink.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static uint8_t digest[32] = {0xab, 0xcd};
static uint8_t uuid7[16] = {0x01, 0x93, 0, 0, 0, 0, 0x70, 0, 0x80};
static char nothing[] = "";

static struct ward_budget budget = {.cap = WARD_UPLINK_ARENA};
static struct ward_arena *arena;
static struct ward_buf out;

static int
set_up(void **state)
{
	(void)state;
	arena = ward_arena_new(&budget);
	ward_buf_init(&out, WARD_UPLINK_MESSAGE_MAX, NULL);
	return arena ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	arena = ward_arena_free(arena);
	ward_buf_done(&out);
	return 0;
}

/* A message with all it may hold; each test breaks one thing. */
struct ask {
	ward_uplink_request request;
	Ward__Uplink__V1__Ask ask;
	Ward__V1__FileQuery file;
};

static void
make_ask(struct ask *a)
{
	ward__uplink__v1__request__init(&a->request);
	ward__uplink__v1__ask__init(&a->ask);
	ward__v1__file_query__init(&a->file);
	a->file.sha256 = (ProtobufCBinaryData){sizeof(digest), digest};
	a->file.size = 100;
	a->ask.id = 7;
	a->ask.file = &a->file;
	a->ask.type = 3;
	a->ask.deadline_ms = 10000;
	a->request.what_case = WARD__UPLINK__V1__REQUEST__WHAT_ASK;
	a->request.ask = &a->ask;
}

static enum ward_rc
encode(const ward_uplink_request *r)
{
	ward_buf_clear(&out);
	return ward_uplink_request_encode(r, &out);
}

static void
test_an_ask_comes_with_a_descriptor_or_none(void **state)
{
	ward_uplink_request *back = NULL;
	const char *why = NULL;
	struct ask a;

	(void)state;
	make_ask(&a);
	assert_int_equal(encode(&a.request), WARD_OK);
	for (size_t fds = 0; fds < 2; fds++) {
		assert_int_equal(
			ward_uplink_request_decode(ward_buf_span(&out), fds, arena, &back, &why),
			WARD_OK);
		assert_int_equal(back->ask->id, 7);
		assert_int_equal(back->ask->deadline_ms, 10000);
		assert_memory_equal(back->ask->file->sha256.data, digest, 32);
	}
	assert_int_equal(ward_uplink_request_decode(ward_buf_span(&out), 2, arena, &back, &why),
			 WARD_E_PROTO);
	assert_string_equal(why, "descriptors");
}

static void
test_an_ask_out_of_its_limits_is_neither_made_nor_taken(void **state)
{
	struct ask a;

	(void)state;
	make_ask(&a);
	a.ask.id = 0;
	assert_int_equal(encode(&a.request), WARD_E_INVAL);
	make_ask(&a);
	a.ask.deadline_ms = WARD_UPLINK_DEADLINE_MAX_MS + 1;
	assert_int_equal(encode(&a.request), WARD_E_INVAL);
	make_ask(&a);
	a.ask.type = 10000;
	assert_int_equal(encode(&a.request), WARD_E_INVAL);
	make_ask(&a);
	a.file.sha256.len = 31;
	assert_int_equal(encode(&a.request), WARD_E_INVAL);
	make_ask(&a);
	a.file.size = 0;
	assert_int_equal(encode(&a.request), WARD_E_INVAL);
	make_ask(&a);
	a.file.sha256.len = 0;
	a.file.prefix = (ProtobufCBinaryData){4, digest};
	assert_int_equal(encode(&a.request), WARD_E_INVAL);
	make_ask(&a);
	a.ask.file = NULL;
	assert_int_equal(encode(&a.request), WARD_E_INVAL);
	assert_int_equal(out.len, 0);
}

static void
test_another_version_is_refused(void **state)
{
	ward_uplink_request r = WARD__UPLINK__V1__REQUEST__INIT;
	Ward__Uplink__V1__Start start = WARD__UPLINK__V1__START__INIT;
	Ward__Uplink__V1__Settings settings = WARD__UPLINK__V1__SETTINGS__INIT;
	Ward__V1__Policy policy = WARD__V1__POLICY__INIT;

	(void)state;
	start.version = WARD_UPLINK_VERSION;
	start.settings = &settings;
	settings.policy = &policy;
	r.what_case = WARD__UPLINK__V1__REQUEST__WHAT_START;
	r.start = &start;
	assert_int_equal(encode(&r), WARD_OK);
	start.version++;
	assert_int_equal(encode(&r), WARD_E_INVAL);
	start.version = WARD_UPLINK_VERSION;
	policy.hold_ms = WARD_WIRE_HOLD_MAX_MS + 1;
	assert_int_equal(encode(&r), WARD_E_INVAL);
	settings.policy = NULL;
	assert_int_equal(encode(&r), WARD_E_INVAL);
}

static enum ward_rc
encode_answer(Ward__Uplink__V1__Answer *a)
{
	ward_uplink_reply r = WARD__UPLINK__V1__REPLY__INIT;

	ward_buf_clear(&out);
	r.what_case = WARD__UPLINK__V1__REPLY__WHAT_ANSWER;
	r.answer = a;
	return ward_uplink_reply_encode(&r, &out);
}

/* An answer without a verdict is not a verdict, and what is none brings none along. */
static void
test_a_verdict_and_an_error_are_never_the_same(void **state)
{
	Ward__Uplink__V1__Answer a = WARD__UPLINK__V1__ANSWER__INIT;
	Ward__V1__FileVerdict v = WARD__V1__FILE_VERDICT__INIT;
	ward_uplink_reply *back = NULL;

	(void)state;
	a.id = 1;
	a.sha256 = (ProtobufCBinaryData){sizeof(digest), digest};
	a.outcome = WARD__UPLINK__V1__OUTCOME__OUTCOME_VERDICT;
	assert_int_equal(encode_answer(&a), WARD_E_INVAL);
	a.verdict = &v;
	assert_int_equal(encode_answer(&a), WARD_E_INVAL);
	v.verdict = WARD__V1__VERDICT__VERDICT_CLEAN;
	v.threat = nothing;
	assert_int_equal(encode_answer(&a), WARD_OK);
	assert_int_equal(ward_uplink_reply_decode(ward_buf_span(&out), 0, arena, &back, NULL),
			 WARD_OK);
	assert_int_equal(back->answer->verdict->verdict, WARD__V1__VERDICT__VERDICT_CLEAN);
	assert_int_equal(ward_uplink_reply_decode(ward_buf_span(&out), 1, arena, &back, NULL),
			 WARD_E_PROTO);
	a.outcome = WARD__UPLINK__V1__OUTCOME__OUTCOME_UNAVAILABLE;
	assert_int_equal(encode_answer(&a), WARD_E_INVAL);
	a.verdict = NULL;
	assert_int_equal(encode_answer(&a), WARD_OK);
	a.late = true;
	assert_int_equal(encode_answer(&a), WARD_E_INVAL);
	a.late = false;
	a.outcome = WARD__UPLINK__V1__OUTCOME__OUTCOME_UNSPECIFIED;
	assert_int_equal(encode_answer(&a), WARD_E_INVAL);
}

static void
test_reports_are_checked_event_by_event(void **state)
{
	static Ward__V1__Event events[WARD_UPLINK_EVENTS_MAX + 1];
	static Ward__V1__Event *list[WARD_UPLINK_EVENTS_MAX + 1];
	ward_uplink_request r = WARD__UPLINK__V1__REQUEST__INIT;
	Ward__Uplink__V1__Report report = WARD__UPLINK__V1__REPORT__INIT;
	Ward__V1__Health health = WARD__V1__HEALTH__INIT;

	(void)state;
	for (size_t i = 0; i < WARD_UPLINK_EVENTS_MAX + 1; i++) {
		ward__v1__event__init(&events[i]);
		events[i].id = (ProtobufCBinaryData){sizeof(uuid7), uuid7};
		events[i].what_case = WARD__V1__EVENT__WHAT_HEALTH;
		events[i].health = &health;
		list[i] = &events[i];
	}
	r.what_case = WARD__UPLINK__V1__REQUEST__WHAT_REPORT;
	r.report = &report;
	report.id = 1;
	report.events = list;
	report.n_events = WARD_UPLINK_EVENTS_MAX;
	assert_int_equal(encode(&r), WARD_OK);
	report.n_events++;
	assert_int_equal(encode(&r), WARD_E_INVAL);
	report.n_events = 0;
	assert_int_equal(encode(&r), WARD_E_INVAL);
	report.n_events = 1;
	events[0].id.len = 15;
	assert_int_equal(encode(&r), WARD_E_INVAL);
}

static void
test_health_and_tampering_are_checked(void **state)
{
	Ward__V1__Event event = WARD__V1__EVENT__INIT, *list = &event;
	ward_uplink_request r = WARD__UPLINK__V1__REQUEST__INIT;
	Ward__Uplink__V1__Report report = WARD__UPLINK__V1__REPORT__INIT;
	Ward__V1__Health health = WARD__V1__HEALTH__INIT;
	Ward__V1__Tamper tamper = WARD__V1__TAMPER__INIT;
	char code[] = "loop-stuck", empty[] = "", mode[] = "block";
	char seventeen[] = "aaaaaaaaaaaaaaaaa", control[] = "a\nb";
	char *issues[WARD_WIRE_ISSUES_MAX + 1];

	(void)state;
	for (size_t i = 0; i <= WARD_WIRE_ISSUES_MAX; i++)
		issues[i] = code;
	event.id = (ProtobufCBinaryData){sizeof(uuid7), uuid7};
	event.what_case = WARD__V1__EVENT__WHAT_HEALTH;
	event.health = &health;
	r.what_case = WARD__UPLINK__V1__REQUEST__WHAT_REPORT;
	r.report = &report;
	report.id = 1;
	report.events = &list;
	report.n_events = 1;
	health.issues = issues;
	health.n_issues = WARD_WIRE_ISSUES_MAX;
	health.mode = mode;
	assert_int_equal(encode(&r), WARD_OK);
	health.n_issues++;
	assert_int_equal(encode(&r), WARD_E_INVAL);
	health.n_issues = 1;
	issues[0] = empty;
	assert_int_equal(encode(&r), WARD_E_INVAL);
	health.n_issues = 0;
	health.mode = seventeen;
	assert_int_equal(encode(&r), WARD_E_INVAL);
	event.what_case = WARD__V1__EVENT__WHAT_TAMPER;
	event.tamper = &tamper;
	assert_int_equal(encode(&r), WARD_E_INVAL); /* of no kind */
	tamper.kind = WARD__V1__TAMPER_KIND__TAMPER_KILLED;
	assert_int_equal(encode(&r), WARD_OK);
	tamper.kind++;
	assert_int_equal(encode(&r), WARD_E_INVAL);
	tamper.kind = WARD__V1__TAMPER_KIND__TAMPER_REFUSED;
	tamper.deed = control;
	assert_int_equal(encode(&r), WARD_E_INVAL);
	tamper.deed = mode;
	tamper.setting = code;
	assert_int_equal(encode(&r), WARD_OK);
}

static enum ward_rc
decode(const char *bytes, size_t len)
{
	ward_uplink_request *r = NULL;
	ward_uplink_reply *p = NULL;
	enum ward_rc one = ward_uplink_request_decode(ward_span_of(bytes, len), 0, arena, &r, NULL);
	enum ward_rc two = ward_uplink_reply_decode(ward_span_of(bytes, len), 0, arena, &p, NULL);

	return one ? one : two;
}

static void
test_nonsense_is_refused(void **state)
{
	static char large[WARD_UPLINK_MESSAGE_MAX + 1];

	(void)state;
	assert_int_equal(decode("", 0), WARD_E_PROTO);
	assert_int_equal(decode("\xff\xff\xff", 3), WARD_E_PROTO);
	assert_int_equal(decode("\x1a\x02\x08\x01", 4), WARD_E_PROTO);
	assert_int_equal(decode(large, sizeof(large)), WARD_E_PROTO);
}

/* Every prefix and every flipped bit either decodes or does not; nothing else happens. */
static void
test_damage_does_no_harm(void **state)
{
	char copy[512];
	struct ask a;

	(void)state;
	make_ask(&a);
	assert_int_equal(encode(&a.request), WARD_OK);
	assert_true(out.len < sizeof(copy));
	for (size_t i = 0; i < out.len; i++) {
		for (unsigned flip = 1; flip < 256; flip <<= 1) {
			memcpy(copy, out.data, out.len);
			copy[i] = (char)((uint8_t)copy[i] ^ flip);
			(void)!decode(copy, out.len);
		}
		(void)!decode((const char *)out.data, i);
	}
}

static void
test_what_is_fetched_is_named(void **state)
{
	ward_uplink_request r = WARD__UPLINK__V1__REQUEST__INIT, *back = NULL;
	Ward__Uplink__V1__Fetch fetch = WARD__UPLINK__V1__FETCH__INIT;
	Ward__V1__UpdatesRequest updates = WARD__V1__UPDATES_REQUEST__INIT;
	Ward__V1__MetadataRequest metadata = WARD__V1__METADATA_REQUEST__INIT;

	(void)state;
	r.what_case = WARD__UPLINK__V1__REQUEST__WHAT_FETCH;
	r.fetch = &fetch;
	fetch.id = 3;
	assert_int_equal(encode(&r), WARD_E_INVAL);
	fetch.what_case = WARD__UPLINK__V1__FETCH__WHAT_UPDATES;
	fetch.updates = &updates;
	updates.after = 17;
	assert_int_equal(encode(&r), WARD_OK);
	assert_int_equal(ward_uplink_request_decode(ward_buf_span(&out), 0, arena, &back, NULL),
			 WARD_OK);
	assert_int_equal(back->fetch->updates->after, 17);
	updates.limit = 10001;
	assert_int_equal(encode(&r), WARD_E_INVAL);
	fetch.what_case = WARD__UPLINK__V1__FETCH__WHAT_METADATA;
	fetch.metadata = &metadata;
	assert_int_equal(encode(&r), WARD_E_INVAL); /* whose? */
	metadata.role = WARD__V1__ROLE__ROLE_ROOT;
	assert_int_equal(encode(&r), WARD_OK);
	fetch.id = 0;
	assert_int_equal(encode(&r), WARD_E_INVAL);
}

static void
test_pieces_have_their_limits(void **state)
{
	static uint8_t bytes[WARD_UPLINK_PIECE_MAX + 1];
	ward_uplink_reply r = WARD__UPLINK__V1__REPLY__INIT;
	Ward__Uplink__V1__Piece piece = WARD__UPLINK__V1__PIECE__INIT;

	(void)state;
	r.what_case = WARD__UPLINK__V1__REPLY__WHAT_PIECE;
	r.piece = &piece;
	piece.data = (ProtobufCBinaryData){WARD_UPLINK_PIECE_MAX, bytes};
	assert_int_equal(ward_uplink_reply_encode(&r, &out), WARD_OK);
	piece.data.len++;
	assert_int_equal(ward_uplink_reply_encode(&r, &out), WARD_E_INVAL);
	/* an answer and a reason why there is none exclude each other, and what is pushed has none */
	piece.data.len = 1;
	piece.id = 4;
	piece.last = true;
	piece.why = (char *)(uintptr_t) "gone";
	assert_int_equal(ward_uplink_reply_encode(&r, &out), WARD_E_INVAL);
	piece.data.len = 0;
	assert_int_equal(ward_uplink_reply_encode(&r, &out), WARD_OK);
	piece.last = false;
	assert_int_equal(ward_uplink_reply_encode(&r, &out), WARD_E_INVAL);
	piece.last = true;
	piece.id = 0;
	assert_int_equal(ward_uplink_reply_encode(&r, &out), WARD_E_INVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_an_ask_comes_with_a_descriptor_or_none, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			test_an_ask_out_of_its_limits_is_neither_made_nor_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_another_version_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_verdict_and_an_error_are_never_the_same,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reports_are_checked_event_by_event, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_health_and_tampering_are_checked, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_fetched_is_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pieces_have_their_limits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nonsense_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_damage_does_no_harm, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
