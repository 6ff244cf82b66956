/* SPDX-License-Identifier: Apache-2.0 */
/* Which containers a run of bytes holds. One file can be several at once (a program with a zip
 * behind it, a tar that is also an ISO image): all of them are read, not the one that bids most. */
#ifndef WARD_FORMATS_ARCHIVE_KIND_H
#define WARD_FORMATS_ARCHIVE_KIND_H

#include "base/span.h"

enum ward_archive_kind {
	WARD_ARCHIVE_NONE = 0,
	WARD_ARCHIVE_ZIP,
	WARD_ARCHIVE_7Z,
	WARD_ARCHIVE_RAR,
	WARD_ARCHIVE_RAR5,
	WARD_ARCHIVE_CAB,
	WARD_ARCHIVE_AR,
	WARD_ARCHIVE_CPIO,
	WARD_ARCHIVE_RPM,
	WARD_ARCHIVE_TAR,
	WARD_ARCHIVE_ISO,
	/* streams: one object inside */
	WARD_ARCHIVE_GZIP,
	WARD_ARCHIVE_BZIP2,
	WARD_ARCHIVE_XZ,
	WARD_ARCHIVE_LZMA,
	WARD_ARCHIVE_ZSTD,
	WARD_ARCHIVE_LZ4,
	WARD_ARCHIVE_COMPRESS,
};

enum { WARD_ARCHIVE_KINDS_MAX = 3 };

/* Fills `ret_kinds` with what `in` is, the one named by its first bytes first. Returns how many. */
size_t ward_archive_kinds(struct ward_span in,
			  enum ward_archive_kind ret_kinds[WARD_ARCHIVE_KINDS_MAX]);

/* A tar header with a right checksum (POSIX.1 ustar: sum of the 512 bytes, chksum as blanks). */
bool ward_archive_is_tar(struct ward_span in);

/* The memory an LZMA_Alone stream wants for its dictionary; 0 when there is no header. */
uint32_t ward_archive_lzma_dictionary(struct ward_span in);

/* Compressed streams, which hold one object without a table of contents. */
bool ward_archive_is_stream(enum ward_archive_kind kind);

#endif
