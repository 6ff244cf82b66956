/* SPDX-License-Identifier: Apache-2.0 */
/* PDF's objects as a tree in the arena (ISO 32000-1, 7.3). References stay references: a tree is
 * never followed further than it was written, so cycles cannot arise here. */
#ifndef WARD_FORMATS_PDF_VALUE_H
#define WARD_FORMATS_PDF_VALUE_H

#include "formats/pdf/lex.h"

enum ward_pdf_kind {
	WARD_PDF_NULL,
	WARD_PDF_BOOL,
	WARD_PDF_INT,
	WARD_PDF_REAL, /* its value is never needed and not kept */
	WARD_PDF_NAME,
	WARD_PDF_STRING,
	WARD_PDF_ARRAY,
	WARD_PDF_DICT,
	WARD_PDF_REF, /* num: object number */
};

struct ward_pdf_value {
	enum ward_pdf_kind kind;
	int64_t num;		      /* INT, REF, BOOL */
	struct ward_span text;	      /* NAME, STRING */
	struct ward_span key;	      /* of a member of a dictionary */
	struct ward_pdf_value *first; /* of ARRAY, DICT: in file order */
	struct ward_pdf_value *next;
};

/* Nesting deeper than this is cut off (viewers stop at 100 or less). */
enum { WARD_PDF_DEPTH_MAX = 64 };

/*
 * Reads one object at the cursor. Broken ones give what was readable; the object ends at the words
 * obj, endobj, stream and endstream wherever they stand. WARD_E_FORMAT: no object here.
 * WARD_E_LIMIT: the arena is used up.
 */
enum ward_rc ward_pdf_value_parse(struct ward_cursor *c, struct ward_arena *arena,
				  struct ward_pdf_value **ret_value) WARD_MUST_CHECK;

/* The member of a dictionary (the last one of that name, as in a viewer's table), or NULL; also
 * when `dict` is NULL or no dictionary. */
const struct ward_pdf_value *ward_pdf_value_get(const struct ward_pdf_value *dict, const char *key);
bool ward_pdf_value_is_name(const struct ward_pdf_value *value, const char *name);
/* An integer in [0, max], else `fallback`; value may be NULL. */
int64_t ward_pdf_value_int(const struct ward_pdf_value *value, int64_t max, int64_t fallback);

#endif
