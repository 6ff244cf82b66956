/* SPDX-License-Identifier: Apache-2.0 */
#include "ml/features/bytes.h"

#include <math.h>

#include "base/text.h"

enum { STRING_MIN = 4, WORD_MIN = 4, BASE64_MIN = 40, HEX_MIN = 32, BUCKETS = 64 };

struct sums {
	uint64_t bytes[256];
	uint64_t words[BUCKETS];
	uint64_t total, count, longest;
};

static bool
is_printable(uint8_t c)
{
	return c >= 0x20 && c < 0x7f;
}

static bool
is_word(uint8_t c)
{
	return ward_text_is_alnum(c) || c == '_';
}

static bool
is_base64(uint8_t c)
{
	return ward_text_is_alnum(c) || c == '+' || c == '/' || c == '=';
}

static bool
is_hex(uint8_t c)
{
	return ward_text_hex_value(c) >= 0;
}

static bool
all_are(struct ward_span s, bool (*is)(uint8_t))
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!is(s.data[i]))
			return false;
	return true;
}

static bool
is_address(struct ward_span s)
{
	struct ward_span part;
	uint64_t value;
	unsigned n = 0;

	if (s.len > 15 || s.data[s.len - 1] == '.')
		return false;
	while (ward_text_split(&s, '.', &part)) {
		if (!ward_text_u64(part, &value) || value > 255)
			return false;
		n++;
	}
	return n == 4;
}

static bool
is_path(struct ward_span s)
{
	return s.data[0] == '/' || (s.data[1] == ':' && s.data[2] == '\\');
}

static void
count_words(struct ward_span s, struct sums *sums, struct ward_bytes_row *row)
{
	size_t i = 0, start;

	while (i < s.len) {
		enum ward_word_group group;
		struct ward_span word;

		for (; i < s.len && !is_word(s.data[i]); i++)
			;
		for (start = i; i < s.len && is_word(s.data[i]); i++)
			;
		word = ward_span_cut(s, start, i - start);
		group = ward_word_group_of_function(word);
		if (group != WARD_WORD_GROUPS)
			row->strings_words[group]++;
		if (word.len >= WORD_MIN && word.len <= WARD_WORD_MAX)
			sums->words[ward_word_bucket(word, BUCKETS)]++;
	}
}

static void
count_string(struct ward_span s, struct sums *sums, struct ward_bytes_row *row)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		sums->bytes[s.data[i]]++;
	sums->total += s.len;
	sums->count++;
	sums->longest = s.len > sums->longest ? s.len : sums->longest;
	row->strings_url[0] += ward_text_find_nocase(s, ward_span_str("http"), 0) != SIZE_MAX ||
			       ward_text_find_nocase(s, ward_span_str("www."), 0) != SIZE_MAX;
	row->strings_ip[0] += is_address(s);
	row->strings_path[0] += is_path(s);
	row->strings_base64[0] += s.len >= BASE64_MIN && all_are(s, is_base64);
	row->strings_hex[0] += s.len >= HEX_MIN && all_are(s, is_hex);
	count_words(s, sums, row);
}

static void
set_sums(const struct sums *sums, size_t size, struct ward_bytes_row *row)
{
	double total = sums->total ? (double)sums->total : 1, h = 0;
	size_t i;

	for (i = 0; i < 95; i++) {
		double p = (double)sums->bytes[32 + i] / total;

		row->strings_histogram[i] = (float)p;
		if (p > 0)
			h -= p * log2(p);
	}
	for (i = 0; i < BUCKETS; i++)
		row->strings_hash[i] = (float)log2(1 + (double)sums->words[i]);
	row->strings[0] = (float)sums->count;
	row->strings_share[0] = size ? (float)((double)sums->total / (double)size) : 0;
	row->strings_mean[0] = sums->count ? (float)((double)sums->total / (double)sums->count) : 0;
	row->strings_longest[0] = (float)sums->longest;
	row->strings_entropy[0] = (float)(h > 0 ? h : 0);
}

void
ward_strings_row_make(struct ward_span in, struct ward_bytes_row *row)
{
	struct sums sums = {.count = 0};
	size_t i = 0, start;

	while (i < in.len) {
		for (; i < in.len && !is_printable(in.data[i]); i++)
			;
		for (start = i; i < in.len && is_printable(in.data[i]); i++)
			;
		if (i - start >= STRING_MIN)
			count_string(ward_span_cut(in, start, i - start), &sums, row);
	}
	set_sums(&sums, in.len, row);
}
