/* SPDX-License-Identifier: Apache-2.0 */
/* Zip's methods 9 (Deflate64) and 6 (Implode), which neither zlib nor libarchive unpacks. */
#ifndef WARD_FORMATS_ZIP_CODEC_H
#define WARD_FORMATS_ZIP_CODEC_H

#include "base/buf.h"

/* Called with bytes produced, at most 64 KiB apart; anything but WARD_OK stops and is returned. */
typedef enum ward_rc (*ward_zip_charge)(void *ctx, uint64_t produced);

/*
 * Each appends to the empty `out`, which is also the dictionary, what `in` holds; what was produced
 * before an error stays. WARD_E_TRUNCATED: the input ends too soon. WARD_E_FORMAT: damage.
 * WARD_E_LIMIT: `out` is full.
 */

/* Deflate (RFC 1951) with a window of 64 KiB: distance codes 30 and 31, and length code 285 with 16
 * extra bits. */
enum ward_rc ward_zip_inflate64(struct ward_span in, struct ward_buf *out, ward_zip_charge charge,
				void *ctx) WARD_MUST_CHECK;
/* APPNOTE 5.3. `size` bytes are expected; the stream itself has no end. */
struct ward_zip_implode {
	uint64_t size;
	bool dict_8k;
	bool lit_tree;
};
enum ward_rc ward_zip_explode(struct ward_span in, const struct ward_zip_implode *how,
			      struct ward_buf *out, ward_zip_charge charge,
			      void *ctx) WARD_MUST_CHECK;

#endif
