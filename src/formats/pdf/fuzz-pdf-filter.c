/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/cursor.h"
#include "formats/pdf/filter.h"

enum { OUT_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* First the filter and its parameters, then the stream. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_cursor c = ward_cursor_of(ward_span_of(data, size));
	enum ward_pdf_filter filter = (enum ward_pdf_filter)(ward_cursor_u8(&c) & 7);
	struct ward_pdf_parms parms = {
		.predictor = ward_cursor_u8(&c) & 15,
		.colors = ward_cursor_u8(&c),
		.bits = ward_cursor_u8(&c),
		.columns = ward_cursor_u16le(&c),
		.early_change = ward_cursor_u8(&c) & 1,
	};
	struct ward_sink sink = {0};
	struct ward_buf out;
	struct ward_pdf_output o = {.out = &out, .sink = &sink};

	ward_buf_init(&out, OUT_MAX, NULL);
	if (ward_cursor_ok(&c) &&
	    ward_pdf_filter_decode(filter, &parms, ward_cursor_bytes(&c, ward_cursor_left(&c)),
				   &o) == WARD_E_INVAL)
		abort();
	if (out.len > OUT_MAX || o.refused)
		abort();
	ward_buf_done(&out);
	return 0;
}
