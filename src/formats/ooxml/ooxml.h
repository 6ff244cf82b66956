/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Office Open XML (ECMA-376): what the parts of a .docx, .xlsm, .pptx … say that
 * no single part shows by its bytes alone. The archive's own reader hands every
 * part out as a child; this looks at one part by its name.
 */
#ifndef WARD_FORMATS_OOXML_OOXML_H
#define WARD_FORMATS_OOXML_OOXML_H

#include "formats/sink.h"

/*
 * A part-reader of the engine for children of WARD_TYPE_OOXML: `name` is the
 * part's path in the zip. Traits: MACRO (vbaProject, Excel 4 macro sheets),
 * AUTOEXEC (customUI onLoad, Auto_Open names), EXTERNAL (a template, frame,
 * object or sub-document loaded from elsewhere; DDE fields and links),
 * ENCRYPTED never (an encrypted document is a compound file). Facts:
 * ooxml.kind, ooxml.macro, ooxml.external, ooxml.dde, ooxml.activex,
 * ooxml.autoexec; at most 64 a part. Gap "size": field code over 64 KiB in one
 * part. WARD_OK, also for XML that is damaged (as far as it goes);
 * WARD_E_LIMIT, WARD_E_STOPPED, WARD_E_NOMEM. Any thread.
 */
enum ward_rc ward_ooxml_part(const char *name, struct ward_span bytes,
			     const struct ward_sink *sink) WARD_MUST_CHECK;

#endif
