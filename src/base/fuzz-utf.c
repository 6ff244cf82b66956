/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever comes in, what comes out is valid UTF-8; escaped, it also holds no control character. */
#include <stdlib.h>

#include "base/utf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must_be_valid(const struct ward_buf *b)
{
	struct ward_span rest = ward_span_of(b->data, b->len);

	while (rest.len) {
		size_t n = ward_utf_valid_at(rest);

		if (n == 0)
			abort();
		rest = ward_span_cut(rest, n, rest.len);
	}
}

static void
must_be_quiet(const struct ward_buf *b)
{
	for (size_t i = 0; i < b->len; i++)
		if (b->data[i] < 0x20 || b->data[i] == 0x7f)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_span in = ward_span_of(data, size);
	struct ward_budget budget = {.cap = 8u << 20};
	struct ward_buf out;

	ward_buf_init(&out, 4u << 20, &budget);
	if (ward_utf_clean(&out, in) == WARD_OK)
		must_be_valid(&out);
	out.len = 0;
	if (ward_utf_from_utf16(&out, in, size & 1) == WARD_OK)
		must_be_valid(&out);
	out.len = 0;
	if (ward_utf_escape(&out, in) == WARD_OK) {
		must_be_valid(&out);
		must_be_quiet(&out);
	}
	ward_buf_done(&out);
	return 0;
}
