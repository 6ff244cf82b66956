/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/package.h"

#include "base/cursor.h"

enum {
	KIND_PACKAGE = 2,
	STORED_INSIDE = 3, /* the other value, 1, is a link to a file elsewhere */
	NAME_MAX_BYTES = 1024,
};

/* What follows the last separator. */
static const char *
base_name(struct ward_span path)
{
	size_t at = path.len;

	while (at && path.data[at - 1] != '/' && path.data[at - 1] != '\\')
		at--;
	return at < path.len ? (const char *)path.data + at : "package";
}

enum ward_rc
ward_package_read(struct ward_span native, const struct ward_sink *sink)
{
	struct ward_cursor c = ward_cursor_of(native);
	uint16_t kind = ward_cursor_u16le(&c);
	struct ward_span label = ward_cursor_cstr(&c, NAME_MAX_BYTES);
	struct ward_span path = ward_cursor_cstr(&c, NAME_MAX_BYTES);
	uint16_t reserved = ward_cursor_u16le(&c);
	uint16_t stored = ward_cursor_u16le(&c);
	struct ward_span temporary = ward_cursor_bytes(&c, ward_cursor_u32le(&c));
	uint32_t size = ward_cursor_u32le(&c);
	struct ward_span bytes;

	(void)reserved;
	(void)temporary;
	if (!ward_cursor_ok(&c) || kind != KIND_PACKAGE)
		return WARD_E_FORMAT;
	ward_sink_fact(sink, "package.name", "%s", (const char *)label.data);
	ward_sink_fact(sink, "package.path", "%s", (const char *)path.data);
	if (stored != STORED_INSIDE) {
		ward_sink_trait(sink, WARD_TRAIT_EXTERNAL);
		return WARD_OK;
	}
	bytes = ward_span_cut(native, c.pos, size);
	if (bytes.len < size)
		ward_sink_gap(sink, base_name(label), WARD_REASON_CORRUPT);
	return ward_sink_object(sink, base_name(label), bytes);
}
