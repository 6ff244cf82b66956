/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ClamAV's containers: 512 bytes of text header
 *   ClamAV-VDB:time:version:signatures:level:MD5 of the rest:signature:builder:seconds
 * then a tar (ustar, POSIX.1-1988), in a .cvd always and in others maybe
 * compressed with gzip (RFC 1952). A member *.info lists size and SHA-256 of the
 * others.
 *
 * What is verified: in a .cvd the MD5, and ClamAV's RSA signature of that MD5
 * (1024 bits, no padding, the key every ClamAV carries; as weak as MD5 and that
 * key are); a .cvd that fails either is refused. A .cld or .cud is unsigned by
 * design and says so in its report. In all of them each member that *.info
 * lists must have the size and SHA-256 listed there. The newer detached .sign
 * files are not read.
 */
#ifndef WARD_MATCH_CLAMAV_CVD_H
#define WARD_MATCH_CLAMAV_CVD_H

#include "match/load.h"

/* Loads every member through ward_clamav_load. `name` ends in .cvd, .cld or
 * .cud. WARD_E_FORMAT as there, after a bad notice. */
enum ward_rc ward_clamav_cvd_load(const struct ward_load *load, const char *name,
				  struct ward_span bytes) WARD_MUST_CHECK;

/* Is `signature` (ClamAV's own base 64) ClamAV's of this MD5? */
bool ward_clamav_signed(const uint8_t md5[16], struct ward_span signature);

enum { WARD_TAR_NAME = 101 };

struct ward_tar_member {
	char name[WARD_TAR_NAME];
	struct ward_span bytes;
};

/*
 * The next regular file of a tar; others are passed over. WARD_E_NOENT at the
 * end, WARD_E_FORMAT for a header that is none, WARD_E_TRUNCATED.
 */
struct ward_cursor;
enum ward_rc ward_tar_next(struct ward_cursor *tar, struct ward_tar_member *ret) WARD_MUST_CHECK;

#endif
