/* SPDX-License-Identifier: Apache-2.0 */
/* The tokens of Rich Text Format (Microsoft's RTF Specification 1.9.1, "RTF
 * Syntax"), read as leniently as Word does. Borrows the bytes; one thread per
 * struct. */
#ifndef WARD_FORMATS_RTF_LEX_H
#define WARD_FORMATS_RTF_LEX_H

#include "base/cursor.h"

enum ward_rtf_kind {
	WARD_RTF_END,
	WARD_RTF_OPEN,	/* { */
	WARD_RTF_CLOSE, /* } */
	WARD_RTF_WORD,	/* \name with its number */
	WARD_RTF_STAR,	/* \*: what follows may be passed over by who does not know it */
	WARD_RTF_BYTE,	/* \'hh */
	WARD_RTF_BIN,	/* \binN and its N bytes */
	WARD_RTF_TEXT,	/* a run of plain bytes */
};

struct ward_rtf_token {
	enum ward_rtf_kind kind;
	struct ward_span bytes; /* the word's name, the text, the binary bytes */
	uint8_t byte;		/* of \'hh */
};

/* The next token. \bin with a count past the end of the input has no bytes: it
 * hides nothing. */
struct ward_rtf_token ward_rtf_next(struct ward_cursor *c);

#endif
