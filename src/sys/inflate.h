/* SPDX-License-Identifier: Apache-2.0 */
/* DEFLATE (RFC 1951) and its zlib wrapper (RFC 1950) through zlib. No globals,
 * any thread. */
#ifndef WARD_SYS_INFLATE_H
#define WARD_SYS_INFLATE_H

#include "base/buf.h"

enum ward_inflate_wrap { WARD_INFLATE_RAW, WARD_INFLATE_ZLIB };

/*
 * Called with the number of bytes each time some were produced (at most 64 KiB
 * apart); anything but WARD_OK stops the work and is returned. May be NULL.
 */
typedef enum ward_rc (*ward_inflate_charge)(void *ctx, uint64_t produced);

/*
 * Appends what `in` holds to `out`. What was produced before an error stays in
 * `out`, for damaged streams are scanned as far as they go. WARD_E_FORMAT for
 * damage, WARD_E_TRUNCATED when the stream has no end, WARD_E_LIMIT when `out`
 * is full or `charge` refuses.
 */
enum ward_rc ward_inflate(enum ward_inflate_wrap wrap, struct ward_span in, struct ward_buf *out,
			  ward_inflate_charge charge, void *ctx) WARD_MUST_CHECK;

#endif
