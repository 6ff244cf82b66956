/* SPDX-License-Identifier: Apache-2.0 */
/* The whole tree. Hashes of complete subtrees are stored; every other one is made of at most 64 of
 * them. */
#include "trust/merkle-priv.h"
#include "trust/merkle.h"

/* Leaves [begin, end): begin is a multiple of a power of two that is not below end - begin. */
struct range {
	uint64_t begin, end;
};

static enum ward_rc
frontier_of(const struct ward_merkle_source *s, struct range r, struct ward_frontier *ret)
{
	struct ward_frontier f = {.size = r.end - r.begin};
	uint64_t at = r.begin;
	enum ward_rc rc = WARD_OK;

	for (unsigned level = WARD_MERKLE_LEVELS; level-- > 0 && !rc;) {
		if (!(f.size >> level & 1))
			continue;
		rc = s->get(s->ctx, level, at >> level, &f.peak[level]);
		at += UINT64_C(1) << level;
	}
	if (!rc)
		*ret = f;
	return rc;
}

static enum ward_rc
push(const struct ward_merkle_source *s, struct range r, struct ward_proof *p)
{
	struct ward_frontier f;
	enum ward_rc rc = frontier_of(s, r, &f);

	return rc ? rc : ward_frontier_root(&f, &p->hash[p->count++]);
}

/* Where a range is divided: behind the largest power of two that is smaller than it. */
static uint64_t
divide(struct range r)
{
	uint64_t n = r.end - r.begin - 1;
	unsigned bit = 63 - (unsigned)__builtin_clzll(n);

	return r.begin + (UINT64_C(1) << bit);
}

/* Proofs are found from the root down, and told from the leaves up. */
static void
reverse(struct ward_proof *p)
{
	for (size_t i = 0; i < p->count / 2; i++) {
		struct ward_hash kept = p->hash[i];

		p->hash[i] = p->hash[p->count - 1 - i];
		p->hash[p->count - 1 - i] = kept;
	}
}

enum ward_rc
ward_merkle_frontier(const struct ward_merkle_source *s, uint64_t size, struct ward_frontier *ret)
{
	return frontier_of(s, (struct range){0, size}, ret);
}

enum ward_rc
ward_merkle_root(const struct ward_merkle_source *s, uint64_t size, struct ward_hash *ret)
{
	struct ward_frontier f;
	enum ward_rc rc = ward_merkle_frontier(s, size, &f);

	return rc ? rc : ward_frontier_root(&f, ret);
}

/* PATH of RFC 6962 §2.1.1. */
enum ward_rc
ward_merkle_include(const struct ward_merkle_source *s, uint64_t index, uint64_t size,
		    struct ward_proof *ret)
{
	struct range r = {0, size};
	struct ward_proof p = {0};
	enum ward_rc rc = WARD_OK;

	if (index >= size)
		return WARD_E_INVAL;
	while (!rc && r.end - r.begin > 1) {
		uint64_t middle = divide(r);
		bool left = index < middle;

		rc = push(s, left ? (struct range){middle, r.end} : (struct range){r.begin, middle},
			  &p);
		r = left ? (struct range){r.begin, middle} : (struct range){middle, r.end};
	}
	if (rc)
		return rc;
	reverse(&p);
	*ret = p;
	return WARD_OK;
}

/* SUBPROOF of RFC 6962 §2.1.2. */
enum ward_rc
ward_merkle_connect(const struct ward_merkle_source *s, uint64_t first, uint64_t second,
		    struct ward_proof *ret)
{
	struct range r = {0, second};
	struct ward_proof p = {0};
	enum ward_rc rc = WARD_OK;

	if (first > second)
		return WARD_E_INVAL;
	while (!rc && first != 0 && first != r.end) {
		uint64_t middle = divide(r);
		bool left = first <= middle;

		rc = push(s, left ? (struct range){middle, r.end} : (struct range){r.begin, middle},
			  &p);
		r = left ? (struct range){r.begin, middle} : (struct range){middle, r.end};
	}
	/* what is left is the first tree itself, whose root is known, unless it was divided */
	if (!rc && r.begin > 0)
		rc = push(s, r, &p);
	if (rc)
		return rc;
	reverse(&p);
	*ret = p;
	return WARD_OK;
}
