/* SPDX-License-Identifier: Apache-2.0 */
/* What single streams of Office documents tell: encryption, Excel 4 macros,
 * objects inside presentations, links. No state, any thread. */
#ifndef WARD_FORMATS_OLE_OFFICE_H
#define WARD_FORMATS_OLE_OFFICE_H

#include "formats/sink.h"

/* The WordDocument stream ([MS-DOC] 2.5.2 FibBase): true when it is encrypted or
 * obfuscated. Notes a DDE field as a trait. */
bool ward_office_word(struct ward_span stream, const struct ward_sink *sink);

/* The Workbook or Book stream ([MS-XLS] 2.4): true when it is encrypted. Macro
 * sheets and Auto_Open names become traits and the fact ole.xlm. */
bool ward_office_excel(struct ward_span stream, const struct ward_sink *sink);

/* The PowerPoint Document stream ([MS-PPT] 2.3): objects in it go to the sink as
 * "ppt/object<N>". Sets *ret_encrypted. Errors: as the sink and arena say. */
enum ward_rc ward_office_powerpoint(struct ward_span stream, struct ward_arena *arena,
				    const struct ward_sink *sink,
				    bool *ret_encrypted) WARD_MUST_CHECK;

/* The \x01Ole stream ([MS-OLEDS] 2.3.3): a linked object's address becomes the
 * trait EXTERNAL and the fact ole.link. */
void ward_office_link(struct ward_span stream, const struct ward_sink *sink);

#endif
