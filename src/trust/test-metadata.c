/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "trust/testing.h"
#include <cmocka.h>

static struct ward_span
payload_of(struct test_publisher *p, enum ward_dsse_type type)
{
	struct ward_refusal why;
	struct ward_dsse d;

	assert_int_equal(ward_dsse_read(p->envelopes[type], type, p->arena, &d, &why), WARD_OK);
	return d.payload;
}

/* Decodes the payload as its type and encodes it again. */
static enum ward_rc
again(struct test_publisher *p, enum ward_dsse_type type, struct ward_span payload,
      struct ward_buf *out)
{
	struct ward_refusal why;
	struct ward_trust_root root;
	struct ward_trust_targets targets;
	struct ward_trust_snapshot snapshot;
	struct ward_trust_timestamp timestamp;
	enum ward_rc rc;

	if (type == WARD_DSSE_ROOT) {
		rc = ward_trust_root_decode(payload, p->arena, &root, &why);
		return rc ? rc : ward_trust_root_encode(&root, out, &why);
	}
	if (type == WARD_DSSE_TARGETS) {
		rc = ward_trust_targets_decode(payload, p->arena, &targets, &why);
		return rc ? rc : ward_trust_targets_encode(&targets, p->arena, out, &why);
	}
	if (type == WARD_DSSE_SNAPSHOT) {
		rc = ward_trust_snapshot_decode(payload, p->arena, &snapshot, &why);
		return rc ? rc : ward_trust_snapshot_encode(&snapshot, out, &why);
	}
	rc = ward_trust_timestamp_decode(payload, p->arena, &timestamp, &why);
	return rc ? rc : ward_trust_timestamp_encode(&timestamp, out, &why);
}

static struct test_publisher *
full(void)
{
	struct test_publisher *p = test_publisher_new();

	p->packs[0] = (struct ward_trust_pack){
		.name = "default",
		.version = 7,
		.content = {.sha256 = {1}, .size = 900},
		.contains = {.size = 3},
		.delta_count = 2,
		.deltas = {{5, {.sha256 = {2}, .size = 90}}, {6, {.sha256 = {3}, .size = 9}}}};
	p->targets.pack_count = 1;
	test_sign_all(p);
	return p;
}

static void
metadata_comes_back(void **state)
{
	struct test_publisher *p = full();
	struct ward_buf out;

	(void)state;
	ward_buf_init(&out, 1 << 20, NULL);
	for (unsigned type = 0; type < WARD_ROLES; type++) {
		struct ward_span payload = payload_of(p, (enum ward_dsse_type)type);

		ward_buf_clear(&out);
		assert_int_equal(again(p, (enum ward_dsse_type)type, payload, &out), WARD_OK);
		assert_true(ward_span_eq(ward_buf_span(&out), payload));
	}
	ward_buf_done(&out);
	test_publisher_free(p);
}

/* Any byte changed: refused, or something that is written exactly so. */
static void
there_is_one_encoding(void **state)
{
	struct test_publisher *p = full();
	struct ward_buf out;

	(void)state;
	ward_buf_init(&out, 1 << 20, NULL);
	for (unsigned type = 0; type < WARD_ROLES; type++) {
		struct ward_span payload = payload_of(p, (enum ward_dsse_type)type);
		uint8_t *copy = malloc(payload.len);

		assert_non_null(copy);
		for (size_t i = 0; i < payload.len * 8; i++) {
			struct ward_arena_mark mark = ward_arena_save(p->arena);

			memcpy(copy, payload.data, payload.len);
			copy[i / 8] ^= (uint8_t)(1u << i % 8);
			ward_buf_clear(&out);
			if (again(p, (enum ward_dsse_type)type, ward_span_of(copy, payload.len),
				  &out) == WARD_OK)
				assert_true(ward_span_eq(ward_buf_span(&out),
							 ward_span_of(copy, payload.len)));
			ward_arena_restore(p->arena, mark);
		}
		free(copy);
	}
	ward_buf_done(&out);
	test_publisher_free(p);
}

static void
expect(struct test_publisher *p, const char *text)
{
	struct ward_refusal why = {0};
	struct ward_buf out;
	enum ward_rc rc;

	ward_buf_init(&out, 1 << 20, NULL);
	rc = ward_trust_root_encode(&p->root, &out, &why);
	if (!rc)
		rc = ward_trust_targets_encode(&p->targets, p->arena, &out, &why);
	if (!rc)
		rc = ward_trust_snapshot_encode(&p->snapshot, &out, &why);
	if (!rc)
		rc = ward_trust_timestamp_encode(&p->timestamp, &out, &why);
	assert_int_equal(rc, WARD_E_PERM);
	assert_int_equal(why.code, WARD_REFUSED_FIELD);
	assert_string_equal(why.text, text);
	ward_buf_done(&out);
	test_publisher_free(p);
}

#define WITH(text, assignment)                                                                     \
	do {                                                                                       \
		struct test_publisher *p = full();                                                 \
		assignment;                                                                        \
		expect(p, text);                                                                   \
	} while (0)

static void
fields_have_limits(void **state)
{
	(void)state;
	WITH("the root's version: from 1", p->root.version = 0);
	WITH("the root's expiry: a time in milliseconds", p->root.expires_ms = UINT64_MAX);
	WITH("the root's roles: each has a threshold from 1 and as many keys",
	     p->root.roles[WARD_DSSE_TIMESTAMP].threshold = 0);
	WITH("the root's roles: each has a threshold from 1 and as many keys",
	     p->root.roles[WARD_DSSE_ROOT].threshold = 4);
	WITH("the targets' delegation: a name", p->delegations[0].name = "A");
	WITH("the targets' delegations: in ascending order, each once",
	     p->delegations[1].name = "convictions");
	WITH("the targets' delegation: a threshold from 1 and as many keys",
	     p->delegations[1].threshold = 2);
	WITH("the targets' delegation: kinds of records that there are",
	     p->delegations[0].kinds = 1);
	WITH("the targets' delegation: kinds of records that there are",
	     p->delegations[0].kinds = UINT64_C(1) << WARD_KIND_END);
	WITH("the targets' delegation: a scope", p->delegations[0].scope_count = 0);
	WITH("the targets' pack: a name, a version and a size", p->packs[0].content.size = 0);
	WITH("the targets' pack: deltas from earlier versions, in ascending order",
	     p->packs[0].deltas[1].from = 5);
	WITH("the targets' pack: deltas from earlier versions, in ascending order",
	     p->packs[0].deltas[1].from = 7);
	WITH("the snapshot's version: from 1", p->snapshot.version = 0);
	WITH("the snapshot's list: version and size of what it names",
	     p->snapshot.targets.version = 0);
	WITH("the timestamp's expiry: a time in milliseconds", p->timestamp.expires_ms = 0);
	WITH("the timestamp's list: version and size of what it names",
	     p->timestamp.snapshot.content.size = 0);
}

static void
scopes_cover_scopes(void **state)
{
	static const struct ward_trust_scope all = {.kind = WARD_SCOPE_ALL, .name = ""},
					     ring = {.kind = WARD_SCOPE_RING, .name = "canary"},
					     any_ring = {.kind = WARD_SCOPE_RING, .name = ""},
					     tag = {.kind = WARD_SCOPE_TAG, .name = "canary"},
					     device = {.kind = WARD_SCOPE_DEVICE, .device = {1}},
					     any_device = {.kind = WARD_SCOPE_DEVICE};

	(void)state;
	assert_true(ward_trust_scope_covers(&all, &device));
	assert_true(ward_trust_scope_covers(&any_ring, &ring));
	assert_true(ward_trust_scope_covers(&any_device, &device));
	assert_true(ward_trust_scope_covers(&ring, &ring));
	assert_false(ward_trust_scope_covers(&ring, &any_ring));
	assert_false(ward_trust_scope_covers(&any_ring, &all));
	assert_false(ward_trust_scope_covers(&ring, &tag));
	assert_false(ward_trust_scope_covers(&device, &any_device));
}

static void
keys_stay_in_order(void **state)
{
	struct ward_trust_role role = {.threshold = 1};

	(void)state;
	for (unsigned round = 0; round < 2; round++) /* twice the same changes nothing */
		for (unsigned i = 1; i <= WARD_ROLE_KEYS_MAX; i++)
			assert_int_equal(ward_trust_role_add(
						 &role, test_public((enum test_key)i).public_key),
					 WARD_OK);
	assert_int_equal(role.count, WARD_ROLE_KEYS_MAX);
	for (size_t i = 1; i < role.count; i++)
		assert_true(memcmp(role.keys[i - 1].public_key, role.keys[i].public_key, 32) < 0);
	assert_int_equal(ward_trust_role_add(&role, test_public((enum test_key)99).public_key),
			 WARD_E_LIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metadata_comes_back), cmocka_unit_test(there_is_one_encoding),
		cmocka_unit_test(fields_have_limits),  cmocka_unit_test(scopes_cover_scopes),
		cmocka_unit_test(keys_stay_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
