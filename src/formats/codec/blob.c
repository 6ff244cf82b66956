/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/codec/blob.h"

#include "base/text.h"
#include "base/utf.h"
#include "formats/codec/base64.h"
#include "sys/inflate.h"

enum {
	LINE_MIN = 60, /* the shortest customary line of base64 (64, 76) and hex (60) */
	RUN_MIN = 64,
	MADE_MIN = 32, /* decoded bytes worth a child */
	PROBE = 72,    /* digits decoded for a first look */
	COUNT_MAX = 256,
};

struct hunt {
	struct ward_span in;
	size_t at;
	bool inflate;
	struct ward_arena *arena;
	const struct ward_sink *sink;
	unsigned count;
};

struct run {
	size_t start, end;
	bool hex;
};

static bool
is_digit(struct ward_span s, size_t at)
{
	return at < s.len && ward_codec_base64_value(s.data[at]) >= 0;
}

static size_t
digits_end(struct ward_span s, size_t at)
{
	while (is_digit(s, at))
		at++;
	return at;
}

/* Digits on one line: only every 60th byte is looked at until one fits. */
static bool
next_line_run(struct hunt *h, struct run *ret_run)
{
	while (h->in.len - h->at >= LINE_MIN) {
		size_t probe = h->at + LINE_MIN - 1, start = probe;

		if (!is_digit(h->in, probe)) {
			h->at = probe + 1;
			continue;
		}
		while (start > h->at && is_digit(h->in, start - 1))
			start--;
		if (start > h->at) {
			/* It begins here: the stretch before it is too short. */
			h->at = start;
			continue;
		}
		ret_run->start = start;
		ret_run->end = digits_end(h->in, probe);
		return true;
	}
	return false;
}

/* Where the next line's digits start when the run goes on there, else 0. */
static size_t
line_after(struct ward_span in, size_t end)
{
	if (end < in.len && in.data[end] == '\r')
		end++;
	if (end >= in.len || in.data[end] != '\n' || !is_digit(in, end + 1))
		return 0;
	return end + 1;
}

static bool
is_hex(struct ward_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (ward_text_hex_value(s.data[i]) < 0 && !ward_text_is_space(s.data[i]))
			return false;
	return true;
}

static bool
next_run(struct hunt *h, struct run *ret_run)
{
	struct run run;

	while (next_line_run(h, &run)) {
		size_t line = run.start;

		while (run.end - line >= LINE_MIN) {
			size_t next = line_after(h->in, run.end);

			if (!next)
				break;
			line = next;
			run.end = digits_end(h->in, next);
		}
		h->at = run.end;
		if (run.end - run.start < RUN_MIN)
			continue;
		run.hex = is_hex(ward_span_cut(h->in, run.start, run.end - run.start));
		*ret_run = run;
		return true;
	}
	return false;
}

static void
decode_hex(struct ward_span in, struct ward_codec_out *out)
{
	int high = -1;

	for (size_t i = 0; i < in.len && out->rc == WARD_OK; i++) {
		int value = ward_text_hex_value(in.data[i]);

		if (value < 0)
			continue;
		if (high >= 0)
			ward_codec_put(out, (uint8_t)(high << 4 | value));
		high = high < 0 ? value : -1;
	}
}

static void
decode(struct ward_span digits, bool hex, struct ward_codec_out *out)
{
	if (hex)
		decode_hex(digits, out);
	else
		ward_codec_base64(digits, out);
}

static enum ward_codec_look
look_at(struct hunt *h, struct ward_span digits, bool hex)
{
	WARD_AUTO(ward_buf_done) struct ward_buf bytes = {0};
	static const struct ward_sink nobody;
	struct ward_codec_out o;

	ward_buf_init(&bytes, PROBE, ward_arena_budget(h->arena));
	ward_codec_out_init(&o, &bytes, &nobody);
	decode(ward_span_cut(digits, 0, PROBE), hex, &o);
	if (ward_codec_out_finish(&o) != WARD_OK || bytes.len < MADE_MIN)
		return WARD_CODEC_LOOK_NOISE;
	return ward_codec_look(ward_buf_span(&bytes));
}

/* A prefix that happens to consist of digits ("payload/TVqQ…") shifts the groups:
 * the first of four phases that makes sense is taken. */
static enum ward_codec_look
find_phase(struct hunt *h, struct run *run)
{
	struct ward_span all = ward_span_cut(h->in, run->start, run->end - run->start);
	enum ward_codec_look look;

	if (run->hex) {
		look = look_at(h, all, true);
		if (look != WARD_CODEC_LOOK_NOISE)
			return look;
		run->hex = false;
	}
	for (size_t phase = 0; phase < 4; phase++) {
		look = look_at(h, ward_span_cut(all, phase, all.len), false);
		if (look == WARD_CODEC_LOOK_NOISE)
			continue;
		run->start += phase;
		return look;
	}
	return WARD_CODEC_LOOK_NOISE;
}

static enum ward_rc
hand_utf16(struct hunt *h, struct ward_child *child, struct ward_span bytes)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	enum ward_rc rc;

	ward_buf_init(&text, ward_sink_child_max(h->sink, bytes.len * 2 + 16),
		      ward_arena_budget(h->arena));
	rc = ward_utf_from_utf16(&text, bytes, false);
	if (rc == WARD_E_LIMIT)
		ward_sink_gap(h->sink, child->name, WARD_REASON_SIZE);
	child->type = WARD_TYPE_POWERSHELL;
	child->bytes = ward_buf_span(&text);
	return rc == WARD_E_NOMEM ? rc : ward_sink_child(h->sink, child);
}

/* The sink's refusals end the work; damage only ends this stream. `*ret_any`:
 * something came out. */
static enum ward_rc
hand_inflated(struct hunt *h, size_t offset, bool raw, struct ward_span bytes, bool *ret_any)
{
	WARD_AUTO(ward_buf_done) struct ward_buf made = {0};
	struct ward_child child = {.packed = bytes.len};
	enum ward_rc rc;

	ward_buf_init(&made, ward_sink_child_max(h->sink, 64u << 20), ward_arena_budget(h->arena));
	rc = ward_inflate(raw ? WARD_INFLATE_RAW : WARD_INFLATE_ZLIB, bytes, &made,
			  ward_sink_inflate_charge, (void *)(uintptr_t)h->sink);
	*ret_any = made.len >= MADE_MIN;
	/* Noise inflates a little by chance. */
	if (raw && rc != WARD_OK && ward_codec_look(ward_buf_span(&made)) == WARD_CODEC_LOOK_NOISE)
		*ret_any = false;
	if (rc == WARD_E_LIMIT && !made.full && made.len < made.max)
		return rc;
	if (rc == WARD_E_STOPPED || rc == WARD_E_NOMEM || !*ret_any)
		return rc == WARD_E_STOPPED || rc == WARD_E_NOMEM ? rc : WARD_OK;
	child.name = ward_arena_printf(h->arena, "%s@%zu", raw ? "inflated" : "zlib", offset);
	if (!child.name)
		return WARD_E_LIMIT;
	if (rc == WARD_E_LIMIT)
		ward_sink_gap(h->sink, child.name, WARD_REASON_SIZE);
	child.bytes = ward_buf_span(&made);
	return ward_sink_child(h->sink, &child);
}

static enum ward_rc
hand_run(struct hunt *h, const struct run *run, enum ward_codec_look look)
{
	WARD_AUTO(ward_buf_done) struct ward_buf bytes = {0};
	struct ward_span digits = ward_span_cut(h->in, run->start, run->end - run->start);
	struct ward_child child = {.packed = digits.len};
	struct ward_codec_out o;
	bool any = false;
	enum ward_rc rc;

	ward_buf_init(&bytes, ward_sink_child_max(h->sink, digits.len),
		      ward_arena_budget(h->arena));
	ward_codec_out_init(&o, &bytes, h->sink);
	decode(digits, run->hex, &o);
	child.name = ward_arena_printf(h->arena, "%s@%zu", run->hex ? "hex" : "base64", run->start);
	if (!child.name)
		return WARD_E_LIMIT;
	if (look == WARD_CODEC_LOOK_TEXT || look == WARD_CODEC_LOOK_KNOWN) {
		h->count++;
		return ward_codec_out_child(&o, &child);
	}
	rc = ward_codec_out_finish(&o);
	if (rc != WARD_OK && (o.refused || rc != WARD_E_LIMIT))
		return rc;
	if (look == WARD_CODEC_LOOK_UTF16)
		rc = hand_utf16(h, &child, ward_buf_span(&bytes));
	else
		rc = hand_inflated(h, run->start, look == WARD_CODEC_LOOK_NOISE,
				   ward_buf_span(&bytes), &any);
	h->count += any || look == WARD_CODEC_LOOK_UTF16;
	return rc;
}

enum ward_rc
ward_codec_blobs(struct ward_span in, bool inflate, struct ward_arena *arena,
		 const struct ward_sink *sink, unsigned *ret_count)
{
	struct hunt h = {.in = in, .inflate = inflate, .arena = arena, .sink = sink};
	enum ward_rc rc = WARD_OK;
	struct run run;

	while (rc == WARD_OK && next_run(&h, &run)) {
		struct ward_arena_mark mark = ward_arena_save(arena);
		enum ward_codec_look look = find_phase(&h, &run);

		if (look == WARD_CODEC_LOOK_NOISE && !inflate)
			continue;
		if (h.count == COUNT_MAX) {
			ward_sink_gap(sink, NULL, WARD_REASON_FILES);
			break;
		}
		rc = hand_run(&h, &run, look);
		ward_arena_restore(arena, mark);
	}
	if (ret_count)
		*ret_count = h.count;
	return rc;
}
