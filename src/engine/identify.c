/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/identify.h"

#include "base/cursor.h"
#include "base/text.h"
#include "formats/ishield/ishield.h"

struct magic {
	enum ward_type type;
	uint8_t len;
	uint16_t offset;
	const char *bytes;
};

/* Numbers long or odd enough to stand alone; the others have a function below. */
static const struct magic magics[] = {
	{WARD_TYPE_ELF, 4, 0,
	 "\x7f"
	 "ELF"},
	{WARD_TYPE_OLE2, 8, 0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"}, /* MS-CFB 2.2 */
	{WARD_TYPE_RTF, 4, 0, "{\\rt"},
	{WARD_TYPE_DEX, 4, 0, "dex\n"},
	{WARD_TYPE_WASM, 4, 0, "\0asm"},
	{WARD_TYPE_7Z, 6, 0, "7z\xbc\xaf\x27\x1c"},
	{WARD_TYPE_RAR, 6, 0, "Rar!\x1a\x07"},
	{WARD_TYPE_XZ, 6, 0,
	 "\xfd"
	 "7zXZ\0"},
	{WARD_TYPE_ZSTD, 4, 0, "\x28\xb5\x2f\xfd"}, /* RFC 8878 */
	{WARD_TYPE_LZ4, 4, 0, "\x04\x22\x4d\x18"},
	{WARD_TYPE_AR, 8, 0, "!<arch>\n"},
	{WARD_TYPE_RPM, 4, 0, "\xed\xab\xee\xdb"},
	{WARD_TYPE_CAB, 8, 0, "MSCF\0\0\0\0"}, /* MS-CAB 2.1 */
	{WARD_TYPE_CPIO, 6, 0, "070701"},
	{WARD_TYPE_CPIO, 6, 0, "070702"},
	{WARD_TYPE_CPIO, 6, 0, "070707"},
	{WARD_TYPE_TAR, 5, 257, "ustar"},
	{WARD_TYPE_MACHO, 4, 0, "\xfe\xed\xfa\xce"},
	{WARD_TYPE_MACHO, 4, 0, "\xfe\xed\xfa\xcf"},
	{WARD_TYPE_MACHO, 4, 0, "\xce\xfa\xed\xfe"},
	{WARD_TYPE_MACHO, 4, 0, "\xcf\xfa\xed\xfe"},
	{WARD_TYPE_CHM, 4, 0, "ITSF"},
	{WARD_TYPE_SZDD, 8, 0, "SZDD\x88\xf0\x27\x33"},
	{WARD_TYPE_SZDD, 4, 0, "KWAJ"},
	{WARD_TYPE_SIS, 4, 8, "\x19\x04\x00\x10"}, /* UID3 of an installation file */
	{WARD_TYPE_SIS, 4, 0, "\x7a\x1a\x20\x10"},
	{WARD_TYPE_TNEF, 4, 0, "\x78\x9f\x3e\x22"}, /* MS-OXTNEF 2.1.3.1 */
	{WARD_TYPE_ISCAB, 4, 0, "ISc("},
	{WARD_TYPE_NSIS, 16, 4, "\xef\xbe\xad\xdeNullsoftInst"},
	{WARD_TYPE_AUTOIT, 16, 0,
	 "\xa3\x48\x4b\xbe\x98\x6c\x4a\xa9\x99\x4c\x53\x0a\x86\xd6\x48"
	 "\x7d"},
	{WARD_TYPE_ACE, 7, 7, "**ACE**"},
	{WARD_TYPE_ONENOTE, 16, 0,
	 "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96"
	 "\xd3"}, /* MS-ONESTORE 2.3.1 */
	{WARD_TYPE_IMAGE, 8, 0, "\x89PNG\r\n\x1a\n"},
	{WARD_TYPE_IMAGE, 3, 0, "\xff\xd8\xff"},
	{WARD_TYPE_IMAGE, 5, 0, "GIF87"},
	{WARD_TYPE_IMAGE, 5, 0, "GIF89"},
	{WARD_TYPE_IMAGE, 4, 0, "II*\0"},
	{WARD_TYPE_IMAGE, 4, 0, "MM\0*"},
	{WARD_TYPE_IMAGE, 4, 8, "WEBP"},
	{WARD_TYPE_MEDIA, 4, 0, "OggS"},
	{WARD_TYPE_MEDIA, 4, 0, "fLaC"},
	{WARD_TYPE_MEDIA, 4, 8, "WAVE"},
	{WARD_TYPE_MEDIA, 4, 8, "AVI "},
	{WARD_TYPE_MEDIA, 4, 4, "ftyp"},
	{WARD_TYPE_MEDIA, 4, 0, "\x1a\x45\xdf\xa3"},
	{WARD_TYPE_FONT, 4, 0, "wOFF"},
	{WARD_TYPE_FONT, 4, 0, "wOF2"},
	{WARD_TYPE_FONT, 4, 0, "OTTO"},
	{WARD_TYPE_FONT, 5, 0, "\0\1\0\0\0"},
};

static bool
has(struct ward_span in, uint64_t offset, const char *bytes, size_t len)
{
	return ward_span_has(in, offset, len) && memcmp(in.data + offset, bytes, len) == 0;
}

/* "MZ" alone is two letters: the PE signature must be where e_lfanew points (PE format, 2). A DOS
   program without one is still an executable worth the PE reader's look only if it says so. */
static bool
is_pe(struct ward_span in)
{
	struct ward_cursor c = ward_cursor_at(in, 60);
	uint32_t at = ward_cursor_u32le(&c);

	return has(in, 0, "MZ", 2) && ward_cursor_ok(&c) && has(in, at, "PE\0\0", 4);
}

/* RFC 1952: magic, deflate, reserved flag bits zero. */
static bool
is_gzip(struct ward_span in)
{
	return in.len >= 18 && has(in, 0, "\x1f\x8b\x08", 3) && (in.data[3] & 0xe0) == 0;
}

/* "BZh", level, then the block or end-of-stream magic. */
static bool
is_bzip2(struct ward_span in)
{
	return has(in, 0, "BZh", 3) && in.len >= 10 && in.data[3] >= '1' && in.data[3] <= '9' &&
	       (has(in, 4, "1AY&SY", 6) || has(in, 4, "\x17\x72\x45\x38\x50\x90", 6));
}

/* .lzma has no magic: properties 0x5d, a power-of-two dictionary, a plausible size. */
static bool
is_lzma(struct ward_span in)
{
	struct ward_cursor c = ward_cursor_of(in);
	uint8_t properties = ward_cursor_u8(&c);
	uint32_t dictionary = ward_cursor_u32le(&c);
	uint64_t size = ward_cursor_u64le(&c);

	return ward_cursor_ok(&c) && properties == 0x5d && dictionary >= 4096 &&
	       (dictionary & (dictionary - 1)) == 0 && ward_cursor_peek(&c) == 0 &&
	       (size == UINT64_MAX || size < (1ull << 38));
}

static bool
is_compress(struct ward_span in)
{
	return in.len > 5 && has(in, 0, "\x1f\x9d", 2) && (in.data[2] & 0x60) == 0 &&
	       (in.data[2] & 0x1f) >= 9 && (in.data[2] & 0x1f) <= 16;
}

/* Old cpio, both byte orders: magic, then a mode whose file type bits exist, then a name size. */
static bool
is_binary_cpio(struct ward_span in)
{
	bool big = has(in, 0, "\x71\xc7", 2);
	struct ward_cursor c = ward_cursor_at(in, 6);
	uint16_t mode, name_size;

	if (!big && !has(in, 0, "\xc7\x71", 2))
		return false;
	mode = big ? ward_cursor_u16be(&c) : ward_cursor_u16le(&c);
	ward_cursor_seek(&c, 20);
	name_size = big ? ward_cursor_u16be(&c) : ward_cursor_u16le(&c);
	return ward_cursor_ok(&c) && (mode & 0xf000) != 0 && name_size > 0 && name_size < 4096 &&
	       has(in, 26u + name_size - 1, "\0", 1);
}

/* Pre-POSIX tar: no magic, but the header's own checksum must be right (POSIX.1-1988 ustar, sum of
   the 512 bytes with the checksum field taken as spaces). */
static bool
is_old_tar(struct ward_span in)
{
	uint32_t sum = 0, said = 0;
	size_t i = 148;

	if (in.len < 512 || in.data[0] == 0)
		return false;
	for (size_t k = 0; k < 512; k++)
		sum += k >= 148 && k < 156 ? ' ' : in.data[k];
	while (i < 156 && in.data[i] == ' ')
		i++;
	for (; i < 156 && in.data[i] >= '0' && in.data[i] <= '7'; i++)
		said = said * 8 + (uint32_t)(in.data[i] - '0');
	return said == sum && i > 149;
}

static bool
is_java_class(struct ward_span in)
{
	struct ward_cursor c = ward_cursor_at(in, 6);
	uint16_t major = ward_cursor_u16be(&c);

	/* A fat Mach-O has the same magic and a small count where the version is. */
	return has(in, 0, "\xca\xfe\xba\xbe", 4) && ward_cursor_ok(&c) && major >= 43;
}

static bool
is_fat_macho(struct ward_span in)
{
	struct ward_cursor c = ward_cursor_at(in, 4);
	uint32_t count = ward_cursor_u32be(&c);

	return has(in, 0, "\xca\xfe\xba\xbe", 4) && ward_cursor_ok(&c) && count > 0 && count < 43;
}

/* "%PDF-" within the first 1024 bytes, as readers accept it (ISO 32000-1, implementation note 13). */
static bool
is_pdf(struct ward_span in)
{
	return ward_text_find(ward_span_cut(in, 0, 1024), ward_span_str("%PDF-"), 0) != SIZE_MAX;
}

/* Magic, then the size of a basic header of a kind that exists, then the archive header's own type. */
static bool
is_arj(struct ward_span in)
{
	struct ward_cursor c = ward_cursor_at(in, 2);
	uint16_t size = ward_cursor_u16le(&c);
	uint8_t first = ward_cursor_u8(&c);

	return has(in, 0, "\x60\xea", 2) && ward_cursor_ok(&c) && size >= 30 && size <= 2600 &&
	       first >= 30 && first <= size && has(in, 10, "\x02", 1);
}

/* "-lh5-" and its relatives at 2, after the header's size and checksum. */
static bool
is_lha(struct ward_span in)
{
	return has(in, 2, "-l", 2) && has(in, 6, "-", 1) && in.len > 22 &&
	       (in.data[4] == 'h' || in.data[4] == 'z') && ward_text_is_alnum(in.data[5]);
}

static bool
is_zip(struct ward_span in)
{
	return has(in, 0, "PK\3\4", 4) || has(in, 0, "PK\5\6", 4) || has(in, 0, "PK00PK\3\4", 8);
}

static bool
is_iso(struct ward_span in)
{
	return has(in, 32769, "CD001", 5);
}

/* An Office document's zip names its content types part first or nearly so (ECMA-376 part 2). */
static bool
is_ooxml(struct ward_span in)
{
	struct ward_span head = ward_span_cut(in, 0, 4096);

	return ward_text_find(head, ward_span_str("[Content_Types].xml"), 0) != SIZE_MAX ||
	       (ward_text_find(head, ward_span_str("_rels/.rels"), 0) != SIZE_MAX);
}

static const struct {
	enum ward_type type;
	bool (*test)(struct ward_span in);
} tests[] = {
	{WARD_TYPE_PE, is_pe},
	{WARD_TYPE_GZIP, is_gzip},
	{WARD_TYPE_BZIP2, is_bzip2},
	{WARD_TYPE_JAVA_CLASS, is_java_class},
	{WARD_TYPE_MACHO, is_fat_macho},
	{WARD_TYPE_COMPRESS, is_compress},
	{WARD_TYPE_CPIO, is_binary_cpio},
	{WARD_TYPE_LZMA, is_lzma},
	{WARD_TYPE_PDF, is_pdf},
	{WARD_TYPE_TAR, is_old_tar},
	{WARD_TYPE_ISO, is_iso},
	{WARD_TYPE_ARJ, is_arj},
	{WARD_TYPE_LHA, is_lha},
	{WARD_TYPE_ISHIELD, ward_ishield_is},
};

enum ward_type
ward_identify(struct ward_span in)
{
	if (in.len == 0)
		return WARD_TYPE_EMPTY;
	if (is_zip(in))
		return is_ooxml(in) ? WARD_TYPE_OOXML : WARD_TYPE_ZIP;
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (has(in, magics[i].offset, magics[i].bytes, magics[i].len))
			return magics[i].type;
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		if (tests[i].test(in))
			return tests[i].type;
	return ward_identify_text(in);
}
