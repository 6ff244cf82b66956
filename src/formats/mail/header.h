/* SPDX-License-Identifier: Apache-2.0 */
/* Header fields of a message or a part (RFC 5322 section 2.2, RFC 2045, RFC
 * 2047, RFC 2231), read as tolerantly as mail clients read them. */
#ifndef WARD_FORMATS_MAIL_HEADER_H
#define WARD_FORMATS_MAIL_HEADER_H

#include "base/buf.h"
#include "base/cursor.h"

/* Longest value that is looked at, in bytes; the rest is dropped. */
#define WARD_MAIL_VALUE_MAX 16384u

struct ward_mail_field {
	struct ward_span name;	/* trimmed */
	struct ward_span value; /* raw, line breaks of folding included */
};

enum ward_mail_next {
	WARD_MAIL_FIELD,   /* a field was read */
	WARD_MAIL_GARBAGE, /* a line that is no field was skipped */
	WARD_MAIL_END,	   /* the blank line was consumed, or a line starting "--" or the
			      end of input reached */
};

/*
 * The next field at the cursor. `blank_folds`: a line of only white space
 * continues the field before it (obsolete folding) instead of ending the
 * header: clients disagree.
 */
enum ward_mail_next ward_mail_field_next(struct ward_cursor *c, bool blank_folds,
					 struct ward_mail_field *ret_field);

/* Appends `value` on one line: breaks of folding removed, control bytes made
 * spaces, cut at WARD_MAIL_VALUE_MAX. WARD_E_LIMIT or WARD_E_NOMEM as the
 * buffer says. */
enum ward_rc ward_mail_unfold(struct ward_span value, struct ward_buf *out) WARD_MUST_CHECK;

/* Appends `text` with its encoded words (=?charset?B?…?=) decoded to UTF-8 where
 * the charset is known, else to the raw bytes. */
enum ward_rc ward_mail_words(struct ward_span text, struct ward_buf *out) WARD_MUST_CHECK;

/* Appends `bytes` in `charset` (any case, empty: unknown) as UTF-8; unknown
 * charsets stay raw. */
enum ward_rc ward_mail_charset(struct ward_span charset, struct ward_span bytes,
			       struct ward_buf *out) WARD_MUST_CHECK;

#endif
