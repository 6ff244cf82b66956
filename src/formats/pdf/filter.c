/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pdf/filter.h"

#include "sys/inflate.h"

enum { ZLIB_HEADER = 2, CHARGE_STEP = 32 * 1024 };

static const struct {
	const char *name;
	enum ward_pdf_filter filter;
} names[] = {
	{"FlateDecode", WARD_PDF_FILTER_FLATE},
	{"Fl", WARD_PDF_FILTER_FLATE},
	{"LZWDecode", WARD_PDF_FILTER_LZW},
	{"LZW", WARD_PDF_FILTER_LZW},
	{"ASCIIHexDecode", WARD_PDF_FILTER_HEX},
	{"AHx", WARD_PDF_FILTER_HEX},
	{"ASCII85Decode", WARD_PDF_FILTER_ASCII85},
	{"A85", WARD_PDF_FILTER_ASCII85},
	{"RunLengthDecode", WARD_PDF_FILTER_RUN_LENGTH},
	{"RL", WARD_PDF_FILTER_RUN_LENGTH},
	{"Crypt", WARD_PDF_FILTER_CRYPT},
	{"DCTDecode", WARD_PDF_FILTER_IMAGE},
	{"DCT", WARD_PDF_FILTER_IMAGE},
	{"JPXDecode", WARD_PDF_FILTER_IMAGE},
	{"CCITTFaxDecode", WARD_PDF_FILTER_IMAGE},
	{"CCF", WARD_PDF_FILTER_IMAGE},
	{"JBIG2Decode", WARD_PDF_FILTER_IMAGE},
};

enum ward_pdf_filter
ward_pdf_filter_by_name(struct ward_span name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (ward_span_eq(name, ward_span_str(names[i].name)))
			return names[i].filter;
	return WARD_PDF_FILTER_UNKNOWN;
}

static enum ward_rc
charge(void *ctx, uint64_t produced)
{
	struct ward_pdf_output *o = ctx;
	enum ward_rc rc = ward_sink_charge(o->sink, produced, 0);

	if (rc != WARD_OK)
		o->refused = true;
	return rc;
}

enum ward_rc
ward_pdf_output_put(struct ward_pdf_output *o, const void *bytes, size_t n)
{
	enum ward_rc rc = ward_buf_append(o->out, bytes, n);

	o->uncharged += n;
	if (rc != WARD_OK || o->uncharged < CHARGE_STEP)
		return rc;
	n = o->uncharged;
	o->uncharged = 0;
	return charge(o, n);
}

/*
 * Viewers forgive a damaged zlib header and a missing or wrong checksum. So does this: a stream
 * that has trouble is read again as bare deflate, and is whole when that comes to its end.
 */
static enum ward_rc
flate_decode(struct ward_span in, struct ward_pdf_output *o)
{
	size_t start = o->out->len;
	enum ward_rc rc = ward_inflate(WARD_INFLATE_ZLIB, in, o->out, charge, o);
	size_t first_len = o->out->len - start;
	enum ward_rc again;

	if (rc != WARD_E_FORMAT && rc != WARD_E_TRUNCATED)
		return rc;
	if (in.len <= ZLIB_HEADER)
		return rc;
	o->out->len = start;
	again = ward_inflate(WARD_INFLATE_RAW, ward_span_cut(in, ZLIB_HEADER, in.len), o->out,
			     charge, o);
	if (again == WARD_OK || o->refused || again == WARD_E_NOMEM)
		return again;
	/* Deflate is deterministic: with a good header both runs made the same bytes. */
	return o->out->len - start >= first_len ? again : rc;
}

static enum ward_rc
decode(enum ward_pdf_filter filter, const struct ward_pdf_parms *parms, struct ward_span in,
       struct ward_pdf_output *o)
{
	switch (filter) {
	case WARD_PDF_FILTER_FLATE:
		return flate_decode(in, o);
	case WARD_PDF_FILTER_LZW:
		return ward_pdf_lzw_decode(in, parms->early_change, o);
	case WARD_PDF_FILTER_HEX:
		return ward_pdf_hex_decode(in, o);
	case WARD_PDF_FILTER_ASCII85:
		return ward_pdf_ascii85_decode(in, o);
	case WARD_PDF_FILTER_RUN_LENGTH:
		return ward_pdf_run_length_decode(in, o);
	case WARD_PDF_FILTER_UNKNOWN:
	case WARD_PDF_FILTER_CRYPT:
	case WARD_PDF_FILTER_IMAGE:
	default:
		return WARD_E_UNSUPPORTED;
	}
}

enum ward_rc
ward_pdf_filter_decode(enum ward_pdf_filter filter, const struct ward_pdf_parms *parms,
		       struct ward_span in, struct ward_pdf_output *o)
{
	enum ward_rc rc = decode(filter, parms, in, o);
	enum ward_rc rest = o->refused ? WARD_OK : charge(o, o->uncharged);

	o->uncharged = 0;
	if (o->refused)
		return rest != WARD_OK ? rest : rc;
	if (filter == WARD_PDF_FILTER_FLATE || filter == WARD_PDF_FILTER_LZW)
		rest = ward_pdf_predictor_undo(parms, o->out);
	return rc != WARD_OK ? rc : rest;
}
