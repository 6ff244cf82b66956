/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share. */
#ifndef WARD_FORMATS_MAIL_MAIL_PRIV_H
#define WARD_FORMATS_MAIL_MAIL_PRIV_H

#include "base/cursor.h"
#include "formats/mail/params.h"
#include "formats/sink.h"

/* Deeper multiparts are not opened. Real mail stays below 10. */
enum { WARD_MAIL_DEPTH_MAX = 32, WARD_MAIL_NAMES_MAX = 16, WARD_MAIL_LISTED_MAX = 900 };

/* One reading of one message. */
struct ward_mail_walk {
	struct ward_cursor cur;
	struct ward_arena *arena;
	const struct ward_sink *sink;
	struct ward_span boundary[WARD_MAIL_DEPTH_MAX]; /* in the arena, outermost first */
	size_t depth;					/* boundaries that are open */
	unsigned parts;					/* leaves seen: numbers their names */
	bool second;	       /* take the last of fields given twice; blank lines fold */
	bool ambiguous;	       /* a second reading could see something else */
	unsigned listed;       /* names in `names` */
	struct ward_buf names; /* for mail.attachments */
};

/* The fields of a part that matter. Values are unfolded, in the walk's arena. */
struct ward_mail_part {
	struct ward_span type;
	struct ward_span encoding;
	struct ward_span disposition;
	struct ward_span subject;
	struct ward_span from;
	bool any; /* at least one field was there */
};

/* Reads a part's header at the cursor. WARD_E_LIMIT: no memory. */
enum ward_rc ward_mail_part_read(struct ward_mail_walk *w,
				 struct ward_mail_part *ret_part) WARD_MUST_CHECK;

/* Decodes a leaf's body and hands it to the sink. `type` is its parsed
 * Content-Type. */
enum ward_rc ward_mail_leaf(struct ward_mail_walk *w, const struct ward_mail_part *part,
			    const struct ward_mail_params *type,
			    struct ward_span body) WARD_MUST_CHECK;

#endif
