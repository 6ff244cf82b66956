/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/value.h"

#include "base/text.h"

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit sizes[] = {{"", 1},
				    {"K", UINT64_C(1) << 10},
				    {"M", UINT64_C(1) << 20},
				    {"G", UINT64_C(1) << 30},
				    {"T", UINT64_C(1) << 40},
				    {NULL, 0}};
static const struct unit times[] = {{"ms", 1},	    {"s", 1000},     {"m", 60000},
				    {"h", 3600000}, {"d", 86400000}, {NULL, 0}};

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
with_unit(struct ward_span text, const struct unit *units, uint64_t *ret)
{
	uint64_t number;
	size_t n = 0;

	while (n < text.len && is_digit(text.data[n]))
		n++;
	if (!ward_text_u64(ward_span_cut(text, 0, n), &number))
		return false;
	text = ward_span_cut(text, n, text.len);
	for (; units->name; units++)
		if (ward_span_eq(text, ward_span_str(units->name)))
			break;
	if (!units->name || __builtin_mul_overflow(number, units->factor, &number))
		return false;
	*ret = number;
	return true;
}

bool
ward_value_size(struct ward_span text, uint64_t *ret)
{
	return with_unit(text, sizes, ret);
}

bool
ward_value_time(struct ward_span text, uint64_t *ret)
{
	if (ward_span_eq(text, ward_span_str("0"))) {
		*ret = 0;
		return true;
	}
	return with_unit(text, times, ret);
}

bool
ward_value_clock(struct ward_span text, uint64_t *ret)
{
	uint64_t hours, minutes;

	if (text.len != 5 || text.data[2] != ':' ||
	    !ward_text_u64(ward_span_cut(text, 0, 2), &hours) ||
	    !ward_text_u64(ward_span_cut(text, 3, 2), &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret = hours * 60 + minutes;
	return true;
}

static enum ward_rc
print_unit(uint64_t value, const struct unit *units, struct ward_buf *out)
{
	const struct unit *best = units;

	for (; units->name; units++)
		if (value % units->factor == 0)
			best = units;
	return ward_buf_printf(out, "%llu%s", (unsigned long long)(value / best->factor),
			       best->name);
}

enum ward_rc
ward_value_print_size(uint64_t bytes, struct ward_buf *out)
{
	return bytes ? print_unit(bytes, sizes, out) : ward_buf_byte(out, '0');
}

enum ward_rc
ward_value_print_time(uint64_t ms, struct ward_buf *out)
{
	return ms ? print_unit(ms, times, out) : ward_buf_byte(out, '0');
}

int
ward_value_word(const struct ward_setting *s, struct ward_span text)
{
	for (size_t i = 0; i < s->word_count; i++)
		if (ward_span_eq(text, ward_span_str(s->words[i].word)))
			return (int)i;
	return -1;
}

/* --- texts with a form --- */

/* Names and addresses as they stand in URLs; what they mean is the resolver's business. */
static bool
is_host(struct ward_span s)
{
	bool brackets = s.len > 2 && s.data[0] == '[' && s.data[s.len - 1] == ']';

	if (brackets)
		s = ward_span_cut(s, 1, s.len - 2);
	for (size_t i = 0; i < s.len; i++)
		if (!ward_text_is_alnum(s.data[i]) && s.data[i] != '.' && s.data[i] != '-' &&
		    !(brackets && s.data[i] == ':'))
			return false;
	return s.len > 0 && s.len <= 253;
}

static bool
is_host_port(struct ward_span s)
{
	uint64_t port;
	size_t colon = s.len;

	while (colon > 0 && s.data[colon - 1] != ':')
		colon--;
	return colon > 0 && s.len - colon <= 5 &&
	       ward_text_u64(ward_span_cut(s, colon, s.len), &port) && port >= 1 && port <= 65535 &&
	       is_host(ward_span_cut(s, 0, colon - 1));
}

static bool
is_proxy(struct ward_span s)
{
	static const char *const schemes[] = {"http://", "https://", "socks5h://"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t n = strlen(schemes[i]);

		if (ward_span_starts(s, schemes[i], n))
			return is_host_port(ward_span_cut(s, n, s.len));
	}
	return false;
}

/* Absolute, without parts that make one place have two names. */
static bool
is_path(struct ward_span s)
{
	struct ward_span rest = ward_span_cut(s, 1, s.len), part;

	if (s.len < 2 || s.len > 4095 || s.data[0] != '/' || s.data[s.len - 1] == '/')
		return false;
	while (ward_text_split(&rest, '/', &part))
		if (part.len == 0 || ward_span_eq(part, ward_span_str(".")) ||
		    ward_span_eq(part, ward_span_str("..")))
			return false;
	return true;
}

static bool
is_filesystem(struct ward_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!(s.data[i] >= 'a' && s.data[i] <= 'z') && !is_digit(s.data[i]) &&
		    s.data[i] != '_' && s.data[i] != '-' && s.data[i] != '.')
			return false;
	return s.len > 0 && s.len <= 32;
}

static bool
is_sha256(struct ward_span s)
{
	uint8_t digest[32];

	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] >= 'A' && s.data[i] <= 'Z')
			return false;
	return ward_text_unhex(s, digest, sizeof(digest));
}

/* "cloud.hold" or "cloud.*" */
static bool
is_setting(struct ward_span s)
{
	for (size_t i = 0; i < ward_setting_count; i++) {
		const struct ward_setting *one = &ward_settings[i];
		size_t n = strlen(one->section);

		if (one->organisation_only)
			continue;
		if (ward_span_eq(s, ward_span_str(one->path)) ||
		    (s.len == n + 2 && ward_span_starts(s, one->path, n + 1) &&
		     s.data[n + 1] == '*'))
			return true;
	}
	return false;
}

static const struct {
	bool (*good)(struct ward_span text);
	const char *expected, *pattern;
} checks[] = {
	[WARD_CHECK_NONE] = {NULL, NULL, NULL},
	[WARD_CHECK_SERVER] = {is_host_port, "a host and port, like cloud.example.org:7443",
			       "^(\\[[0-9A-Za-z.:-]+\\]|[0-9A-Za-z.-]+):[0-9]{1,5}$"},
	[WARD_CHECK_PROXY] = {is_proxy, "a URL like http://proxy.example.org:3128",
			      "^(http|https|socks5h)://(\\[[0-9A-Za-z.:-]+\\]|[0-9A-Za-z.-]+):"
			      "[0-9]{1,5}$"},
	[WARD_CHECK_PATH] = {is_path, "an absolute path without empty parts, . and ..",
			     "^(/(?!\\.\\.?(/|$))[^/]+)+$"},
	[WARD_CHECK_FILESYSTEM] = {is_filesystem,
				   "a type of file system, or one of local, network and fuse",
				   "^[a-z0-9_.-]{1,32}$"},
	[WARD_CHECK_SHA256] = {is_sha256, "64 hex digits, in lower case", "^[0-9a-f]{64}$"},
	[WARD_CHECK_SETTING] = {is_setting, "a setting like cloud.hold, or a section like cloud.*",
				NULL},
};

const char *
ward_value_check(enum ward_setting_check check, struct ward_span text)
{
	return !checks[check].good || checks[check].good(text) ? NULL : checks[check].expected;
}

const char *
ward_value_pattern(enum ward_setting_check check)
{
	return checks[check].pattern;
}
