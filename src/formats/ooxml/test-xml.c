/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/ooxml/xml.h"

static void
check_item(struct ward_xml *xml, enum ward_xml_kind kind, const char *words)
{
	struct ward_xml_item item = {.plain = false};

	assert_int_equal(ward_xml_next(xml, &item), kind);
	assert_true(
		ward_span_eq(kind == WARD_XML_TEXT ? item.text : item.name, ward_span_str(words)));
}

static void
test_items(void **state)
{
	struct ward_xml xml = ward_xml_of(ward_span_str(
		"<?xml version='1.0'?><!DOCTYPE a><!-- <no> --><w:a b='1>2'> t <![CDATA[<raw>]]>"
		"<c/></w:a>x"));

	(void)state;
	check_item(&xml, WARD_XML_OPEN, "a");
	check_item(&xml, WARD_XML_TEXT, " t ");
	check_item(&xml, WARD_XML_TEXT, "<raw>");
	check_item(&xml, WARD_XML_OPEN, "c");
	check_item(&xml, WARD_XML_CLOSE, "a");
	check_item(&xml, WARD_XML_TEXT, "x");
	check_item(&xml, WARD_XML_END, "");
}

static void
check_attribute(const char *tag, const char *name, const char *value)
{
	struct ward_xml xml = ward_xml_of(ward_span_str(tag));
	struct ward_xml_item item;

	assert_int_equal(ward_xml_next(&xml, &item), WARD_XML_OPEN);
	assert_true(ward_span_eq(ward_xml_attribute(&item, name), ward_span_str(value)));
}

static void
test_attributes(void **state)
{
	(void)state;
	check_attribute("<a x=\"1\" w:y = 'it\"s'/>", "y", "it\"s");
	check_attribute("<a x=\"1\" w:y='2'/>", "x", "1");
	check_attribute("<a x=\"1\"/>", "z", "");
	check_attribute("<a x='y=2' y='3'>", "y", "3");
	check_attribute("<a bare y=unquoted z='1'>", "z", "1");
	check_attribute("<a y='open", "y", "open");
	check_attribute("<a", "y", "");
	check_attribute("<a y=", "y", "");
}

static void
check_decoded(const char *raw, const char *plain)
{
	struct ward_buf out;

	ward_buf_init(&out, 256, NULL);
	assert_int_equal(ward_xml_decode(ward_span_str(raw), &out), WARD_OK);
	assert_true(ward_span_eq(ward_buf_span(&out), ward_span_str(plain)));
	ward_buf_done(&out);
}

static void
test_entities(void **state)
{
	struct ward_buf small;

	(void)state;
	check_decoded("a&amp;b&lt;&gt;&quot;&apos;", "a&b<>\"'");
	check_decoded("&#68;&#x44;&#X45;", "DDE");
	check_decoded("&unknown; &; & &#; &#x110000; &#99999999999;",
		      "&unknown; &; & &#; &#x110000; &#99999999999;");
	check_decoded("", "");
	ward_buf_init(&small, 2, NULL);
	assert_int_equal(ward_xml_decode(ward_span_str("abc"), &small), WARD_E_LIMIT);
	ward_buf_done(&small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_entities),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
