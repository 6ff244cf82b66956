/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zip (PKWARE APPNOTE 6.3.10), read the way hostile ones must be: every entry the central directory
 * lists, every local header that disagrees with its entry, and every local header that nothing
 * lists. Methods: stored, deflate, deflate64, implode; the others go to the caller.
 */
#ifndef WARD_FORMATS_ZIP_ZIP_H
#define WARD_FORMATS_ZIP_ZIP_H

#include "formats/sink.h"

/* Unpacks one entry of a method that is not read here. `record` starts at its local header and
 * reaches at least to the end of its data. */
typedef enum ward_rc (*ward_zip_other)(struct ward_span record, struct ward_arena *arena,
				       const struct ward_sink *sink);

/*
 * A ward_reader but for `other` (may be NULL: unsupported). Encrypted entries, unknown methods and
 * damage are gaps under the entry's name; what was unpacked before the damage is handed on.
 * Checksums are not compared: an unpacker writes the file before it complains. WARD_E_FORMAT when
 * there is no entry and no end record at all.
 */
enum ward_rc ward_zip_read(struct ward_span in, struct ward_arena *arena,
			   const struct ward_sink *sink, ward_zip_other other) WARD_MUST_CHECK;

#endif
