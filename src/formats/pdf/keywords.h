/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words of a PDF file's raw bytes, counted without opening any stream: the features of the many
 * classifiers built on PDFiD. A word is a maximal run of letters and digits, compared exactly; a
 * name is a word behind a slash, its #xx escapes decoded.
 */
#ifndef WARD_FORMATS_PDF_KEYWORDS_H
#define WARD_FORMATS_PDF_KEYWORDS_H

#include "base/span.h"

enum ward_pdf_keyword {
	/* bare words */
	WARD_PDF_WORD_OBJ,
	WARD_PDF_WORD_ENDOBJ,
	WARD_PDF_WORD_STREAM,
	WARD_PDF_WORD_ENDSTREAM,
	WARD_PDF_WORD_XREF,
	WARD_PDF_WORD_TRAILER,
	WARD_PDF_WORD_STARTXREF,
	/* names */
	WARD_PDF_WORD_PAGE,
	WARD_PDF_WORD_ENCRYPT,
	WARD_PDF_WORD_OBJSTM,
	WARD_PDF_WORD_JS,
	WARD_PDF_WORD_JAVASCRIPT,
	WARD_PDF_WORD_AA,
	WARD_PDF_WORD_OPENACTION,
	WARD_PDF_WORD_ACROFORM,
	WARD_PDF_WORD_JBIG2DECODE,
	WARD_PDF_WORD_RICHMEDIA,
	WARD_PDF_WORD_LAUNCH,
	WARD_PDF_WORD_EMBEDDEDFILE,
	WARD_PDF_WORD_XFA,
	WARD_PDF_WORD_COLORS, /* only /Colors followed by a number above 2^24 (CVE-2009-3459) */
	WARD_PDF_WORD_COUNT,
};

struct ward_pdf_keywords {
	uint32_t all[WARD_PDF_WORD_COUNT];
	uint32_t escaped[WARD_PDF_WORD_COUNT]; /* of these, how many were written with #xx */
};

void ward_pdf_keywords_count(struct ward_span in, struct ward_pdf_keywords *ret_counts);
/* "obj", "/Page", ...; static, never NULL for a keyword below COUNT. */
const char *ward_pdf_keyword_name(enum ward_pdf_keyword keyword);

#endif
