/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A delta: what turns one file into another of which most is the same, a pack into its successor.
 *
 * Layout, version 1, little-endian:
 *
 *   header, 128 bytes  "WARDDELT", u32 version, u32 zero, u64 length of the base, u64 length of the
 *                      result, id of the base and id of the result (32 bytes each, as the maker gave
 *                      them: of packs), SHA-256 of the result
 *   one zstd frame     (RFC 8878) that says how long its content is, with the base as prefix, as
 *                      `zstd --patch-from` makes it
 *
 * The digest says what has to come out: a wrong base, and whatever else may be wrong with a delta, ends
 * in WARD_E_FORMAT, and nothing that was written counts until the call has returned WARD_OK.
 */
#ifndef WARD_INTEL_DELTA_DELTA_H
#define WARD_INTEL_DELTA_DELTA_H

#include "base/rc.h"
#include "base/span.h"
#include "sys/digest.h"

enum { WARD_DELTA_HEADER = 128, WARD_DELTA_ID = 32 };
/* Base and result together: the longest window that zstd has. */
#define WARD_DELTA_REACH (UINT64_C(1) << 31)

struct ward_delta {
	uint64_t base_len, result_len;
	uint8_t base[WARD_DELTA_ID], result[WARD_DELTA_ID];
	uint8_t sha256[WARD_SHA256_LEN]; /* of the result */
	struct ward_span frame;		 /* borrowed */
};

/* Takes the next bytes. */
typedef enum ward_rc (*ward_delta_write)(void *ctx, struct ward_span bytes);

struct ward_delta_pair {
	struct ward_span base, result;
	const uint8_t *base_id, *result_id; /* WARD_DELTA_ID bytes each */
};

/* WARD_E_LIMIT: the two are longer than WARD_DELTA_REACH. WARD_E_NOMEM, or what `write` returned. */
enum ward_rc ward_delta_make(const struct ward_delta_pair *pair, ward_delta_write write,
			     void *ctx) WARD_MUST_CHECK;

bool ward_delta_is(struct ward_span bytes);
/* WARD_E_FORMAT: no delta, or its header contradicts its frame. WARD_E_UNSUPPORTED: another version. */
enum ward_rc ward_delta_read(struct ward_span bytes, struct ward_delta *ret_delta) WARD_MUST_CHECK;

/*
 * The result, front to back. Takes memory for about as much as the result is long, at most
 * 2 GiB. WARD_E_LIMIT: the result would be longer than `max`, WARD_E_FORMAT: damaged, or not for this
 * base. Never writes more than delta->result_len bytes.
 */
enum ward_rc ward_delta_apply(const struct ward_delta *delta, struct ward_span base, uint64_t max,
			      ward_delta_write write, void *ctx) WARD_MUST_CHECK;

#endif
