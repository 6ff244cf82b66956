/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/codec/base64.h"
#include "formats/codec/blob.h"
#include "formats/codec/entity.h"
#include "formats/codec/fuzz-run.h"
#include "formats/codec/inline.h"
#include "formats/codec/percent.h"
#include "formats/codec/qp.h"
#include "formats/codec/uu.h"

typedef void (*decoder)(struct ward_span in, struct ward_codec_out *out);

static enum ward_rc
all_decoders(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	static const decoder decoders[] = {ward_codec_base64,  ward_codec_qp,
					   ward_codec_q_word,  ward_codec_percent,
					   ward_codec_uu_part, ward_codec_entities};
	enum ward_rc rc = ward_codec_inline(in, arena, sink);

	if (rc == WARD_OK)
		rc = ward_codec_blobs(in, true, arena, sink, NULL);
	for (size_t i = 0; i < sizeof(decoders) / sizeof(decoders[0]) && rc == WARD_OK; i++) {
		WARD_AUTO(ward_buf_done) struct ward_buf buf = {0};
		struct ward_child child = {.name = "x"};
		struct ward_codec_out o;

		ward_buf_init(&buf, in.len * 2 + 8, ward_arena_budget(arena));
		ward_codec_out_init(&o, &buf, sink);
		decoders[i](in, &o);
		rc = ward_codec_out_child(&o, &child);
	}
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_reader(all_decoders, data, size);
}
