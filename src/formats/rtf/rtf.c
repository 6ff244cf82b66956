/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/rtf/rtf.h"

#include <stdio.h>

#include "base/text.h"
#include "formats/rtf/lex.h"
#include "formats/rtf/object.h"

enum {
	OBJECT_MAX = 256 << 20,
	TEXT_MAX = 4096, /* of a field or a template's address */
	CHARGE_STEP = 65536,
	TOKENS_PER_CHARGE = 16384,
	FACTS_MAX = 64,
	TRAILING_MIN = 16, /* less is padding */
};

enum keeping { NOTHING, HEX, TEMPLATE, FIELD };

struct reader {
	const struct ward_sink *sink;
	struct ward_buf buf; /* of what is being kept */
	enum keeping keeping;
	size_t depth;	   /* of groups */
	size_t keep_depth; /* of the group whose contents are kept */
	size_t skip_depth; /* of the group inside it that is not; 0: none */
	size_t charged;	   /* of buf.len */
	int nibble;	   /* a hex digit that waits for its second, or -1 */
	unsigned objects, facts;
	bool star; /* the token before was \* */
};

/* ---- what was kept ---- */

static void
fact(struct reader *r, const char *key, struct ward_span value)
{
	value = ward_text_trim(value);
	if (r->facts++ < FACTS_MAX)
		ward_sink_fact(r->sink, key, "%.*s", (int)(value.len < 900 ? value.len : 900),
			       (const char *)value.data);
}

static enum ward_rc
end_object(struct reader *r)
{
	struct ward_span bytes = ward_buf_span(&r->buf);
	char name[32];

	(void)snprintf(name, sizeof(name), "object%u", ++r->objects);
	if (r->buf.full)
		ward_sink_gap(r->sink, name, WARD_REASON_SIZE);
	return bytes.len ? ward_rtf_object(bytes, name, r->sink) : WARD_OK;
}

static bool
is_remote(struct ward_span s)
{
	return ward_text_find(s, ward_span_str("//"), 0) != SIZE_MAX ||
	       ward_text_find(s, ward_span_str("\\\\"), 0) != SIZE_MAX;
}

static void
end_template(struct reader *r)
{
	struct ward_span address = ward_text_trim(ward_buf_span(&r->buf));

	if (is_remote(address))
		ward_sink_trait(r->sink, WARD_TRAIT_EXTERNAL);
	if (address.len)
		fact(r, "rtf.template", address);
}

static void
end_field(struct reader *r)
{
	struct ward_span code = ward_text_trim(ward_buf_span(&r->buf));
	bool dde = ward_text_starts_nocase(code, "dde");
	bool load = ward_text_starts_nocase(code, "include") && is_remote(code);

	if (!dde && !load)
		return;
	ward_sink_trait(r->sink, WARD_TRAIT_EXTERNAL);
	fact(r, "rtf.field", code);
}

static enum ward_rc
end_keeping(struct reader *r)
{
	enum ward_rc rc = WARD_OK;

	if (r->keeping == HEX)
		rc = end_object(r);
	else if (r->keeping == TEMPLATE)
		end_template(r);
	else if (r->keeping == FIELD)
		end_field(r);
	r->keeping = NOTHING;
	return rc;
}

/* ---- tokens ---- */

/* A full buffer is noted when the object ends; other refusals end the reading. */
static enum ward_rc
keep(struct reader *r, const uint8_t *bytes, size_t n)
{
	enum ward_rc rc;

	if (r->buf.full)
		return WARD_OK;
	if (n > r->buf.max - r->buf.len) {
		/* What fits is still worth a look; the refusal below marks the rest. */
		size_t fits = r->buf.max - r->buf.len;

		rc = ward_buf_append(&r->buf, bytes, fits);
		if (rc != WARD_OK)
			return rc == WARD_E_LIMIT ? WARD_OK : rc;
		bytes += fits;
		n -= fits;
	}
	rc = ward_buf_append(&r->buf, bytes, n);
	if (rc == WARD_OK && r->buf.len - r->charged >= CHARGE_STEP) {
		size_t produced = r->buf.len - r->charged;

		r->charged = r->buf.len;
		return ward_sink_charge(r->sink, produced, 2 * (uint64_t)produced);
	}
	return rc == WARD_E_LIMIT ? WARD_OK : rc;
}

static enum ward_rc
keep_hex(struct reader *r, struct ward_span text)
{
	uint8_t bytes[1024];
	size_t n = 0;
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < text.len && rc == WARD_OK; i++) {
		int digit = ward_text_hex_value(text.data[i]);

		if (digit < 0)
			continue;
		if (r->nibble < 0) {
			r->nibble = digit;
			continue;
		}
		bytes[n++] = (uint8_t)(r->nibble << 4 | digit);
		r->nibble = -1;
		if (n == sizeof(bytes)) {
			rc = keep(r, bytes, n);
			n = 0;
		}
	}
	return rc == WARD_OK && n ? keep(r, bytes, n) : rc;
}

static enum ward_rc
start_keeping(struct reader *r, enum keeping what)
{
	enum ward_rc rc = end_keeping(r);

	r->buf.max = what == HEX ? ward_sink_child_max(r->sink, OBJECT_MAX) : TEXT_MAX;
	ward_buf_clear(&r->buf);
	r->keeping = what;
	r->keep_depth = r->depth;
	r->skip_depth = 0;
	r->charged = 0;
	r->nibble = -1;
	return rc;
}

/* Groups that are never part of the data around them. */
static bool
is_destination(struct ward_span word)
{
	static const char *const known[] = {"pict",   "fonttbl",  "colortbl", "stylesheet",
					    "info",   "footnote", "header",   "footer",
					    "author", "comment",  "themedata"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (ward_span_eq(word, ward_span_str(known[i])))
			return true;
	return false;
}

static enum ward_rc
take_word(struct reader *r, struct ward_span word, bool star)
{
	static const struct {
		const char *word;
		enum keeping what;
	} kept[] = {
		{"objdata", HEX}, {"datastore", HEX}, {"template", TEMPLATE}, {"fldinst", FIELD}};

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (ward_span_eq(word, ward_span_str(kept[i].word)))
			return start_keeping(r, kept[i].what);
	if (ward_span_eq(word, ward_span_str("objupdate"))) {
		ward_sink_trait(r->sink, WARD_TRAIT_AUTOEXEC);
		fact(r, "rtf.update", ward_span_str("the object is loaded on opening"));
	}
	if (r->keeping != NOTHING && !r->skip_depth && r->depth > r->keep_depth &&
	    (star || is_destination(word)))
		r->skip_depth = r->depth;
	return WARD_OK;
}

static enum ward_rc
take_close(struct reader *r)
{
	enum ward_rc rc = WARD_OK;

	if (r->keeping != NOTHING && r->depth <= r->keep_depth)
		rc = end_keeping(r);
	if (r->depth <= r->skip_depth)
		r->skip_depth = 0;
	if (r->depth)
		r->depth--;
	return rc;
}

static enum ward_rc
take_bytes(struct reader *r, const struct ward_rtf_token *t)
{
	if (r->keeping == NOTHING || r->skip_depth)
		return WARD_OK;
	if (r->keeping == HEX && t->kind == WARD_RTF_TEXT)
		return keep_hex(r, t->bytes);
	if (t->kind == WARD_RTF_BYTE)
		return r->keeping == HEX ? WARD_OK : keep(r, &t->byte, 1);
	return keep(r, t->bytes.data, t->bytes.len);
}

static enum ward_rc
take(struct reader *r, const struct ward_rtf_token *t)
{
	bool star = r->star;

	r->star = t->kind == WARD_RTF_STAR;
	switch (t->kind) {
	case WARD_RTF_OPEN:
		r->depth++;
		return WARD_OK;
	case WARD_RTF_CLOSE:
		return take_close(r);
	case WARD_RTF_WORD:
		return take_word(r, t->bytes, star);
	case WARD_RTF_BYTE:
	case WARD_RTF_BIN:
	case WARD_RTF_TEXT:
		return take_bytes(r, t);
	case WARD_RTF_STAR:
	case WARD_RTF_END:
	default:
		return WARD_OK;
	}
}

static enum ward_rc
read_trailing(struct reader *r, struct ward_span rest)
{
	rest = ward_text_trim(rest);
	while (rest.len && !rest.data[0])
		rest = ward_span_cut(rest, 1, rest.len);
	if (rest.len < TRAILING_MIN)
		return WARD_OK;
	ward_sink_trait(r->sink, WARD_TRAIT_OVERLAY);
	return ward_sink_object(r->sink, "trailing", rest);
}

static enum ward_rc
read_tokens(struct reader *r, struct ward_cursor *c)
{
	struct ward_rtf_token t = ward_rtf_next(c);
	enum ward_rc rc = WARD_OK;
	unsigned n = 0;

	while (rc == WARD_OK && t.kind != WARD_RTF_END) {
		rc = take(r, &t);
		if (t.kind == WARD_RTF_CLOSE && !r->depth)
			break;
		if (rc == WARD_OK && ++n % TOKENS_PER_CHARGE == 0)
			rc = ward_sink_charge(r->sink, 0, 0);
		t = ward_rtf_next(c);
	}
	if (rc == WARD_OK)
		rc = end_keeping(r);
	return rc;
}

enum ward_rc
ward_rtf_read(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	struct reader r = {.sink = sink, .nibble = -1};
	struct ward_cursor c = ward_cursor_of(in);
	enum ward_rc rc;

	if (!ward_span_starts(in, "{\\rt", 4))
		return WARD_E_FORMAT;
	ward_buf_init(&r.buf, OBJECT_MAX, ward_arena_budget(arena));
	rc = read_tokens(&r, &c);
	ward_buf_done(&r.buf);
	if (rc == WARD_OK)
		rc = read_trailing(&r, ward_span_cut(in, c.pos, in.len));
	return rc;
}
