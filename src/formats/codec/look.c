/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "formats/codec/blob.h"

static const struct {
	const char *bytes;
	size_t len;
} magics[] = {
	{"MZ", 2},
	{"\x7f"
	 "ELF",
	 4},
	{"PK\3\4", 4},
	{"\x1f\x8b\x08", 3},
	{"%PDF-", 5},
	{"BZh", 3},
	{"\xfd"
	 "7zXZ",
	 5},
	{"\x28\xb5\x2f\xfd", 4},
	{"\xd0\xcf\x11\xe0", 4},
	{"Rar!", 4},
	{"7z\xbc\xaf", 4},
	{"\xca\xfe\xba\xbe", 4},
	{"\xcf\xfa\xed\xfe", 4},
	{"MSCF", 4},
	{"dex\n", 4},
};

static bool
is_known(struct ward_span s)
{
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (ward_span_starts(s, magics[i].bytes, magics[i].len))
			return true;
	return false;
}

static bool
is_printable(uint8_t c)
{
	return (c >= ' ' && c < 0x7f) || c == '\n' || c == '\r' || c == '\t';
}

/* RFC 1950: method 8 with a window up to 32 KiB, header divisible by 31. */
static bool
is_zlib(struct ward_span s)
{
	return s.len > 2 && (s.data[0] & 15) == 8 && s.data[0] >> 4 <= 7 &&
	       (s.data[0] << 8 | s.data[1]) % 31 == 0 && s.data[0] == 0x78;
}

enum ward_codec_look
ward_codec_look(struct ward_span bytes)
{
	struct ward_span s = ward_span_cut(bytes, 0, 48);
	size_t printable = 0, wide = 0;

	if (s.len < 4)
		return WARD_CODEC_LOOK_NOISE;
	if (is_known(s))
		return WARD_CODEC_LOOK_KNOWN;
	for (size_t i = 0; i < s.len; i++)
		printable += is_printable(s.data[i]);
	for (size_t i = 0; i + 1 < s.len; i += 2)
		wide += is_printable(s.data[i]) && s.data[i + 1] == 0;
	if (printable * 20 >= s.len * 19)
		return WARD_CODEC_LOOK_TEXT;
	if (wide * 2 * 10 >= s.len * 9)
		return WARD_CODEC_LOOK_UTF16;
	return is_zlib(s) ? WARD_CODEC_LOOK_ZLIB : WARD_CODEC_LOOK_NOISE;
}
