/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cursor.h"
#include "match/clamav/cvd.h"

enum { BLOCK = 512, NAME_LEN = 100, SIZE_AT = 124, SIZE_LEN = 12, SUM_AT = 148, SUM_LEN = 8 };
enum { TYPE_AT = 156 };

/* An octal field, spaces before and NUL or space behind. */
static bool
read_octal(struct ward_span field, uint64_t *ret)
{
	uint64_t value = 0;
	size_t i = 0, digits = 0;

	while (i < field.len && field.data[i] == ' ')
		i++;
	for (; i < field.len && field.data[i] >= '0' && field.data[i] <= '7'; i++, digits++)
		value = value * 8 + (uint64_t)(field.data[i] - '0');
	*ret = value;
	return digits > 0 && (i == field.len || field.data[i] == 0 || field.data[i] == ' ');
}

static bool
sum_is_right(struct ward_span block)
{
	uint64_t want, sum = 0;

	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= SUM_AT && i < SUM_AT + SUM_LEN ? ' ' : block.data[i];
	return read_octal(ward_span_cut(block, SUM_AT, SUM_LEN), &want) && want == sum;
}

static bool
is_zero(struct ward_span block)
{
	for (size_t i = 0; i < block.len; i++) {
		if (block.data[i])
			return false;
	}
	return true;
}

static bool
read_name(struct ward_span field, char *ret)
{
	size_t len = 0;

	for (; len < field.len && field.data[len]; len++) {
		if (field.data[len] < 0x21 || field.data[len] > 0x7e)
			return false;
		ret[len] = (char)field.data[len];
	}
	ret[len] = 0;
	return len > 0;
}

enum ward_rc
ward_tar_next(struct ward_cursor *tar, struct ward_tar_member *ret)
{
	for (;;) {
		struct ward_span block;
		struct ward_tar_member m;
		uint64_t size;

		if (ward_cursor_left(tar) == 0)
			return ward_cursor_ok(tar) ? WARD_E_NOENT : WARD_E_TRUNCATED;
		block = ward_cursor_bytes(tar, BLOCK);
		if (!ward_cursor_ok(tar))
			return WARD_E_TRUNCATED;
		if (is_zero(block))
			return WARD_E_NOENT;
		if (!sum_is_right(block) || !read_name(ward_span_cut(block, 0, NAME_LEN), m.name) ||
		    !read_octal(ward_span_cut(block, SIZE_AT, SIZE_LEN), &size))
			return WARD_E_FORMAT;
		m.bytes = ward_cursor_bytes(tar, size);
		if (!ward_cursor_ok(tar))
			return WARD_E_TRUNCATED;
		size = (BLOCK - size % BLOCK) % BLOCK;
		ward_cursor_skip(tar, size < ward_cursor_left(tar) ? size : ward_cursor_left(tar));
		if (block.data[TYPE_AT] == '0' || block.data[TYPE_AT] == 0) {
			*ret = m;
			return WARD_OK;
		}
	}
}
