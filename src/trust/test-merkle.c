/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "sys/digest.h"
#include "trust/merkle.h"
#include <cmocka.h>

enum { LEAVES = 300 };

/* --- vectors of certificate-transparency (merkletree/merkle_tree_test.cc) --- */

static const char *const leaves[8] = {"",
				      "00",
				      "10",
				      "2021",
				      "3031",
				      "40414243",
				      "5051525354555657",
				      "606162636465666768696a6b6c6d6e6f"};

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define L0    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
#define L01   "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
#define L0123 "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
#define L1    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
#define L23   "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
#define L4    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
#define L4567 "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
#define L45   "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
#define L67   "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"

static const char *const roots[9] = {
	EMPTY,
	L0,
	L01,
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	L0123,
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

struct path {
	uint64_t a, b; /* index and size, or first and second */
	const char *hashes[4];
};

static const struct path included[] = {{0, 1, {NULL}},
				       {0, 8, {L1, L23, L4567}},
				       {5, 8, {L4, L67, L0123}},
				       {2, 3, {L01}},
				       {1, 5, {L0, L23, L4}}};
static const struct path consistent[] = {
	{1, 1, {NULL}}, {1, 8, {L1, L23, L4567}}, {6, 8, {L45, L67, L0123}}, {2, 5, {L23, L4}}};

static struct ward_hash
hash_of(const char *hex)
{
	struct ward_hash hash = {0};

	assert_true(ward_text_unhex(ward_span_str(hex), hash.bytes, 32));
	return hash;
}

/* --- a tree in memory, as a service would store it --- */

struct tree {
	struct ward_hash nodes[12][LEAVES];
	uint64_t counts[12];
	struct ward_frontier frontier;
	unsigned fail_in; /* puts until one fails; 0: none */
};

static enum ward_rc
put(void *ctx, unsigned level, uint64_t index, const struct ward_hash *hash)
{
	struct tree *t = ctx;

	if (t->fail_in && --t->fail_in == 0)
		return WARD_E_IO;
	assert_true(level < 12 && index < LEAVES);
	t->nodes[level][index] = *hash;
	t->counts[level] = index + 1;
	return WARD_OK;
}

static enum ward_rc
get(void *ctx, unsigned level, uint64_t index, struct ward_hash *ret)
{
	const struct tree *t = ctx;

	assert_true(level < 12 && index < t->counts[level]);
	*ret = t->nodes[level][index];
	return WARD_OK;
}

static struct ward_hash
leaf(unsigned i)
{
	uint8_t bytes[2] = {(uint8_t)i, (uint8_t)(i >> 8)};
	struct ward_hash hash;

	assert_int_equal(ward_merkle_leaf(ward_span_of(bytes, 2), &hash), WARD_OK);
	return hash;
}

static struct tree *
tree_of(unsigned n)
{
	struct tree *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	for (unsigned i = 0; i < n; i++) {
		struct ward_hash hash = leaf(i);

		assert_int_equal(ward_frontier_append(&t->frontier, &hash, put, t), WARD_OK);
	}
	return t;
}

/* RFC 6962 §2.1, word for word. */
static struct ward_hash
naive(unsigned begin, unsigned end)
{
	struct ward_hash left, right, hash;
	uint8_t both[65] = {1};
	unsigned k = 1;

	if (begin == end)
		return hash_of(EMPTY);
	if (end - begin == 1)
		return leaf(begin);
	while (k * 2 < end - begin)
		k *= 2;
	left = naive(begin, begin + k);
	right = naive(begin + k, end);
	memcpy(both + 1, left.bytes, 32);
	memcpy(both + 33, right.bytes, 32);
	assert_int_equal(ward_digest(WARD_SHA256, ward_span_of(both, 65), hash.bytes), WARD_OK);
	return hash;
}

/* --- tests --- */

static void
published_roots(void **state)
{
	struct ward_frontier f = {0};
	struct ward_hash root, expected;

	(void)state;
	for (unsigned i = 0; i <= 8; i++) {
		uint8_t bytes[16];
		struct ward_hash hash;

		expected = hash_of(roots[i]);
		assert_int_equal(ward_frontier_root(&f, &root), WARD_OK);
		assert_memory_equal(&root, &expected, 32);
		if (i == 8)
			break;
		assert_true(
			ward_text_unhex(ward_span_str(leaves[i]), bytes, strlen(leaves[i]) / 2));
		assert_int_equal(
			ward_merkle_leaf(ward_span_of(bytes, strlen(leaves[i]) / 2), &hash),
			WARD_OK);
		assert_int_equal(ward_frontier_append(&f, &hash, NULL, NULL), WARD_OK);
	}
}

static struct tree *
published_tree(void)
{
	struct tree *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	for (unsigned i = 0; i < 8; i++) {
		uint8_t bytes[16];
		size_t len = strlen(leaves[i]) / 2;
		struct ward_hash hash;

		assert_true(ward_text_unhex(ward_span_str(leaves[i]), bytes, len));
		assert_int_equal(ward_merkle_leaf(ward_span_of(bytes, len), &hash), WARD_OK);
		assert_int_equal(ward_frontier_append(&t->frontier, &hash, put, t), WARD_OK);
	}
	return t;
}

static void
same_proof(const struct ward_proof *p, const struct path *expected)
{
	size_t n = 0;

	for (; expected->hashes[n]; n++) {
		struct ward_hash hash = hash_of(expected->hashes[n]);

		assert_true(n < p->count);
		assert_memory_equal(&p->hash[n], &hash, 32);
	}
	assert_int_equal(p->count, n);
}

static void
published_proofs(void **state)
{
	struct tree *t = published_tree();
	const struct ward_merkle_source s = {get, t};
	struct ward_proof p;

	(void)state;
	for (size_t i = 0; i < sizeof(included) / sizeof(included[0]); i++) {
		const struct path *e = &included[i];
		struct ward_hash root = hash_of(roots[e->b]);

		assert_int_equal(ward_merkle_include(&s, e->a, e->b, &p), WARD_OK);
		same_proof(&p, e);
		assert_int_equal(ward_proof_included(&p, &t->nodes[0][e->a], e->a, e->b, &root),
				 WARD_OK);
	}
	for (size_t i = 0; i < sizeof(consistent) / sizeof(consistent[0]); i++) {
		const struct path *e = &consistent[i];
		struct ward_head a = {e->a, hash_of(roots[e->a])}, b = {e->b, hash_of(roots[e->b])};

		assert_int_equal(ward_merkle_connect(&s, e->a, e->b, &p), WARD_OK);
		same_proof(&p, e);
		assert_int_equal(ward_proof_consistent(&p, &a, &b), WARD_OK);
	}
	free(t);
}

static void
every_size_has_the_naive_root(void **state)
{
	struct tree *t = tree_of(LEAVES);
	const struct ward_merkle_source s = {get, t};
	struct ward_frontier f = {0};

	(void)state;
	for (unsigned n = 0; n <= LEAVES; n++) {
		struct ward_hash expected = naive(0, n), root, next;
		struct ward_frontier middle;

		assert_int_equal(ward_frontier_root(&f, &root), WARD_OK);
		assert_memory_equal(&root, &expected, 32);
		assert_int_equal(ward_merkle_root(&s, n, &root), WARD_OK);
		assert_memory_equal(&root, &expected, 32);
		assert_int_equal(ward_merkle_frontier(&s, n, &middle), WARD_OK);
		assert_int_equal(ward_frontier_root(&middle, &root), WARD_OK);
		assert_memory_equal(&root, &expected, 32);
		next = leaf(n);
		assert_int_equal(ward_frontier_append(&f, &next, NULL, NULL), WARD_OK);
	}
	free(t);
}

static void
every_inclusion(void **state)
{
	struct tree *t = tree_of(LEAVES);
	const struct ward_merkle_source s = {get, t};

	(void)state;
	for (unsigned n = 1; n <= LEAVES; n += n < 70 ? 1 : 23) {
		struct ward_hash root = naive(0, n);

		for (unsigned i = 0; i < n; i++) {
			struct ward_proof p;

			assert_int_equal(ward_merkle_include(&s, i, n, &p), WARD_OK);
			assert_int_equal(ward_proof_included(&p, &t->nodes[0][i], i, n, &root),
					 WARD_OK);
			/* not for its neighbour's place, nor for another leaf */
			assert_int_equal(
				ward_proof_included(&p, &t->nodes[0][i], (i + 1) % n, n, &root),
				n == 1 ? WARD_OK : WARD_E_FORMAT);
			assert_int_equal(ward_proof_included(&p, &t->nodes[0][(i + 1) % LEAVES], i,
							     n, &root),
					 WARD_E_FORMAT);
			p.hash[p.count++] = root;
			assert_int_equal(ward_proof_included(&p, &t->nodes[0][i], i, n, &root),
					 WARD_E_FORMAT);
		}
	}
	free(t);
}

/* Whether a proof with one bit changed, one hash more or one less still convinces anybody. */
static void
no_damage_convinces(const struct ward_proof *p, const struct ward_head *a,
		    const struct ward_head *b)
{
	struct ward_proof q;

	for (size_t i = 0; i < p->count; i++) {
		q = *p;
		q.hash[i].bytes[i % 32] ^= 4;
		assert_int_equal(ward_proof_consistent(&q, a, b), WARD_E_FORMAT);
	}
	q = *p;
	q.hash[q.count++] = b->root;
	assert_int_equal(ward_proof_consistent(&q, a, b), WARD_E_FORMAT);
	if (p->count > 0) {
		q = *p;
		q.count--;
		assert_int_equal(ward_proof_consistent(&q, a, b), WARD_E_FORMAT);
	}
}

static void
every_consistency(void **state)
{
	struct tree *t = tree_of(LEAVES);
	const struct ward_merkle_source s = {get, t};

	(void)state;
	for (unsigned n = 0; n <= LEAVES; n += n < 70 ? 1 : 23) {
		struct ward_head b = {n, naive(0, n)}, other = b;

		other.root.bytes[7] ^= 1;
		for (unsigned m = 0; m <= n; m++) {
			struct ward_head a = {m, naive(0, m)};
			struct ward_proof p;

			assert_int_equal(ward_merkle_connect(&s, m, n, &p), WARD_OK);
			assert_int_equal(ward_proof_consistent(&p, &a, &b), WARD_OK);
			no_damage_convinces(&p, &a, &b);
			if (m > 0)
				assert_int_equal(ward_proof_consistent(&p, &a, &other),
						 WARD_E_FORMAT);
			if (m < n)
				assert_int_equal(ward_proof_consistent(&p, &b, &a), WARD_E_FORMAT);
		}
	}
	free(t);
}

static void
nonsense_is_refused(void **state)
{
	struct tree *t = tree_of(3);
	const struct ward_merkle_source s = {get, t};
	struct ward_proof p = {0};
	struct ward_head huge = {UINT64_MAX, naive(0, 1)}, one = {1, naive(0, 1)};
	uint8_t bytes[WARD_MERKLE_PROOF_MAX * 32 + 32] = {0};

	(void)state;
	assert_int_equal(ward_merkle_include(&s, 3, 3, &p), WARD_E_INVAL);
	assert_int_equal(ward_merkle_connect(&s, 4, 3, &p), WARD_E_INVAL);
	assert_int_equal(ward_proof_included(&p, &one.root, 0, 0, &one.root), WARD_E_FORMAT);
	assert_int_equal(ward_proof_consistent(&p, &one, &huge), WARD_E_FORMAT);
	assert_int_equal(ward_proof_read(ward_span_of(bytes, 31), &p), WARD_E_FORMAT);
	assert_int_equal(ward_proof_read(ward_span_of(bytes, sizeof(bytes)), &p), WARD_E_LIMIT);
	assert_int_equal(ward_proof_read(ward_span_of(bytes, sizeof(bytes) - 32), &p), WARD_OK);
	assert_int_equal(p.count, WARD_MERKLE_PROOF_MAX);
	assert_int_equal(ward_proof_consistent(&p, &one, &huge), WARD_E_FORMAT);
	free(t);
}

static void
a_frontier_is_stored(void **state)
{
	struct tree *t = tree_of(0x2b);
	struct ward_frontier f = {.size = 77};
	struct ward_hash a, b;
	struct ward_buf out;

	(void)state;
	ward_buf_init(&out, 4096, NULL);
	assert_int_equal(ward_frontier_write(&t->frontier, &out), WARD_OK);
	assert_int_equal(out.len, 4 * 32);
	assert_int_equal(ward_frontier_read(0x2b, ward_span_of(out.data, out.len - 1), &f),
			 WARD_E_FORMAT);
	assert_int_equal(ward_frontier_read(0x2f, ward_buf_span(&out), &f), WARD_E_FORMAT);
	assert_int_equal(ward_frontier_read(0x23, ward_buf_span(&out), &f), WARD_E_FORMAT);
	assert_int_equal(f.size, 77); /* untouched */
	assert_int_equal(ward_frontier_read(0x2b, ward_buf_span(&out), &f), WARD_OK);
	assert_int_equal(ward_frontier_root(&f, &a), WARD_OK);
	assert_int_equal(ward_frontier_root(&t->frontier, &b), WARD_OK);
	assert_memory_equal(&a, &b, 32);
	ward_buf_done(&out);
	free(t);
}

static void
what_cannot_be_stored_is_not_appended(void **state)
{
	struct tree *t = tree_of(7);
	struct ward_hash before, after, next = leaf(7);

	(void)state;
	assert_int_equal(ward_frontier_root(&t->frontier, &before), WARD_OK);
	for (unsigned i = 1; i <= 4; i++) { /* a leaf and three levels above it */
		t->fail_in = i;
		assert_int_equal(ward_frontier_append(&t->frontier, &next, put, t), WARD_E_IO);
		assert_int_equal(ward_frontier_root(&t->frontier, &after), WARD_OK);
		assert_memory_equal(&before, &after, 32);
		assert_int_equal(t->frontier.size, 7);
	}
	t->fail_in = 0;
	assert_int_equal(ward_frontier_append(&t->frontier, &next, put, t), WARD_OK);
	t->frontier.size = UINT64_MAX;
	assert_int_equal(ward_frontier_append(&t->frontier, &next, NULL, NULL), WARD_E_LIMIT);
	free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_roots),
		cmocka_unit_test(published_proofs),
		cmocka_unit_test(every_size_has_the_naive_root),
		cmocka_unit_test(every_inclusion),
		cmocka_unit_test(every_consistency),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(a_frontier_is_stored),
		cmocka_unit_test(what_cannot_be_stored_is_not_appended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
