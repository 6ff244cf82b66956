/* SPDX-License-Identifier: Apache-2.0 */
/* yEnc (draft 1.3, http://www.yenc.org/yenc-draft.1.3.txt). */
#ifndef WARD_FORMATS_CODEC_YENC_H
#define WARD_FORMATS_CODEC_YENC_H

#include "formats/codec/out.h"

/* True when `line` is "=ybegin … name=NAME"; the name is borrowed. */
bool ward_codec_yenc_begin(struct ward_span line, struct ward_span *ret_name);
/* Decodes what follows the "=ybegin" line up to "=yend". Returns the bytes
 * consumed. Sizes and checksums are not verified: clients only warn. */
size_t ward_codec_yenc(struct ward_span in, struct ward_codec_out *out);

#endif
