/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/cursor.h"
#include "formats/zip/codec.h"

enum { OUT_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte picks the codec. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_cursor c = ward_cursor_of(ward_span_of(data, size));
	uint8_t pick = ward_cursor_u8(&c);
	struct ward_span in = ward_cursor_bytes(&c, ward_cursor_left(&c));
	struct ward_zip_implode how = {100000, (pick & 2) != 0, (pick & 4) != 0};
	struct ward_buf out;
	enum ward_rc rc;

	ward_buf_init(&out, OUT_MAX, NULL);
	if (pick & 1)
		rc = ward_zip_inflate64(in, &out, NULL, NULL);
	else
		rc = ward_zip_explode(in, &how, &out, NULL, NULL);
	if (rc == WARD_E_INVAL || out.len > OUT_MAX)
		abort();
	ward_buf_done(&out);
	return 0;
}
