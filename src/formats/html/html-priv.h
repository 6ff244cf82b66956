/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share. */
#ifndef WARD_FORMATS_HTML_HTML_PRIV_H
#define WARD_FORMATS_HTML_HTML_PRIV_H

#include "base/cursor.h"
#include "formats/codec/out.h"

/* More children of one kind are a gap "files". */
enum { WARD_HTML_CHILDREN_MAX = 4096, WARD_HTML_FACTS_MAX = 16 };

struct ward_html_tag {
	struct ward_span name;
	bool closing;
	struct ward_span language; /* of <script>: type or language, borrowed */
};

struct ward_html_page {
	struct ward_cursor cur;
	struct ward_arena *arena;
	const struct ward_sink *sink;
	bool views; /* the normalised text is wanted */
	struct ward_buf view;
	struct ward_codec_out text; /* writes `view` */
	bool space;		    /* the last byte written was a space */
	struct ward_buf code;
	struct ward_codec_out handlers; /* writes `code` */
	struct ward_buf value;		/* the attribute at hand, decoded */
	unsigned scripts, data, frames, facts;
	bool no_comment_end, no_quote[2]; /* there is none further on: do not look again */
};

/* Text in the normalised view: white space runs are one space. */
void ward_html_write(struct ward_html_page *p, struct ward_span text);

/* Looks at one attribute; `value` is decoded. */
enum ward_rc ward_html_attribute(struct ward_html_page *p, const struct ward_html_tag *tag,
				 struct ward_span name, struct ward_span value) WARD_MUST_CHECK;

/* Hands over the body of a <script>. */
enum ward_rc ward_html_script(struct ward_html_page *p, struct ward_span language,
			      struct ward_span body) WARD_MUST_CHECK;

#endif
