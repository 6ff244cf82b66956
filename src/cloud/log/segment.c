/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/log/segment.h"

#include "sys/crc32c.h"

static const char magic[8] = "WARDSEG1";
enum { VERSION = 1 };

static void
put32(uint8_t *at, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static void
put64(uint8_t *at, uint64_t value)
{
	put32(at, (uint32_t)value);
	put32(at + 4, (uint32_t)(value >> 32));
}

static uint32_t
get32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static uint64_t
get64(const uint8_t *at)
{
	return get32(at) | (uint64_t)get32(at + 4) << 32;
}

void
ward_segment_header(uint8_t ret[WARD_SEGMENT_HEADER], enum ward_log_channel channel, uint64_t first)
{
	memcpy(ret, magic, sizeof(magic));
	put32(ret + 8, VERSION);
	put32(ret + 12, (uint32_t)channel);
	put64(ret + 16, first);
	put32(ret + 24, 0);
	put32(ret + 28, ward_crc32c(0, ward_span_of(ret, 28)));
}

enum ward_rc
ward_segment_header_read(struct ward_span in, enum ward_log_channel *ret_channel,
			 uint64_t *ret_first)
{
	if (in.len < WARD_SEGMENT_HEADER)
		return WARD_E_TRUNCATED;
	if (!ward_span_starts(in, magic, sizeof(magic)) ||
	    get32(in.data + 28) != ward_crc32c(0, ward_span_cut(in, 0, 28)))
		return WARD_E_FORMAT;
	if (get32(in.data + 8) != VERSION)
		return WARD_E_UNSUPPORTED;
	if (get32(in.data + 12) >= WARD_LOG_CHANNELS)
		return WARD_E_FORMAT;
	*ret_channel = (enum ward_log_channel)get32(in.data + 12);
	*ret_first = get64(in.data + 16);
	return WARD_OK;
}

size_t
ward_segment_record_size(size_t key_len, size_t body_len)
{
	return WARD_SEGMENT_FRAME + WARD_SEGMENT_FIXED + key_len + body_len;
}

void
ward_segment_lay_out(uint8_t *at, struct ward_span key, struct ward_span body)
{
	put32(at, (uint32_t)(WARD_SEGMENT_FIXED + key.len + body.len));
	put32(at + 24, (uint32_t)key.len);
	if (key.len > 0)
		memcpy(at + 28, key.data, key.len);
	if (body.len > 0)
		memcpy(at + 28 + key.len, body.data, body.len);
}

void
ward_segment_seal(uint8_t *at, size_t size, uint64_t offset, uint64_t time_ms)
{
	put64(at + 8, offset);
	put64(at + 16, time_ms);
	put32(at + 4, ward_crc32c(0, ward_span_of(at + 8, size - 8)));
}

enum ward_rc
ward_segment_record_read(struct ward_span in, struct ward_segment_record *ret)
{
	size_t length, key_len;

	if (in.len < WARD_SEGMENT_FRAME)
		return WARD_E_TRUNCATED;
	length = get32(in.data);
	if (length < WARD_SEGMENT_FIXED || length > WARD_SEGMENT_RECORD_MAX - WARD_SEGMENT_FRAME)
		return WARD_E_FORMAT;
	if (in.len - WARD_SEGMENT_FRAME < length)
		return WARD_E_TRUNCATED;
	if (get32(in.data + 4) != ward_crc32c(0, ward_span_cut(in, WARD_SEGMENT_FRAME, length)))
		return WARD_E_FORMAT;
	key_len = get32(in.data + 24);
	if (key_len > WARD_LOG_KEY_MAX || key_len > length - WARD_SEGMENT_FIXED)
		return WARD_E_FORMAT;
	*ret = (struct ward_segment_record){
		.offset = get64(in.data + 8),
		.time_ms = get64(in.data + 16),
		.key = ward_span_cut(in, 28, key_len),
		.body = ward_span_cut(in, 28 + key_len, length - WARD_SEGMENT_FIXED - key_len),
		.size = WARD_SEGMENT_FRAME + length,
	};
	return WARD_OK;
}
