/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/rtf/object.h"

#include "base/cursor.h"
#include "base/text.h"
#include "formats/package.h"

enum {
	LINKED = 1,
	EMBEDDED = 2,
	NAME_MAX_BYTES = 4096,
};

/* LengthPrefixedAnsiString, without its NUL. */
static struct ward_span
string(struct ward_cursor *c)
{
	uint32_t len = ward_cursor_u32le(c);
	struct ward_span s;

	if (len > NAME_MAX_BYTES)
		c->failed = true;
	s = ward_cursor_bytes(c, len);
	if (s.len && !s.data[s.len - 1])
		s.len--;
	return s;
}

static void
fact(const struct ward_sink *sink, const char *key, struct ward_span value)
{
	if (value.len)
		ward_sink_fact(sink, key, "%.*s", (int)(value.len < 900 ? value.len : 900),
			       (const char *)value.data);
}

static enum ward_rc
embedded(struct ward_cursor *c, struct ward_span class, const char *name,
	 const struct ward_sink *sink)
{
	uint32_t size = ward_cursor_u32le(c);
	struct ward_span native = ward_span_cut(c->in, c->pos, size);
	enum ward_rc rc = WARD_E_FORMAT;

	if (native.len < size)
		ward_sink_gap(sink, name, WARD_REASON_CORRUPT);
	if (ward_text_eq_nocase(class, "package"))
		rc = ward_package_read(native, sink);
	return rc == WARD_E_FORMAT ? ward_sink_object(sink, name, native) : rc;
}

enum ward_rc
ward_rtf_object(struct ward_span bytes, const char *name, const struct ward_sink *sink)
{
	struct ward_cursor c = ward_cursor_at(bytes, 4);
	uint32_t format = ward_cursor_u32le(&c);
	struct ward_span class = string(&c);
	struct ward_span topic = string(&c);
	struct ward_span item = string(&c);

	(void)item;
	if (!ward_cursor_ok(&c) || (format != LINKED && format != EMBEDDED))
		return ward_sink_object(sink, name, bytes);
	fact(sink, "rtf.class", class);
	if (format == LINKED) {
		fact(sink, "rtf.link", topic);
		ward_sink_trait(sink, WARD_TRAIT_EXTERNAL);
		return ward_sink_object(sink, name, bytes);
	}
	return embedded(&c, class, name, sink);
}
