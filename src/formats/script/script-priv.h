/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share: the languages' tables and the tokenizer's
 * state. */
#ifndef WARD_FORMATS_SCRIPT_SCRIPT_PRIV_H
#define WARD_FORMATS_SCRIPT_SCRIPT_PRIV_H

#include "formats/codec/out.h"

enum ward_script_feature {
	WARD_SCRIPT_BARE = 1u << 1,	  /* quotes join words and are dropped (shell) */
	WARD_SCRIPT_ADJACENT = 1u << 2,	  /* neighbouring literals are one */
	WARD_SCRIPT_TRIPLE = 1u << 3,	  /* literals in three quotes */
	WARD_SCRIPT_DOUBLED = 1u << 4,	  /* two quotes in a literal are one */
	WARD_SCRIPT_RAW_SINGLE = 1u << 5, /* no escapes in '…' */
	WARD_SCRIPT_LINES = 1u << 6,	  /* literals end with their line */
	WARD_SCRIPT_REM = 1u << 7,	  /* "rem" starts a comment */
	WARD_SCRIPT_REGEX = 1u << 8,	  /* /…/ is a literal after an operator */
	WARD_SCRIPT_PAGE = 1u << 9,	  /* code stands between <? ?> or <% %> */
};

struct ward_script_lang {
	enum ward_type type;
	unsigned features;
	const char *line_comment[2]; /* NULL: none; "#" counts at a word's start only */
	const char *block_open, *block_close;
	const char *quotes;
	const char *joins;    /* operators that concatenate, one byte each */
	char escape;	      /* in literals; also before a line break that does not count */
	char drop;	      /* has no meaning inside words outside literals */
	const char *chars[3]; /* functions that make a character out of its code, lower case */
};

extern const struct ward_script_lang ward_script_langs[];
/* The table of `type`; NULL when there is none. */
const struct ward_script_lang *ward_script_lang_find(enum ward_type type);

struct ward_script_run {
	const struct ward_script_lang *lang;
	struct ward_span in;
	size_t pos;
	struct ward_codec_out *out;
	bool literal;	   /* a literal is open in the output: its end waits for a join */
	char join;	   /* operator seen since, else 0 */
	char space;	   /* white space seen since the last byte written, else 0 */
	uint8_t last;	   /* last byte of code written, 0 at the start */
	bool special[256]; /* bytes that may start more than themselves, outside literals */
	size_t no_regex;   /* none can start before this position */
	unsigned decoded;
	unsigned cleaned; /* escape characters and comments taken out of the middle of lines */
};

/* The byte so far ahead of the position; -1 past the end. */
static inline int
ward_script_byte(const struct ward_script_run *r, size_t ahead)
{
	return r->pos < r->in.len && ahead < r->in.len - r->pos ? r->in.data[r->pos + ahead] : -1;
}

/* True when the input goes on with `text` (ASCII case ignored), "" never. */
bool ward_script_at(const struct ward_script_run *r, const char *text);

/* Makes ready for a literal: goes on with the open one or starts another. */
void ward_script_literal_open(struct ward_script_run *r);
/* Reads a literal; the position is at its quote. */
void ward_script_literal(struct ward_script_run *r);
/* Reads a call like chr(65) when the position is at one. False: it is not. */
bool ward_script_char_call(struct ward_script_run *r);
/* Tokenizes everything. */
void ward_script_normalise(struct ward_script_run *r);

#endif
