/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/codec/out.h"

#include "base/utf.h"

/* Far below the 64 KiB the sink asks for. */
enum { CHARGE_EVERY = 16 * 1024 };

void
ward_codec_out_init(struct ward_codec_out *o, struct ward_buf *buf, const struct ward_sink *sink)
{
	o->buf = buf;
	o->sink = sink;
	o->rc = WARD_OK;
	o->refused = false;
	o->uncharged = 0;
	o->staged = 0;
}

static void
charge(struct ward_codec_out *o)
{
	if (o->rc != WARD_OK || !o->uncharged)
		return;
	o->rc = ward_sink_charge(o->sink, o->uncharged, 0);
	o->refused = o->rc != WARD_OK;
	o->uncharged = 0;
}

void
ward_codec_out_flush(struct ward_codec_out *o)
{
	size_t room = o->buf->max - o->buf->len;
	size_t n = o->staged;

	o->staged = 0;
	if (o->rc != WARD_OK || !n)
		return;
	/* Up to the very last byte that fits: damaged or cut objects are scanned as far as they
	 * go. */
	o->rc = ward_buf_append(o->buf, o->stage, n < room ? n : room);
	if (o->rc == WARD_OK && n > room) {
		o->buf->full = true;
		o->rc = WARD_E_LIMIT;
		return;
	}
	o->uncharged += n;
	if (o->uncharged >= CHARGE_EVERY)
		charge(o);
}

void
ward_codec_write(struct ward_codec_out *o, struct ward_span bytes)
{
	struct ward_span rest = bytes;

	while (rest.len && o->rc == WARD_OK) {
		struct ward_span step;

		if (o->staged == sizeof(o->stage))
			ward_codec_out_flush(o);
		step = ward_span_cut(rest, 0, sizeof(o->stage) - o->staged);
		memcpy(o->stage + o->staged, step.data, step.len);
		o->staged += step.len;
		rest = ward_span_cut(rest, step.len, rest.len);
	}
}

void
ward_codec_put_utf8(struct ward_codec_out *o, uint32_t code_point)
{
	if (code_point < 0x80) {
		ward_codec_put(o, (uint8_t)code_point);
		return;
	}
	ward_codec_out_flush(o);
	if (o->rc == WARD_OK)
		o->rc = ward_utf_put(o->buf, code_point);
	o->uncharged += 2;
}

enum ward_rc
ward_codec_out_finish(struct ward_codec_out *o)
{
	ward_codec_out_flush(o);
	charge(o);
	return o->rc;
}

enum ward_rc
ward_codec_out_child(struct ward_codec_out *o, struct ward_child *child)
{
	enum ward_rc rc = ward_codec_out_finish(o);

	if (rc != WARD_OK && (o->refused || rc != WARD_E_LIMIT))
		return rc;
	if (rc == WARD_E_LIMIT) {
		bool size = o->buf->len >= o->buf->max;

		ward_sink_gap(o->sink, child->name, size ? WARD_REASON_SIZE : WARD_REASON_MEMORY);
	}
	if (o->buf->len == 0)
		return WARD_OK;
	child->bytes = ward_buf_span(o->buf);
	return ward_sink_child(o->sink, child);
}
