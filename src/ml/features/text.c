/* SPDX-License-Identifier: Apache-2.0 */
#include "ml/features/text.h"

#include <math.h>

#include "base/cursor.h"
#include "base/text.h"
#include "formats/entropy.h"

enum {
	LONG_LINE = 1000,
	WORD_MIN = 3,
	BUCKETS = 128,
	UNIQUE_BITS = 65536,
	BASE64_MIN = 60,
	HEX_MIN = 32,
	NUMBERS_MIN = 8,
};

static float
share(uint64_t part, uint64_t whole)
{
	return whole ? (float)((double)part / (double)whole) : 0;
}

static bool
is_letter(uint8_t c)
{
	return ward_text_lower(c) >= 'a' && ward_text_lower(c) <= 'z';
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
is_word(uint8_t c)
{
	return ward_text_is_alnum(c) || c == '_';
}

/* Place among ASCII's punctuation, or -1. */
static int
punctuation_of(uint8_t c)
{
	if (c >= '!' && c <= '/')
		return c - '!';
	if (c >= ':' && c <= '@')
		return c - ':' + 15;
	if (c >= '[' && c <= '`')
		return c - '[' + 22;
	return c >= '{' && c <= '~' ? c - '{' + 28 : -1;
}

static void
count_bytes(const uint64_t counts[256], uint64_t total, struct ward_text_row *row)
{
	uint64_t letters = 0, upper = 0, vowels = 0, digits = 0, space = 0, other = 0, control = 0;
	unsigned c;

	for (c = 0; c < 256; c++) {
		uint8_t byte = (uint8_t)c;
		int place = punctuation_of(byte);

		letters += is_letter(byte) ? counts[c] : 0;
		upper += byte >= 'A' && byte <= 'Z' ? counts[c] : 0;
		vowels += byte && strchr("aeiouAEIOU", byte) ? counts[c] : 0;
		digits += is_digit(byte) ? counts[c] : 0;
		space += ward_text_is_space(byte) ? counts[c] : 0;
		other += c >= 0x80 ? counts[c] : 0;
		control += (c < 0x20 && !ward_text_is_space(byte)) || c == 0x7f ? counts[c] : 0;
		if (place >= 0)
			row->punctuation[place] = share(counts[c], total);
	}
	row->letters_share[0] = share(letters, total);
	row->upper_share[0] = share(upper, letters);
	row->vowels_share[0] = share(vowels, letters);
	row->digits_share[0] = share(digits, total);
	row->space_share[0] = share(space, total);
	row->control_share[0] = share(control, total);
	row->other_share[0] = share(other, total);
}

static bool
is_comment(struct ward_span line)
{
	static const char *const starts[] = {"#", "//", "'", ";", "--", "rem "};
	size_t i;

	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (ward_text_starts_nocase(line, starts[i]))
			return true;
	return false;
}

static void
count_lines(struct ward_span text, struct ward_text_row *row)
{
	struct ward_cursor c = ward_cursor_of(text);
	uint64_t lines = 0, bytes = 0, longest = 0, blank = 0, comments = 0, overlong = 0;
	struct ward_span line;

	while (ward_cursor_line(&c, &line)) {
		struct ward_span inner = ward_text_trim(line);

		lines++;
		bytes += line.len;
		longest = line.len > longest ? line.len : longest;
		overlong += line.len > LONG_LINE;
		blank += inner.len == 0;
		comments += is_comment(inner);
	}
	row->lines[0] = (float)lines;
	row->line_mean[0] = share(bytes, lines);
	row->line_longest[0] = (float)longest;
	row->lines_long[0] = (float)overlong;
	row->lines_blank_share[0] = share(blank, lines);
	row->lines_comment_share[0] = share(comments, lines);
}

/* ---- words ---- */

struct words {
	uint64_t count, bytes, longest, unique, mixed, shorts;
	uint64_t buckets[BUCKETS];
	uint64_t seen[UNIQUE_BITS / 64];
};

static bool
is_mixed(struct ward_span word)
{
	size_t i;

	if (!word.data || is_digit(word.data[0]))
		return false;
	for (i = 1; i < word.len; i++)
		if (is_digit(word.data[i]))
			return true;
	return false;
}

static void
add_word(struct words *w, struct ward_span word, struct ward_text_row *row)
{
	enum ward_word_group group = ward_word_group_of(word);
	unsigned bit = ward_word_bucket(word, UNIQUE_BITS);

	w->count++;
	w->bytes += word.len;
	w->longest = word.len > w->longest ? word.len : w->longest;
	w->unique += !(w->seen[bit / 64] >> (bit % 64) & 1);
	w->seen[bit / 64] |= 1ull << (bit % 64);
	w->mixed += is_mixed(word);
	w->shorts += word.len <= 2;
	if (group != WARD_WORD_GROUPS)
		row->word_groups[group]++;
	if (word.len >= WORD_MIN && word.len <= WARD_WORD_MAX)
		w->buckets[ward_word_bucket(word, BUCKETS)]++;
}

static void
count_words(struct ward_span text, struct ward_text_row *row)
{
	struct words w = {.count = 0};
	size_t i = 0, start;

	while (i < text.len) {
		for (; i < text.len && !is_word(text.data[i]); i++)
			;
		for (start = i; i < text.len && is_word(text.data[i]); i++)
			;
		if (i > start)
			add_word(&w, ward_span_cut(text, start, i - start), row);
	}
	row->words[0] = (float)w.count;
	row->word_mean[0] = share(w.bytes, w.count);
	row->word_longest[0] = (float)w.longest;
	row->words_unique_share[0] = share(w.unique, w.count);
	row->words_mixed_share[0] = share(w.mixed, w.count);
	row->words_short_share[0] = share(w.shorts, w.count);
	for (i = 0; i < BUCKETS; i++)
		row->words_hash[i] = (float)log2(1 + (double)w.buckets[i]);
}

/* ---- literals ---- */

/* Past the closing quote of the literal at `start`; SIZE_MAX when its line ends first. */
static size_t
literal_end(struct ward_span text, size_t start)
{
	size_t i;

	for (i = start + 1; i < text.len && text.data[i] != '\n'; i++) {
		if (text.data[i] == '\\')
			i++;
		else if (text.data[i] == text.data[start])
			return i + 1;
	}
	return SIZE_MAX;
}

static size_t
line_end(struct ward_span text, size_t at)
{
	while (at < text.len && text.data[at] != '\n')
		at++;
	return at;
}

static bool
is_join(struct ward_span between)
{
	between = ward_text_trim(between);
	return between.len == 1 && strchr("+&.", between.data[0]) != NULL;
}

static void
count_literals(struct ward_span text, struct ward_text_row *row)
{
	size_t i, last_end = 0, longest = 0, bytes = 0, count = 0, joined = 0;
	size_t hopeless[2] = {0, 0}; /* no such quote ends before this place */

	for (i = 0; i < text.len; i++) {
		bool doubled = text.data[i] == '"';
		size_t end;

		if ((!doubled && text.data[i] != '\'') || i < hopeless[doubled])
			continue;
		end = literal_end(text, i);
		if (end == SIZE_MAX) {
			/* an apostrophe: one look a line is enough */
			hopeless[doubled] = line_end(text, i);
			continue;
		}
		joined += count && is_join(ward_span_cut(text, last_end, i - last_end));
		longest = end - i - 2 > longest ? end - i - 2 : longest;
		bytes += end - i - 2;
		count++;
		last_end = end;
		i = end - 1;
	}
	row->literals[0] = (float)count;
	row->literals_share[0] = share(bytes, text.len);
	row->literal_longest[0] = (float)longest;
	row->literals_joined[0] = (float)joined;
}

/* ---- what hides text ---- */

static size_t
digits_at(struct ward_span text, size_t at, size_t max, bool octal)
{
	size_t n = 0;

	for (; n < max && at + n < text.len; n++) {
		uint8_t c = text.data[at + n];

		if (octal ? c < '0' || c > '7' : ward_text_hex_value(c) < 0)
			break;
	}
	return n;
}

/* Length of the escape at `at`, 0: none. */
static size_t
escape_at(struct ward_span text, size_t at)
{
	uint8_t next = at + 1 < text.len ? text.data[at + 1] : 0;

	if (text.data[at] == '%')
		return digits_at(text, at + 1, 2, false) == 2 ? 3 : 0;
	if (text.data[at] != '\\')
		return 0;
	if (next == 'x')
		return digits_at(text, at + 2, 2, false) == 2 ? 4 : 0;
	if (next == 'u')
		return digits_at(text, at + 2, 4, false) == 4 ? 6 : 0;
	return digits_at(text, at + 1, 3, true) == 3 ? 4 : 0;
}

static void
count_escapes(struct ward_span text, struct ward_text_row *row)
{
	size_t i = 0, bytes = 0;

	while (i < text.len) {
		size_t n = escape_at(text, i);

		bytes += n;
		i += n ? n : 1;
	}
	row->escapes_share[0] = share(bytes, text.len);
}

static void
count_runs(struct ward_span text, struct ward_text_row *row)
{
	size_t i, base64 = 0, hex = 0, in_base64 = 0, in_hex = 0;

	for (i = 0; i <= text.len; i++) {
		uint8_t c = i < text.len ? text.data[i] : '\n';

		if (ward_text_is_alnum(c) || c == '+' || c == '/' || c == '=') {
			base64++;
		} else {
			in_base64 += base64 >= BASE64_MIN ? base64 : 0;
			base64 = 0;
		}
		if (ward_text_hex_value(c) >= 0) {
			hex++;
		} else {
			in_hex += hex >= HEX_MIN ? hex : 0;
			hex = 0;
		}
	}
	row->base64_share[0] = share(in_base64, text.len);
	row->hex_share[0] = share(in_hex, text.len);
}

/* "12, 0x3f,7": white space does not count. */
static void
count_lists(struct ward_span text, struct ward_text_row *row)
{
	size_t i, numbers = 0;
	bool digits = false;

	for (i = 0; i <= text.len; i++) {
		uint8_t c = i < text.len ? text.data[i] : ';';

		if (is_digit(c) || (digits && (c == 'x' || ward_text_hex_value(c) >= 0))) {
			digits = true;
		} else if (c == ',' && digits) {
			numbers++;
			digits = false;
		} else if (!ward_text_is_space(c)) {
			row->number_lists[0] += numbers + digits >= NUMBERS_MIN;
			numbers = 0;
			digits = false;
		}
	}
}

/* Length of "1.2.3.4" at `at`, 0: none. */
static size_t
address_at(struct ward_span text, size_t at)
{
	size_t i = at, part;

	for (part = 0; part < 4; part++) {
		unsigned value = 0, n = 0;

		for (; i < text.len && n < 3 && is_digit(text.data[i]); i++, n++)
			value = value * 10 + text.data[i] - '0';
		if (n == 0 || value > 255)
			return 0;
		if (part < 3 && (i >= text.len || text.data[i++] != '.'))
			return 0;
	}
	return i < text.len && (is_word(text.data[i]) || text.data[i] == '.') ? 0 : i - at;
}

static void
count_addresses(struct ward_span text, struct ward_text_row *row)
{
	size_t i;

	for (i = 0; i < text.len; i++) {
		struct ward_span here = ward_span_cut(text, i, 8);
		bool begins = i == 0 || (!is_word(text.data[i - 1]) && text.data[i - 1] != '.');

		row->urls[0] += ward_text_starts_nocase(here, "http://") ||
				ward_text_starts_nocase(here, "https://");
		row->addresses[0] += begins && is_digit(text.data[i]) && address_at(text, i);
	}
}

void
ward_text_row_make(struct ward_span text, struct ward_text_row *row)
{
	uint64_t counts[256] = {0};
	size_t i;

	memset(row, 0, sizeof(*row));
	for (i = 0; i < text.len; i++)
		counts[text.data[i]]++;
	row->text_size[0] = (float)text.len;
	row->text_entropy[0] = (float)ward_entropy(text);
	count_bytes(counts, text.len, row);
	count_lines(text, row);
	count_words(text, row);
	count_literals(text, row);
	count_escapes(text, row);
	count_runs(text, row);
	count_lists(text, row);
	count_addresses(text, row);
}
