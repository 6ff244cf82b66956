/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of the table's layout that its writer and its reader share. */
#ifndef WARD_MATCH_CLAMAV_BODY_PRIV_H
#define WARD_MATCH_CLAMAV_BODY_PRIV_H

enum {
	WARD_BODY_VERSION = 1,
	WARD_BODY_HEADER = 128,
	/* u32 name, source, code offset, code length; u64 number of the first gap; i64
	   offset; u32 section, shift; u8 verdict, target, place; 5 zero bytes */
	WARD_BODY_RECORD = 48,
	/* The bitmap has 2^bits bits: about 128 per anchor, from 4 KiB to 512 KiB, so
	   that it stays in the processor's caches. */
	WARD_BODY_MIN_BITS = 15,
	WARD_BODY_MAX_BITS = 22,
	WARD_BODY_BUCKET_SHIFT = 5, /* 2^5 bits of the bitmap share a bucket */
};

#endif
