/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words of PDF's syntax (ISO 32000-1, 7.2 and 7.3). Lenient as viewers are: nothing is an error,
 * what makes no sense is passed over.
 */
#ifndef WARD_FORMATS_PDF_LEX_H
#define WARD_FORMATS_PDF_LEX_H

#include "base/arena.h"
#include "base/cursor.h"

enum ward_pdf_token_kind {
	WARD_PDF_TOKEN_END,
	WARD_PDF_TOKEN_INT,
	WARD_PDF_TOKEN_REAL,
	WARD_PDF_TOKEN_NAME,   /* text: without the slash, #xx decoded */
	WARD_PDF_TOKEN_STRING, /* text: decoded */
	WARD_PDF_TOKEN_WORD,   /* true, obj, R, ... */
	WARD_PDF_TOKEN_ARRAY_OPEN,
	WARD_PDF_TOKEN_ARRAY_CLOSE,
	WARD_PDF_TOKEN_DICT_OPEN,
	WARD_PDF_TOKEN_DICT_CLOSE,
	WARD_PDF_TOKEN_OTHER, /* a stray delimiter */
};

struct ward_pdf_token {
	enum ward_pdf_token_kind kind;
	int64_t num;	       /* INT; saturated */
	struct ward_span text; /* in the input, or in the arena when something had to be decoded */
};

/* The next token; END at the end. WARD_E_LIMIT when the arena is used up. */
enum ward_rc ward_pdf_lex(struct ward_cursor *c, struct ward_arena *arena,
			  struct ward_pdf_token *ret_token) WARD_MUST_CHECK;

/* White space of PDF: NUL, tab, LF, FF, CR, blank (7.2.2, table 1). */
bool ward_pdf_is_space(int byte);
/* Neither white space nor a delimiter; false for -1 (the end). */
bool ward_pdf_is_regular(int byte);
/* Passes over white space and comments. */
void ward_pdf_skip_space(struct ward_cursor *c);

#endif
