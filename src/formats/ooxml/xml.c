/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/ooxml/xml.h"

#include "base/text.h"
#include "base/utf.h"

enum { ENTITY_MAX = 12 }; /* "&#x10FFFF;" is the longest there is */

struct ward_xml
ward_xml_of(struct ward_span in)
{
	return (struct ward_xml){ward_cursor_of(in)};
}

static bool
is_name(uint8_t c)
{
	return ward_text_is_alnum(c) || c == '_' || c == '-' || c == '.' || c == ':' || c >= 0x80;
}

/* Passes over `mark`; the bytes before it are the result. All that is left when
 * there is none. */
static struct ward_span
until(struct ward_cursor *c, const char *mark)
{
	struct ward_span needle = ward_span_str(mark);
	size_t at = ward_text_find(c->in, needle, c->pos);
	struct ward_span got =
		ward_span_cut(c->in, c->pos, at == SIZE_MAX ? c->in.len : at - c->pos);

	ward_cursor_seek(c, at == SIZE_MAX ? c->in.len : at + needle.len);
	return got;
}

static bool
starts(const struct ward_cursor *c, const char *prefix)
{
	return ward_span_starts(ward_span_cut(c->in, c->pos, c->in.len), prefix, strlen(prefix));
}

static struct ward_span
name(struct ward_cursor *c)
{
	size_t from = c->pos;

	while (ward_cursor_peek(c) >= 0 && is_name((uint8_t)ward_cursor_peek(c))) {
		bool prefix = ward_cursor_peek(c) == ':';

		ward_cursor_skip(c, 1);
		if (prefix)
			from = c->pos;
	}
	return ward_span_cut(c->in, from, c->pos - from);
}

/* To the '>' that no quotes enclose. */
static struct ward_span
attributes(struct ward_cursor *c)
{
	size_t from = c->pos;
	int quote = 0;

	while (ward_cursor_left(c)) {
		int b = ward_cursor_u8(c);

		if (quote ? b == quote : b == '"' || b == '\'')
			quote = quote ? 0 : b;
		else if (!quote && b == '>')
			return ward_span_cut(c->in, from, c->pos - 1 - from);
	}
	return ward_span_cut(c->in, from, c->in.len);
}

/* Up to the next '<', which stays. */
static struct ward_span
text(struct ward_cursor *c)
{
	size_t at = ward_text_find(c->in, ward_span_str("<"), c->pos);
	struct ward_span got;

	if (at == SIZE_MAX)
		at = c->in.len;
	got = ward_span_cut(c->in, c->pos, at - c->pos);
	ward_cursor_seek(c, at);
	return got;
}

/* What begins with '<' and is no tag. True when something was passed over. */
static bool
skip_markup(struct ward_cursor *c)
{
	if (starts(c, "<!--"))
		(void)until(c, "-->");
	else if (starts(c, "<?"))
		(void)until(c, "?>");
	else if (starts(c, "<!") && !starts(c, "<![CDATA["))
		(void)until(c, ">");
	else
		return false;
	return true;
}

enum ward_xml_kind
ward_xml_next(struct ward_xml *xml, struct ward_xml_item *ret_item)
{
	struct ward_cursor *c = &xml->c;
	struct ward_xml_item item = {.plain = false};
	enum ward_xml_kind kind = WARD_XML_OPEN;

	while (skip_markup(c))
		;
	if (!ward_cursor_left(c))
		return WARD_XML_END;
	if (starts(c, "<![CDATA[")) {
		ward_cursor_skip(c, strlen("<![CDATA["));
		item.text = until(c, "]]>");
		item.plain = true;
		kind = WARD_XML_TEXT;
	} else if (ward_cursor_peek(c) != '<') {
		item.text = text(c);
		kind = WARD_XML_TEXT;
	} else {
		ward_cursor_skip(c, 1);
		if (ward_cursor_peek(c) == '/') {
			ward_cursor_skip(c, 1);
			kind = WARD_XML_CLOSE;
		}
		item.name = name(c);
		item.attributes = attributes(c);
	}
	*ret_item = item;
	return kind;
}

struct ward_span
ward_xml_attribute(const struct ward_xml_item *item, const char *wanted)
{
	struct ward_cursor c = ward_cursor_of(item->attributes);

	while (ward_cursor_left(&c)) {
		struct ward_span key, value;
		int quote;

		while (ward_cursor_peek(&c) >= 0 && !is_name((uint8_t)ward_cursor_peek(&c)))
			ward_cursor_skip(&c, 1);
		key = name(&c);
		while (ward_cursor_peek(&c) >= 0 &&
		       ward_text_is_space((uint8_t)ward_cursor_peek(&c)))
			ward_cursor_skip(&c, 1);
		if (ward_cursor_peek(&c) != '=')
			continue;
		ward_cursor_skip(&c, 1);
		while (ward_cursor_peek(&c) >= 0 &&
		       ward_text_is_space((uint8_t)ward_cursor_peek(&c)))
			ward_cursor_skip(&c, 1);
		quote = ward_cursor_peek(&c);
		if (quote != '"' && quote != '\'')
			continue;
		ward_cursor_skip(&c, 1);
		value = until(&c, quote == '"' ? "\"" : "'");
		if (ward_span_eq(key, ward_span_str(wanted)))
			return value;
	}
	return (struct ward_span){NULL, 0};
}

/* "#65", "#x41"; 0 for anything else. */
static uint32_t
number(struct ward_span s)
{
	bool hex = s.len > 1 && (s.data[1] == 'x' || s.data[1] == 'X');
	uint32_t value = 0;

	if (s.len < 2 || s.data[0] != '#')
		return 0;
	for (size_t i = hex ? 2 : 1; i < s.len; i++) {
		int digit = ward_text_hex_value(s.data[i]);

		if (digit < 0 || (!hex && digit > 9))
			return 0;
		value = value * (hex ? 16 : 10) + (uint32_t)digit;
		if (value > 0x10FFFF)
			return 0;
	}
	return value;
}

static uint32_t
entity(struct ward_span s)
{
	static const struct {
		const char *name;
		uint32_t c;
	} known[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (ward_span_eq(s, ward_span_str(known[i].name)))
			return known[i].c;
	return number(s);
}

enum ward_rc
ward_xml_decode(struct ward_span raw, struct ward_buf *out)
{
	enum ward_rc rc = WARD_OK;

	while (rc == WARD_OK && raw.len) {
		const uint8_t *mark = memchr(raw.data, '&', raw.len);
		size_t plain = mark ? (size_t)(mark - raw.data) : raw.len;
		struct ward_span ahead = ward_span_cut(raw, plain + 1, ENTITY_MAX);
		size_t end = ward_text_find(ahead, ward_span_str(";"), 0);
		uint32_t c = 0;

		rc = ward_buf_append(out, raw.data, plain);
		raw = ward_span_cut(raw, plain, raw.len);
		if (rc != WARD_OK || !raw.len)
			break;
		if (end != SIZE_MAX)
			c = entity(ward_span_cut(ahead, 0, end));
		rc = c ? ward_utf_put(out, c) : ward_buf_byte(out, '&');
		raw = ward_span_cut(raw, c ? end + 2 : 1, raw.len);
	}
	return rc;
}
