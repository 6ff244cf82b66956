/* SPDX-License-Identifier: Apache-2.0 */
/* Values of exclusions and their times, one at a time. */
#include "policy/exclude/entry.h"

#include "base/text.h"
#include "base/utf.h"
#include "policy/exclude/glob.h"
#include "policy/exclude/read.h"

const char *
ward_exclusion_kind_name(enum ward_exclusion_kind kind)
{
	static const char *const names[] = {"path",    "glob", "extension",
					    "process", "hash", "threat"};

	return names[kind];
}

/* --- values --- */

/* Without doubled and trailing slashes. */
static const char *
normalise_path(struct ward_span value, struct ward_arena *arena, const char **ret)
{
	struct ward_span rest = value, part;
	char *out = ward_arena_alloc(arena, value.len + 2), *end = out;

	if (!out)
		return "too large";
	if (value.len == 0 || value.data[0] != '/' || value.len > 4095)
		return "not an absolute path";
	while (ward_text_split(&rest, '/', &part)) {
		if (ward_span_eq(part, ward_span_str(".")) ||
		    ward_span_eq(part, ward_span_str("..")))
			return "a path with the component . or ..";
		if (part.len == 0)
			continue;
		*end++ = '/';
		memcpy(end, part.data, part.len);
		end += part.len;
	}
	if (end == out)
		*end = '/';
	*ret = out;
	return NULL;
}

static const char *
copy(struct ward_span value, struct ward_arena *arena, const char **ret)
{
	char *text = ward_arena_strdup(arena, value);

	if (!text)
		return "too large";
	*ret = text;
	return NULL;
}

static const char *
normalise_glob(struct ward_span value, struct ward_arena *arena, const char **ret)
{
	struct ward_arena_mark mark = ward_arena_save(arena);
	struct ward_glob *glob = NULL;
	const char *why = "too large";

	if (ward_glob_compile(value, arena, &glob, &why) != WARD_OK)
		return why;
	ward_arena_restore(arena, mark);
	return copy(value, arena, ret);
}

static const char *
normalise_extension(struct ward_span value, struct ward_arena *arena, const char **ret)
{
	if (ward_span_starts(value, ".", 1))
		value = ward_span_cut(value, 1, value.len);
	if (value.len == 0 || value.len > 64)
		return "not an extension: 1 to 64 bytes after the dot";
	for (size_t i = 0; i < value.len; i++)
		if (strchr("/*?[]", value.data[i]))
			return "an extension has no / and no wildcards";
	return copy(value, arena, ret);
}

static const char *
normalise_hash(struct ward_span value, struct ward_arena *arena, const char **ret)
{
	uint8_t digest[32];
	char hex[65];

	if (!ward_text_unhex(value, digest, sizeof(digest)))
		return "not a SHA-256: 64 hex digits";
	ward_text_hex(ward_span_of(digest, sizeof(digest)), hex);
	return copy(ward_span_of(hex, 64), arena, ret);
}

static const char *
normalise_threat(struct ward_span value, struct ward_arena *arena, const char **ret)
{
	if (value.len == 0 || value.len > 256)
		return "not a threat's name: 1 to 256 bytes";
	return copy(value, arena, ret);
}

const char *
ward_exclusion_normalise(enum ward_exclusion_kind kind, struct ward_span value,
			 struct ward_arena *arena, const char **ret_value)
{
	static const char *(*const by_kind[])(struct ward_span, struct ward_arena *,
					      const char **) = {
		normalise_path, normalise_glob, normalise_extension,
		normalise_path, normalise_hash, normalise_threat};

	return by_kind[kind](value, arena, ret_value);
}

/* --- times (RFC 3339, UTC) --- */

/* Days since 1970-01-01 of the Gregorian calendar; from counting years from March on. */
static uint64_t
days_before(uint64_t year, uint64_t month, uint64_t day)
{
	uint64_t y = month > 2 ? year : year - 1, m = (month + 9) % 12;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day - 1 - 719468;
}

static bool
is_leap(uint64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool
read_date(struct ward_span t, uint64_t *ret_days)
{
	static const uint8_t lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	uint64_t year, month, day;

	if (t.len != 10 || t.data[4] != '-' || t.data[7] != '-' ||
	    !ward_text_u64(ward_span_cut(t, 0, 4), &year) ||
	    !ward_text_u64(ward_span_cut(t, 5, 2), &month) ||
	    !ward_text_u64(ward_span_cut(t, 8, 2), &day))
		return false;
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > lengths[month - 1] ||
	    (month == 2 && day == 29 && !is_leap(year)))
		return false;
	*ret_days = days_before(year, month, day);
	return true;
}

static bool
read_clock(struct ward_span t, uint64_t *ret_s)
{
	uint64_t h, m, s;

	if (t.len != 10 || t.data[0] != 'T' || t.data[3] != ':' || t.data[6] != ':' ||
	    t.data[9] != 'Z' || !ward_text_u64(ward_span_cut(t, 1, 2), &h) ||
	    !ward_text_u64(ward_span_cut(t, 4, 2), &m) ||
	    !ward_text_u64(ward_span_cut(t, 7, 2), &s))
		return false;
	*ret_s = h * 3600 + m * 60 + s;
	return h < 24 && m < 60 && s < 60;
}

bool
ward_exclusion_time(struct ward_span text, uint64_t *ret_s)
{
	uint64_t days, seconds = 86400;

	if (!read_date(ward_span_cut(text, 0, 10), &days) ||
	    (text.len != 10 && !read_clock(ward_span_cut(text, 10, text.len), &seconds)))
		return false;
	*ret_s = days * 86400 + seconds;
	return true;
}

enum ward_rc
ward_exclusion_print_time(uint64_t s, struct ward_buf *out)
{
	uint64_t days = s / 86400 + 719468, era = days / 146097, doe = days % 146097;
	uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	uint64_t month = mp < 10 ? mp + 3 : mp - 9, year = yoe + era * 400 + (month <= 2);

	return ward_buf_printf(out, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)year,
			       (unsigned)month, (unsigned)(doy - (153 * mp + 2) / 5 + 1),
			       (unsigned)(s / 3600 % 24), (unsigned)(s / 60 % 60),
			       (unsigned)(s % 60));
}
