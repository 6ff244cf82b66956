/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers and compressed streams, through libarchive 3.6: zip, 7z, tar, cpio (binary of both
 * byte orders, odc, newc), ar (and so deb), rpm, cab, iso9660, rar 4 and 5; gzip, bzip2, xz, lzma,
 * zstd, lz4, compress. Only readers that work inside this process are switched on: libarchive's
 * external programs are never reached. Linux only for now.
 */
#ifndef WARD_FORMATS_ARCHIVE_ARCHIVE_H
#define WARD_FORMATS_ARCHIVE_ARCHIVE_H

#include "formats/sink.h"

/*
 * Sets LC_CTYPE to C.UTF-8 and TZ to UTC for the whole process, because libarchive asks libc for
 * character set tables and the time zone, and libc would open files for them. A program calls it
 * once, before it locks itself into a sandbox and before it starts threads. Without it reading
 * works the same where files can be opened.
 */
void ward_archive_prepare(void);

/*
 * A ward_reader. Every entry that has bytes becomes a child under its stored name ("entry-N" when
 * it has none), whatever kind the archive says it is; links are not followed. An entry larger than
 * a child may be is handed on as far as it fits, with the gap "size". Encrypted entries and unknown
 * methods are gaps under their names and reading goes on behind them. Damage is a gap too; what
 * was unpacked before it has been handed on.
 */
enum ward_rc ward_archive_read(struct ward_span in, struct ward_arena *arena,
			       const struct ward_sink *sink) WARD_MUST_CHECK;

#endif
