/* SPDX-License-Identifier: Apache-2.0 */
/* The compression of VBA source and of the project's `dir` stream ([MS-OVBA]
 * 2.4.1). No state, any thread. */
#ifndef WARD_FORMATS_OLE_OVBA_H
#define WARD_FORMATS_OLE_OVBA_H

#include "base/buf.h"
#include "formats/sink.h"

/*
 * Appends what the CompressedContainer at the start of `in` holds to `out`.
 * Chunks end where their headers stop making sense, for a container may be
 * followed by other bytes. WARD_E_FORMAT: no container, or a token points
 * before its chunk; WARD_E_TRUNCATED: the last chunk is cut short;
 * WARD_E_LIMIT: `out` is full or the sink refuses. In every case `out` has what
 * came before.
 */
enum ward_rc ward_ovba_decompress(struct ward_span in, struct ward_buf *out,
				  const struct ward_sink *sink) WARD_MUST_CHECK;

/*
 * Offset of the next container at or after `from` that begins as every module
 * does, with the text "Attribut"; SIZE_MAX when there is none.
 */
size_t ward_ovba_find(struct ward_span in, size_t from);

#endif
