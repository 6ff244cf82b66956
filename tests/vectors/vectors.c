/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The publisher of src/trust/testing.h publishes one record of each kind; then everything is bent in one way
 * for each word of refusal. index.json says from which state an endpoint starts, what it gets, and what it says.
 */
#include "vectors.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "trust/store.h"
#include "trust/testing.h"
#include <cmocka.h>

enum { FILE_MAX = 1 << 20, TEXT = 512, KINDS = WARD_KIND_END - 1 };

struct make {
	struct vectors *v;
	struct test_publisher *p;
	struct ward_buf index;
	size_t said;
};

/* --- files and the index --- */

static void
file(struct make *m, const char *name, struct ward_span bytes)
{
	size_t at = m->v->count++;

	assert_true(m->v->count <= VECTOR_FILES);
	(void)snprintf(m->v->files[at].name, VECTOR_NAME, "%s", name);
	ward_buf_init(&m->v->files[at].bytes, FILE_MAX, NULL);
	assert_int_equal(ward_buf_append(&m->v->files[at].bytes, bytes.data, bytes.len), WARD_OK);
}

struct vector {
	const char *state;	       /* what the endpoint has before */
	const char *step;	       /* what it gets */
	const char *names;	       /* files, with spaces */
	const char *timestamp, *proof; /* of a batch; NULL: none */
	uint64_t now_ms;	       /* 0: TEST_NOW_MS */
	const char *expect;
};

static void
list(struct make *m, const char *names)
{
	struct ward_span rest = ward_span_str(names), part;
	const char *comma = "";

	for (; rest.len > 0; comma = ", ") {
		const uint8_t *space = memchr(rest.data, ' ', rest.len);

		part = ward_span_of(rest.data, space ? (size_t)(space - rest.data) : rest.len);
		rest = ward_span_cut(rest, part.len + (space != NULL), rest.len);
		assert_int_equal(ward_buf_printf(&m->index, "%s\"%.*s\"", comma, (int)part.len,
						 (const char *)part.data),
				 WARD_OK);
	}
}

static void
say(struct make *m, const struct vector *v)
{
	assert_int_equal(
		ward_buf_printf(&m->index,
				"%s\n    {\"state\": \"%s\", \"step\": \"%s\", \"files\": [",
				m->said++ ? "," : "", v->state, v->step),
		WARD_OK);
	list(m, v->names);
	assert_int_equal(ward_buf_str(&m->index, "]"), WARD_OK);
	if (v->timestamp)
		assert_int_equal(
			ward_buf_printf(&m->index, ", \"timestamp\": \"%s\"", v->timestamp),
			WARD_OK);
	if (v->proof)
		assert_int_equal(ward_buf_printf(&m->index, ", \"proof\": \"%s\"", v->proof),
				 WARD_OK);
	assert_int_equal(ward_buf_printf(&m->index,
					 ", \"now_ms\": %" PRIu64 ", \"expect\": \"%s\"}",
					 v->now_ms ? v->now_ms : TEST_NOW_MS, v->expect),
			 WARD_OK);
}

/* A vector about one file. */
static void
one(struct make *m, const char *state, const char *step, const char *name, const char *expect)
{
	say(m, &(struct vector){.state = state, .step = step, .names = name, .expect = expect});
}

static void
step_file(struct make *m, const char *state, enum ward_dsse_type type, const char *name,
	  const char *expect)
{
	file(m, name, m->p->envelopes[type]);
	one(m, state, ward_dsse_type_word(type), name, expect);
}

/* --- what is good --- */

static struct ward_trust_record
of_kind(enum ward_trust_kind kind)
{
	static const uint8_t digest[32] = {0xaa, 1}, address[4] = {192, 0, 2, 0};
	static const char rule[] = "rule vector { condition: false }";
	struct ward_trust_record r = test_record((uint64_t)kind);
	struct ward_trust_reference reference = {.sha256 = {0xbb, 2}, .size = 4096};

	memset(&r.of, 0, sizeof(r.of));
	r.kind = kind;
	r.tier = (unsigned)kind % 6;
	r.evidence = "https://ward.example/evidence";
	switch (kind) {
	case WARD_KIND_BLOCK_FILE:
		r.of.file = ward_span_of(digest, 20);
		break;
	case WARD_KIND_ALLOW_FILE:
		r.of.file = ward_span_of(digest, 32);
		break;
	case WARD_KIND_BLOCK_SIMILAR:
		memset(r.of.similar.tlsh, 0x5a, sizeof(r.of.similar.tlsh));
		r.of.similar.distance = 30;
		r.scope = (struct ward_trust_scope){.kind = WARD_SCOPE_RING, .name = "canary"};
		break;
	case WARD_KIND_BLOCK_SIGNER:
	case WARD_KIND_ALLOW_SIGNER:
		r.of.signer.name = "Vector GmbH \xc3\x84";
		r.of.signer.certificate = ward_span_of(digest, 32);
		r.expiry.kind = WARD_EXPIRY_UNTIL;
		r.expiry.value = TEST_NOW_MS + TEST_HOUR_MS;
		break;
	case WARD_KIND_BLOCK_ORIGIN:
		r.of.origin.where = WARD_ORIGIN_NETWORK;
		r.of.origin.address = ward_span_of(address, 4);
		r.of.origin.prefix = 24;
		r.expiry.kind = WARD_EXPIRY_DURATION;
		r.expiry.value = TEST_HOUR_MS;
		break;
	case WARD_KIND_ALLOW_ORIGIN:
		r.of.origin.where = WARD_ORIGIN_DOMAIN;
		r.of.origin.text = "updates.example";
		r.scope = (struct ward_trust_scope){.kind = WARD_SCOPE_TAG, .name = "web"};
		break;
	case WARD_KIND_RULE:
		r.of.rule.name = "vector";
		r.of.rule.source = ward_span_str(rule);
		r.expiry.kind = WARD_EXPIRY_PACK;
		r.expiry.value = 9;
		r.expiry.pack = "default";
		break;
	case WARD_KIND_SIGNATURE:
		r.of.signature.format = "hsb";
		r.of.signature.line = "aa0100000000000000000000000000000000000000000000000000000000"
				      "00aa:11:Vector";
		break;
	case WARD_KIND_MODEL:
		r.of.model.name = "static";
		r.of.model.version = 3;
		r.of.model.content = reference;
		break;
	case WARD_KIND_DISABLE:
		r.of.disable.what = WARD_DISABLED_RECORD;
		r.of.disable.record = 8;
		break;
	case WARD_KIND_BEHAVIOUR:
		r.of.behaviour.name = "vector";
		r.of.behaviour.format = 1;
		r.of.behaviour.source = ward_span_str("when nothing then nothing");
		r.scope = (struct ward_trust_scope){.kind = WARD_SCOPE_DEVICE, .device = {9}};
		break;
	case WARD_KIND_POLICY:
		r.of.policy.reference = reference;
		break;
	case WARD_KIND_END:
		break;
	}
	return r;
}

static void
record_name(enum ward_trust_kind kind, char ret[VECTOR_NAME])
{
	(void)snprintf(ret, VECTOR_NAME, "record-%02d-%s.dsse", kind, ward_trust_kind_word(kind));
}

/* The names of the records up to `last`, with spaces. */
static const char *
up_to(int last, char ret[KINDS * VECTOR_NAME])
{
	size_t len = 0;

	ret[0] = '\0';
	for (int k = 1; k <= last; k++) {
		char name[VECTOR_NAME];

		record_name((enum ward_trust_kind)k, name);
		len += (size_t)snprintf(ret + len, KINDS * VECTOR_NAME - len, "%s%s",
					k > 1 ? " " : "", name);
	}
	return ret;
}

static void
put_records(struct make *m)
{
	for (int k = 1; k <= KINDS; k++) {
		struct ward_trust_record r = of_kind((enum ward_trust_kind)k);
		struct ward_span envelope = test_seal(m->p, &r, TEST_CONVICTIONS);
		char name[VECTOR_NAME];

		record_name((enum ward_trust_kind)k, name);
		test_append(m->p, envelope);
		file(m, name, envelope);
	}
}

static void
put_proof(struct make *m, const char *name, uint64_t from, uint64_t to)
{
	struct ward_merkle_source source = test_source(m->p);
	struct ward_proof proof;
	struct ward_buf out;

	ward_buf_init(&out, FILE_MAX, NULL);
	assert_int_equal(ward_merkle_connect(&source, from, to, &proof), WARD_OK);
	assert_int_equal(ward_proof_write(&proof, &out), WARD_OK);
	file(m, name, ward_buf_span(&out));
	ward_buf_done(&out);
}

/* Version 2 of the timestamp is about all records; the endpoints' states have it. */
static void
good(struct make *m)
{
	char all[KINDS * VECTOR_NAME], some[KINDS * VECTOR_NAME];

	step_file(m, "nothing", WARD_DSSE_ROOT, "1.root.dsse", "accepted");
	put_records(m);
	m->p->timestamp.version = 2;
	test_sign_timestamp(m->p);
	step_file(m, "root", WARD_DSSE_TIMESTAMP, "2.timestamp.dsse", "accepted");
	step_file(m, "timestamp", WARD_DSSE_SNAPSHOT, "1.snapshot.dsse", "accepted");
	step_file(m, "snapshot", WARD_DSSE_TARGETS, "1.targets.dsse", "accepted");
	say(m, &(struct vector){"ready", "batch", up_to(KINDS, all), NULL, NULL, 0, "accepted"});
	put_proof(m, "5-to-13.proof", 5, 13);
	say(m, &(struct vector){"ready", "batch", up_to(5, some), NULL, "5-to-13.proof", 0,
				"accepted"});
	/* a heartbeat, and one that comes twice */
	m->p->timestamp.version = 3;
	test_sign_timestamp(m->p);
	file(m, "3.timestamp.dsse", m->p->envelopes[WARD_DSSE_TIMESTAMP]);
	say(m, &(struct vector){"records", "batch", "", "3.timestamp.dsse", NULL, 0, "accepted"});
	one(m, "ready", "timestamp", "2.timestamp.dsse", "accepted");
	m->p->timestamp.version = 2;
	test_sign_timestamp(m->p);
}

/* --- what is refused: metadata --- */

/* Signs the publisher's timestamp as it is and forgets the change again. */
static void
bad_timestamp(struct make *m, const char *name, const struct ward_trust_timestamp *t,
	      enum test_key key, const char *expect)
{
	const struct ward_trust_timestamp before = m->p->timestamp;
	enum test_key signer = m->p->signers[WARD_DSSE_TIMESTAMP];

	m->p->timestamp = *t;
	m->p->signers[WARD_DSSE_TIMESTAMP] = key;
	test_sign_timestamp(m->p);
	step_file(m, "records", WARD_DSSE_TIMESTAMP, name, expect);
	m->p->timestamp = before;
	m->p->signers[WARD_DSSE_TIMESTAMP] = signer;
	test_sign_timestamp(m->p);
}

static void
bad_timestamps(struct make *m)
{
	const struct ward_trust_timestamp now = m->p->timestamp;
	struct ward_trust_timestamp t = now;

	t.version = 3;
	bad_timestamp(m, "bad-timestamp-stranger.dsse", &t, TEST_STRANGER, "signatures");
	t.version = 1;
	bad_timestamp(m, "bad-timestamp-older.dsse", &t, TEST_TIMESTAMP, "rollback");
	t = now;
	t.expires_ms++;
	bad_timestamp(m, "bad-timestamp-other.dsse", &t, TEST_TIMESTAMP, "two-stories");
	t.version = 3;
	t.expires_ms = TEST_NOW_MS;
	bad_timestamp(m, "bad-timestamp-expired.dsse", &t, TEST_TIMESTAMP, "expired");
	t = now;
	t.version = 3;
	t.log[0] ^= 1;
	bad_timestamp(m, "bad-timestamp-log.dsse", &t, TEST_TIMESTAMP, "other-log");
	t = now;
	t.version = 3;
	t.head.size = 12;
	bad_timestamp(m, "bad-timestamp-head-older.dsse", &t, TEST_TIMESTAMP, "head-older");
	t = now;
	t.version = 3;
	t.head.root.bytes[0] ^= 1;
	bad_timestamp(m, "bad-timestamp-head.dsse", &t, TEST_TIMESTAMP, "head-mismatch");
	say(m, &(struct vector){"root", "timestamp", "2.timestamp.dsse", NULL, NULL,
				m->p->root.expires_ms, "expired"});
}

static void
bad_roots(struct make *m)
{
	static const enum test_key two[] = {TEST_ROOT_A, TEST_ROOT_B, 0},
				   alone[] = {TEST_ROOT_A, 0};
	const struct ward_trust_root now = m->p->root;
	const struct ward_span first = m->p->envelopes[WARD_DSSE_ROOT];

	m->p->root.version = 2;
	test_sign_root(m->p, two);
	step_file(m, "ready", WARD_DSSE_ROOT, "2.root.dsse", "accepted");
	test_sign_root(m->p, alone);
	step_file(m, "ready", WARD_DSSE_ROOT, "bad-root-alone.dsse", "signatures");
	m->p->root.version = 3;
	test_sign_root(m->p, two);
	step_file(m, "ready", WARD_DSSE_ROOT, "bad-root-skips.dsse", "root-chain");
	one(m, "ready", "root", "1.root.dsse", "root-chain");
	one(m, "ready", "root", "1.targets.dsse", "wrong-type");
	m->p->root = now;
	m->p->envelopes[WARD_DSSE_ROOT] = first;
}

/* Bytes that are not canonical: the good timestamp with its end cut off, a field that nobody knows, and a
 * varint that is longer than needed. */
static void
bad_forms(struct make *m)
{
	struct ward_span good = m->p->envelopes[WARD_DSSE_TIMESTAMP];
	static const uint8_t unknown[] = {0x98, 0x06, 0x01};
	struct ward_buf bent;

	ward_buf_init(&bent, FILE_MAX, NULL);
	file(m, "bad-form-cut.dsse", ward_span_cut(good, 0, good.len - 1));
	one(m, "root", "timestamp", "bad-form-cut.dsse", "malformed");
	assert_int_equal(ward_buf_append(&bent, good.data, good.len), WARD_OK);
	assert_int_equal(ward_buf_append(&bent, unknown, sizeof(unknown)), WARD_OK);
	file(m, "bad-form-unknown-field.dsse", ward_buf_span(&bent));
	one(m, "root", "timestamp", "bad-form-unknown-field.dsse", "malformed");
	/* 0a LEN payload: the length as two bytes with nothing in the second */
	ward_buf_clear(&bent);
	assert_int_equal(good.data[0], 0x0a);
	if (good.data[1] & 0x80) {
		const uint8_t longer[] = {0x0a, good.data[1], good.data[2] | 0x80, 0};

		assert_int_equal(ward_buf_append(&bent, longer, 4), WARD_OK);
		assert_int_equal(ward_buf_append(&bent, good.data + 3, good.len - 3), WARD_OK);
	} else {
		const uint8_t longer[] = {0x0a, good.data[1] | 0x80, 0};

		assert_int_equal(ward_buf_append(&bent, longer, 3), WARD_OK);
		assert_int_equal(ward_buf_append(&bent, good.data + 2, good.len - 2), WARD_OK);
	}
	file(m, "bad-form-long-varint.dsse", ward_buf_span(&bent));
	one(m, "root", "timestamp", "bad-form-long-varint.dsse", "malformed");
	ward_buf_done(&bent);
}

/* Others than those that are named: longer, of the same length, too early. */
static void
bad_parts(struct make *m)
{
	const struct ward_span snapshot = m->p->envelopes[WARD_DSSE_SNAPSHOT];
	struct ward_buf bent;

	ward_buf_init(&bent, FILE_MAX, NULL);
	assert_int_equal(ward_buf_append(&bent, snapshot.data, snapshot.len), WARD_OK);
	assert_int_equal(ward_buf_byte(&bent, 0), WARD_OK);
	file(m, "bad-snapshot-longer.dsse", ward_buf_span(&bent));
	one(m, "timestamp", "snapshot", "bad-snapshot-longer.dsse", "too-large");
	bent.len--;
	bent.data[bent.len - 1] ^= 1;
	file(m, "bad-snapshot-other.dsse", ward_buf_span(&bent));
	one(m, "timestamp", "snapshot", "bad-snapshot-other.dsse", "mix-and-match");
	one(m, "root", "snapshot", "1.snapshot.dsse", "not-yet");
	one(m, "timestamp", "targets", "1.targets.dsse", "not-yet");
	ward_buf_done(&bent);
}

/* --- what is refused: records --- */

static void
bad_record(struct make *m, const char *name, const struct ward_trust_record *r, enum test_key key,
	   const char *expect)
{
	file(m, name, test_seal(m->p, r, key));
	one(m, "ready", "batch", name, expect);
}

/* Fields that no record may have are not written by the encoder: bytes of a good one are changed, and the
 * result signed. Field 10, confidence, is `50 5a` in the test's record: 101 is not allowed. */
static void
bad_field(struct make *m)
{
	struct ward_trust_record r = test_record(1);
	uint8_t secrets[1][WARD_SIGN_SECRET];
	struct ward_refusal why;
	struct ward_buf payload, out;
	bool found = false;

	ward_buf_init(&payload, FILE_MAX, NULL);
	ward_buf_init(&out, FILE_MAX, NULL);
	assert_int_equal(ward_trust_record_encode(&r, &payload, &why), WARD_OK);
	for (size_t i = 0; i + 1 < payload.len && !found; i++)
		if (payload.data[i] == 0x50 && payload.data[i + 1] == 90) {
			payload.data[i + 1] = 101;
			found = true;
		}
	assert_true(found);
	test_secret(TEST_CONVICTIONS, secrets[0]);
	assert_int_equal(ward_dsse_seal(WARD_DSSE_RECORD, ward_buf_span(&payload),
					(const uint8_t(*)[WARD_SIGN_SECRET])secrets, 1, &out),
			 WARD_OK);
	file(m, "bad-record-confidence.dsse", ward_buf_span(&out));
	one(m, "ready", "batch", "bad-record-confidence.dsse", "bad-field");
	ward_buf_done(&payload);
	ward_buf_done(&out);
}

static void
bad_records(struct make *m)
{
	char all[KINDS * VECTOR_NAME], some[KINDS * VECTOR_NAME], bent[KINDS * VECTOR_NAME + 64];
	struct ward_trust_record r = test_record(1);

	bad_record(m, "bad-record-stranger.dsse", &r, TEST_STRANGER, "signatures");
	r.role = "nobody";
	bad_record(m, "bad-record-role.dsse", &r, TEST_CONVICTIONS, "unknown-role");
	r.role = "rules";
	bad_record(m, "bad-record-kind.dsse", &r, TEST_RULES, "kind-not-allowed");
	r = of_kind(WARD_KIND_RULE);
	r.number = 1;
	r.role = "rules";
	bad_record(m, "bad-record-scope.dsse", &r, TEST_RULES, "scope-not-allowed");
	bad_field(m);
	one(m, "ready", "batch", "record-02-allow-file.dsse", "number-gap");
	one(m, "records", "batch", "record-13-policy.dsse", "number-repeated");
	one(m, "ready", "batch", "1.targets.dsse", "wrong-type");
	one(m, "snapshot", "batch", "record-01-block-file.dsse", "not-yet");
	say(m, &(struct vector){"ready", "batch", up_to(KINDS, all), NULL, NULL,
				m->p->timestamp.expires_ms, "expired"});
	/* the last one is another one, well signed */
	r = test_record(KINDS);
	file(m, "bad-record-13-other.dsse", test_seal(m->p, &r, TEST_CONVICTIONS));
	(void)snprintf(bent, sizeof(bent), "%s bad-record-13-other.dsse", up_to(KINDS - 1, some));
	say(m, &(struct vector){"ready", "batch", bent, NULL, NULL, 0, "head-mismatch"});
	(void)snprintf(bent, sizeof(bent), "%s bad-record-14.dsse", all);
	r = test_record(KINDS + 1);
	file(m, "bad-record-14.dsse", test_seal(m->p, &r, TEST_CONVICTIONS));
	say(m, &(struct vector){"ready", "batch", bent, NULL, NULL, 0, "head-older"});
	say(m, &(struct vector){"ready", "batch", up_to(6, some), NULL, "5-to-13.proof", 0,
				"bad-proof"});
	say(m, &(struct vector){"ready", "batch", up_to(6, some), NULL, NULL, 0, "number-gap"});
}

/* --- the stored state --- */

static void
states(struct make *m)
{
	struct ward_trust *t = NULL;
	struct ward_refusal why;
	struct ward_buf out;

	ward_buf_init(&out, FILE_MAX, NULL);
	assert_int_equal(ward_trust_new(m->p->envelopes[WARD_DSSE_ROOT], &t, &why), WARD_OK);
	assert_int_equal(ward_trust_save(t, &out), WARD_OK);
	file(m, "root.state", ward_buf_span(&out));
	one(m, "nothing", "state", "root.state", "accepted");
	out.data[out.len / 2] ^= 1;
	file(m, "bad-damaged.state", ward_buf_span(&out));
	one(m, "nothing", "state", "bad-damaged.state", "state-damaged");
	ward_buf_done(&out);
	ward_trust_free(t);
}

static void
all(struct make *m)
{
	assert_int_equal(ward_buf_str(&m->index,
				      "{\n  \"about\": \"docs/updates.md; see README.md\",\n"
				      "  \"vectors\": ["),
			 WARD_OK);
	good(m);
	bad_timestamps(m);
	bad_roots(m);
	bad_forms(m);
	bad_parts(m);
	bad_records(m);
	states(m);
	assert_int_equal(ward_buf_str(&m->index, "\n  ]\n}\n"), WARD_OK);
	file(m, "index.json", ward_buf_span(&m->index));
}

struct vectors *
vectors_make(void)
{
	struct make m = {.v = calloc(1, sizeof(struct vectors)), .p = test_publisher_new()};

	assert_non_null(m.v);
	ward_buf_init(&m.index, FILE_MAX, NULL);
	/* the convictions may say everything, so that there is a good record of each kind */
	m.p->delegations[0].kinds = (UINT64_C(1) << WARD_KIND_END) - 2;
	test_sign_all(m.p);
	all(&m);
	ward_buf_done(&m.index);
	test_publisher_free(m.p);
	return m.v;
}

void
vectors_free(struct vectors *v)
{
	for (size_t i = 0; i < v->count; i++)
		ward_buf_done(&v->files[i].bytes);
	free(v);
}
