/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files written into text: uuencoded blocks, yEnc (yEnc draft 1.3), BinHex 4.0
 * (RFC 1741). Each becomes a child under the name its block tells.
 */
#ifndef WARD_FORMATS_CODEC_INLINE_H
#define WARD_FORMATS_CODEC_INLINE_H

#include "formats/codec/out.h"

/* True when `in` seems to hold such a block. Linear and cheap: looks at the
 * starts of lines only. */
bool ward_codec_inline_any(struct ward_span in);

/* Decodes every block. Of type ward_reader; WARD_OK when there is none. */
enum ward_rc ward_codec_inline(struct ward_span in, struct ward_arena *arena,
			       const struct ward_sink *sink) WARD_MUST_CHECK;

#endif
