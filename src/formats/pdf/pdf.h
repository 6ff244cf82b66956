/* SPDX-License-Identifier: Apache-2.0 */
/* PDF (ISO 32000-1): embedded files, JavaScript and decoded streams as children; what the document
 * does by itself as facts and traits. */
#ifndef WARD_FORMATS_PDF_PDF_H
#define WARD_FORMATS_PDF_PDF_H

#include "formats/sink.h"

/*
 * A ward_reader. Children: embedded files under the name the document gives them (else
 * "object-N"); scripts as "javascript:N", in UTF-8; every other decoded stream that is no image as
 * "object-N", derived unless it begins like a file of its own. Facts: pdf.version, pdf.objects,
 * pdf.streams, pdf.javascript, pdf.actions, pdf.launch, pdf.embedded, pdf.urls, pdf.url (the first
 * 32), pdf.richmedia, pdf.jbig2, pdf.xfa. An encrypted document is the gap "encrypted"; its names
 * and structure are read all the same.
 */
enum ward_rc ward_pdf_read(struct ward_span in, struct ward_arena *arena,
			   const struct ward_sink *sink) WARD_MUST_CHECK;

#endif
