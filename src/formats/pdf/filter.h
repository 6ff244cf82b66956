/* SPDX-License-Identifier: Apache-2.0 */
/* PDF's stream filters (ISO 32000-1, 7.4): FlateDecode, LZWDecode with their predictors,
 * ASCIIHexDecode, ASCII85Decode, RunLengthDecode; image codecs are told apart, not decoded. */
#ifndef WARD_FORMATS_PDF_FILTER_H
#define WARD_FORMATS_PDF_FILTER_H

#include "base/buf.h"
#include "formats/sink.h"

enum ward_pdf_filter {
	WARD_PDF_FILTER_UNKNOWN = 0,
	WARD_PDF_FILTER_FLATE,
	WARD_PDF_FILTER_LZW,
	WARD_PDF_FILTER_HEX,
	WARD_PDF_FILTER_ASCII85,
	WARD_PDF_FILTER_RUN_LENGTH,
	WARD_PDF_FILTER_CRYPT,
	WARD_PDF_FILTER_IMAGE, /* DCT, JPX, CCITTFax, JBIG2 */
};

/* Members of a DecodeParms dictionary (7.4.4.3, table 8), with their defaults filled in. */
struct ward_pdf_parms {
	uint32_t predictor; /* 1: none, 2: TIFF, >= 10: PNG */
	uint32_t colors;
	uint32_t bits;
	uint32_t columns;
	bool early_change;
};

#define WARD_PDF_PARMS_DEFAULT ((struct ward_pdf_parms){1, 1, 8, 1, true})

/* By full or abbreviated name (table 6, table 94). */
enum ward_pdf_filter ward_pdf_filter_by_name(struct ward_span name);

/* Where decoded bytes go; `out` belongs to the caller. */
struct ward_pdf_output {
	struct ward_buf *out;
	const struct ward_sink *sink; /* charged for everything produced */
	size_t uncharged;	      /* bytes the sink was not told of yet */
	bool refused;		      /* the sink said stop: the result code is the sink's */
};

/*
 * Appends what `in` decodes to. What was produced before an error stays: damaged streams are
 * scanned as far as they go. WARD_E_FORMAT, WARD_E_TRUNCATED: damage. WARD_E_UNSUPPORTED: no
 * decoder. WARD_E_LIMIT: `out` is full, or with `refused` set the sink wants no more.
 */
enum ward_rc ward_pdf_filter_decode(enum ward_pdf_filter filter, const struct ward_pdf_parms *parms,
				    struct ward_span in, struct ward_pdf_output *o) WARD_MUST_CHECK;

/* Undoes a predictor in place; the bytes may become fewer. WARD_E_UNSUPPORTED: kind not known. */
enum ward_rc ward_pdf_predictor_undo(const struct ward_pdf_parms *parms,
				     struct ward_buf *bytes) WARD_MUST_CHECK;

/* Parts of ward_pdf_filter_decode, each with a decoder of its own. */
enum ward_rc ward_pdf_lzw_decode(struct ward_span in, bool early_change,
				 struct ward_pdf_output *o) WARD_MUST_CHECK;
enum ward_rc ward_pdf_hex_decode(struct ward_span in, struct ward_pdf_output *o) WARD_MUST_CHECK;
enum ward_rc ward_pdf_ascii85_decode(struct ward_span in,
				     struct ward_pdf_output *o) WARD_MUST_CHECK;
enum ward_rc ward_pdf_run_length_decode(struct ward_span in,
					struct ward_pdf_output *o) WARD_MUST_CHECK;

/* Appends, and charges every now and then; ward_pdf_filter_decode charges the rest. */
enum ward_rc ward_pdf_output_put(struct ward_pdf_output *o, const void *bytes,
				 size_t n) WARD_MUST_CHECK;

#endif
