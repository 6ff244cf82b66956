/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where decoders write: a bounded buffer, staged so that one decoded byte costs
 * a store, with the sink charged as bytes come out. Failures are sticky: a
 * decoder writes on regardless and its loop looks at `rc` now and then. Not
 * thread-safe; borrows buffer and sink.
 */
#ifndef WARD_FORMATS_CODEC_OUT_H
#define WARD_FORMATS_CODEC_OUT_H

#include "base/buf.h"
#include "formats/sink.h"

struct ward_codec_out {
	struct ward_buf *buf;
	const struct ward_sink *sink;
	enum ward_rc rc;  /* first failure, sticky */
	bool refused;	  /* rc came from the sink: to be returned unchanged */
	size_t uncharged; /* bytes the sink was not yet told of */
	size_t staged;
	uint8_t stage[1024];
};

void ward_codec_out_init(struct ward_codec_out *o, struct ward_buf *buf,
			 const struct ward_sink *sink);
/* Moves the staged bytes to the buffer. */
void ward_codec_out_flush(struct ward_codec_out *o);

static inline void
ward_codec_put(struct ward_codec_out *o, uint8_t byte)
{
	if (o->staged == sizeof(o->stage))
		ward_codec_out_flush(o);
	o->stage[o->staged++] = byte;
}

void ward_codec_write(struct ward_codec_out *o, struct ward_span bytes);
/* UTF-8 of the code point, U+FFFD for what is none. */
void ward_codec_put_utf8(struct ward_codec_out *o, uint32_t code_point);

/* Flushes and charges what is left. Returns the sticky code. */
enum ward_rc ward_codec_out_finish(struct ward_codec_out *o) WARD_MUST_CHECK;

/*
 * Finishes and hands the buffer's bytes to the sink as `child` (its `bytes` are
 * set here). A full buffer or budget is noted as a gap ("size", "memory") under
 * the child's name and what was decoded before is handed over all the same. An
 * empty result is no child. Returns what the sink said, WARD_E_NOMEM when the
 * system has no memory.
 */
enum ward_rc ward_codec_out_child(struct ward_codec_out *o,
				  struct ward_child *child) WARD_MUST_CHECK;

#endif
