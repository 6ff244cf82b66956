/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a segment file, version 1, little-endian:
 *
 *	header, 32 bytes  "WARDSEG1", u32 version, u32 channel, u64 first offset, u32 zero,
 *			  u32 CRC-32C of the 28 bytes before
 *	records		  u32 length of all that follows the CRC, u32 CRC-32C of it, u64 offset,
 *			  u64 time (ms since 1970), u32 key length, key, body
 */
#ifndef WARD_CLOUD_LOG_SEGMENT_H
#define WARD_CLOUD_LOG_SEGMENT_H

#include "cloud/log/log.h"

enum {
	WARD_SEGMENT_HEADER = 32,
	WARD_SEGMENT_FRAME = 8,	 /* length and CRC */
	WARD_SEGMENT_FIXED = 20, /* offset, time, key length */
	WARD_SEGMENT_RECORD_MAX =
		WARD_SEGMENT_FRAME + WARD_SEGMENT_FIXED + WARD_LOG_KEY_MAX + WARD_LOG_BODY_MAX,
};

struct ward_segment_record {
	uint64_t offset, time_ms;
	struct ward_span key, body; /* borrowed */
	size_t size;		    /* of the whole record in the file */
};

void ward_segment_header(uint8_t ret[WARD_SEGMENT_HEADER], enum ward_log_channel channel,
			 uint64_t first);
/* WARD_E_TRUNCATED, WARD_E_FORMAT, WARD_E_UNSUPPORTED (version). */
enum ward_rc ward_segment_header_read(struct ward_span in, enum ward_log_channel *ret_channel,
				      uint64_t *ret_first) WARD_MUST_CHECK;

/* Bytes a record of these lengths takes. */
size_t ward_segment_record_size(size_t key_len, size_t body_len);
/* Writes all but offset, time and CRC, which ward_segment_seal puts in: that way a record can be
 * laid out before it is known where it will stand. */
void ward_segment_lay_out(uint8_t *at, struct ward_span key, struct ward_span body);
void ward_segment_seal(uint8_t *at, size_t size, uint64_t offset, uint64_t time_ms);

/* The record at the beginning of `in`. WARD_E_TRUNCATED: it ends after `in`; WARD_E_FORMAT: it is
 * none (a CRC that does not fit included). */
enum ward_rc ward_segment_record_read(struct ward_span in,
				      struct ward_segment_record *ret) WARD_MUST_CHECK;

#endif
