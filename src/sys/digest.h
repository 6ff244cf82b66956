/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message digests: SHA-256 and SHA-1 (FIPS 180-4), MD5 (RFC 1321), backed by
 * OpenSSL (with the CPU's SHA instructions) on Linux and by CNG on Windows. MD5
 * and SHA-1 serve look-ups of published indicators only; nothing is trusted
 * because of them.
 */
#ifndef WARD_SYS_DIGEST_H
#define WARD_SYS_DIGEST_H

#include "base/rc.h"
#include "base/span.h"

enum ward_digest_kind { WARD_MD5 = 0, WARD_SHA1 = 1, WARD_SHA256 = 2, WARD_DIGEST_KINDS };

enum { WARD_MD5_LEN = 16, WARD_SHA1_LEN = 20, WARD_SHA256_LEN = 32, WARD_DIGEST_MAX = 32 };

/* 16, 20 or 32. */
size_t ward_digest_len(enum ward_digest_kind kind);

/* Digest of one run of bytes; ret_digest holds ward_digest_len(kind) bytes. */
enum ward_rc ward_digest(enum ward_digest_kind kind, struct ward_span in,
			 uint8_t *ret_digest) WARD_MUST_CHECK;
/* Digest of several runs one after the other (Authenticode leaves holes). */
enum ward_rc ward_digest_runs(enum ward_digest_kind kind, const struct ward_span *runs, size_t n,
			      uint8_t *ret_digest) WARD_MUST_CHECK;

/* Digests of one object, each computed once, when first asked for. Borrows the
 * bytes. */
struct ward_digests {
	struct ward_span bytes;
	unsigned have; /* bit per kind */
	uint8_t value[WARD_DIGEST_KINDS][WARD_DIGEST_MAX];
};

static inline struct ward_digests
ward_digests_of(struct ward_span bytes)
{
	return (struct ward_digests){.bytes = bytes};
}

/* The digest, borrowed from `d`; NULL when the library refuses. */
const uint8_t *ward_digests_get(struct ward_digests *d, enum ward_digest_kind kind) WARD_MUST_CHECK;

#endif
