/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/wire.h"

/* Where the dashes stand in the text (RFC 9562 §4). */
static bool
dash_before(size_t byte)
{
	return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

void
ward_wire_uuid_text(const uint8_t id[WARD_WIRE_ID_LEN], char ret_text[37])
{
	static const char digits[] = "0123456789abcdef";
	char *at = ret_text;

	for (size_t i = 0; i < WARD_WIRE_ID_LEN; i++) {
		if (dash_before(i))
			*at++ = '-';
		*at++ = digits[id[i] >> 4];
		*at++ = digits[id[i] & 15];
	}
	*at = 0;
}

static int
digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

enum ward_rc
ward_wire_uuid_parse(struct ward_span text, uint8_t ret_id[WARD_WIRE_ID_LEN])
{
	uint8_t id[WARD_WIRE_ID_LEN];
	size_t at = 0;

	if (text.len != 36)
		return WARD_E_FORMAT;
	for (size_t i = 0; i < WARD_WIRE_ID_LEN; i++) {
		int high, low;

		if (dash_before(i) && text.data[at++] != '-')
			return WARD_E_FORMAT;
		high = digit(text.data[at]);
		low = digit(text.data[at + 1]);
		if (high < 0 || low < 0)
			return WARD_E_FORMAT;
		id[i] = (uint8_t)(high << 4 | low);
		at += 2;
	}
	memcpy(ret_id, id, sizeof(id));
	return WARD_OK;
}

bool
ward_wire_uuid_time(const uint8_t id[WARD_WIRE_ID_LEN], uint64_t *ret_ms)
{
	uint64_t ms = 0;

	if (id[6] >> 4 != 7 || id[8] >> 6 != 2)
		return false;
	for (size_t i = 0; i < 6; i++)
		ms = ms << 8 | id[i];
	*ret_ms = ms;
	return true;
}

void
ward_wire_uuid_make(uint64_t ms, const uint8_t random[10], uint8_t ret_id[WARD_WIRE_ID_LEN])
{
	for (size_t i = 0; i < 6; i++)
		ret_id[i] = (uint8_t)(ms >> (8 * (5 - i)));
	memcpy(ret_id + 6, random, 10);
	ret_id[6] = (uint8_t)(0x70 | (ret_id[6] & 0x0f));
	ret_id[8] = (uint8_t)(0x80 | (ret_id[8] & 0x3f));
}
