/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "guard/manage/manage-priv.h"
#include "guard/manage/rights.h"
#include "sys/fd.h"

/* --- rights --- */

static void
test_rights(void **state)
{
	static const enum ward_manage_operation anybody[] = {
		WARD_MANAGE_CONFIG_LIST, WARD_MANAGE_EXCLUSION_LIST, WARD_MANAGE_SCAN_STATUS,
		WARD_MANAGE_SCAN_LIST,	 WARD_MANAGE_UPDATE_STATUS,  WARD_MANAGE_AUDIT_HEAD};
	static const enum ward_manage_operation own[] = {
		WARD_MANAGE_THREAT_LIST, WARD_MANAGE_THREAT_SHOW, WARD_MANAGE_QUARANTINE_LIST};
	size_t open = 0;

	(void)state;
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(ward_manage_right_of(anybody[i]), WARD_RIGHT_ANYBODY);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(ward_manage_right_of(own[i]), WARD_RIGHT_OWN);
	/* Everything else, known or not, is for administrators; nothing that changes is not. */
	for (int op = -1; op <= WARD_MANAGE_OPERATIONS + 1; op++) {
		enum ward_manage_operation o = (enum ward_manage_operation)op;

		open += ward_manage_right_of(o) != WARD_RIGHT_ADMIN;
		if (ward_manage_changes(o))
			assert_int_equal(ward_manage_right_of(o), WARD_RIGHT_ADMIN);
	}
	assert_int_equal(open, 9);
}

static void
test_admins(void **state)
{
	static struct ward_peer p;
	uint32_t group = 77;

	(void)state;
	p = (struct ward_peer){.uid = 0, .gid = 5};
	assert_true(ward_manage_is_admin(&p, NULL));
	p.uid = 1000;
	assert_false(ward_manage_is_admin(&p, NULL));
	assert_false(ward_manage_is_admin(&p, &group));
	p.gid = 77;
	assert_true(ward_manage_is_admin(&p, &group));
	p.gid = 5;
	p.groups[0] = 4;
	p.groups[1] = 77;
	p.group_count = 1;
	assert_false(ward_manage_is_admin(&p, &group));
	p.group_count = 2;
	assert_true(ward_manage_is_admin(&p, &group));
}

/* --- pages --- */

static void
test_page_ends_where_the_message_does(void **state)
{
	struct ward_budget budget = {.cap = WARD_MANAGE_ARENA};
	struct ward_arena *arena = ward_arena_new(&budget);
	static char text[4096];
	struct ward_page p;
	struct ward_buf out;
	size_t n = 0;
	enum ward_rc rc = WARD_OK;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(ward_page_init(&p, arena, 0), WARD_OK);
	while (rc == WARD_OK && n < 1000) {
		ward_page_str(&p, "text", text);
		ward_page_number(&p, "number", n);
		rc = ward_page_entry(&p);
		n += rc == WARD_OK;
	}
	assert_int_equal(rc, WARD_E_STOPPED);
	assert_int_equal(n, p.count);
	assert_in_range(n, 8, 16);
	/* and it can be sent */
	struct ward_manage_reply r = {.error = "", .entries = p.entries, .count = p.count};

	ward_buf_init(&out, 64 * 1024, NULL);
	assert_int_equal(ward_manage_reply_encode(&r, arena, &out), WARD_OK);
	assert_int_equal(ward_manage_reply_decode(ward_buf_span(&out), arena, &r), WARD_OK);
	assert_int_equal(r.count, n);
	ward_buf_done(&out);
	/* what cannot be in an entry is left out */
	assert_int_equal(ward_page_init(&p, arena, 1), WARD_OK);
	ward_page_text(&p, "nul", ward_span_of("a\0b", 3));
	ward_page_str(&p, "empty", "");
	ward_page_time(&p, "never", 0);
	assert_int_equal(ward_page_entry(&p), WARD_OK);
	assert_int_equal(p.entries[0].count, 0);
	assert_int_equal(ward_page_entry(&p), WARD_E_STOPPED);
	(void)ward_arena_free(arena);
}

/* --- the desk --- */

static char base[64], database[128], policy[128];
static struct desk desk;
static struct ward_budget budget;
static struct ward_arena *arena;
static struct ward_manage_reply reply;

static int
set_up(void **state)
{
	const struct ward_history_options options = {.path = database};
	struct ward_policy_effective *e = NULL;
	struct ward_policy_document *none = NULL;
	bool aside;

	(void)state;
	(void)snprintf(base, sizeof(base), "/tmp/ward-test-manage-XXXXXX");
	if (!mkdtemp(base) || ward_policy_document_new(WARD_POLICY_LOCAL, &none) ||
	    ward_policy_merge(none, NULL, &e))
		return -1;
	(void)snprintf(database, sizeof(database), "%s/history.db", base);
	(void)snprintf(policy, sizeof(policy), "%s/policy.json", base);
	memset(&desk, 0, sizeof(desk));
	(void)pthread_mutex_init(&desk.lock, NULL);
	desk.o.policy = ward_held_new(e);
	desk.o.allowed = ward_allowed_new();
	desk.o.places = (struct ward_policy_places){policy, base, base};
	budget = (struct ward_budget){.cap = (size_t)4 * WARD_MANAGE_ARENA};
	arena = ward_arena_new(&budget);
	return ward_fd_write_atomic(policy, ward_span_str("{}"), 0600) ||
	       ward_history_open(&options, &desk.o.history, &aside);
}

static int
tear_down(void **state)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	char path[160];

	(void)state;
	ward_history_freep(&desk.o.history);
	desk.o.allowed = ward_allowed_free(desk.o.allowed);
	desk.o.policy = ward_held_free(desk.o.policy);
	arena = ward_arena_free(arena);
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof(path), "%s%s", database, suffixes[i]);
		(void)unlink(path);
	}
	(void)unlink(policy);
	return rmdir(base);
}

static enum ward_rc
send_bytes(uint32_t uid, struct ward_span message)
{
	struct call *c = calloc(1, sizeof(*c));
	struct ward_buf out;

	assert_non_null(c);
	c->peer.uid = uid;
	c->admin = uid == 0;
	c->file = -1;
	c->arena = arena;
	ward_buf_init(&out, 64 * 1024, NULL);
	desk_answer(&desk, c, message, &out);
	free(c);
	assert_int_equal(ward_manage_reply_decode(ward_buf_span(&out), arena, &reply), WARD_OK);
	ward_buf_done(&out);
	return reply.rc;
}

static enum ward_rc
ask(uint32_t uid, const struct ward_manage_request *request)
{
	struct ward_buf message;
	enum ward_rc rc;

	ward_buf_init(&message, 64 * 1024, NULL);
	assert_int_equal(ward_manage_request_encode(request, &message), WARD_OK);
	rc = send_bytes(uid, ward_buf_span(&message));
	ward_buf_done(&message);
	return rc;
}

static const char *
text_of(size_t entry, const char *name)
{
	const struct ward_manage_field *f;

	assert_true(entry < reply.count);
	f = ward_manage_field_find(&reply.entries[entry], name);
	return f && f->text.len ? (const char *)f->text.data : "";
}

static void
test_garbage_gets_an_answer(void **state)
{
	(void)state;
	assert_int_equal(send_bytes(0, ward_span_of(NULL, 0)), WARD_E_PROTO);
	assert_int_equal(send_bytes(1000, ward_span_str("\x08\x01")), WARD_E_PROTO);
	assert_int_equal(send_bytes(1000, ward_span_str("\xff\xff\xff")), WARD_E_PROTO);
}

/* Each operation that is not for everybody, asked by somebody. */
static void
test_strangers_are_refused_and_it_is_noted_once(void **state)
{
	struct ward_manage_request r = {.name = "cloud.level", .value = "normal"};

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int op = 1; op < WARD_MANAGE_OPERATIONS; op++) {
			r.operation = (enum ward_manage_operation)op;
			if (ward_manage_right_of(r.operation) != WARD_RIGHT_ADMIN)
				continue;
			assert_int_equal(ask(1000, &r), WARD_E_PERM);
			assert_non_null(strstr(reply.error, "ward-admin"));
		}
	}
	r = (struct ward_manage_request){.operation = WARD_MANAGE_EVENT_LIST,
					 .name = "tamper-refused"};
	assert_int_equal(ask(0, &r), WARD_OK);
	assert_int_equal(reply.count, 20); /* operations that change something */
}

static void
test_own_threats_only(void **state)
{
	const struct ward_threat threat = {
		.verdict = WARD_MALICIOUS,
		.name = ward_span_str("Test.Bad"),
		.path = ward_span_str("/home/me/file"),
		.owner_uid = 1000,
		.last_ms = 5,
	};
	struct ward_manage_request r = {.operation = WARD_MANAGE_THREAT_LIST};
	uint8_t id[WARD_HISTORY_ID];

	(void)state;
	assert_int_equal(ward_history_threat_add(desk.o.history, &threat, id), WARD_OK);
	assert_int_equal(ask(1001, &r), WARD_OK);
	assert_int_equal(reply.count, 0);
	assert_int_equal(ask(1000, &r), WARD_OK);
	assert_int_equal(reply.count, 1);
	assert_string_equal(text_of(0, "path"), "/home/me/file");
	assert_int_equal(ask(0, &r), WARD_OK);
	assert_int_equal(reply.count, 1);
	r.operation = WARD_MANAGE_THREAT_SHOW;
	r.has_id = true;
	memcpy(r.id, id, sizeof(id));
	assert_int_equal(ask(1001, &r), WARD_E_NOENT);
	assert_int_equal(ask(1000, &r), WARD_OK);
	r.cursor = ward_span_str("short");
	r.operation = WARD_MANAGE_THREAT_LIST;
	assert_int_equal(ask(0, &r), WARD_E_INVAL);
}

static void
test_pages_hold_everything_once(void **state)
{
	struct ward_threat threat = {.verdict = WARD_MALICIOUS, .name = ward_span_str("Test.Bad")};
	struct ward_manage_request r = {.operation = WARD_MANAGE_THREAT_LIST};
	uint8_t id[WARD_HISTORY_ID];
	char path[64];
	size_t total = 0, pages = 0;

	(void)state;
	for (unsigned i = 0; i < 700; i++) {
		(void)snprintf(path, sizeof(path), "/file%u", i);
		threat.path = ward_span_str(path);
		threat.last_ms = 1 + i / 10; /* ten each at the same moment */
		assert_int_equal(ward_history_threat_add(desk.o.history, &threat, id), WARD_OK);
	}
	do {
		assert_int_equal(ask(0, &r), WARD_OK);
		total += reply.count;
		r.cursor = reply.next;
		pages++;
	} while (r.cursor.len > 0 && pages < 100);
	assert_int_equal(total, 700);
	assert_true(pages > 2);
}

static void
test_allowing(void **state)
{
	struct ward_manage_request r = {
		.operation = WARD_MANAGE_ALLOW, .name = "threat", .value = "Test.Bad", .why = "w"};

	(void)state;
	assert_false(ward_allowed_has(desk.o.allowed, NULL, "Test.Bad", 1));
	assert_int_equal(ask(0, &r), WARD_OK);
	assert_true(ward_allowed_has(desk.o.allowed, NULL, "Test.Bad", 1));
	assert_false(ward_allowed_has(desk.o.allowed, NULL, "Test.Bad2", 1));
	assert_false(ward_allowed_has(desk.o.allowed, NULL, "", 1));
	r.operation = WARD_MANAGE_ALLOWANCE_LIST;
	assert_int_equal(ask(0, &r), WARD_OK);
	assert_string_equal(text_of(0, "value"), "Test.Bad");
	r.operation = WARD_MANAGE_DISALLOW;
	assert_int_equal(ask(0, &r), WARD_OK);
	assert_false(ward_allowed_has(desk.o.allowed, NULL, "Test.Bad", 1));
	assert_int_equal(ask(0, &r), WARD_E_NOENT);
	r.operation = WARD_MANAGE_ALLOW;
	r.name = "sha256";
	assert_int_equal(ask(0, &r), WARD_E_INVAL);
	r.value = "00000000000000000000000000000000000000000000000000000000000000ff";
	r.time_ms = UINT64_MAX / 4;
	assert_int_equal(ask(0, &r), WARD_OK);
	uint8_t digest[32] = {0};

	digest[31] = 0xff;
	assert_true(ward_allowed_has(desk.o.allowed, digest, "", 1));
	assert_false(ward_allowed_has(desk.o.allowed, digest, "", UINT64_MAX / 2));
	digest[31] = 0xfe;
	assert_false(ward_allowed_has(desk.o.allowed, digest, "", 1));
}

/* What the organisation has said stands, and trying is noted. */
static void
test_managed_settings_are_not_weakened(void **state)
{
	struct ward_policy_document *local = NULL, *organisation = NULL;
	struct ward_policy_effective *e = NULL;
	struct ward_buf why;
	struct ward_manage_request r = {
		.operation = WARD_MANAGE_CONFIG_SET, .name = "cloud.level", .value = "normal"};

	(void)state;
	ward_buf_init(&why, 4096, NULL);
	assert_int_equal(
		ward_policy_document_read(
			ward_span_str("{\"cloud\": {\"level\": \"high\"}, \"local\": "
				      "{\"allow_threats\": false, \"exclusions\": \"admin_only\", "
				      "\"restore\": false}}"),
			"o", WARD_POLICY_ORGANISATION, &why, &organisation),
		WARD_OK);
	assert_int_equal(ward_policy_document_new(WARD_POLICY_LOCAL, &local), WARD_OK);
	assert_int_equal(ward_policy_merge(local, organisation, &e), WARD_OK);
	assert_int_equal(ward_held_set(desk.o.policy, e), WARD_OK);
	ward_buf_done(&why);
	assert_int_equal(ask(0, &r), WARD_E_PERM);
	assert_non_null(strstr(reply.error, "cloud.level"));
	r.value = "zero_tolerance"; /* stronger */
	assert_int_equal(ask(0, &r), WARD_OK);
	r.name = "local.restore";
	r.value = "true";
	assert_int_equal(ask(0, &r), WARD_E_PERM);
	r = (struct ward_manage_request){
		.operation = WARD_MANAGE_ALLOW, .name = "threat", .value = "Test.Bad"};
	assert_int_equal(ask(0, &r), WARD_E_PERM);
	r = (struct ward_manage_request){.operation = WARD_MANAGE_EXCLUSION_ADD,
					 .value = "{\"path\": \"/srv/data\"}"};
	assert_int_equal(ask(0, &r), WARD_E_PERM);
	r = (struct ward_manage_request){.operation = WARD_MANAGE_EVENT_LIST,
					 .name = "tamper-refused"};
	assert_int_equal(ask(0, &r), WARD_OK);
	assert_int_equal(reply.count, 3); /* the same kind of change twice in a minute is one */
	r = (struct ward_manage_request){.operation = WARD_MANAGE_CONFIG_LIST,
					 .name = "cloud.level"};
	assert_int_equal(ask(1000, &r), WARD_OK);
	assert_string_equal(text_of(0, "source"), "managed");
}

static void
test_values_as_people_write_them(void **state)
{
	static const struct {
		const char *name, *value;
		enum ward_rc rc;
	} cases[] = {
		{"cloud.level", "high", WARD_OK},
		{"cloud.level", "\"high\"", WARD_OK},
		{"cloud.level", "higher", WARD_E_INVAL},
		{"cloud.enabled", "true", WARD_OK},
		{"cloud.enabled", "yes", WARD_E_INVAL},
		{"cloud.enabled", "true, \"level\": \"high\"", WARD_E_INVAL},
		{"cloud.hold", "20s", WARD_OK},
		{"cloud.hold", "61s", WARD_E_INVAL},
		{"realtime.filesystems", "ext4,tmpfs", WARD_OK},
		{"realtime.filesystems", "[\"ext4\"]", WARD_OK},
		{"hold.content", "script", WARD_OK},
		{"no.such", "1", WARD_E_NOENT},
		{"local.restore", "true", WARD_E_PERM},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct ward_manage_request r = {.operation = WARD_MANAGE_CONFIG_SET,
						      .name = cases[i].name,
						      .value = cases[i].value};

		if (ask(0, &r) != cases[i].rc)
			fail_msg("%s %s: %s", cases[i].name, cases[i].value, reply.error);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_admins),
		cmocka_unit_test(test_page_ends_where_the_message_does),
		TEST(test_garbage_gets_an_answer),
		TEST(test_strangers_are_refused_and_it_is_noted_once),
		TEST(test_own_threats_only),
		TEST(test_pages_hold_everything_once),
		TEST(test_allowing),
		TEST(test_managed_settings_are_not_weakened),
		TEST(test_values_as_people_write_them),
	};

	return cmocka_run_group_tests_name("guard-manage", tests, NULL, NULL);
}
