/* SPDX-License-Identifier: Apache-2.0 */
/* Any sequence of reads stays inside the input, and a failure stays a failure. */
#include <stdlib.h>

#include "base/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t
use(struct ward_span s)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s.len; i++)
		sum += s.data[i];
	return sum;
}

static uint64_t
read_one(struct ward_cursor *c, uint8_t op, uint64_t arg)
{
	struct ward_span s = {NULL, 0};

	switch (op % 9) {
	case 0:
		return ward_cursor_u8(c);
	case 1:
		return ward_cursor_u16le(c) + (uint64_t)ward_cursor_u16be(c);
	case 2:
		return ward_cursor_u32le(c) + (uint64_t)ward_cursor_u32be(c);
	case 3:
		return ward_cursor_u64le(c) ^ ward_cursor_u64be(c);
	case 4:
		return use(ward_cursor_bytes(c, arg));
	case 5:
		ward_cursor_skip(c, arg);
		return 0;
	case 6:
		ward_cursor_seek(c, arg);
		return 0;
	case 7:
		return use(ward_cursor_cstr(c, (size_t)arg));
	default:
		return ward_cursor_line(c, &s) ? use(s) : 0;
	}
}

/* The input is its own script: operation and argument come from one cursor, the reads happen on
 * another. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_cursor script = ward_cursor_of(ward_span_of(data, size));
	struct ward_cursor c = script;
	uint64_t sum = 0;

	while (ward_cursor_left(&script)) {
		uint8_t op = ward_cursor_u8(&script);
		uint64_t arg = op & 0x80 ? ward_cursor_u64le(&script) : op & 0x0f;
		bool was_ok = ward_cursor_ok(&c);

		sum += read_one(&c, op & 0x7f, arg);
		if (ward_cursor_left(&c) > size || (!was_ok && ward_cursor_ok(&c)))
			abort();
		if (!was_ok)
			c = ward_cursor_of(ward_span_of(data, size));
	}
	return sum == UINT64_MAX ? -1 : 0;
}
