/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/archive/kind.h"

#include "base/cursor.h"

enum {
	TAR_BLOCK = 512,
	TAR_CHKSUM = 148,
	TAR_CHKSUM_LEN = 8,
	ISO_MAGIC = 16 * 2048 + 1,
	ZIP_END = 22,
	ZIP_COMMENT_MAX = 65535,
};

struct magic {
	enum ward_archive_kind kind;
	uint8_t len;
	uint8_t bytes[8];
};

/* zip: APPNOTE 4.3.7, 4.3.16, 8.5.4; 7z: 7zFormat.txt; rar: RAR technotes; cab: [MS-CAB] 2.1;
 * cpio: cpio(5); gzip: RFC 1952; xz: xz-file-format.txt; zstd: RFC 8878; lz4: frame format;
 * rpm: RPM file format, lead. */
static const struct magic magics[] = {
	{WARD_ARCHIVE_ZIP, 4, {'P', 'K', 3, 4}},
	{WARD_ARCHIVE_ZIP, 4, {'P', 'K', 5, 6}},
	{WARD_ARCHIVE_ZIP, 4, {'P', 'K', 7, 8}},
	{WARD_ARCHIVE_ZIP, 4, {'P', 'K', '0', '0'}},
	{WARD_ARCHIVE_7Z, 6, {'7', 'z', 0xbc, 0xaf, 0x27, 0x1c}},
	{WARD_ARCHIVE_RAR5, 8, {'R', 'a', 'r', '!', 0x1a, 7, 1, 0}},
	{WARD_ARCHIVE_RAR, 7, {'R', 'a', 'r', '!', 0x1a, 7, 0}},
	{WARD_ARCHIVE_CAB, 8, {'M', 'S', 'C', 'F', 0, 0, 0, 0}},
	{WARD_ARCHIVE_AR, 8, {'!', '<', 'a', 'r', 'c', 'h', '>', '\n'}},
	{WARD_ARCHIVE_CPIO, 6, {'0', '7', '0', '7', '0', '1'}},
	{WARD_ARCHIVE_CPIO, 6, {'0', '7', '0', '7', '0', '2'}},
	{WARD_ARCHIVE_CPIO, 6, {'0', '7', '0', '7', '0', '7'}},
	{WARD_ARCHIVE_CPIO, 2, {0xc7, 0x71}},
	{WARD_ARCHIVE_CPIO, 2, {0x71, 0xc7}},
	{WARD_ARCHIVE_RPM, 4, {0xed, 0xab, 0xee, 0xdb}},
	{WARD_ARCHIVE_GZIP, 3, {0x1f, 0x8b, 8}},
	{WARD_ARCHIVE_BZIP2, 3, {'B', 'Z', 'h'}},
	{WARD_ARCHIVE_XZ, 6, {0xfd, '7', 'z', 'X', 'Z', 0}},
	{WARD_ARCHIVE_ZSTD, 4, {0x28, 0xb5, 0x2f, 0xfd}},
	{WARD_ARCHIVE_LZ4, 4, {0x04, 0x22, 0x4d, 0x18}},
	{WARD_ARCHIVE_LZ4, 4, {0x02, 0x21, 0x4c, 0x18}},
	{WARD_ARCHIVE_COMPRESS, 2, {0x1f, 0x9d}},
};

bool
ward_archive_is_stream(enum ward_archive_kind kind)
{
	return kind >= WARD_ARCHIVE_GZIP;
}

static enum ward_archive_kind
kind_by_magic(struct ward_span in)
{
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (ward_span_starts(in, magics[i].bytes, magics[i].len))
			return magics[i].kind;
	return WARD_ARCHIVE_NONE;
}

/* Octal digits between blanks, as tar(5) writes numbers. */
static uint32_t
tar_octal(struct ward_span field)
{
	struct ward_cursor c = ward_cursor_of(field);
	uint32_t value = 0;

	while (ward_cursor_peek(&c) == ' ')
		ward_cursor_skip(&c, 1);
	while (ward_cursor_peek(&c) >= '0' && ward_cursor_peek(&c) <= '7')
		value = value * 8 + (uint32_t)(ward_cursor_u8(&c) - '0');
	return value;
}

bool
ward_archive_is_tar(struct ward_span in)
{
	struct ward_cursor c = ward_cursor_of(in);
	uint32_t sum = 0;

	if (in.len < TAR_BLOCK || ward_cursor_peek(&c) == 0)
		return false;
	for (uint32_t i = 0; i < TAR_BLOCK; i++) {
		uint8_t byte = ward_cursor_u8(&c);
		bool blank = i >= TAR_CHKSUM && i < TAR_CHKSUM + TAR_CHKSUM_LEN;

		sum += blank ? ' ' : byte;
	}
	return sum == tar_octal(ward_span_cut(in, TAR_CHKSUM, TAR_CHKSUM_LEN));
}

/* The end record may be anywhere in the last 64 KiB: a comment may follow it, and so may any
 * garbage that an unpacker forgives. */
static bool
has_zip_end(struct ward_span in)
{
	static const uint8_t magic[4] = {'P', 'K', 5, 6};
	size_t look = ZIP_END + ZIP_COMMENT_MAX;
	size_t from = in.len > look ? in.len - look : 0;
	struct ward_span tail = ward_span_cut(in, from, look);

	for (size_t i = 0; i + ZIP_END <= tail.len; i++)
		if (tail.data[i] == 'P' &&
		    ward_span_starts(ward_span_cut(tail, i, 4), magic, sizeof(magic)))
			return true;
	return false;
}

/* LZMA_Alone has no magic (lzma-file-format.txt 1.1): properties, dictionary, size must all be
 * such as an encoder writes. */
static bool
is_lzma(struct ward_span in)
{
	struct ward_cursor c = ward_cursor_of(in);
	uint8_t props = ward_cursor_u8(&c);
	uint32_t dict = ward_cursor_u32le(&c);
	uint64_t size = ward_cursor_u64le(&c);
	uint8_t first = ward_cursor_u8(&c);
	uint32_t low;

	if (!ward_cursor_ok(&c) || props > (4 * 5 + 4) * 9 + 8 || dict < 4096 || first != 0)
		return false;
	low = dict & (~dict + 1);
	if (dict != low && dict != low * 3 && dict != UINT32_MAX)
		return false;
	return size == UINT64_MAX || size < (uint64_t)1 << 38;
}

uint32_t
ward_archive_lzma_dictionary(struct ward_span in)
{
	struct ward_cursor c = ward_cursor_at(in, 1);

	return ward_cursor_u32le(&c);
}

static size_t
add_kind(enum ward_archive_kind kinds[], size_t n, enum ward_archive_kind kind)
{
	for (size_t i = 0; i < n; i++)
		if (kinds[i] == kind)
			return n;
	if (n < WARD_ARCHIVE_KINDS_MAX)
		kinds[n++] = kind;
	return n;
}

size_t
ward_archive_kinds(struct ward_span in, enum ward_archive_kind ret_kinds[WARD_ARCHIVE_KINDS_MAX])
{
	static const uint8_t iso[5] = {'C', 'D', '0', '0', '1'};
	enum ward_archive_kind first = kind_by_magic(in);
	size_t n = 0;

	if (first != WARD_ARCHIVE_NONE)
		ret_kinds[n++] = first;
	else if (ward_archive_is_tar(in))
		ret_kinds[n++] = WARD_ARCHIVE_TAR;
	if (ward_span_starts(ward_span_cut(in, ISO_MAGIC, sizeof(iso)), iso, sizeof(iso)))
		n = add_kind(ret_kinds, n, WARD_ARCHIVE_ISO);
	if (has_zip_end(in))
		n = add_kind(ret_kinds, n, WARD_ARCHIVE_ZIP);
	if (n == 0 && is_lzma(in))
		ret_kinds[n++] = WARD_ARCHIVE_LZMA;
	return n;
}
