/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The append-only log's tree, hashed as RFC 6962 §2.1 says with SHA-256:
 *
 *   leaf = H(0x00 || bytes)     node = H(0x01 || left || right)     the empty tree = H("")
 *
 * Three views of it: the frontier, 64 hashes at most, which is all that an endpoint keeps; the whole
 * tree over an interface that reads stored hashes, for the service; and proofs. Nothing here allocates.
 */
#ifndef WARD_TRUST_MERKLE_H
#define WARD_TRUST_MERKLE_H

#include "base/buf.h"

enum {
	WARD_MERKLE_HASH = 32,
	WARD_MERKLE_LEVELS = 64,
	WARD_MERKLE_PROOF_MAX =
		65, /* hashes: an inclusion proof has 64 at most, the other one more */
};

struct ward_hash {
	uint8_t bytes[WARD_MERKLE_HASH];
};

/* The hash of a leaf. */
enum ward_rc ward_merkle_leaf(struct ward_span bytes, struct ward_hash *ret) WARD_MUST_CHECK;
static inline bool
ward_hash_equal(const struct ward_hash *a, const struct ward_hash *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* --- the frontier --- */

/*
 * The complete subtrees that a tree of `size` leaves is made of, from left to right the largest first:
 * one for each bit that is set in `size`. peak[i] is that of 2^i leaves, and means nothing where bit i
 * is not set. All zero: the empty tree. A plain value: copy it to try something.
 */
struct ward_frontier {
	uint64_t size;
	struct ward_hash peak[WARD_MERKLE_LEVELS];
};

/* Where the hashes of complete subtrees go as they come to be: that of the leaves index * 2^level up to,
 * but not with, (index + 1) * 2^level. Each is told once, level 0 is the leaf itself. */
typedef enum ward_rc (*ward_merkle_put)(void *ctx, unsigned level, uint64_t index,
					const struct ward_hash *hash);

/* Appends a leaf; `put` may be NULL. WARD_E_LIMIT: the tree is full (2^64 - 1). What `put` returns is
 * passed on, and the frontier is then as before. */
enum ward_rc ward_frontier_append(struct ward_frontier *f, const struct ward_hash *leaf,
				  ward_merkle_put put, void *ctx) WARD_MUST_CHECK;
enum ward_rc ward_frontier_root(const struct ward_frontier *f,
				struct ward_hash *ret) WARD_MUST_CHECK;
/* Appends the hashes of the peaks, largest first; 32 bytes for each bit set in the size. */
enum ward_rc ward_frontier_write(const struct ward_frontier *f,
				 struct ward_buf *out) WARD_MUST_CHECK;
/* WARD_E_FORMAT: not as many hashes as the size asks for. Whether they are the right ones, the root
 * says. */
enum ward_rc ward_frontier_read(uint64_t size, struct ward_span hashes,
				struct ward_frontier *ret) WARD_MUST_CHECK;

/* --- proofs --- */

/* Hashes in the order of RFC 6962 §2.1.1 and §2.1.2: those nearest to the leaves first. On the wire
 * they stand one after the other. */
struct ward_proof {
	size_t count;
	struct ward_hash hash[WARD_MERKLE_PROOF_MAX];
};

/* WARD_E_FORMAT: no whole number of hashes; WARD_E_LIMIT: more than a proof can have. */
enum ward_rc ward_proof_read(struct ward_span bytes, struct ward_proof *ret) WARD_MUST_CHECK;
/* Appends them. */
enum ward_rc ward_proof_write(const struct ward_proof *p, struct ward_buf *out) WARD_MUST_CHECK;

/* That `leaf` is leaf number `index`, counted from 0, of the tree of `size` leaves with this root.
 * WARD_E_FORMAT: it does not prove that. */
enum ward_rc ward_proof_included(const struct ward_proof *p, const struct ward_hash *leaf,
				 uint64_t index, uint64_t size,
				 const struct ward_hash *root) WARD_MUST_CHECK;

/* A signed statement about a log, without its signature. */
struct ward_head {
	uint64_t size;
	struct ward_hash root;
};

/* That the tree `second` begins with the tree `first`. Of the same size: the same root and no hashes;
 * a first tree without leaves, whose root is H(""): no hashes. WARD_E_FORMAT: it does not prove that. */
enum ward_rc ward_proof_consistent(const struct ward_proof *p, const struct ward_head *first,
				   const struct ward_head *second) WARD_MUST_CHECK;

/* --- the whole tree --- */

/* Reads what ward_merkle_put was told. */
struct ward_merkle_source {
	enum ward_rc (*get)(void *ctx, unsigned level, uint64_t index, struct ward_hash *ret);
	void *ctx;
};

/* Of the first `size` leaves. */
enum ward_rc ward_merkle_root(const struct ward_merkle_source *s, uint64_t size,
			      struct ward_hash *ret) WARD_MUST_CHECK;
/* The frontier of the first `size` leaves: for endpoints that come in the middle. */
enum ward_rc ward_merkle_frontier(const struct ward_merkle_source *s, uint64_t size,
				  struct ward_frontier *ret) WARD_MUST_CHECK;
/* WARD_E_INVAL: index is not below size. */
enum ward_rc ward_merkle_include(const struct ward_merkle_source *s, uint64_t index, uint64_t size,
				 struct ward_proof *ret) WARD_MUST_CHECK;
/* WARD_E_INVAL: first is above second. */
enum ward_rc ward_merkle_connect(const struct ward_merkle_source *s, uint64_t first,
				 uint64_t second, struct ward_proof *ret) WARD_MUST_CHECK;

#endif
