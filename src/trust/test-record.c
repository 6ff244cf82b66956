/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "trust/record.h"
#include <cmocka.h>

static const uint8_t digest[32] = {0xaa, 0xbb};
static char long_text[70000];

struct world {
	struct ward_budget budget;
	struct ward_arena *arena;
	struct ward_buf out;
	struct ward_refusal refusal;
};

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->budget.cap = 4 << 20;
	w->arena = ward_arena_new(&w->budget);
	ward_buf_init(&w->out, 1 << 20, NULL);
	memset(long_text, 'a', sizeof(long_text) - 1);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	ward_buf_done(&w->out);
	ward_arena_free(w->arena);
	free(w);
	return 0;
}

static struct ward_trust_record
block(void)
{
	struct ward_trust_record r = {
		.number = 42,
		.id = {1},
		.time_ms = UINT64_C(1795610096000),
		.role = "convictions",
		.author = "tier 2",
		.reason = "runs what it downloads",
		.evidence = "https://cloud.example/sample/1",
		.threat = "Trojan.Linux.Example",
		.tier = 3,
		.confidence = 97,
		.scope = {.kind = WARD_SCOPE_ALL},
		.expiry = {.kind = WARD_EXPIRY_NEVER},
		.kind = WARD_KIND_BLOCK_FILE,
		.of.file = {digest, 32},
	};

	return r;
}

/* One of every kind, and every other value that has alternatives. */
static size_t
samples(struct ward_trust_record *r)
{
	size_t n = 0;

	r[n++] = block();
	r[n] = block();
	r[n++].of.file.len = 20;
	r[n] = block();
	r[n++].of.file.len = 16;
	r[n] = block();
	r[n].scope = (struct ward_trust_scope){.kind = WARD_SCOPE_RING, .name = "canary"};
	r[n++].kind = WARD_KIND_ALLOW_FILE;
	r[n] = block();
	r[n].scope = (struct ward_trust_scope){.kind = WARD_SCOPE_TAG, .name = "db-servers"};
	r[n].expiry.kind = WARD_EXPIRY_UNTIL;
	r[n].expiry.value = UINT64_C(1795610099999);
	r[n].kind = WARD_KIND_BLOCK_SIMILAR;
	r[n].of.similar.tlsh[3] = 7;
	r[n++].of.similar.distance = 30;
	r[n] = block();
	r[n].scope = (struct ward_trust_scope){.kind = WARD_SCOPE_DEVICE, .device = {9}};
	r[n].expiry.kind = WARD_EXPIRY_DURATION;
	r[n].expiry.value = 3600000;
	r[n].kind = WARD_KIND_BLOCK_SIGNER;
	r[n].of.signer.certificate = ward_span_of(NULL, 0);
	r[n++].of.signer.name = "CN=Évil GmbH";
	r[n] = block();
	r[n].expiry.kind = WARD_EXPIRY_PACK;
	r[n].expiry.value = 12;
	r[n].expiry.pack = "default";
	r[n].kind = WARD_KIND_ALLOW_SIGNER;
	r[n].of.signer.name = "debian";
	r[n++].of.signer.certificate = ward_span_of(digest, 32);
	return n;
}

static size_t
more_samples(struct ward_trust_record *r)
{
	size_t n = 0;

	for (unsigned where = WARD_ORIGIN_URL; where <= WARD_ORIGIN_NETWORK; where++) {
		r[n] = block();
		r[n].kind = where == WARD_ORIGIN_DOMAIN ? WARD_KIND_ALLOW_ORIGIN
							: WARD_KIND_BLOCK_ORIGIN;
		memset(&r[n].of, 0, sizeof(r[n].of));
		r[n].of.origin.where = (enum ward_trust_where)where;
		r[n].of.origin.text = where == WARD_ORIGIN_URL	    ? "http://bad.example/x?y=1"
				      : where == WARD_ORIGIN_DOMAIN ? "cdn.example"
								    : "";
		if (where == WARD_ORIGIN_NETWORK) {
			r[n].of.origin.address = ward_span_of("\xc0\x00\x02\x00", 4);
			r[n].of.origin.prefix = 24;
		}
		n++;
	}
	r[n] = block();
	r[n].kind = WARD_KIND_RULE;
	r[n].of.rule.name = "example";
	r[n++].of.rule.source = ward_span_str("rule example {\n\tcondition: false\n}\n");
	r[n] = block();
	r[n].kind = WARD_KIND_SIGNATURE;
	r[n].of.signature.format = "ndb";
	r[n++].of.signature.line = "Ex.Ample:0:*:deadbeef";
	r[n] = block();
	r[n].kind = WARD_KIND_MODEL;
	r[n].of.model.name = "pe";
	r[n].of.model.version = 3;
	memcpy(r[n].of.model.content.sha256, digest, 32);
	r[n++].of.model.content.size = 5;
	for (unsigned what = WARD_DISABLED_RULE; what <= WARD_DISABLED_RECORD; what++) {
		bool record = what == WARD_DISABLED_RECORD;

		r[n] = block();
		r[n].kind = WARD_KIND_DISABLE;
		r[n].threat = "";
		r[n].of.disable.what = (enum ward_trust_disabled)what;
		r[n].of.disable.name = record ? "" : "example";
		r[n++].of.disable.record = record ? 41 : 0;
	}
	r[n] = block();
	r[n].kind = WARD_KIND_BEHAVIOUR;
	r[n].of.behaviour.name = "shell-from-server";
	r[n].of.behaviour.format = 1;
	r[n++].of.behaviour.source = ward_span_str("when exec");
	r[n] = block();
	r[n].kind = WARD_KIND_POLICY;
	memset(&r[n].of, 0, sizeof(r[n].of));
	r[n++].of.policy.document = ward_span_str("WARDPOL1");
	r[n] = block();
	r[n].kind = WARD_KIND_POLICY;
	memset(&r[n].of, 0, sizeof(r[n].of));
	memcpy(r[n].of.policy.reference.sha256, digest, 32);
	r[n++].of.policy.reference.size = 1000;
	return n;
}

static void
every_kind_comes_back(void **state)
{
	struct world *w = *state;
	struct ward_trust_record all[32], back;
	size_t n = samples(all);
	unsigned seen = 0;
	struct ward_buf again;

	n += more_samples(all + n);
	assert_true(n <= 32);
	ward_buf_init(&again, 1 << 20, NULL);
	for (size_t i = 0; i < n; i++) {
		ward_buf_clear(&w->out);
		ward_buf_clear(&again);
		assert_int_equal(ward_trust_record_encode(&all[i], &w->out, &w->refusal), WARD_OK);
		assert_int_equal(ward_trust_record_decode(ward_buf_span(&w->out), w->arena, &back,
							  &w->refusal),
				 WARD_OK);
		assert_int_equal(back.kind, all[i].kind);
		assert_int_equal(back.number, 42);
		assert_string_equal(back.role, "convictions");
		assert_string_equal(back.reason, "runs what it downloads");
		assert_int_equal(ward_trust_record_encode(&back, &again, &w->refusal), WARD_OK);
		assert_true(ward_span_eq(ward_buf_span(&again), ward_buf_span(&w->out)));
		seen |= 1u << back.kind;
	}
	assert_int_equal(seen, (1u << WARD_KIND_END) - 2); /* all there are */
	ward_buf_done(&again);
}

static void
kinds_have_words(void **state)
{
	enum ward_trust_kind kind = WARD_KIND_END;

	(void)state;
	for (unsigned i = 1; i < WARD_KIND_END; i++) {
		const char *word = ward_trust_kind_word((enum ward_trust_kind)i);

		assert_true(ward_trust_kind_parse(word, &kind));
		assert_int_equal(kind, i);
	}
	assert_string_equal(ward_trust_kind_word(WARD_KIND_END), "");
	assert_false(ward_trust_kind_parse("block", &kind));
}

/* Any byte changed, put in or left out: refused, or a record that is written exactly so. */
static void
there_is_one_encoding(void **state)
{
	struct world *w = *state;
	struct ward_trust_record all[32], back;
	size_t n = samples(all);
	struct ward_buf again;

	n += more_samples(all + n);
	ward_buf_init(&again, 1 << 20, NULL);
	for (size_t i = 0; i < n; i++) {
		ward_buf_clear(&w->out);
		assert_int_equal(ward_trust_record_encode(&all[i], &w->out, &w->refusal), WARD_OK);
		for (size_t at = 0; at < w->out.len; at++) {
			struct ward_arena_mark mark = ward_arena_save(w->arena);
			uint8_t kept = w->out.data[at];

			w->out.data[at] ^= (uint8_t)(1u << (at + i) % 8);
			if (ward_trust_record_decode(ward_buf_span(&w->out), w->arena, &back,
						     &w->refusal) == WARD_OK) {
				ward_buf_clear(&again);
				assert_int_equal(
					ward_trust_record_encode(&back, &again, &w->refusal),
					WARD_OK);
				assert_true(ward_span_eq(ward_buf_span(&again),
							 ward_buf_span(&w->out)));
			}
			w->out.data[at] = kept;
			ward_arena_restore(w->arena, mark);
		}
	}
	ward_buf_done(&again);
}

/* The record's first bytes: 08 2a is number 42. */
static void
expect_malformed(struct world *w, const void *prefix, size_t prefix_len, size_t skip,
		 const char *suffix)
{
	WARD_AUTO(ward_buf_done) struct ward_buf bytes = {0};
	struct ward_trust_record r = block(), back;

	ward_buf_init(&bytes, 4096, NULL);
	ward_buf_clear(&w->out);
	assert_int_equal(ward_trust_record_encode(&r, &w->out, &w->refusal), WARD_OK);
	assert_memory_equal(w->out.data, "\x08\x2a", 2);
	assert_int_equal(ward_buf_append(&bytes, prefix, prefix_len), WARD_OK);
	assert_int_equal(ward_buf_append(&bytes, w->out.data + skip, w->out.len - skip), WARD_OK);
	assert_int_equal(ward_buf_str(&bytes, suffix), WARD_OK);
	assert_int_equal(
		ward_trust_record_decode(ward_buf_span(&bytes), w->arena, &back, &w->refusal),
		WARD_E_PERM);
	assert_int_equal(w->refusal.code, WARD_REFUSED_FORMAT);
}

static void
other_encodings_are_refused(void **state)
{
	struct world *w = *state;

	expect_malformed(w, "\x08\xaa\x00", 3, 2, "");	   /* a varint that could be shorter */
	expect_malformed(w, "\x88\x00\x2a", 3, 2, "");	   /* and a tag */
	expect_malformed(w, "\x08\x2a\x08\x2a", 4, 2, ""); /* twice */
	expect_malformed(w, "\x18\x01", 2, 0, "");	   /* time_ms before number, and twice */
	expect_malformed(w, "", 0, 0, "\xf8\x07\x01");	   /* field 127, which nobody knows */
	expect_malformed(w, "", 0, 2, "\x08\x2a");	   /* number behind all others */
	expect_malformed(w, "", 0, 0, "\xa2\x01");	   /* cut off */
	expect_malformed(w, "\x08\xaa\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 12, 2,
			 ""); /* 70 bits */
}

static void
unknown_fields_inside_are_refused(void **state)
{
	/* a scope of { kind = ALL, field 15 = 1 } */
	static const uint8_t inner[] = {0x08, 0x01, 0x78, 0x01};
	struct world *w = *state;
	struct ward_trust_record r = block(), back;
	uint8_t *scope;

	assert_int_equal(ward_trust_record_encode(&r, &w->out, &w->refusal), WARD_OK);
	scope = memmem(w->out.data, w->out.len, "\x5a\x02\x08\x01", 4); /* field 11, two bytes */
	assert_non_null(scope);
	assert_non_null(ward_buf_reserve(&w->out, 2));
	scope = memmem(w->out.data, w->out.len, "\x5a\x02\x08\x01", 4);
	assert_non_null(scope);
	memmove(scope + 6, scope + 4, w->out.len - (size_t)(scope + 4 - w->out.data));
	scope[1] = 4;
	memcpy(scope + 2, inner, 4);
	ward_buf_grown(&w->out, 2);
	assert_int_equal(
		ward_trust_record_decode(ward_buf_span(&w->out), w->arena, &back, &w->refusal),
		WARD_E_PERM);
	assert_int_equal(w->refusal.code, WARD_REFUSED_FORMAT);
}

static void
expect_field(struct world *w, struct ward_trust_record r, const char *field)
{
	ward_buf_clear(&w->out);
	assert_int_equal(ward_trust_record_encode(&r, &w->out, &w->refusal), WARD_E_PERM);
	assert_int_equal(w->refusal.code, WARD_REFUSED_FIELD);
	assert_non_null(strstr(w->refusal.text, field));
	assert_int_equal(w->out.len, 0);
}

#define WITH(field, assignment)                                                                    \
	do {                                                                                       \
		struct ward_trust_record r = block();                                              \
		assignment;                                                                        \
		expect_field(w, r, field);                                                         \
	} while (0)

static void
fields_have_limits(void **state)
{
	struct world *w = *state;

	WITH("number", r.number = 0);
	WITH("id", r.id[0] = 0);
	WITH("time", r.time_ms = 0);
	WITH("time", r.time_ms = UINT64_MAX);
	WITH("tier", r.tier = 6);
	WITH("confidence", r.confidence = 101);
	WITH("role", r.role = "");
	WITH("role", r.role = "Rules");
	WITH("role", r.role = "../x");
	WITH("author", r.author = NULL);
	WITH("author", r.author = "a\nb");
	WITH("author", r.author = "a\xc2\x9b"
				  "b");
	WITH("author", r.author = long_text);
	WITH("reason", r.reason = "");
	WITH("reason", r.reason = "\xff");
	WITH("evidence", r.evidence = "javascript:alert(1)");
	WITH("evidence", r.evidence = "https://");
	WITH("evidence", r.evidence = "https://a b");
	WITH("threat", r.threat = "");
	WITH("scope", r.scope.kind = (enum ward_trust_scope_kind)0);
	WITH("scope", r.scope.name = "canary");
	WITH("scope", r.scope.kind = WARD_SCOPE_RING);
	WITH("scope", r.scope.kind = WARD_SCOPE_DEVICE);
	WITH("expiry", r.expiry.kind = (enum ward_trust_expiry_kind)0);
	WITH("expiry", r.expiry.value = 1);
	WITH("expiry", r.expiry.kind = WARD_EXPIRY_UNTIL);
	WITH("expiry", r.expiry.kind = WARD_EXPIRY_PACK; r.expiry.value = 1);
	WITH("what", r.kind = (enum ward_trust_kind)0);
	WITH("what", r.kind = WARD_KIND_END);
}

static void
kinds_have_limits(void **state)
{
	struct world *w = *state;

	WITH("file", r.of.file.len = 31);
	WITH("SHA-256, nothing else", r.kind = WARD_KIND_ALLOW_FILE; r.of.file.len = 16);
	WITH("SHA-256, nothing else", r.kind = WARD_KIND_ALLOW_FILE; r.of.file.len = 20);
	WITH("similar", r.kind = WARD_KIND_BLOCK_SIMILAR; r.of.similar.distance = 201);
	WITH("signer", r.kind = WARD_KIND_ALLOW_SIGNER; r.of.signer.name = "debian";
	     r.of.signer.certificate = ward_span_of(NULL, 0));
	WITH("origin", r.kind = WARD_KIND_BLOCK_ORIGIN; r.of.origin.where = WARD_ORIGIN_URL;
	     r.of.origin.text = "ftp://x");
	WITH("origin", r.kind = WARD_KIND_BLOCK_ORIGIN; r.of.origin.where = WARD_ORIGIN_DOMAIN;
	     r.of.origin.text = "Bad.example");
	WITH("origin", r.kind = WARD_KIND_BLOCK_ORIGIN; r.of.origin.where = WARD_ORIGIN_DOMAIN;
	     r.of.origin.text = "bad..example");
	WITH("origin", r.kind = WARD_KIND_BLOCK_ORIGIN; r.of.origin.where = WARD_ORIGIN_DOMAIN;
	     r.of.origin.text = long_text);
	WITH("origin", r.kind = WARD_KIND_BLOCK_ORIGIN; r.of.origin.where = WARD_ORIGIN_NETWORK;
	     r.of.origin.text = ""; r.of.origin.address = ward_span_of("\x0a\x01\x02\x03", 4);
	     r.of.origin.prefix = 24);
	WITH("source", r.kind = WARD_KIND_RULE; r.of.rule.name = "a";
	     r.of.rule.source = ward_span_of("a\0b", 3));
	WITH("source", r.kind = WARD_KIND_RULE; r.of.rule.name = "a";
	     r.of.rule.source = ward_span_of(long_text, WARD_RECORD_RULE + 1));
	WITH("signature", r.kind = WARD_KIND_SIGNATURE; r.of.signature.format = "cbc";
	     r.of.signature.line = "a");
	WITH("signature", r.kind = WARD_KIND_SIGNATURE; r.of.signature.format = "ndb";
	     r.of.signature.line = "a\nb");
	WITH("model", r.kind = WARD_KIND_MODEL; memset(&r.of, 0, sizeof(r.of));
	     r.of.model.name = "pe"; r.of.model.version = 1);
	WITH("disable", r.kind = WARD_KIND_DISABLE; memset(&r.of, 0, sizeof(r.of));
	     r.of.disable.what = WARD_DISABLED_RECORD; r.of.disable.record = 42);
	WITH("disable", r.kind = WARD_KIND_DISABLE; memset(&r.of, 0, sizeof(r.of));
	     r.of.disable.what = WARD_DISABLED_RULE; r.of.disable.name = "");
	WITH("behaviour", r.kind = WARD_KIND_BEHAVIOUR; memset(&r.of, 0, sizeof(r.of));
	     r.of.behaviour.name = "a"; r.of.behaviour.source = ward_span_str("a"));
	WITH("policy", r.kind = WARD_KIND_POLICY; memset(&r.of, 0, sizeof(r.of)));
}

static void
the_largest_fits(void **state)
{
	struct world *w = *state;
	struct ward_trust_record r = block(), back;

	r.kind = WARD_KIND_RULE;
	r.of.rule.name = "a";
	r.of.rule.source = ward_span_of(long_text, WARD_RECORD_RULE);
	assert_int_equal(ward_trust_record_encode(&r, &w->out, &w->refusal), WARD_OK);
	assert_int_equal(
		ward_trust_record_decode(ward_buf_span(&w->out), w->arena, &back, &w->refusal),
		WARD_OK);
	assert_int_equal(back.of.rule.source.len, WARD_RECORD_RULE);
}

static void
there_is_a_largest(void **state)
{
	struct world *w = *state;
	struct ward_trust_record back;
	size_t size = ward_dsse_payload_max(WARD_DSSE_RECORD) + 1;
	uint8_t *bytes = calloc(1, size);

	assert_non_null(bytes);
	assert_int_equal(
		ward_trust_record_decode(ward_span_of(bytes, size), w->arena, &back, &w->refusal),
		WARD_E_PERM);
	assert_int_equal(w->refusal.code, WARD_REFUSED_SIZE);
	free(bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_kind_comes_back, setup, teardown),
		cmocka_unit_test(kinds_have_words),
		cmocka_unit_test_setup_teardown(there_is_one_encoding, setup, teardown),
		cmocka_unit_test_setup_teardown(other_encodings_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(unknown_fields_inside_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(fields_have_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(kinds_have_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(the_largest_fits, setup, teardown),
		cmocka_unit_test_setup_teardown(there_is_a_largest, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
