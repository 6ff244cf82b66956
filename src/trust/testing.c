/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/testing.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

void
test_secret(enum test_key key, uint8_t ret[WARD_SIGN_SECRET])
{
	memset(ret, (int)key, WARD_SIGN_SECRET);
}

struct ward_trust_key
test_public(enum test_key key)
{
	uint8_t secret[WARD_SIGN_SECRET], public_key[WARD_SIGN_PUBLIC];
	struct ward_trust_key made;

	test_secret(key, secret);
	assert_int_equal(ward_sign_public(secret, public_key), WARD_OK);
	assert_int_equal(ward_trust_key_of(public_key, &made), WARD_OK);
	return made;
}

/* A copy in the arena. */
static struct ward_span
keep(struct test_publisher *p, struct ward_buf *out)
{
	uint8_t *copy = ward_arena_alloc(p->arena, out->len);
	struct ward_span s = {copy, out->len};

	assert_non_null(copy);
	memcpy(copy, out->data, out->len);
	ward_buf_done(out);
	return s;
}

static struct ward_span
seal(struct test_publisher *p, enum ward_dsse_type type, struct ward_span payload,
     const enum test_key *keys)
{
	uint8_t secrets[8][WARD_SIGN_SECRET];
	struct ward_buf out;
	size_t count = 0;

	for (; keys[count]; count++)
		test_secret(keys[count], secrets[count]);
	ward_buf_init(&out, 1 << 20, NULL);
	assert_int_equal(ward_dsse_seal(type, payload, (const uint8_t(*)[32])secrets, count, &out),
			 WARD_OK);
	return keep(p, &out);
}

void
test_sign_root(struct test_publisher *p, const enum test_key *keys)
{
	struct ward_refusal refusal;
	struct ward_buf out;

	ward_buf_init(&out, 1 << 20, NULL);
	assert_int_equal(ward_trust_root_encode(&p->root, &out, &refusal), WARD_OK);
	p->envelopes[WARD_DSSE_ROOT] = seal(p, WARD_DSSE_ROOT, keep(p, &out), keys);
}

void
test_sign_timestamp(struct test_publisher *p)
{
	struct ward_refusal refusal;
	struct ward_buf out;

	ward_buf_init(&out, 1 << 20, NULL);
	assert_int_equal(ward_trust_timestamp_encode(&p->timestamp, &out, &refusal), WARD_OK);
	p->envelopes[WARD_DSSE_TIMESTAMP] =
		seal(p, WARD_DSSE_TIMESTAMP, keep(p, &out),
		     (enum test_key[]){p->signers[WARD_DSSE_TIMESTAMP], 0});
}

void
test_sign_snapshot(struct test_publisher *p)
{
	struct ward_refusal refusal;
	struct ward_buf out;

	ward_buf_init(&out, 1 << 20, NULL);
	assert_int_equal(ward_trust_snapshot_encode(&p->snapshot, &out, &refusal), WARD_OK);
	p->envelopes[WARD_DSSE_SNAPSHOT] =
		seal(p, WARD_DSSE_SNAPSHOT, keep(p, &out),
		     (enum test_key[]){p->signers[WARD_DSSE_SNAPSHOT], 0});
	assert_int_equal(ward_trust_meta_of(p->snapshot.version, p->envelopes[WARD_DSSE_SNAPSHOT],
					    &p->timestamp.snapshot),
			 WARD_OK);
	test_sign_timestamp(p);
}

void
test_sign_all(struct test_publisher *p)
{
	struct ward_refusal refusal;
	struct ward_buf out;

	ward_buf_init(&out, 1 << 20, NULL);
	assert_int_equal(ward_trust_targets_encode(&p->targets, p->arena, &out, &refusal), WARD_OK);
	p->envelopes[WARD_DSSE_TARGETS] = seal(p, WARD_DSSE_TARGETS, keep(p, &out),
					       (enum test_key[]){p->signers[WARD_DSSE_TARGETS], 0});
	assert_int_equal(ward_trust_meta_of(p->targets.version, p->envelopes[WARD_DSSE_TARGETS],
					    &p->snapshot.targets),
			 WARD_OK);
	test_sign_snapshot(p);
}

static void
delegate(struct ward_trust_delegation *d, const char *name, enum test_key key, uint64_t kinds,
	 struct ward_trust_scope scope)
{
	d->name = name;
	d->threshold = 1;
	d->key_count = 1;
	d->keys[0].key = test_public(key);
	d->kinds = kinds;
	d->scope_count = 1;
	d->scopes[0] = scope;
}

static void
add(struct test_publisher *p, enum ward_dsse_type role, enum test_key key)
{
	assert_int_equal(ward_trust_role_add(&p->root.roles[role], test_public(key).public_key),
			 WARD_OK);
	if (p->root.roles[role].threshold < 2)
		p->root.roles[role].threshold++;
	if (role != WARD_DSSE_ROOT)
		p->root.roles[role].threshold = 1;
	p->signers[role] = key;
}

struct test_publisher *
test_publisher_new(void)
{
	struct test_publisher *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->budget.cap = 64 << 20;
	p->arena = ward_arena_new(&p->budget);
	p->root.version = p->targets.version = p->snapshot.version = p->timestamp.version = 1;
	p->root.expires_ms = TEST_NOW_MS + 9000 * TEST_HOUR_MS;
	p->targets.expires_ms = TEST_NOW_MS + 2000 * TEST_HOUR_MS;
	p->snapshot.expires_ms = TEST_NOW_MS + 24 * TEST_HOUR_MS;
	p->timestamp.expires_ms = TEST_NOW_MS + TEST_HOUR_MS;
	memset(p->root.log, 7, WARD_LOG_ID);
	memcpy(p->timestamp.log, p->root.log, WARD_LOG_ID);
	add(p, WARD_DSSE_ROOT, TEST_ROOT_A);
	add(p, WARD_DSSE_ROOT, TEST_ROOT_B);
	add(p, WARD_DSSE_ROOT, TEST_ROOT_C);
	add(p, WARD_DSSE_TARGETS, TEST_TARGETS);
	add(p, WARD_DSSE_SNAPSHOT, TEST_SNAPSHOT);
	add(p, WARD_DSSE_TIMESTAMP, TEST_TIMESTAMP);
	delegate(&p->delegations[0], "convictions", TEST_CONVICTIONS,
		 1u << WARD_KIND_BLOCK_FILE | 1u << WARD_KIND_DISABLE,
		 (struct ward_trust_scope){.kind = WARD_SCOPE_ALL, .name = ""});
	delegate(&p->delegations[1], "rules", TEST_RULES, 1u << WARD_KIND_RULE,
		 (struct ward_trust_scope){.kind = WARD_SCOPE_RING, .name = "canary"});
	p->targets.delegations = p->delegations;
	p->targets.delegation_count = 2;
	p->targets.packs = p->packs;
	assert_int_equal(ward_frontier_root(&p->frontier, &p->timestamp.head.root), WARD_OK);
	test_sign_root(p, (const enum test_key[]){TEST_ROOT_A, TEST_ROOT_C, 0});
	test_sign_all(p);
	return p;
}

void
test_publisher_free(struct test_publisher *p)
{
	ward_arena_free(p->arena);
	free(p);
}

/* --- records --- */

struct ward_trust_record
test_record(uint64_t number)
{
	static const uint8_t digest[32] = {1, 2, 3};

	return (struct ward_trust_record){
		.number = number,
		.id = {1, (uint8_t)number},
		.time_ms = TEST_NOW_MS,
		.role = "convictions",
		.author = "tier 2",
		.reason = "a test",
		.threat = "Test.Block",
		.confidence = 90,
		.scope = {.kind = WARD_SCOPE_ALL},
		.expiry = {.kind = WARD_EXPIRY_NEVER},
		.kind = WARD_KIND_BLOCK_FILE,
		.of.file = {digest, 32},
	};
}

struct ward_span
test_seal(struct test_publisher *p, const struct ward_trust_record *r, enum test_key key)
{
	struct ward_refusal refusal;
	struct ward_buf out;

	ward_buf_init(&out, 1 << 20, NULL);
	assert_int_equal(ward_trust_record_encode(r, &out, &refusal), WARD_OK);
	return seal(p, WARD_DSSE_RECORD, keep(p, &out), (const enum test_key[]){key, 0});
}

static enum ward_rc
put(void *ctx, unsigned level, uint64_t index, const struct ward_hash *hash)
{
	struct test_publisher *p = ctx;

	p->nodes[level][index] = *hash;
	return WARD_OK;
}

static enum ward_rc
get(void *ctx, unsigned level, uint64_t index, struct ward_hash *ret)
{
	const struct test_publisher *p = ctx;

	*ret = p->nodes[level][index];
	return WARD_OK;
}

struct ward_merkle_source
test_source(struct test_publisher *p)
{
	return (struct ward_merkle_source){get, p};
}

void
test_append(struct test_publisher *p, struct ward_span envelope)
{
	struct ward_refusal refusal;
	struct ward_dsse d;
	struct ward_hash leaf;

	assert_true(p->record_count < TEST_RECORDS);
	assert_int_equal(ward_dsse_read(envelope, WARD_DSSE_RECORD, p->arena, &d, &refusal),
			 WARD_OK);
	assert_int_equal(ward_merkle_leaf(d.payload, &leaf), WARD_OK);
	assert_int_equal(ward_frontier_append(&p->frontier, &leaf, put, p), WARD_OK);
	p->records[p->record_count++] = envelope;
	p->timestamp.head.size = p->frontier.size;
	assert_int_equal(ward_frontier_root(&p->frontier, &p->timestamp.head.root), WARD_OK);
}

void
test_publish(struct test_publisher *p, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct ward_trust_record r = test_record(p->record_count + 1);

		test_append(p, test_seal(p, &r, TEST_CONVICTIONS));
	}
}
