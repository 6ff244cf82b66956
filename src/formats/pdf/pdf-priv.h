/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the steps of ward_pdf_read: survey first, then emit. */
#ifndef WARD_FORMATS_PDF_PDF_PRIV_H
#define WARD_FORMATS_PDF_PDF_PRIV_H

#include "formats/pdf/doc.h"

struct ward_pdf_reading {
	struct ward_pdf_doc doc;
	const struct ward_sink *sink;
	uint32_t scripts;
	uint32_t actions;
	uint32_t launches;
	uint32_t embedded;
	uint32_t urls;
	uint32_t rich_media;
	uint32_t jbig2;
	uint32_t xfa;
	uint32_t streams;
	bool keep; /* something now points into the object being surveyed */
};

/* Walks every object: facts, traits, the roles of other objects; hands on scripts that are written
 * as strings. */
enum ward_rc ward_pdf_survey(struct ward_pdf_reading *r) WARD_MUST_CHECK;
/* Decodes every stream and hands it on. */
enum ward_rc ward_pdf_emit(struct ward_pdf_reading *r) WARD_MUST_CHECK;
/* One script, from a text string or the bytes of a stream, as UTF-8. */
enum ward_rc ward_pdf_emit_script(struct ward_pdf_reading *r, struct ward_span text,
				  uint64_t packed) WARD_MUST_CHECK;
/* A text string (7.9.2.2) as UTF-8: UTF-16 with a byte order mark is converted, UTF-8's mark is
 * dropped, anything else stays as it is. */
enum ward_rc ward_pdf_text(struct ward_span text, struct ward_buf *out) WARD_MUST_CHECK;

#endif
