/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/script/script.h"

#include "base/cursor.h"
#include "base/text.h"
#include "formats/codec/blob.h"
#include "formats/codec/wide.h"
#include "formats/script/script-priv.h"

static void
note_lines(const struct ward_sink *sink, struct ward_span in)
{
	struct ward_cursor c = ward_cursor_of(in);
	size_t longest = 0;
	struct ward_span line;

	if (!sink->fact)
		return;
	if (ward_span_starts(in, "#!", 2) && ward_cursor_line(&c, &line)) {
		line = ward_text_trim(ward_span_cut(line, 2, 200));
		ward_sink_fact(sink, "script.interpreter", "%.*s", (int)line.len,
			       (const char *)line.data);
		longest = line.len;
	}
	while (ward_cursor_line(&c, &line))
		longest = line.len > longest ? line.len : longest;
	ward_sink_fact(sink, "script.longest-line", "%zu", longest);
}

/* Whether the code unpacks raw DEFLATE: gzinflate, IO::Uncompress::Inflate,
 * DeflateStream, zlib.inflateRaw; PHP takes its functions in any case. */
static bool
wants_inflate(struct ward_span text)
{
	return ward_text_find(text, ward_span_str("flate"), 0) != SIZE_MAX ||
	       ward_text_find(text, ward_span_str("FLATE"), 0) != SIZE_MAX;
}

static enum ward_rc
hand_text(const struct ward_script_run *r, struct ward_arena *arena, const struct ward_sink *sink)
{
	struct ward_child view = {.name = "normalised", .type = r->lang->type, .derived = true};
	struct ward_span text = ward_buf_span(r->out->buf);
	bool worth = (r->decoded || r->cleaned) && !sink->skip_views;
	enum ward_rc rc = WARD_OK;
	unsigned literals = 0;

	/* Facts first: they tell of the object even when a child ends the scan. */
	if (r->decoded)
		ward_sink_fact(sink, "script.strings.decoded", "%u", r->decoded);
	if (worth)
		rc = ward_codec_out_child(r->out, &view);
	if (rc == WARD_OK)
		rc = ward_codec_blobs(text, wants_inflate(text), arena, sink, &literals);
	if (literals)
		ward_sink_fact(sink, "script.literals", "%u", literals);
	return rc;
}

static enum ward_rc
read_text(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink,
	  const struct ward_script_lang *lang)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	struct ward_codec_out out;
	struct ward_script_run run = {.lang = lang, .in = in, .out = &out};
	enum ward_rc rc;

	note_lines(sink, in);
	/* Nobody reads text: only what literals hold is of use, and nearly all are whole. */
	if (sink->skip_views)
		return ward_codec_blobs(in, wants_inflate(in), arena, sink, NULL);
	ward_buf_init(&text, in.len + in.len / 2 + 4096, ward_arena_budget(arena));
	ward_codec_out_init(&out, &text, sink);
	ward_script_normalise(&run);
	rc = ward_codec_out_finish(&out);
	return rc == WARD_OK ? hand_text(&run, arena, sink) : rc;
}

static enum ward_rc
read_script(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink,
	    enum ward_type type)
{
	WARD_AUTO(ward_buf_done) struct ward_buf wide = {0};
	const struct ward_script_lang *lang = ward_script_lang_find(type);
	enum ward_rc rc;

	ward_buf_init(&wide, in.len * 2 + 16, ward_arena_budget(arena));
	if (!lang)
		return WARD_E_INVAL;
	rc = ward_codec_narrow(&in, &wide);
	return rc == WARD_OK ? read_text(in, arena, sink, lang) : rc;
}

enum ward_rc
ward_script_read_shell(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	return read_script(in, arena, sink, WARD_TYPE_SHELL);
}

enum ward_rc
ward_script_read_python(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	return read_script(in, arena, sink, WARD_TYPE_PYTHON);
}

enum ward_rc
ward_script_read_perl(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	return read_script(in, arena, sink, WARD_TYPE_PERL);
}

enum ward_rc
ward_script_read_ruby(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	return read_script(in, arena, sink, WARD_TYPE_RUBY);
}

enum ward_rc
ward_script_read_php(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	return read_script(in, arena, sink, WARD_TYPE_PHP);
}

enum ward_rc
ward_script_read_javascript(struct ward_span in, struct ward_arena *arena,
			    const struct ward_sink *sink)
{
	return read_script(in, arena, sink, WARD_TYPE_JAVASCRIPT);
}

enum ward_rc
ward_script_read_powershell(struct ward_span in, struct ward_arena *arena,
			    const struct ward_sink *sink)
{
	return read_script(in, arena, sink, WARD_TYPE_POWERSHELL);
}

enum ward_rc
ward_script_read_batch(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	return read_script(in, arena, sink, WARD_TYPE_BATCH);
}

enum ward_rc
ward_script_read_vb(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	return read_script(in, arena, sink, WARD_TYPE_VBSCRIPT);
}

enum ward_rc
ward_script_read_jsp(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	return read_script(in, arena, sink, WARD_TYPE_JSP);
}

enum ward_rc
ward_script_read_asp(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	return read_script(in, arena, sink, WARD_TYPE_ASP);
}

enum ward_rc
ward_script_read_lua(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	return read_script(in, arena, sink, WARD_TYPE_LUA);
}
