/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/ole/kind.h"

#include "base/cursor.h"

/* Class identifiers as their first field, for all of these end in the same
 * eight bytes ([MS-OFFDI], Windows' registry). */
static const struct {
	uint32_t data1;
	enum ward_ole_kind kind;
} classes[] = {
	{0x00020900, WARD_OLE_WORD},	  {0x00020906, WARD_OLE_WORD},
	{0x00020810, WARD_OLE_EXCEL},	  {0x00020820, WARD_OLE_EXCEL},
	{0x000C1082, WARD_OLE_MSI},	  {0x000C1084, WARD_OLE_MSI},
	{0x000C1086, WARD_OLE_MSI},	  {0x00020D0B, WARD_OLE_OUTLOOK},
	{0x00021A14, WARD_OLE_VISIO},	  {0x00021A13, WARD_OLE_VISIO},
	{0x00021201, WARD_OLE_PUBLISHER}, {0x0002CE02, WARD_OLE_EQUATION},
	{0x00000300, WARD_OLE_LINK},	  {0x0003000C, WARD_OLE_PACKAGE},
};

static const struct {
	const char *stream;
	enum ward_ole_kind kind;
} streams[] = {
	{"WordDocument", WARD_OLE_WORD},
	{"Workbook", WARD_OLE_EXCEL},
	{"Book", WARD_OLE_EXCEL},
	{"PowerPoint Document", WARD_OLE_POWERPOINT},
	{"EncryptedPackage", WARD_OLE_ENCRYPTED},
	{"VisioDocument", WARD_OLE_VISIO},
	{"Quill", WARD_OLE_PUBLISHER},
	{"__properties_version1.0", WARD_OLE_OUTLOOK},
	{"Equation Native", WARD_OLE_EQUATION},
	{"\x01Ole10Native", WARD_OLE_PACKAGE},
	{"_VBA_PROJECT", WARD_OLE_VBA_PROJECT},
	{"VBA", WARD_OLE_VBA_PROJECT},
};

static const char *const names[] = {
	[WARD_OLE_OTHER] = "other",
	[WARD_OLE_WORD] = "word",
	[WARD_OLE_EXCEL] = "excel",
	[WARD_OLE_POWERPOINT] = "powerpoint",
	[WARD_OLE_MSI] = "msi",
	[WARD_OLE_OUTLOOK] = "outlook",
	[WARD_OLE_VISIO] = "visio",
	[WARD_OLE_PUBLISHER] = "publisher",
	[WARD_OLE_EQUATION] = "equation",
	[WARD_OLE_LINK] = "link",
	[WARD_OLE_PACKAGE] = "package",
	[WARD_OLE_ENCRYPTED] = "encrypted",
	[WARD_OLE_VBA_PROJECT] = "vba-project",
};

static enum ward_ole_kind
kind_of_class(struct ward_span clsid)
{
	static const uint8_t tail[12] = {0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46};
	static const uint8_t slides[16] = {0x10, 0x8D, 0x81, 0x64, 0x9B, 0x4F, 0xCF, 0x11,
					   0x86, 0xEA, 0x00, 0xAA, 0x00, 0xB9, 0x29, 0xE8};
	struct ward_cursor c = ward_cursor_of(clsid);
	uint32_t data1 = ward_cursor_u32le(&c);

	if (ward_span_starts(clsid, slides, sizeof(slides)))
		return WARD_OLE_POWERPOINT;
	if (!ward_span_starts(ward_span_cut(clsid, 4, 12), tail, sizeof(tail)))
		return WARD_OLE_OTHER;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].data1 == data1)
			return classes[i].kind;
	return WARD_OLE_OTHER;
}

static enum ward_ole_kind
kind_of_streams(const struct ward_cfb *cfb)
{
	for (size_t s = 0; s < sizeof(streams) / sizeof(streams[0]); s++)
		for (uint32_t i = 1; i < cfb->entries_len; i++)
			if (ward_cfb_named(cfb, i, streams[s].stream))
				return streams[s].kind;
	return WARD_OLE_OTHER;
}

enum ward_ole_kind
ward_ole_kind_of(const struct ward_cfb *cfb)
{
	enum ward_ole_kind kind = kind_of_class(cfb->entries[0].clsid);

	return kind != WARD_OLE_OTHER ? kind : kind_of_streams(cfb);
}

void
ward_ole_kind_report(const struct ward_cfb *cfb, enum ward_ole_kind kind,
		     const struct ward_sink *sink)
{
	struct ward_cursor c = ward_cursor_of(cfb->entries[0].clsid);
	uint32_t data1 = ward_cursor_u32le(&c);
	uint16_t data2 = ward_cursor_u16le(&c);
	uint16_t data3 = ward_cursor_u16le(&c);
	uint64_t data4 = ward_cursor_u64be(&c);

	ward_sink_fact(sink, "ole.kind", "%s", names[kind]);
	if (data1 || data2 || data3 || data4)
		ward_sink_fact(sink, "ole.clsid", "%08X-%04X-%04X-%04X-%012llX", data1, data2,
			       data3, (unsigned)(data4 >> 48),
			       (unsigned long long)(data4 & 0xFFFFFFFFFFFFull));
}
