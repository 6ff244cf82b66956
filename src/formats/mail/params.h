/* SPDX-License-Identifier: Apache-2.0 */
/* Value and parameters of Content-Type and Content-Disposition (RFC 2045
 * section 5.1, RFC 2183, RFC 2231). */
#ifndef WARD_FORMATS_MAIL_PARAMS_H
#define WARD_FORMATS_MAIL_PARAMS_H

#include "base/buf.h"

enum { WARD_MAIL_PARAMS_MAX = 64 };

struct ward_mail_param {
	struct ward_span name;	/* without "*N" and "*" */
	struct ward_span value; /* quotes removed, escapes not */
	int part;		/* N of a continuation "name*N", -1: none */
	bool extended;		/* ended in "*": percent-encoded */
	bool quoted;
};

struct ward_mail_params {
	struct ward_span value; /* "text/plain", "attachment"; trimmed */
	size_t count;		/* further ones are dropped */
	struct ward_mail_param list[WARD_MAIL_PARAMS_MAX];
};

/* Reads an unfolded value, which the result borrows. Nothing is refused: what
 * makes no sense is skipped. */
void ward_mail_params_parse(struct ward_span text, struct ward_mail_params *ret_params);

/*
 * Appends the decoded value of a parameter; continuations are joined in the
 * order of their numbers, encoded words in a plain value decoded. `last`: of
 * several plain ones the last counts, else the first. `ret_found` tells whether
 * there was one, `ret_twice` is set (never cleared) when several plain values
 * differ.
 */
enum ward_rc ward_mail_params_get(const struct ward_mail_params *params, const char *name,
				  bool last, struct ward_buf *out, bool *ret_found,
				  bool *ret_twice) WARD_MUST_CHECK;

#endif
