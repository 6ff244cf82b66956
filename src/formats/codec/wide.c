/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/codec/wide.h"

#include "base/utf.h"

enum ward_rc
ward_codec_narrow(struct ward_span *text, struct ward_buf *buf)
{
	bool big = ward_span_starts(*text, "\xfe\xff", 2);
	enum ward_rc rc;

	if (ward_span_starts(*text, "\xef\xbb\xbf", 3))
		*text = ward_span_cut(*text, 3, text->len);
	if (!big && !ward_span_starts(*text, "\xff\xfe", 2))
		return WARD_OK;
	rc = ward_utf_from_utf16(buf, ward_span_cut(*text, 2, text->len), big);
	if (rc == WARD_OK)
		*text = ward_buf_span(buf);
	return rc;
}
