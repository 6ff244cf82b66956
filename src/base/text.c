/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

int
ward_text_hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ward_text_lower(c);
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

size_t
ward_text_find(struct ward_span hay, struct ward_span needle, size_t from)
{
	if (from > hay.len || needle.len > hay.len - from)
		return SIZE_MAX;
	if (needle.len == 0)
		return from;
	while (needle.len <= hay.len - from) {
		size_t room = hay.len - from - needle.len + 1;
		const uint8_t *at = memchr(hay.data + from, needle.data[0], room);

		if (!at)
			return SIZE_MAX;
		from = (size_t)(at - hay.data);
		if (memcmp(at, needle.data, needle.len) == 0)
			return from;
		from++;
	}
	return SIZE_MAX;
}

static bool
same_nocase(const uint8_t *a, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (ward_text_lower(a[i]) != ward_text_lower(b[i]))
			return false;
	return true;
}

size_t
ward_text_find_nocase(struct ward_span hay, struct ward_span needle, size_t from)
{
	if (from > hay.len || needle.len > hay.len - from)
		return SIZE_MAX;
	for (; needle.len <= hay.len - from; from++)
		if (same_nocase(hay.data + from, needle.data, needle.len))
			return from;
	return SIZE_MAX;
}

bool
ward_text_eq_nocase(struct ward_span a, const char *b)
{
	struct ward_span other = ward_span_str(b);

	return a.len == other.len && same_nocase(a.data, other.data, a.len);
}

bool
ward_text_starts_nocase(struct ward_span s, const char *prefix)
{
	struct ward_span other = ward_span_str(prefix);

	return s.len >= other.len && same_nocase(s.data, other.data, other.len);
}

struct ward_span
ward_text_trim(struct ward_span s)
{
	size_t start = 0;

	while (start < s.len && ward_text_is_space(s.data[start]))
		start++;
	while (s.len > start && ward_text_is_space(s.data[s.len - 1]))
		s.len--;
	return ward_span_cut(s, start, s.len - start);
}

void
ward_text_hex(struct ward_span in, char *ret_hex)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < in.len; i++) {
		ret_hex[2 * i] = digits[in.data[i] >> 4];
		ret_hex[2 * i + 1] = digits[in.data[i] & 15];
	}
	ret_hex[2 * in.len] = '\0';
}

bool
ward_text_unhex(struct ward_span hex, uint8_t *ret_bytes, size_t len)
{
	if (hex.len / 2 != len || hex.len % 2)
		return false;
	for (size_t i = 0; i < hex.len; i++)
		if (ward_text_hex_value(hex.data[i]) < 0)
			return false;
	for (size_t i = 0; i < len; i++)
		ret_bytes[i] = (uint8_t)((unsigned)ward_text_hex_value(hex.data[2 * i]) << 4 |
					 (unsigned)ward_text_hex_value(hex.data[2 * i + 1]));
	return true;
}

bool
ward_text_u64(struct ward_span s, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.data[i];

		if (c < '0' || c > '9' || __builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(c - '0'), &value))
			return false;
	}
	*ret_value = value;
	return true;
}

bool
ward_text_split(struct ward_span *rest, uint8_t sep, struct ward_span *ret_part)
{
	const uint8_t *at;

	if (!rest->data)
		return false;
	at = rest->len ? memchr(rest->data, sep, rest->len) : NULL;
	if (!at) {
		*ret_part = *rest;
		*rest = (struct ward_span){NULL, 0};
		return true;
	}
	*ret_part = ward_span_of(rest->data, (size_t)(at - rest->data));
	*rest = ward_span_of(at + 1, rest->len - ret_part->len - 1);
	return true;
}
