/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "formats/codec/base64.h"
#include "formats/codec/inline.h"
#include "formats/codec/qp.h"
#include "formats/codec/uu.h"
#include "formats/mail/header.h"
#include "formats/mail/mail-priv.h"

typedef void (*decoder)(struct ward_span in, struct ward_codec_out *out);

/* Transfer encodings by name; a value counts when it starts with one, for
 * clients overlook what follows ("base64;", "base64 (x)"). */
static const struct {
	const char *name;
	decoder decode; /* NULL: the bytes as they are */
} encodings[] = {
	{"base64", ward_codec_base64},
	{"quoted-printable", ward_codec_qp},
	{"x-uue", ward_codec_uu_part},
	{"uuencode", ward_codec_uu_part},
	{"x-uuencode", ward_codec_uu_part},
	{"7bit", NULL},
	{"8bit", NULL},
	{"binary", NULL},
};

static decoder
decoder_of(struct ward_mail_walk *w, struct ward_span encoding)
{
	struct ward_span name = ward_text_trim(encoding);

	while (name.len && (name.data[0] == '"' || name.data[0] == '('))
		name = ward_span_cut(name, 1, name.len);
	if (!name.len)
		return NULL;
	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++)
		if (ward_text_starts_nocase(name, encodings[i].name))
			return encodings[i].decode;
	ward_sink_trait(w->sink, WARD_TRAIT_MALFORMED);
	return NULL;
}

/* Control bytes of a name end up in paths: NUL would cut it, the rest is
 * display's concern. */
static const char *
arena_name(struct ward_mail_walk *w, struct ward_span name, const char *generic)
{
	const char *reading = w->second ? "reading-2/" : "";
	char *text;

	name = ward_text_trim(ward_span_cut(name, 0, 255));
	if (name.len == 0)
		return ward_arena_printf(w->arena, "%s%s-%u", reading, generic, w->parts);
	text = ward_arena_strdup(w->arena, name);
	if (!text)
		return NULL;
	for (size_t i = 0; i < name.len; i++)
		if (text[i] == '\0')
			text[i] = '_';
	return w->second ? ward_arena_printf(w->arena, "%s%s", reading, text) : text;
}

static enum ward_rc
note_attachment(struct ward_mail_walk *w, struct ward_span name)
{
	enum ward_rc rc = WARD_OK;

	if (w->second || w->listed >= WARD_MAIL_NAMES_MAX ||
	    w->names.len + name.len + 2 > WARD_MAIL_LISTED_MAX)
		return WARD_OK;
	if (w->listed++)
		rc = ward_buf_str(&w->names, ", ");
	return rc == WARD_OK ? ward_buf_append(&w->names, name.data, name.len) : rc;
}

/* File name from Content-Disposition, else from Content-Type. */
static enum ward_rc
file_name(struct ward_mail_walk *w, const struct ward_mail_part *part,
	  const struct ward_mail_params *type, struct ward_buf *out)
{
	struct ward_arena_mark mark = ward_arena_save(w->arena);
	struct ward_mail_params *disposition = ward_arena_alloc(w->arena, sizeof(*disposition));
	bool found, twice = false;
	enum ward_rc rc;

	if (!disposition)
		return WARD_E_LIMIT;
	ward_mail_params_parse(part->disposition, disposition);
	rc = ward_mail_params_get(disposition, "filename", w->second, out, &found, &twice);
	ward_arena_restore(w->arena, mark);
	if (rc == WARD_OK && out->len == 0)
		rc = ward_mail_params_get(type, "name", w->second, out, &found, &twice);
	if (rc == WARD_OK && out->len)
		rc = note_attachment(w, ward_buf_span(out));
	return rc;
}

/* What a part's type says of contents nobody can see here. */
static void
note_type(struct ward_mail_walk *w, const struct ward_mail_params *type, const char *name)
{
	bool found = false, twice = false;
	WARD_AUTO(ward_buf_done) struct ward_buf mode = {0};

	ward_buf_init(&mode, 64, ward_arena_budget(w->arena));
	if (ward_text_eq_nocase(type->value, "message/partial"))
		ward_sink_gap(w->sink, name, WARD_REASON_UNSUPPORTED);
	if (ward_text_eq_nocase(type->value, "message/external-body"))
		ward_sink_trait(w->sink, WARD_TRAIT_EXTERNAL);
	if (!ward_text_eq_nocase(type->value, "application/pkcs7-mime") &&
	    !ward_text_eq_nocase(type->value, "application/x-pkcs7-mime"))
		return;
	if (ward_mail_params_get(type, "smime-type", w->second, &mode, &found, &twice) == WARD_OK &&
	    found && ward_text_starts_nocase(ward_buf_span(&mode), "enveloped")) {
		ward_sink_trait(w->sink, WARD_TRAIT_ENCRYPTED);
		ward_sink_gap(w->sink, name, WARD_REASON_ENCRYPTED);
	}
}

static enum ward_rc
decode_leaf(struct ward_mail_walk *w, decoder decode, struct ward_span body,
	    struct ward_child *child)
{
	WARD_AUTO(ward_buf_done) struct ward_buf bytes = {0};
	struct ward_codec_out o;

	ward_buf_init(&bytes, ward_sink_child_max(w->sink, body.len + 16),
		      ward_arena_budget(w->arena));
	ward_codec_out_init(&o, &bytes, w->sink);
	decode(body, &o);
	child->packed = body.len;
	return ward_codec_out_child(&o, child);
}

enum ward_rc
ward_mail_leaf(struct ward_mail_walk *w, const struct ward_mail_part *part,
	       const struct ward_mail_params *type, struct ward_span body)
{
	WARD_AUTO(ward_buf_done) struct ward_buf name = {0};
	bool message = ward_text_starts_nocase(type->value, "message/rfc822") ||
		       ward_text_starts_nocase(type->value, "message/global");
	decoder decode = decoder_of(w, part->encoding);
	struct ward_child child = {0};
	enum ward_rc rc;

	w->parts++;
	ward_buf_init(&name, 4 * WARD_MAIL_VALUE_MAX, ward_arena_budget(w->arena));
	rc = file_name(w, part, type, &name);
	if (rc != WARD_OK)
		return rc;
	child.name = arena_name(w, ward_buf_span(&name), message ? "message" : "part");
	if (!child.name)
		return WARD_E_LIMIT;
	note_type(w, type, child.name);
	if (message)
		child.type = WARD_TYPE_MAIL;
	if (body.len == 0)
		return WARD_OK;
	if (decode)
		return decode_leaf(w, decode, body, &child);
	/* Files inside the text: see that the text's reader looks for them,
	 * whatever else the text resembles. */
	if (!message && ward_codec_inline_any(body))
		child.type = WARD_TYPE_TEXT;
	child.bytes = body;
	return ward_sink_child(w->sink, &child);
}
