/* SPDX-License-Identifier: Apache-2.0 */
/* What is in force, as those who decide see it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "guard/intake/overlay.h"

enum { NOW = 1000000 };

static struct ward_overlay *o;
static uint8_t digests[8][32];
static unsigned changed;

static int
setup(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++)
		memset(digests[i], (int)i + 1, 32);
	o = ward_overlay_new();
	return o ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	o = ward_overlay_free(o);
	return 0;
}

static struct ward_span
digest(unsigned n)
{
	return ward_span_of(digests[n], 32);
}

static struct ward_trust_record
record(uint64_t number, enum ward_trust_kind kind, struct ward_span file)
{
	return (struct ward_trust_record){
		.number = number,
		.kind = kind,
		.author = "alice",
		.reason = "seen in an attack",
		.threat = "Evil",
		.expiry.kind = WARD_EXPIRY_NEVER,
		.of.file = file,
	};
}

static struct ward_trust_record
disable(uint64_t number, enum ward_trust_disabled what, const char *name, uint64_t of)
{
	struct ward_trust_record r = record(number, WARD_KIND_DISABLE, ward_span_of(NULL, 0));

	memset(&r.of, 0, sizeof(r.of));
	r.of.disable.what = what;
	r.of.disable.name = name;
	r.of.disable.record = of;
	return r;
}

static void
put_at(struct ward_trust_record r, uint64_t now)
{
	assert_int_equal(ward_overlay_put(o, &r, now, now, &changed), WARD_OK);
}

static void
put(struct ward_trust_record r)
{
	put_at(r, NOW);
}

static enum ward_overlay_says
says_at(unsigned n, uint64_t now)
{
	return ward_overlay_find(o, digest(n), now, NULL);
}

static enum ward_overlay_says
says(unsigned n)
{
	return says_at(n, NOW);
}

static void
test_blocks(void **state)
{
	struct ward_overlay_word word;
	struct ward_overlay_counts counts;

	(void)state;
	assert_int_equal(says(0), WARD_OVERLAY_NOTHING);
	put(record(17, WARD_KIND_BLOCK_FILE, digest(0)));
	assert_int_equal(changed, WARD_OVERLAY_CONTENTS);
	assert_int_equal(says(1), WARD_OVERLAY_NOTHING);
	assert_int_equal(ward_overlay_find(o, digest(0), NOW, &word), WARD_OVERLAY_BLOCKS);
	assert_int_equal(word.number, 17);
	assert_string_equal(word.threat, "Evil");
	assert_string_equal(word.why, "record 17 by alice: seen in an attack");
	ward_overlay_counts(o, &counts);
	assert_int_equal(counts.blocks, 1);
}

/* The same bytes as SHA-1 or MD5 are another content. */
static void
test_digests_of_other_lengths(void **state)
{
	(void)state;
	put(record(1, WARD_KIND_BLOCK_FILE, ward_span_of(digests[0], 20)));
	put(record(2, WARD_KIND_BLOCK_FILE, ward_span_of(digests[1], 16)));
	assert_int_equal(says(0), WARD_OVERLAY_NOTHING);
	assert_int_equal(ward_overlay_find(o, ward_span_of(digests[0], 20), NOW, NULL),
			 WARD_OVERLAY_BLOCKS);
	assert_int_equal(ward_overlay_find(o, ward_span_of(digests[1], 16), NOW, NULL),
			 WARD_OVERLAY_BLOCKS);
}

static void
test_allowed_wins(void **state)
{
	(void)state;
	put(record(1, WARD_KIND_ALLOW_FILE, digest(0)));
	put(record(2, WARD_KIND_BLOCK_FILE, digest(0)));
	assert_int_equal(says(0), WARD_OVERLAY_ALLOWS);
	put(disable(3, WARD_DISABLED_RECORD, "", 1));
	assert_int_equal(changed, WARD_OVERLAY_CONTENTS);
	assert_int_equal(says(0), WARD_OVERLAY_BLOCKS);
}

static void
test_the_latest_is_named(void **state)
{
	struct ward_overlay_word word;

	(void)state;
	put(record(1, WARD_KIND_BLOCK_FILE, digest(0)));
	put(record(2, WARD_KIND_BLOCK_FILE, digest(0)));
	(void)ward_overlay_find(o, digest(0), NOW, &word);
	assert_int_equal(word.number, 2);
	put(disable(3, WARD_DISABLED_RECORD, "", 2));
	assert_int_equal(ward_overlay_find(o, digest(0), NOW, &word), WARD_OVERLAY_BLOCKS);
	assert_int_equal(word.number, 1);
}

/* What disables a disabling record brings back what that disabled; and it may end. */
static void
test_disabled_records(void **state)
{
	struct ward_trust_record r = disable(3, WARD_DISABLED_RECORD, "", 2);

	(void)state;
	put(record(1, WARD_KIND_BLOCK_FILE, digest(0)));
	put(disable(2, WARD_DISABLED_RECORD, "", 1));
	assert_int_equal(says(0), WARD_OVERLAY_NOTHING);
	r.expiry.kind = WARD_EXPIRY_UNTIL;
	r.expiry.value = NOW + 10;
	put(r);
	assert_int_equal(says(0), WARD_OVERLAY_BLOCKS);
	assert_int_equal(ward_overlay_turn(o, NOW + 9), 0);
	assert_int_equal(ward_overlay_turn(o, NOW + 10), WARD_OVERLAY_CONTENTS);
	assert_int_equal(says_at(0, NOW + 10), WARD_OVERLAY_NOTHING);
}

static void
test_disabled_names(void **state)
{
	(void)state;
	put(disable(1, WARD_DISABLED_RULE, "bad_rule", 0));
	assert_int_equal(changed, WARD_OVERLAY_NAMES);
	put(disable(2, WARD_DISABLED_SIGNATURE, "Bad.Signature", 0));
	assert_true(ward_overlay_disables(o, WARD_DISABLED_RULE, "bad_rule", NOW));
	assert_false(ward_overlay_disables(o, WARD_DISABLED_SIGNATURE, "bad_rule", NOW));
	assert_true(ward_overlay_disables(o, WARD_DISABLED_SIGNATURE, "Bad.Signature", NOW));
	assert_false(ward_overlay_disables(o, WARD_DISABLED_RULE, "bad", NOW));
	put(disable(3, WARD_DISABLED_RECORD, "", 1));
	assert_int_equal(changed, WARD_OVERLAY_NAMES);
	assert_false(ward_overlay_disables(o, WARD_DISABLED_RULE, "bad_rule", NOW));
}

struct seen {
	size_t count;
	uint64_t number;
	char format[8], text[32];
};

static void
see(void *ctx, uint64_t number, const char *format, struct ward_span text)
{
	struct seen *s = ctx;

	s->count++;
	s->number = number;
	(void)snprintf(s->format, sizeof(s->format), "%s", format);
	(void)snprintf(s->text, sizeof(s->text), "%.*s", (int)text.len, (const char *)text.data);
}

static void
test_rules(void **state)
{
	struct ward_trust_record r = record(1, WARD_KIND_RULE, ward_span_of(NULL, 0));
	struct ward_overlay_counts counts;
	struct seen seen = {0};

	(void)state;
	memset(&r.of, 0, sizeof(r.of));
	r.of.rule.name = "a";
	r.of.rule.source = ward_span_str("rule a { condition: false }");
	put(r);
	assert_int_equal(changed, WARD_OVERLAY_RULES);
	r = record(2, WARD_KIND_SIGNATURE, ward_span_of(NULL, 0));
	memset(&r.of, 0, sizeof(r.of));
	r.of.signature.format = "ndb";
	r.of.signature.line = "A:0:*:61";
	r.expiry.kind = WARD_EXPIRY_UNTIL;
	r.expiry.value = NOW + 10;
	put(r);
	ward_overlay_counts(o, &counts);
	assert_int_equal(counts.rules, 2);
	ward_overlay_rules(o, NOW, see, &seen);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.number, 2);
	assert_string_equal(seen.format, "ndb");
	assert_string_equal(seen.text, "A:0:*:61");
	/* one is over, the other one disabled */
	assert_int_equal(ward_overlay_turn(o, NOW + 10), WARD_OVERLAY_RULES);
	seen.count = 0;
	ward_overlay_rules(o, NOW + 10, see, &seen);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.format, "yar");
	put(disable(3, WARD_DISABLED_RECORD, "", 1));
	assert_int_equal(changed, WARD_OVERLAY_RULES);
	seen.count = 0;
	ward_overlay_rules(o, NOW + 10, see, &seen);
	assert_int_equal(seen.count, 0);
}

static void
test_ends(void **state)
{
	struct ward_trust_record r = record(1, WARD_KIND_BLOCK_FILE, digest(0));
	struct ward_overlay_counts counts;

	(void)state;
	r.expiry.kind = WARD_EXPIRY_UNTIL;
	r.expiry.value = NOW + 10;
	put(r);
	r = record(2, WARD_KIND_BLOCK_FILE, digest(1));
	r.expiry.kind = WARD_EXPIRY_DURATION;
	r.expiry.value = 20;
	put(r);
	/* At once, whether or not anybody has taken a turn. */
	assert_int_equal(says_at(0, NOW + 9), WARD_OVERLAY_BLOCKS);
	assert_int_equal(says_at(0, NOW + 10), WARD_OVERLAY_NOTHING);
	assert_int_equal(says_at(1, NOW + 19), WARD_OVERLAY_BLOCKS);
	assert_int_equal(ward_overlay_turn(o, NOW + 30), WARD_OVERLAY_CONTENTS);
	assert_int_equal(says_at(1, NOW + 30), WARD_OVERLAY_NOTHING);
	ward_overlay_counts(o, &counts);
	assert_int_equal(counts.blocks, 0);
	assert_int_equal(counts.ended, 2);
	/* One that has ended before it comes is never in force. */
	r.number = 3;
	r.expiry = (typeof(r.expiry)){WARD_EXPIRY_UNTIL, NOW, ""};
	put_at(r, NOW + 30);
	assert_int_equal(changed, 0);
	assert_int_equal(says_at(1, NOW + 30), WARD_OVERLAY_NOTHING);
}

static void
test_ends_with_a_pack(void **state)
{
	struct ward_trust_record r = record(1, WARD_KIND_BLOCK_FILE, digest(0));

	(void)state;
	r.expiry = (typeof(r.expiry)){WARD_EXPIRY_PACK, 5, "main"};
	put(r);
	assert_int_equal(ward_overlay_pack(o, "other", 9, NOW), WARD_OK);
	assert_int_equal(ward_overlay_pack(o, "main", 4, NOW), WARD_OK);
	assert_int_equal(says(0), WARD_OVERLAY_BLOCKS);
	assert_int_equal(ward_overlay_pack(o, "main", 6, NOW), WARD_OK);
	assert_int_equal(says(0), WARD_OVERLAY_NOTHING);
	/* Back to the pack before. */
	assert_int_equal(ward_overlay_pack(o, "main", 4, NOW), WARD_OK);
	assert_int_equal(says(0), WARD_OVERLAY_BLOCKS);
}

static void
test_repeated_numbers(void **state)
{
	(void)state;
	put(record(5, WARD_KIND_BLOCK_FILE, digest(0)));
	put(record(5, WARD_KIND_BLOCK_FILE, digest(1)));
	put(record(4, WARD_KIND_BLOCK_FILE, digest(2)));
	assert_int_equal(changed, 0);
	assert_int_equal(says(1), WARD_OVERLAY_NOTHING);
	assert_int_equal(says(2), WARD_OVERLAY_NOTHING);
}

static void
test_many(void **state)
{
	uint8_t bytes[32] = {0};

	(void)state;
	for (unsigned n = 1; n <= 5000; n++) {
		memcpy(bytes, &n, sizeof(n));
		put(record(n, WARD_KIND_BLOCK_FILE, ward_span_of(bytes, 32)));
	}
	for (unsigned n = 1; n <= 5001; n++) {
		memcpy(bytes, &n, sizeof(n));
		assert_int_equal(ward_overlay_find(o, ward_span_of(bytes, 32), NOW, NULL),
				 n <= 5000 ? WARD_OVERLAY_BLOCKS : WARD_OVERLAY_NOTHING);
	}
}

/* Texts for people are cut between characters: they go into messages that have to be UTF-8. */
static void
test_long_texts(void **state)
{
	struct ward_trust_record r = record(1, WARD_KIND_BLOCK_FILE, digest(0));
	struct ward_overlay_word word;
	char reason[600];

	(void)state;
	memset(reason, 0, sizeof(reason));
	for (size_t i = 0; i + 2 < 500; i += 2)
		memcpy(reason + i, "\xc3\xa4", 2);
	r.reason = reason;
	put(r);
	(void)ward_overlay_find(o, digest(0), NOW, &word);
	assert_in_range(strlen(word.why), WARD_OVERLAY_TEXT - 1, WARD_OVERLAY_TEXT);
	assert_int_equal((uint8_t)word.why[strlen(word.why) - 1], 0xa4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_blocks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_digests_of_other_lengths, setup, teardown),
		cmocka_unit_test_setup_teardown(test_allowed_wins, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_latest_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(test_disabled_records, setup, teardown),
		cmocka_unit_test_setup_teardown(test_disabled_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rules, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ends_with_a_pack, setup, teardown),
		cmocka_unit_test_setup_teardown(test_repeated_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_texts, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
