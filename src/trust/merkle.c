/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/merkle.h"

#include "sys/digest.h"
#include "trust/merkle-priv.h"

enum ward_rc
ward_merkle_leaf(struct ward_span bytes, struct ward_hash *ret)
{
	static const uint8_t zero = 0;
	const struct ward_span runs[] = {{&zero, 1}, bytes};

	return ward_digest_runs(WARD_SHA256, runs, 2, ret->bytes);
}

enum ward_rc
ward_merkle_node(const struct ward_hash *left, const struct ward_hash *right, struct ward_hash *ret)
{
	static const uint8_t one = 1;
	const struct ward_span runs[] = {
		{&one, 1}, {left->bytes, WARD_MERKLE_HASH}, {right->bytes, WARD_MERKLE_HASH}};
	struct ward_hash hash = {0};
	enum ward_rc rc = ward_digest_runs(WARD_SHA256, runs, 3, hash.bytes);

	if (!rc)
		*ret = hash;
	return rc;
}

/* --- the frontier --- */

enum ward_rc
ward_frontier_append(struct ward_frontier *f, const struct ward_hash *leaf, ward_merkle_put put,
		     void *ctx)
{
	struct ward_hash hash = *leaf;
	unsigned level = 0;
	enum ward_rc rc;

	if (f->size == UINT64_MAX)
		return WARD_E_LIMIT;
	rc = put ? put(ctx, 0, f->size, &hash) : WARD_OK;
	for (; !rc && f->size >> level & 1; level++) {
		rc = ward_merkle_node(&f->peak[level], &hash, &hash);
		if (!rc && put)
			rc = put(ctx, level + 1, f->size >> (level + 1), &hash);
	}
	if (rc)
		return rc;
	f->peak[level] = hash;
	f->size++;
	return WARD_OK;
}

enum ward_rc
ward_frontier_root(const struct ward_frontier *f, struct ward_hash *ret)
{
	struct ward_hash root;
	bool have = false;
	enum ward_rc rc = WARD_OK;

	if (f->size == 0)
		return ward_digest(WARD_SHA256, ward_span_of(NULL, 0), ret->bytes);
	for (unsigned level = 0; level < WARD_MERKLE_LEVELS && !rc; level++) {
		if (!(f->size >> level & 1))
			continue;
		if (have)
			rc = ward_merkle_node(&f->peak[level], &root, &root);
		else
			root = f->peak[level];
		have = true;
	}
	if (!rc)
		*ret = root;
	return rc;
}

enum ward_rc
ward_frontier_write(const struct ward_frontier *f, struct ward_buf *out)
{
	enum ward_rc rc = WARD_OK;

	for (unsigned level = WARD_MERKLE_LEVELS; level-- > 0 && !rc;)
		if (f->size >> level & 1)
			rc = ward_buf_append(out, f->peak[level].bytes, WARD_MERKLE_HASH);
	return rc;
}

enum ward_rc
ward_frontier_read(uint64_t size, struct ward_span hashes, struct ward_frontier *ret)
{
	struct ward_frontier f = {.size = size};
	size_t at = 0;

	for (unsigned level = WARD_MERKLE_LEVELS; level-- > 0;) {
		if (!(size >> level & 1))
			continue;
		if (!ward_span_has(hashes, at, WARD_MERKLE_HASH))
			return WARD_E_FORMAT;
		memcpy(f.peak[level].bytes, hashes.data + at, WARD_MERKLE_HASH);
		at += WARD_MERKLE_HASH;
	}
	if (at != hashes.len)
		return WARD_E_FORMAT;
	*ret = f;
	return WARD_OK;
}

/* --- proofs --- */

enum ward_rc
ward_proof_read(struct ward_span bytes, struct ward_proof *ret)
{
	struct ward_proof p = {.count = bytes.len / WARD_MERKLE_HASH};

	if (bytes.len % WARD_MERKLE_HASH != 0)
		return WARD_E_FORMAT;
	if (p.count > WARD_MERKLE_PROOF_MAX)
		return WARD_E_LIMIT;
	for (size_t i = 0; i < p.count; i++)
		memcpy(p.hash[i].bytes, bytes.data + i * WARD_MERKLE_HASH, WARD_MERKLE_HASH);
	*ret = p;
	return WARD_OK;
}

enum ward_rc
ward_proof_write(const struct ward_proof *p, struct ward_buf *out)
{
	return ward_buf_append(out, p->hash, p->count * sizeof(p->hash[0]));
}

/* A walk from a node towards the root: its place among the nodes of its level, and that of the last
 * one there (RFC 9162 §2.1.3.2, where they are fn and sn). */
struct climb {
	uint64_t at, last;
};

/* Whether the next hash stands to the left of the node. */
static bool
left_is_next(const struct climb *c)
{
	return c->at & 1 || c->at == c->last;
}

/* Up to where a node has a sibling, then past it. */
static void
up(struct climb *c, bool left)
{
	while (left && !(c->at & 1) && c->at != 0) {
		c->at >>= 1;
		c->last >>= 1;
	}
	c->at >>= 1;
	c->last >>= 1;
}

enum ward_rc
ward_proof_included(const struct ward_proof *p, const struct ward_hash *leaf, uint64_t index,
		    uint64_t size, const struct ward_hash *root)
{
	struct climb c = {index, size - 1};
	struct ward_hash hash = *leaf;
	enum ward_rc rc = WARD_OK;

	if (index >= size || p->count > WARD_MERKLE_PROOF_MAX)
		return WARD_E_FORMAT;
	for (size_t i = 0; i < p->count && !rc; i++) {
		bool left = left_is_next(&c);

		if (c.last == 0)
			return WARD_E_FORMAT;
		rc = left ? ward_merkle_node(&p->hash[i], &hash, &hash)
			  : ward_merkle_node(&hash, &p->hash[i], &hash);
		up(&c, left);
	}
	if (rc)
		return rc;
	return c.last == 0 && ward_hash_equal(&hash, root) ? WARD_OK : WARD_E_FORMAT;
}

/* The hashes that both trees, and the one that is only the second's, come to. */
static enum ward_rc
climb_both(const struct ward_proof *p, size_t from, struct climb c, struct ward_hash *first,
	   struct ward_hash *second)
{
	enum ward_rc rc = WARD_OK;

	for (size_t i = from; i < p->count && !rc; i++) {
		bool left = left_is_next(&c);

		if (c.last == 0)
			return WARD_E_FORMAT;
		if (left) {
			rc = ward_merkle_node(&p->hash[i], first, first);
			if (!rc)
				rc = ward_merkle_node(&p->hash[i], second, second);
		} else {
			rc = ward_merkle_node(second, &p->hash[i], second);
		}
		up(&c, left);
	}
	if (rc)
		return rc;
	return c.last == 0 ? WARD_OK : WARD_E_FORMAT;
}

/* One tree is empty, or both are equally large: no hashes are needed. */
static enum ward_rc
trivial(const struct ward_proof *p, const struct ward_head *first, const struct ward_head *second)
{
	struct ward_hash root = second->root;
	enum ward_rc rc = WARD_OK;

	if (p->count > 0)
		return WARD_E_FORMAT;
	if (first->size == 0)
		rc = ward_frontier_root(&(struct ward_frontier){0}, &root);
	if (!rc && first->size == 0 && second->size == 0 && !ward_hash_equal(&root, &second->root))
		rc = WARD_E_FORMAT;
	if (rc)
		return rc;
	return ward_hash_equal(&first->root, &root) ? WARD_OK : WARD_E_FORMAT;
}

enum ward_rc
ward_proof_consistent(const struct ward_proof *p, const struct ward_head *first,
		      const struct ward_head *second)
{
	struct climb c = {first->size - 1, second->size - 1};
	bool power = (first->size & (first->size - 1)) == 0;
	struct ward_hash a, b;
	enum ward_rc rc;

	if (first->size > second->size || p->count > WARD_MERKLE_PROOF_MAX)
		return WARD_E_FORMAT;
	if (first->size == 0 || first->size == second->size)
		return trivial(p, first, second);
	if (p->count == 0)
		return WARD_E_FORMAT;
	for (; c.at & 1; c.at >>= 1)
		c.last >>= 1;
	/* a first tree that is one complete subtree is not repeated in the proof */
	a = b = power ? first->root : p->hash[0];
	rc = climb_both(p, power ? 0 : 1, c, &a, &b);
	if (rc)
		return rc;
	return ward_hash_equal(&a, &first->root) && ward_hash_equal(&b, &second->root)
		       ? WARD_OK
		       : WARD_E_FORMAT;
}
