/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OLE2 compound files: Word, Excel, PowerPoint 97-2003, Installer packages,
 * Outlook messages, vbaProject.bin.
 */
#ifndef WARD_FORMATS_OLE_OLE_H
#define WARD_FORMATS_OLE_OLE_H

#include "formats/sink.h"

/*
 * A ward_reader. Children: macro source ("VBA/<module>.vba"), files embedded by
 * the Object Packager, PowerPoint's compressed objects, then every stream under
 * its path. Gaps: "corrupt" for a damaged stream or table, "encrypted" for
 * documents with a password, "size" for a stream over the sink's limit,
 * "ratio" when streams share sectors to blow up the file, "files" for more than
 * 65 536 directory entries. Facts: ole.kind, ole.clsid, ole.streams,
 * ole.macros, ole.vba.autoexec, ole.vba.codepage, ole.xlm, ole.orphans,
 * ole.link.
 */
enum ward_rc ward_ole_read(struct ward_span in, struct ward_arena *arena,
			   const struct ward_sink *sink) WARD_MUST_CHECK;

#endif
