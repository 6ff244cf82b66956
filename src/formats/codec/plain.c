/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/codec/plain.h"

#include "formats/codec/blob.h"
#include "formats/codec/inline.h"

enum ward_rc
ward_codec_plain_read(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	enum ward_rc rc = ward_codec_inline(in, arena, sink);

	return rc == WARD_OK ? ward_codec_blobs(in, false, arena, sink, NULL) : rc;
}
