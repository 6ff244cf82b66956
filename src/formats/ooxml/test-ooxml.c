/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "formats/ooxml/ooxml.h"

struct seen {
	unsigned traits;
	char text[8192];
};

static struct seen seen;

static void
on_gap(void *ctx, const char *name, enum ward_reason why)
{
	struct seen *s = ctx;
	size_t n = strlen(s->text);

	(void)name;
	(void)snprintf(s->text + n, sizeof(s->text) - n, "gap %s\n", ward_reason_name(why));
}

static void
on_fact(void *ctx, const char *key, const char *value)
{
	struct seen *s = ctx;
	size_t n = strlen(s->text);

	(void)snprintf(s->text + n, sizeof(s->text) - n, "%s=%s\n", key, value);
}

static void
on_trait(void *ctx, enum ward_trait trait)
{
	((struct seen *)ctx)->traits |= (unsigned)trait;
}

static void
look_bytes(const char *name, struct ward_span bytes)
{
	struct ward_sink sink = {.ctx = &seen, .gap = on_gap, .fact = on_fact, .trait = on_trait};

	memset(&seen, 0, sizeof(seen));
	assert_int_equal(ward_ooxml_part(name, bytes, &sink), WARD_OK);
}

static void
check(const char *name, const char *xml, unsigned traits, const char *text)
{
	look_bytes(name, ward_span_str(xml));
	assert_int_equal(seen.traits, traits);
	assert_string_equal(seen.text, text);
}

static void
test_macro_parts(void **state)
{
	(void)state;
	check("word/vbaProject.bin", "\xD0\xCF\x11\xE0", WARD_TRAIT_MACRO,
	      "ooxml.macro=word/vbaProject.bin\n");
	check("xl/macrosheets/sheet1.xml", "<x/>", WARD_TRAIT_MACRO,
	      "ooxml.macro=xl/macrosheets/sheet1.xml\n");
	check("word/document.xml", "<w:document/>", 0, "");
	check("word/media/image1.png", "\x89PNG", 0, "");
	check("[Content_Types].xml",
	      "<Types><Override PartName='/word/document.xml' ContentType="
	      "'application/vnd.ms-word.document.macroEnabled.main+xml'/></Types>",
	      WARD_TRAIT_MACRO,
	      "ooxml.kind=application/vnd.ms-word.document.macroEnabled.main+xml\n");
	check("word/_rels/document.xml.rels",
	      "<Relationship "
	      "Type='http://schemas.microsoft.com/office/2006/relationships/vbaProject'"
	      " Target='renamed.bin'/>",
	      WARD_TRAIT_MACRO, "");
}

#define REL(type, target)                                                                          \
	"<Relationships><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/"         \
	"officeDocument/2006/relationships/" type "\" Target=\"" target                            \
	"\" TargetMode=\"External\"/></Relationships>"

static void
test_external_targets(void **state)
{
	static const char rels[] = "word/_rels/settings.xml.rels";

	(void)state;
	check(rels, REL("attachedTemplate", "https://example.org/t.dotm?a=1&amp;b"),
	      WARD_TRAIT_EXTERNAL, "ooxml.external=https://example.org/t.dotm?a=1&b\n");
	check(rels, REL("oleObject", "mhtml:http://example.org/x.html!x"), WARD_TRAIT_EXTERNAL,
	      "ooxml.external=mhtml:http://example.org/x.html!x\n");
	check(rels, REL("frame", "\\\\host\\share\\a.rtf"), WARD_TRAIT_EXTERNAL,
	      "ooxml.external=\\\\host\\share\\a.rtf\n");
	check(rels, REL("attachedTemplate", "file://host/share/a.dotm"), WARD_TRAIT_EXTERNAL,
	      "ooxml.external=file://host/share/a.dotm\n");
	check(rels, REL("attachedTemplate", "&#104;ttp://example.org"), WARD_TRAIT_EXTERNAL,
	      "ooxml.external=http://example.org\n");
	/* A template on the author's own disk is no loading from elsewhere. */
	check(rels, REL("attachedTemplate", "file:///C:\\Users\\a\\Normal.dotm"), 0,
	      "ooxml.external=file:///C:\\Users\\a\\Normal.dotm\n");
	check(rels, REL("hyperlink", "https://example.org/"), 0, "");
	check(rels, REL("hyperlink", "ms-msdt:/id x"), WARD_TRAIT_EXTERNAL,
	      "ooxml.external=ms-msdt:/id x\n");
	check(rels, "<Relationship Type='x/oleObject' Target='embeddings/oleObject1.bin'/>", 0, "");
}

static void
test_dde(void **state)
{
	(void)state;
	check("word/document.xml",
	      "<w:p><w:fldChar w:fldCharType='begin'/><w:instrText> DDE</w:instrText>"
	      "<w:instrText>AUTO c:\\\\x &quot;/k&quot;</w:instrText>"
	      "<w:fldChar w:fldCharType='end'/></w:p>",
	      WARD_TRAIT_EXTERNAL, "ooxml.dde=DDEAUTO c:\\\\x \"/k\"\n");
	check("word/header1.xml", "<w:fldSimple w:instr=' dde a b'/>", WARD_TRAIT_EXTERNAL,
	      "ooxml.dde=dde a b\n");
	check("word/document.xml", "<w:fldSimple w:instr='QUOTE 99 97 108 99 46 101 120 101'/>",
	      WARD_TRAIT_EXTERNAL, "ooxml.dde=calc.exe\n");
	check("word/document.xml",
	      "<w:instrText><![CDATA[PAGE]]></w:instrText><w:t>DDE is old</w:t>"
	      "<w:fldSimple w:instr='QUOTE text'/>",
	      0, "");
	check("xl/externalLinks/externalLink1.xml",
	      "<ddeLink ddeService='svc' ddeTopic='topic'></ddeLink>", WARD_TRAIT_EXTERNAL,
	      "ooxml.dde=svc\nooxml.dde=topic\n");
}

static void
test_runs_on_opening(void **state)
{
	(void)state;
	check("xl/workbook.xml",
	      "<definedName name='_xlnm.Auto_Open' hidden='1'>M!$A$1</definedName>",
	      WARD_TRAIT_AUTOEXEC, "ooxml.autoexec=_xlnm.Auto_Open\n");
	check("xl/workbook.xml", "<definedName name='Print_Area'>A</definedName>", 0, "");
	check("customUI/customUI.xml", "<customUI onLoad='Go'/>", WARD_TRAIT_AUTOEXEC,
	      "ooxml.autoexec=Go\n");
	check("customUI/customUI.xml", "<customUI/>", 0, "");
	check("word/activeX/activeX1.xml", "<ax:ocx ax:classid='{1}'/>", 0, "ooxml.activex={1}\n");
}

static void
test_encodings(void **state)
{
	static const char xml[] = "<ddeLink ddeService='s'/>";
	uint8_t little[2 + 2 * sizeof(xml)] = {0xFF, 0xFE}, big[2 + 2 * sizeof(xml)] = {0xFE, 0xFF};

	(void)state;
	for (size_t i = 0; i < sizeof(xml) - 1; i++) {
		little[2 + 2 * i] = (uint8_t)xml[i];
		big[3 + 2 * i] = (uint8_t)xml[i];
	}
	look_bytes("a.xml", ward_span_of(little, sizeof(little) - 2));
	assert_int_equal(seen.traits, WARD_TRAIT_EXTERNAL);
	look_bytes("a.xml", ward_span_of(big, sizeof(big) - 2));
	assert_int_equal(seen.traits, WARD_TRAIT_EXTERNAL);
	check("a.xml", "\xEF\xBB\xBF<ddeLink/>", WARD_TRAIT_EXTERNAL, "");
}

static void
test_limits(void **state)
{
	struct ward_buf xml;

	(void)state;
	ward_buf_init(&xml, 1 << 20, NULL);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(ward_buf_str(&xml, "<a:ocx classid='x'/><instrText>1234567890"
						    "1234567890</instrText>"),
				 WARD_OK);
	look_bytes("word/document.xml", ward_buf_span(&xml));
	assert_non_null(strstr(seen.text, "gap size"));
	/* 64 facts of 16 bytes, one gap. */
	assert_true(strlen(seen.text) < 64 * 17 + 20);
	ward_buf_done(&xml);
}

static enum ward_rc
refuse(void *ctx, uint64_t produced, uint64_t consumed)
{
	(void)ctx;
	(void)produced;
	(void)consumed;
	return WARD_E_LIMIT;
}

static void
test_asks_for_time(void **state)
{
	struct ward_sink sink = {.charge = refuse};
	char *xml = malloc(40001);

	(void)state;
	assert_non_null(xml);
	for (size_t i = 0; i < 40000; i += 4)
		memcpy(xml + i, "<a/>", 5);
	assert_int_equal(ward_ooxml_part("x", ward_span_str(xml), &sink), WARD_E_LIMIT);
	free(xml);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_macro_parts),   cmocka_unit_test(test_external_targets),
		cmocka_unit_test(test_dde),	      cmocka_unit_test(test_runs_on_opening),
		cmocka_unit_test(test_encodings),     cmocka_unit_test(test_limits),
		cmocka_unit_test(test_asks_for_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
