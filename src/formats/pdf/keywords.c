/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pdf/keywords.h"

#include "base/cursor.h"
#include "base/text.h"
#include "formats/pdf/lex.h"

enum { WORD_MAX = 16, COLORS_BIG = 1 << 24 };

static const char *const words[WARD_PDF_WORD_COUNT] = {
	[WARD_PDF_WORD_OBJ] = "obj",
	[WARD_PDF_WORD_ENDOBJ] = "endobj",
	[WARD_PDF_WORD_STREAM] = "stream",
	[WARD_PDF_WORD_ENDSTREAM] = "endstream",
	[WARD_PDF_WORD_XREF] = "xref",
	[WARD_PDF_WORD_TRAILER] = "trailer",
	[WARD_PDF_WORD_STARTXREF] = "startxref",
	[WARD_PDF_WORD_PAGE] = "/Page",
	[WARD_PDF_WORD_ENCRYPT] = "/Encrypt",
	[WARD_PDF_WORD_OBJSTM] = "/ObjStm",
	[WARD_PDF_WORD_JS] = "/JS",
	[WARD_PDF_WORD_JAVASCRIPT] = "/JavaScript",
	[WARD_PDF_WORD_AA] = "/AA",
	[WARD_PDF_WORD_OPENACTION] = "/OpenAction",
	[WARD_PDF_WORD_ACROFORM] = "/AcroForm",
	[WARD_PDF_WORD_JBIG2DECODE] = "/JBIG2Decode",
	[WARD_PDF_WORD_RICHMEDIA] = "/RichMedia",
	[WARD_PDF_WORD_LAUNCH] = "/Launch",
	[WARD_PDF_WORD_EMBEDDEDFILE] = "/EmbeddedFile",
	[WARD_PDF_WORD_XFA] = "/XFA",
	[WARD_PDF_WORD_COLORS] = "/Colors",
};

/* The word being read, as long as any keyword with its slash; longer ones only count on. */
struct word {
	char text[WORD_MAX];
	size_t len;
	bool escaped;
};

const char *
ward_pdf_keyword_name(enum ward_pdf_keyword keyword)
{
	return words[keyword];
}

static void
push(struct word *w, uint8_t byte)
{
	if (w->len < WORD_MAX)
		w->text[w->len] = (char)byte;
	w->len++;
}

/* #xx behind a slash, when it stands at the cursor. */
static bool
push_escape(struct ward_cursor *c, struct word *w)
{
	struct ward_cursor look = *c;
	int high;
	int low;

	if (ward_cursor_peek(&look) != '#')
		return false;
	ward_cursor_skip(&look, 1);
	high = ward_text_hex_value(ward_cursor_u8(&look));
	low = ward_text_hex_value(ward_cursor_u8(&look));
	if (!ward_cursor_ok(&look) || high < 0 || low < 0)
		return false;
	*c = look;
	push(w, (uint8_t)(high << 4 | low));
	w->escaped = true;
	return true;
}

static bool
push_alnum(struct ward_cursor *c, struct word *w)
{
	int byte = ward_cursor_peek(c);

	if (byte < 0 || !ward_text_is_alnum((uint8_t)byte))
		return false;
	push(w, (uint8_t)byte);
	ward_cursor_skip(c, 1);
	return true;
}

/* The number behind /Colors, without moving. */
static bool
colors_big(struct ward_cursor look)
{
	uint64_t value = 0;

	while (ward_pdf_is_space(ward_cursor_peek(&look)))
		ward_cursor_skip(&look, 1);
	while (ward_cursor_peek(&look) >= '0' && ward_cursor_peek(&look) <= '9' &&
	       value <= COLORS_BIG)
		value = value * 10 + (uint64_t)(ward_cursor_u8(&look) - '0');
	return value > COLORS_BIG;
}

static void
count_word(const struct word *w, const struct ward_cursor *c, struct ward_pdf_keywords *counts)
{
	struct ward_span text = ward_span_of(w->text, w->len);

	if (w->len > WORD_MAX)
		return;
	for (size_t i = 0; i < WARD_PDF_WORD_COUNT; i++) {
		if (!ward_span_eq(text, ward_span_str(words[i])))
			continue;
		if (i == WARD_PDF_WORD_COLORS && !colors_big(*c))
			return;
		counts->all[i]++;
		counts->escaped[i] += w->escaped;
		return;
	}
}

void
ward_pdf_keywords_count(struct ward_span in, struct ward_pdf_keywords *ret_counts)
{
	struct ward_cursor c = ward_cursor_of(in);

	*ret_counts = (struct ward_pdf_keywords){0};
	while (ward_cursor_left(&c)) {
		struct word w = {.len = 0};
		uint8_t byte = ward_cursor_u8(&c);

		if (byte != '/' && !ward_text_is_alnum(byte))
			continue;
		push(&w, byte);
		while (push_alnum(&c, &w) || (byte == '/' && push_escape(&c, &w)))
			continue;
		count_word(&w, &c, ret_counts);
	}
}
