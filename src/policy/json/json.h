/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON (RFC 8259) as a tree that knows where each of its values stands in the text, so that what is
 * wrong with a value can be said with line and column. Strict: UTF-8 only, no byte order mark, no
 * comments, no trailing commas, one value; a NUL in a string is refused, so texts are C strings.
 * Repeated names stay in the tree: whoever reads it says what is wrong with them.
 */
#ifndef WARD_POLICY_JSON_JSON_H
#define WARD_POLICY_JSON_JSON_H

#include "base/buf.h"

enum { WARD_JSON_DEPTH = 16 };

enum ward_json_kind {
	WARD_JSON_NULL,
	WARD_JSON_FALSE,
	WARD_JSON_TRUE,
	WARD_JSON_NUMBER,
	WARD_JSON_STRING,
	WARD_JSON_ARRAY,
	WARD_JSON_OBJECT,
};

struct ward_json {
	enum ward_json_kind kind;
	size_t offset;		 /* of its first byte in the text */
	struct ward_span text;	 /* of a string: decoded, a NUL follows; of a number: as written */
	const char *name;	 /* of a member, decoded; NULL in an array */
	size_t name_offset;	 /* of the name's quote; `offset` in an array */
	struct ward_json *next;	 /* in its array or object */
	struct ward_json *first; /* of an array or object */
};

/* What is wrong with a text that is no JSON. */
struct ward_json_error {
	size_t offset;	  /* where reading stopped */
	const char *text; /* static */
};

/*
 * The tree and its texts live in the arena. WARD_E_FORMAT: no JSON, *ret_error says why;
 * WARD_E_LIMIT: nested deeper than WARD_JSON_DEPTH (*ret_error says so) or the arena is full
 * (ret_error->text is NULL).
 */
enum ward_rc ward_json_parse(struct ward_span text, struct ward_arena *arena,
			     struct ward_json **ret_root,
			     struct ward_json_error *ret_error) WARD_MUST_CHECK;

/* "an object", "a text" …; static. */
const char *ward_json_kind_name(enum ward_json_kind kind);

/* Line and column of an offset, both from 1; columns count characters, as editors do. An offset
 * past the end stands behind the last character. */
struct ward_json_place {
	unsigned line, column;
};
struct ward_json_place ward_json_place(struct ward_span text, size_t offset);

/* Appends `text` as a JSON string with its quotes; bytes that are no UTF-8 become U+FFFD. */
enum ward_rc ward_json_quote(struct ward_buf *out, struct ward_span text) WARD_MUST_CHECK;

#endif
