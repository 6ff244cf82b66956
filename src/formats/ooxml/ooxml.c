/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/ooxml/ooxml.h"

#include "base/text.h"
#include "base/utf.h"
#include "formats/ooxml/relation.h"
#include "formats/ooxml/xml.h"

enum {
	FACTS_MAX = 64,
	FIELDS_MAX = 64 * 1024, /* field code of one part */
	WIDE_MAX = 16 << 20,	/* a part in UTF-16, as UTF-8 */
	ITEMS_PER_CHARGE = 4096,
	CODES_MIN = 6, /* numbers a QUOTE field spells something with */
};

struct part {
	const struct ward_sink *sink;
	struct ward_buf fields; /* a line per field */
	unsigned facts;
	bool in_field; /* the text to come is field code */
};

static void
fact(struct part *p, const char *key, struct ward_span value)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {.data = NULL};

	if (!value.len || p->facts++ >= FACTS_MAX)
		return;
	ward_buf_init(&text, 900, NULL);
	/* A longer value is cut: facts are for people. */
	if (ward_xml_decode(ward_span_cut(value, 0, 800), &text) == WARD_OK)
		ward_sink_fact(p->sink, key, "%.*s", (int)text.len, (const char *)text.data);
}

static bool
has(struct ward_span s, const char *word)
{
	return ward_text_find_nocase(s, ward_span_str(word), 0) != SIZE_MAX;
}

/* ---- elements ---- */

static void
content_type(struct part *p, const struct ward_xml_item *item)
{
	struct ward_span type = ward_xml_attribute(item, "ContentType");

	if (has(type, "macroEnabled") || has(type, "vbaProject") || has(type, "macrosheet"))
		ward_sink_trait(p->sink, WARD_TRAIT_MACRO);
	if (has(type, ".main+xml") || has(type, "macroEnabled.main"))
		fact(p, "ooxml.kind", type);
}

static void
relationship(struct part *p, const struct ward_xml_item *item)
{
	struct ward_span type = ward_xml_attribute(item, "Type");
	struct ward_span target = ward_xml_attribute(item, "Target");
	struct ward_span mode = ward_xml_attribute(item, "TargetMode");
	WARD_AUTO(ward_buf_done) struct ward_buf plain = {.data = NULL};

	if (has(type, "/vbaProject"))
		ward_sink_trait(p->sink, WARD_TRAIT_MACRO);
	if (!ward_text_eq_nocase(mode, "external"))
		return;
	ward_buf_init(&plain, 8192, NULL);
	if (ward_xml_decode(ward_span_cut(target, 0, 2000), &plain) != WARD_OK)
		return;
	if (!ward_relation_is_loaded(type, ward_buf_span(&plain)))
		return;
	fact(p, "ooxml.external", target);
	if (ward_relation_is_remote(ward_buf_span(&plain)))
		ward_sink_trait(p->sink, WARD_TRAIT_EXTERNAL);
}

static void
dde_link(struct part *p, const struct ward_xml_item *item)
{
	ward_sink_trait(p->sink, WARD_TRAIT_EXTERNAL);
	fact(p, "ooxml.dde", ward_xml_attribute(item, "ddeService"));
	fact(p, "ooxml.dde", ward_xml_attribute(item, "ddeTopic"));
}

static void
defined_name(struct part *p, const struct ward_xml_item *item)
{
	struct ward_span name = ward_xml_attribute(item, "name");

	if (!has(name, "auto_open") && !has(name, "auto_close") && !has(name, "auto_activate"))
		return;
	ward_sink_trait(p->sink, WARD_TRAIT_AUTOEXEC);
	fact(p, "ooxml.autoexec", name);
}

static void
custom_ui(struct part *p, const struct ward_xml_item *item)
{
	struct ward_span call = ward_xml_attribute(item, "onLoad");

	if (call.len)
		ward_sink_trait(p->sink, WARD_TRAIT_AUTOEXEC);
	fact(p, "ooxml.autoexec", call);
}

static enum ward_rc
field_char(struct part *p, const struct ward_xml_item *item)
{
	if (!ward_span_eq(ward_xml_attribute(item, "fldCharType"), ward_span_str("begin")))
		return WARD_OK;
	return ward_buf_byte(&p->fields, '\n');
}

static enum ward_rc
field_simple(struct part *p, const struct ward_xml_item *item)
{
	enum ward_rc rc = ward_buf_byte(&p->fields, '\n');

	if (rc == WARD_OK)
		rc = ward_xml_decode(ward_xml_attribute(item, "instr"), &p->fields);
	return rc == WARD_OK ? ward_buf_byte(&p->fields, '\n') : rc;
}

static const struct {
	const char *name;
	void (*look)(struct part *p, const struct ward_xml_item *item);
} elements[] = {
	{"Override", content_type}, {"Default", content_type},	   {"Relationship", relationship},
	{"ddeLink", dde_link},	    {"definedName", defined_name}, {"customUI", custom_ui},
};

static enum ward_rc
open_tag(struct part *p, const struct ward_xml_item *item)
{
	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++)
		if (ward_span_eq(item->name, ward_span_str(elements[i].name)))
			elements[i].look(p, item);
	if (ward_span_eq(item->name, ward_span_str("ocx")))
		fact(p, "ooxml.activex", ward_xml_attribute(item, "classid"));
	p->in_field = ward_span_eq(item->name, ward_span_str("instrText")) ||
		      ward_span_eq(item->name, ward_span_str("delInstrText"));
	if (ward_span_eq(item->name, ward_span_str("fldChar")))
		return field_char(p, item);
	if (ward_span_eq(item->name, ward_span_str("fldSimple")))
		return field_simple(p, item);
	return WARD_OK;
}

static enum ward_rc
field_text(struct part *p, const struct ward_xml_item *item)
{
	if (!p->in_field)
		return WARD_OK;
	if (item->plain)
		return ward_buf_append(&p->fields, item->text.data, item->text.len);
	return ward_xml_decode(item->text, &p->fields);
}

/* ---- fields ---- */

/* { QUOTE 67 58 92 … } spells text by character codes, to hide it. */
static void
quote_field(struct part *p, struct ward_span codes)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {.data = NULL};
	struct ward_span word;
	uint64_t code;

	ward_buf_init(&text, 900, NULL);
	codes = ward_text_trim(codes);
	while (ward_text_split(&codes, ' ', &word)) {
		if (!word.len)
			continue;
		if (!ward_text_u64(word, &code) || code > 0xFFFF ||
		    ward_utf_put(&text, (uint32_t)code) != WARD_OK)
			break;
	}
	if (text.len < CODES_MIN)
		return;
	ward_sink_trait(p->sink, WARD_TRAIT_EXTERNAL);
	fact(p, "ooxml.dde", ward_buf_span(&text));
}

static void
look_at_fields(struct part *p)
{
	struct ward_span rest = ward_buf_span(&p->fields);
	struct ward_span line;

	while (ward_text_split(&rest, '\n', &line)) {
		line = ward_text_trim(line);
		if (ward_text_starts_nocase(line, "quote "))
			quote_field(p, ward_span_cut(line, strlen("quote "), line.len));
		if (!ward_text_starts_nocase(line, "ddeauto") &&
		    !ward_text_starts_nocase(line, "dde ") && !ward_text_eq_nocase(line, "dde"))
			continue;
		ward_sink_trait(p->sink, WARD_TRAIT_EXTERNAL);
		fact(p, "ooxml.dde", line);
	}
}

/* ---- the part ---- */

static enum ward_rc
read_items(struct part *p, struct ward_span in)
{
	struct ward_xml xml = ward_xml_of(in);
	struct ward_xml_item item;
	enum ward_xml_kind kind;
	unsigned n = 0;
	enum ward_rc rc = WARD_OK;

	while (rc == WARD_OK && (kind = ward_xml_next(&xml, &item)) != WARD_XML_END) {
		enum ward_rc kept = WARD_OK;

		if (kind == WARD_XML_OPEN)
			kept = open_tag(p, &item);
		else if (kind == WARD_XML_TEXT)
			kept = field_text(p, &item);
		if (kept == WARD_E_NOMEM)
			return kept;
		if (++n % ITEMS_PER_CHARGE == 0)
			rc = ward_sink_charge(p->sink, 0, 0);
	}
	if (p->fields.full)
		ward_sink_gap(p->sink, NULL, WARD_REASON_SIZE);
	look_at_fields(p);
	return rc;
}

static void
look_at_name(const char *name, const struct ward_sink *sink)
{
	struct ward_span path = ward_span_str(name);

	if (!has(path, "vbaProject") && !has(path, "macrosheets/"))
		return;
	if (has(path, ".rels"))
		return;
	ward_sink_trait(sink, WARD_TRAIT_MACRO);
	ward_sink_fact(sink, "ooxml.macro", "%s", name);
}

static bool
looks_like_xml(struct ward_span in)
{
	in = ward_text_trim(ward_span_cut(in, 0, 64));
	return in.len && in.data[0] == '<';
}

enum ward_rc
ward_ooxml_part(const char *name, struct ward_span bytes, const struct ward_sink *sink)
{
	WARD_AUTO(ward_buf_done) struct ward_buf wide = {.data = NULL};
	struct part p = {.sink = sink};
	bool big = ward_span_starts(bytes, "\xFE\xFF", 2);
	enum ward_rc rc;

	look_at_name(name, sink);
	ward_buf_init(&wide, ward_sink_child_max(sink, WIDE_MAX), NULL);
	if (big || ward_span_starts(bytes, "\xFF\xFE", 2)) {
		rc = ward_utf_from_utf16(&wide, ward_span_cut(bytes, 2, bytes.len), big);
		if (rc == WARD_E_NOMEM)
			return rc;
		if (rc != WARD_OK)
			ward_sink_gap(sink, NULL, WARD_REASON_SIZE);
		bytes = ward_buf_span(&wide);
	} else if (ward_span_starts(bytes, "\xEF\xBB\xBF", 3)) {
		bytes = ward_span_cut(bytes, 3, bytes.len);
	}
	if (!looks_like_xml(bytes))
		return WARD_OK;
	ward_buf_init(&p.fields, FIELDS_MAX, NULL);
	rc = read_items(&p, bytes);
	ward_buf_done(&p.fields);
	return rc;
}
