/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scanner for the tags and text of XML (W3C XML 1.0) that believes nothing: no
 * tree, no entities but the five and numbers, no documents elsewhere. Tolerant
 * where XML is strict, for Office repairs what it opens. Borrows the bytes; one
 * thread per struct.
 */
#ifndef WARD_FORMATS_OOXML_XML_H
#define WARD_FORMATS_OOXML_XML_H

#include "base/buf.h"
#include "base/cursor.h"

enum ward_xml_kind { WARD_XML_END, WARD_XML_OPEN, WARD_XML_CLOSE, WARD_XML_TEXT };

struct ward_xml {
	struct ward_cursor c;
};

struct ward_xml_item {
	struct ward_span name;	     /* of a tag, without its namespace prefix */
	struct ward_span attributes; /* of an opening tag: all between name and '>' */
	struct ward_span text;	     /* of a text, entities as written */
	bool plain;		     /* the text is CDATA: no entities in it */
};

/* UTF-8 (or anything whose ASCII is ASCII). */
struct ward_xml ward_xml_of(struct ward_span in);

/* The next tag or non-empty text; comments, processing instructions and
 * declarations are passed over. WARD_XML_END at the end, or where a tag has no
 * end. */
enum ward_xml_kind ward_xml_next(struct ward_xml *xml, struct ward_xml_item *ret_item);

/* The value of the attribute of that local name, as written; empty when there is
 * none. ASCII case is significant. */
struct ward_span ward_xml_attribute(const struct ward_xml_item *item, const char *wanted);

/* Appends `raw` with its entities and character references replaced (unknown ones
 * stay). WARD_E_LIMIT, WARD_E_NOMEM: as the buffer says. */
enum ward_rc ward_xml_decode(struct ward_span raw, struct ward_buf *out) WARD_MUST_CHECK;

#endif
