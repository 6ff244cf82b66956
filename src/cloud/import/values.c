/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/import/values.h"

#include <time.h>

#include "base/cursor.h"
#include "base/text.h"

/* --- times --- */

/* 1973 to 5138: a shorter number is a year or a day. */
#define SECONDS_MIN UINT64_C(100000000)
#define SECONDS_MAX UINT64_C(100000000000)

/* Exactly `digits` digits at the cursor; -1. */
static int
number(struct ward_cursor *c, unsigned digits)
{
	struct ward_span s = ward_cursor_bytes(c, digits);
	uint64_t n;

	return s.len == digits && ward_text_u64(s, &n) ? (int)n : -1;
}

static bool
separator(struct ward_cursor *c, const char *any)
{
	int next = ward_cursor_peek(c);

	if (next <= 0 || !strchr(any, next))
		return false;
	ward_cursor_skip(c, 1);
	return true;
}

static bool
date(struct ward_cursor *c, int64_t *ret_days)
{
	int y = number(c, 4), m, d;
	struct tm t;

	if (!separator(c, "-"))
		return false;
	m = number(c, 2);
	if (!separator(c, "-"))
		return false;
	d = number(c, 2);
	t = (struct tm){.tm_year = y - 1900, .tm_mon = m - 1, .tm_mday = d};
	*ret_days = (int64_t)timegm(&t) / 86400;
	return y >= 1970 && m >= 1 && m <= 12 && d >= 1 && d <= 31;
}

/* hh:mm, perhaps :ss and a fraction, in seconds. */
static bool
clock_time(struct ward_cursor *c, int64_t *ret_seconds)
{
	int h = number(c, 2), m, s = 0;

	if (!separator(c, ":"))
		return false;
	m = number(c, 2);
	if (separator(c, ":"))
		s = number(c, 2);
	if (separator(c, "."))
		while (ward_cursor_peek(c) >= '0' && ward_cursor_peek(c) <= '9')
			ward_cursor_skip(c, 1);
	*ret_seconds = h * 3600 + m * 60 + s;
	return h >= 0 && h < 24 && m >= 0 && m < 60 && s >= 0 && s <= 60;
}

/* Seconds to take away for a zone; nothing is UTC. */
static bool
zone(struct ward_cursor *c, int64_t *ret_seconds)
{
	int sign = ward_cursor_peek(c), h, m;

	*ret_seconds = 0;
	if (sign < 0 || separator(c, "Zz"))
		return true;
	if (!separator(c, "+-"))
		return false;
	h = number(c, 2);
	(void)separator(c, ":");
	m = number(c, 2);
	*ret_seconds = (h * 3600 + m * 60) * (sign == '-' ? -1 : 1);
	return h >= 0 && h < 24 && m >= 0 && m < 60;
}

bool
ward_import_time(struct ward_span text, uint64_t *ret_ms)
{
	struct ward_cursor c = ward_cursor_of(ward_text_trim(text));
	int64_t days, seconds = 0, away = 0;
	uint64_t plain;

	if (ward_text_u64(c.in, &plain) && plain >= SECONDS_MIN && plain < SECONDS_MAX) {
		*ret_ms = plain * 1000;
		return true;
	}
	if (!date(&c, &days))
		return false;
	if (separator(&c, "Tt ") && (!clock_time(&c, &seconds) || !zone(&c, &away)))
		return false;
	if (!ward_cursor_ok(&c) || ward_cursor_left(&c) > 0 || days * 86400 + seconds < away)
		return false;
	*ret_ms = (uint64_t)(days * 86400 + seconds - away) * 1000;
	return true;
}

/* --- words --- */

void
ward_import_word(struct ward_span text, char ret_word[WARD_IMPORT_WORD])
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (!ward_text_is_alnum(text.data[i]))
			continue;
		if (n == WARD_IMPORT_WORD - 1) {
			n = 0;
			break;
		}
		ret_word[n++] = (char)ward_text_lower(text.data[i]);
	}
	ret_word[n] = 0;
}

int
ward_import_confidence(struct ward_span text)
{
	static const struct {
		const char *word;
		int confidence;
	} words[] = {{"low", 300}, {"medium", 600}, {"moderate", 600}, {"high", 900}};
	char word[WARD_IMPORT_WORD];
	uint64_t n;

	text = ward_text_trim(text);
	if (text.len > 0 && text.data[text.len - 1] == '%')
		text.len--;
	if (ward_text_u64(text, &n))
		return n <= 100 ? (int)n * 10 : -1;
	ward_import_word(text, word);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i].word) == 0)
			return words[i].confidence;
	return -1;
}

bool
ward_import_verdict(struct ward_span text, enum ward_import_says *ret_says)
{
	static const struct {
		const char *word;
		enum ward_import_says says;
	} words[] = {
		{"malicious", WARD_SAYS_MALICIOUS}, {"maliciousactivity", WARD_SAYS_MALICIOUS},
		{"malware", WARD_SAYS_MALICIOUS},   {"bad", WARD_SAYS_MALICIOUS},
		{"black", WARD_SAYS_MALICIOUS},	    {"blacklist", WARD_SAYS_MALICIOUS},
		{"block", WARD_SAYS_MALICIOUS},	    {"blocked", WARD_SAYS_MALICIOUS},
		{"deny", WARD_SAYS_MALICIOUS},	    {"suspicious", WARD_SAYS_SUSPICIOUS},
		{"suspect", WARD_SAYS_SUSPICIOUS},  {"anomalousactivity", WARD_SAYS_SUSPICIOUS},
		{"grey", WARD_SAYS_SUSPICIOUS},	    {"gray", WARD_SAYS_SUSPICIOUS},
		{"pua", WARD_SAYS_SUSPICIOUS},	    {"pup", WARD_SAYS_SUSPICIOUS},
		{"unwanted", WARD_SAYS_SUSPICIOUS}, {"clean", WARD_SAYS_GOOD},
		{"good", WARD_SAYS_GOOD},	    {"knowngood", WARD_SAYS_GOOD},
		{"benign", WARD_SAYS_GOOD},	    {"goodware", WARD_SAYS_GOOD},
		{"white", WARD_SAYS_GOOD},	    {"whitelist", WARD_SAYS_GOOD},
		{"allow", WARD_SAYS_GOOD},	    {"allowed", WARD_SAYS_GOOD},
		{"trusted", WARD_SAYS_GOOD},
	};
	char word[WARD_IMPORT_WORD];

	ward_import_word(text, word);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i].word) == 0) {
			*ret_says = words[i].says;
			return true;
		}
	return false;
}

bool
ward_import_hash_name(struct ward_span name, enum ward_import_kind *ret_kind)
{
	static const char *const words[WARD_IMPORT_KINDS] = {"sha256", "sha1", "md5"};
	char word[WARD_IMPORT_WORD];

	ward_import_word(name, word);
	for (int k = 0; k < WARD_IMPORT_KINDS; k++)
		if (strcmp(word, words[k]) == 0) {
			*ret_kind = (enum ward_import_kind)k;
			return true;
		}
	return false;
}

bool
ward_import_misp_type(struct ward_span type, struct ward_span value, struct ward_span *ret_hex)
{
	static const char *const types[] = {
		"sha256",	"sha1",		  "md5",  "filename|sha256", "filename|sha1",
		"filename|md5", "malware-sample", "hash", "filehash-sha256", "filehash-sha1",
		"filehash-md5", "file-hash",
	};
	struct ward_span part;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!ward_text_eq_nocase(type, types[i]))
			continue;
		*ret_hex = ward_span_of(NULL, 0);
		while (ward_text_split(&value, '|', &part)) /* a file's name may hold one too */
			*ret_hex = part;
		return true;
	}
	return false;
}
