/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/mail/header.h"

#include "base/text.h"
#include "base/utf.h"
#include "formats/codec/base64.h"
#include "formats/codec/qp.h"

/* Longest encoded word read; RFC 2047 allows 75, clients far more. */
enum { WORD_MAX = 4096 };

static bool
is_latin1(struct ward_span charset)
{
	return ward_text_starts_nocase(charset, "iso-8859-1") ||
	       ward_text_starts_nocase(charset, "latin1") ||
	       ward_text_starts_nocase(charset, "windows-1252");
}

enum ward_rc
ward_mail_charset(struct ward_span charset, struct ward_span bytes, struct ward_buf *out)
{
	enum ward_rc rc = WARD_OK;

	if (ward_text_starts_nocase(charset, "utf-16"))
		return ward_utf_from_utf16(out, bytes, !ward_text_eq_nocase(charset, "utf-16le"));
	if (!is_latin1(charset))
		return ward_buf_append(out, bytes.data, bytes.len);
	for (size_t i = 0; i < bytes.len && rc == WARD_OK; i++)
		rc = ward_utf_put(out, bytes.data[i]);
	return rc;
}

struct word {
	struct ward_span charset;
	struct ward_span text;
	bool base64;
	size_t size; /* of the whole word */
};

/* =?charset?B?text?= at the start of `s`. */
static bool
word_at(struct ward_span s, struct word *ret_word)
{
	struct ward_span rest, part, how;
	size_t end;

	s = ward_span_cut(s, 0, WORD_MAX);
	if (!ward_span_starts(s, "=?", 2))
		return false;
	rest = ward_span_cut(s, 2, s.len);
	if (!ward_text_split(&rest, '?', &part) || !ward_text_split(&rest, '?', &how))
		return false;
	if (how.len != 1 || !rest.data)
		return false;
	end = ward_text_find(rest, ward_span_str("?="), 0);
	if (end == SIZE_MAX)
		return false;
	ret_word->base64 = ward_text_eq_nocase(how, "b");
	if (!ret_word->base64 && !ward_text_eq_nocase(how, "q"))
		return false;
	ret_word->charset = part;
	ret_word->text = ward_span_cut(rest, 0, end);
	ret_word->size = s.len - rest.len + end + 2;
	return true;
}

static enum ward_rc
word_decode(const struct word *w, struct ward_buf *out)
{
	WARD_AUTO(ward_buf_done) struct ward_buf bytes = {0};
	static const struct ward_sink nobody;
	struct ward_codec_out o;
	enum ward_rc rc;

	ward_buf_init(&bytes, WORD_MAX, out->budget);
	ward_codec_out_init(&o, &bytes, &nobody);
	if (w->base64)
		ward_codec_base64(w->text, &o);
	else
		ward_codec_q_word(w->text, &o);
	rc = ward_codec_out_finish(&o);
	return rc == WARD_OK ? ward_mail_charset(w->charset, ward_buf_span(&bytes), out) : rc;
}

/* Blanks between two encoded words do not count (RFC 2047 section 6.2): length
 * of the blanks at `at` when another word follows, else 0. */
static size_t
joining_blanks(struct ward_span text, size_t at)
{
	size_t end = at;
	struct word w;

	while (end < text.len && ward_text_is_space(text.data[end]))
		end++;
	return word_at(ward_span_cut(text, end, text.len), &w) ? end - at : 0;
}

enum ward_rc
ward_mail_words(struct ward_span text, struct ward_buf *out)
{
	enum ward_rc rc = WARD_OK;
	struct word w;

	text = ward_span_cut(text, 0, WARD_MAIL_VALUE_MAX);
	for (size_t at = 0; at < text.len && rc == WARD_OK;) {
		if (text.data[at] != '=' || !word_at(ward_span_cut(text, at, text.len), &w)) {
			rc = ward_buf_byte(out, text.data[at++]);
			continue;
		}
		rc = word_decode(&w, out);
		at += w.size;
		at += joining_blanks(text, at);
	}
	return rc;
}
