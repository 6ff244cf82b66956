/* SPDX-License-Identifier: Apache-2.0 */
/* BinHex 4.0 (RFC 1741): a Macintosh file's two forks as text. */
#ifndef WARD_FORMATS_CODEC_BINHEX_H
#define WARD_FORMATS_CODEC_BINHEX_H

#include "base/cursor.h"
#include "formats/codec/out.h"

struct ward_codec_binhex {
	struct ward_span name; /* up to 63 bytes */
	struct ward_span data;
	struct ward_span resource; /* often empty */
};

/* True for the line that announces such a file. */
bool ward_codec_binhex_begin(struct ward_span line);
/* Undoes the six-bit and the run-length layer of what follows that line.
 * Returns the bytes consumed. */
size_t ward_codec_binhex_unpack(struct ward_span in, struct ward_codec_out *out);
/* Finds the parts in the unpacked bytes, which they borrow; a fork that is cut
 * short is given as far as it goes. WARD_E_TRUNCATED, WARD_E_FORMAT. Checksums
 * are not verified. */
enum ward_rc ward_codec_binhex_parse(struct ward_span unpacked,
				     struct ward_codec_binhex *ret_file) WARD_MUST_CHECK;

#endif
