/* SPDX-License-Identifier: Apache-2.0 */
/* An OLE1 object as RTF stores it ([MS-OLEDS] 2.2). No state, any thread. */
#ifndef WARD_FORMATS_RTF_OBJECT_H
#define WARD_FORMATS_RTF_OBJECT_H

#include "formats/sink.h"

/*
 * Hands the object's own data (a package's file, a compound file …) to the sink
 * under `name`; bytes that are no OLE1 object go there as they are. Facts
 * rtf.class, rtf.link; trait EXTERNAL for a linked object. Errors: as the sink
 * says.
 */
enum ward_rc ward_rtf_object(struct ward_span bytes, const char *name,
			     const struct ward_sink *sink) WARD_MUST_CHECK;

#endif
