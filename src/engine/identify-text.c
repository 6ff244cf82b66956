/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text kinds. Strong signs first (a #! line, an opening tag); then words that are common in one
 * language and rare elsewhere are weighed over the first kilobytes. A wrong guess costs little: it
 * only chooses which normaliser runs, the bytes themselves are matched in any case.
 */
#include "base/cursor.h"
#include "base/text.h"
#include "base/utf.h"
#include "engine/identify.h"

enum { LOOK = 4 * 1024, TAG_LOOK = 64 * 1024, ENOUGH = 6 };

/* What bytes are, counted in one addition each: sixteen bits per class. LOOK is below 2^16. */
#define ODD  (1ull << 0)  /* control characters that text does not have */
#define WORD (1ull << 16) /* letters, digits, _ and - */
#define MARK (1ull << 32) /* punctuation that code has and prose has not */
#define ZERO (1ull << 48)

static const uint64_t classes[256] = {
	[0] = ZERO,    [1 ... 7] = ODD,	     [14 ... 26] = ODD,	   [28 ... 31] = ODD,
	[127] = ODD,   ['0' ... '9'] = WORD, ['A' ... 'Z'] = WORD, ['a' ... 'z'] = WORD,
	['_'] = WORD,  ['-'] = WORD,	     ['('] = MARK,	   [')'] = MARK,
	['{'] = MARK,  ['}'] = MARK,	     ['['] = MARK,	   [']'] = MARK,
	['='] = MARK,  [';'] = MARK,	     ['$'] = MARK,	   ['&'] = MARK,
	['|'] = MARK,  ['<'] = MARK,	     ['>'] = MARK,	   ['"'] = MARK,
	['\''] = MARK, ['\\'] = MARK,	     ['#'] = MARK,
};

static uint64_t
count(struct ward_span in)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < in.len; i++)
		sum += classes[in.data[i]];
	return sum;
}

static size_t
of_class(uint64_t sum, uint64_t class)
{
	return (size_t)(sum / class & 0xffff);
}

static bool
is_utf16(struct ward_span in)
{
	return ward_span_starts(in, "\xff\xfe", 2) || ward_span_starts(in, "\xfe\xff", 2);
}

static const struct {
	const char *name;
	enum ward_type type;
} interpreters[] = {
	{"bash", WARD_TYPE_SHELL},	  {"dash", WARD_TYPE_SHELL},
	{"sh", WARD_TYPE_SHELL},	  {"zsh", WARD_TYPE_SHELL},
	{"ksh", WARD_TYPE_SHELL},	  {"ash", WARD_TYPE_SHELL},
	{"csh", WARD_TYPE_SHELL},	  {"tcsh", WARD_TYPE_SHELL},
	{"fish", WARD_TYPE_SHELL},	  {"busybox", WARD_TYPE_SHELL},
	{"awk", WARD_TYPE_SHELL},	  {"gawk", WARD_TYPE_SHELL},
	{"sed", WARD_TYPE_SHELL},	  {"make", WARD_TYPE_SHELL},
	{"python", WARD_TYPE_PYTHON},	  {"pypy", WARD_TYPE_PYTHON},
	{"perl", WARD_TYPE_PERL},	  {"ruby", WARD_TYPE_RUBY},
	{"php", WARD_TYPE_PHP},		  {"node", WARD_TYPE_JAVASCRIPT},
	{"nodejs", WARD_TYPE_JAVASCRIPT}, {"deno", WARD_TYPE_JAVASCRIPT},
	{"bun", WARD_TYPE_JAVASCRIPT},	  {"gjs", WARD_TYPE_JAVASCRIPT},
	{"pwsh", WARD_TYPE_POWERSHELL},	  {"lua", WARD_TYPE_LUA},
	{"luajit", WARD_TYPE_LUA},
};

/* "python3.11" -> "python": the version does not matter. */
static struct ward_span
without_version(struct ward_span word)
{
	while (word.len && (word.data[word.len - 1] == '.' ||
			    (word.data[word.len - 1] >= '0' && word.data[word.len - 1] <= '9')))
		word.len--;
	return word;
}

static enum ward_type
interpreter_type(struct ward_span word)
{
	word = without_version(word);
	for (size_t i = 0; i < sizeof(interpreters) / sizeof(interpreters[0]); i++)
		if (ward_span_eq(word, ward_span_str(interpreters[i].name)))
			return interpreters[i].type;
	return WARD_TYPE_TEXT;
}

/* The #! line: the base name of the program, or for env the first argument that is no option. */
static enum ward_type
from_shebang(struct ward_span in)
{
	struct ward_cursor c = ward_cursor_of(ward_span_cut(in, 2, 510));
	struct ward_span line, word;

	if (!ward_span_starts(in, "#!", 2) || !ward_cursor_line(&c, &line))
		return WARD_TYPE_TEXT;
	line = ward_text_trim(line);
	while (ward_text_split(&line, ' ', &word)) {
		struct ward_span part, base = word;

		while (ward_text_split(&word, '/', &part))
			base = part;
		if (base.len == 0 || base.data[0] == '-' ||
		    ward_span_eq(base, ward_span_str("env")) || memchr(base.data, '=', base.len))
			continue;
		return interpreter_type(base);
	}
	return WARD_TYPE_TEXT;
}

struct tag {
	enum ward_type type;
	const char *text;
};

/* Only at the start, white space and a byte order mark aside. */
static const struct tag opening_tags[] = {
	{WARD_TYPE_HTML, "<!doctype html"}, {WARD_TYPE_HTML, "<html"},
	{WARD_TYPE_HTML, "<head"},	    {WARD_TYPE_HTML, "<body"},
	{WARD_TYPE_HTML, "<script"},	    {WARD_TYPE_HTML, "<iframe"},
	{WARD_TYPE_XML, "<?xml"},	    {WARD_TYPE_BATCH, "@echo off"},
	{WARD_TYPE_BATCH, "@echo on"},
};

/* Anywhere: server pages may open in the middle of HTML. */
static const struct tag server_tags[] = {
	{WARD_TYPE_PHP, "<?php"},	   {WARD_TYPE_JSP, "<%@ page"},
	{WARD_TYPE_JSP, "<%@page"},	   {WARD_TYPE_JSP, "<jsp:"},
	{WARD_TYPE_ASP, "<%@ language"},   {WARD_TYPE_ASP, "<%@language"},
	{WARD_TYPE_ASP, "<%@ webhandler"}, {WARD_TYPE_ASP, "<%eval"},
	{WARD_TYPE_ASP, "<%execute"},	   {WARD_TYPE_ASP, "<% eval"},
	{WARD_TYPE_ASP, "<% execute"},
};

static enum ward_type
tag_at(struct ward_span in, const struct tag *tags, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ward_text_starts_nocase(in, tags[i].text))
			return tags[i].type;
	return WARD_TYPE_TEXT;
}

static enum ward_type
from_server_tag(struct ward_span in)
{
	enum ward_type type = WARD_TYPE_TEXT;

	for (size_t i = 0; type == WARD_TYPE_TEXT && i < in.len; i++) {
		const uint8_t *at = memchr(in.data + i, '<', in.len - i);

		if (!at)
			break;
		i = (size_t)(at - in.data);
		if (i + 1 < in.len && memchr("?%jJ", in.data[i + 1], 4))
			type = tag_at(ward_span_cut(in, i, 32), server_tags,
				      sizeof(server_tags) / sizeof(server_tags[0]));
	}
	return type;
}

static enum ward_type
from_tag(struct ward_span in)
{
	bool mark = ward_span_starts(in, "\xef\xbb\xbf", 3);
	struct ward_span start = ward_text_trim(ward_span_cut(in, mark ? 3 : 0, LOOK));
	enum ward_type type = from_server_tag(ward_span_cut(in, 0, TAG_LOOK));

	if (type != WARD_TYPE_TEXT)
		return type;
	return tag_at(start, opening_tags, sizeof(opening_tags) / sizeof(opening_tags[0]));
}

static const char *const mail_headers[] = {
	"received:",
	"return-path:",
	"delivered-to:",
	"message-id:",
	"mime-version:",
	"content-type:",
	"from:",
	"to:",
	"subject:",
	"date:",
	"reply-to:",
	"x-mailer:",
	"cc:",
	"sender:",
	"dkim-signature:",
	"x-originating-ip:",
	"content-transfer-encoding:",
	"envelope-to:",
	"list-id:",
};

static bool
is_mail_header(struct ward_span line)
{
	for (size_t i = 0; i < sizeof(mail_headers) / sizeof(mail_headers[0]); i++)
		if (ward_text_starts_nocase(line, mail_headers[i]))
			return true;
	return false;
}

static bool
is_any_header(struct ward_span line)
{
	size_t i = 0;

	while (i < line.len &&
	       (ward_text_is_alnum(line.data[i]) || line.data[i] == '-' || line.data[i] == '_'))
		i++;
	return i > 0 && i < line.len && line.data[i] == ':';
}

/* Nothing but header lines and their continuations (RFC 5322, 2.2), three of them known ones. */
static bool
is_mail_head(struct ward_span in)
{
	struct ward_cursor c = ward_cursor_of(ward_span_cut(in, 0, LOOK));
	struct ward_span line;
	unsigned known = 0;

	for (unsigned n = 0; ward_cursor_line(&c, &line) && line.len; n++) {
		bool folded = line.data[0] == ' ' || line.data[0] == '\t';

		if (n > 0 && folded)
			continue;
		if (is_mail_header(line))
			known++;
		else if (!is_any_header(line) && !(n == 0 && ward_span_starts(line, ">From ", 6)))
			break;
	}
	return known >= 3 || (known >= 2 && ward_text_starts_nocase(in, "mime-version:")) ||
	       (known >= 2 && ward_text_starts_nocase(in, "received:"));
}

static enum ward_type
from_mail(struct ward_span in)
{
	struct ward_cursor c = ward_cursor_of(in);
	struct ward_span line;

	if (ward_span_starts(in, "From ", 5) && ward_cursor_line(&c, &line) &&
	    is_mail_head(ward_span_cut(in, c.pos, LOOK)))
		return WARD_TYPE_MBOX;
	return is_mail_head(in) ? WARD_TYPE_MAIL : WARD_TYPE_TEXT;
}

struct word {
	enum ward_type type;
	uint8_t weight;
	const char *text;
};

static const struct word words[] = {
	{WARD_TYPE_PYTHON, 3, "elif"},
	{WARD_TYPE_PYTHON, 3, "__name__"},
	{WARD_TYPE_PYTHON, 2, "def"},
	{WARD_TYPE_PYTHON, 2, "import"},
	{WARD_TYPE_PYTHON, 2, "self"},
	{WARD_TYPE_PYTHON, 1, "None"},
	{WARD_TYPE_PYTHON, 1, "lambda"},
	{WARD_TYPE_PYTHON, 2, "except"},
	{WARD_TYPE_JAVASCRIPT, 3, "function"},
	{WARD_TYPE_JAVASCRIPT, 2, "var"},
	{WARD_TYPE_JAVASCRIPT, 2, "const"},
	{WARD_TYPE_JAVASCRIPT, 2, "typeof"},
	{WARD_TYPE_JAVASCRIPT, 2, "document"},
	{WARD_TYPE_JAVASCRIPT, 2, "undefined"},
	{WARD_TYPE_JAVASCRIPT, 3, "ActiveXObject"},
	{WARD_TYPE_JAVASCRIPT, 3, "fromCharCode"},
	{WARD_TYPE_JAVASCRIPT, 2, "eval"},
	{WARD_TYPE_JAVASCRIPT, 2, "unescape"},
	{WARD_TYPE_SHELL, 3, "esac"},
	{WARD_TYPE_SHELL, 3, "fi"},
	{WARD_TYPE_SHELL, 2, "done"},
	{WARD_TYPE_SHELL, 2, "chmod"},
	{WARD_TYPE_SHELL, 2, "wget"},
	{WARD_TYPE_SHELL, 2, "curl"},
	{WARD_TYPE_SHELL, 1, "echo"},
	{WARD_TYPE_SHELL, 1, "export"},
	{WARD_TYPE_PERL, 3, "bless"},
	{WARD_TYPE_PERL, 2, "my"},
	{WARD_TYPE_PERL, 2, "sub"},
	{WARD_TYPE_PERL, 3, "strict"},
	{WARD_TYPE_POWERSHELL, 4, "Write-Host"},
	{WARD_TYPE_POWERSHELL, 4, "New-Object"},
	{WARD_TYPE_POWERSHELL, 4, "Invoke-Expression"},
	{WARD_TYPE_POWERSHELL, 4, "IEX"},
	{WARD_TYPE_POWERSHELL, 4, "Set-StrictMode"},
	{WARD_TYPE_POWERSHELL, 4, "FromBase64String"},
	{WARD_TYPE_POWERSHELL, 3, "Get-Item"},
	{WARD_TYPE_POWERSHELL, 3, "Start-Process"},
	{WARD_TYPE_POWERSHELL, 4, "powershell"},
	{WARD_TYPE_VBSCRIPT, 4, "CreateObject"},
	{WARD_TYPE_VBSCRIPT, 4, "WScript"},
	{WARD_TYPE_VBSCRIPT, 3, "Dim"},
	{WARD_TYPE_VBSCRIPT, 3, "Attribute"},
	{WARD_TYPE_VBSCRIPT, 3, "Chr"},
	{WARD_TYPE_VBSCRIPT, 2, "Sub"},
	{WARD_TYPE_BATCH, 4, "setlocal"},
	{WARD_TYPE_BATCH, 4, "errorlevel"},
	{WARD_TYPE_BATCH, 3, "goto"},
	{WARD_TYPE_BATCH, 3, "rem"},
	{WARD_TYPE_RUBY, 3, "require_relative"},
	{WARD_TYPE_RUBY, 2, "puts"},
	{WARD_TYPE_RUBY, 3, "attr_accessor"},
	{WARD_TYPE_RUBY, 2, "nil"},
	{WARD_TYPE_LUA, 2, "local"},
	{WARD_TYPE_LUA, 3, "elseif"},
	{WARD_TYPE_LUA, 2, "pairs"},
};

enum { WORDS = sizeof(words) / sizeof(words[0]), BUCKETS = 128 };

/* Words by a key of their first and last byte and length; 1 + index, 0 ends a chain. Made for each
   call: it takes less time than a line of text, and needs no global state. */
struct word_index {
	uint8_t head[BUCKETS];
	uint8_t next[WORDS];
	uint8_t len[WORDS];
};

static size_t
word_key(const void *text, size_t len)
{
	const uint8_t *bytes = text;

	return (bytes[0] * 5u + bytes[len - 1] * 11u + len) % BUCKETS;
}

static void
index_words(struct word_index *index)
{
	*index = (struct word_index){0};
	for (size_t i = 0; i < WORDS; i++) {
		size_t len = strlen(words[i].text), key = word_key(words[i].text, len);

		index->len[i] = (uint8_t)len;
		index->next[i] = index->head[key];
		index->head[key] = (uint8_t)(i + 1);
	}
}

/* Each word counts once: a long list of one word is no program. */
static void
weigh_word(const struct word_index *index, struct ward_span word, unsigned *scores, uint64_t *seen)
{
	for (size_t n = index->head[word_key(word.data, word.len)]; n; n = index->next[n - 1]) {
		size_t i = n - 1;

		if (index->len[i] != word.len || (*seen >> i & 1) ||
		    memcmp(words[i].text, word.data, word.len) != 0)
			continue;
		*seen |= 1ull << i;
		scores[words[i].type] += words[i].weight;
		return;
	}
}

static enum ward_type
from_words(struct ward_span in)
{
	unsigned scores[WARD_TYPE_COUNT] = {0};
	enum ward_type best = WARD_TYPE_TEXT;
	struct word_index index;
	uint64_t seen = 0;

	_Static_assert(WORDS <= 64, "seen is one bit per word");
	index_words(&index);
	for (size_t i = 0; i < in.len; i++) {
		size_t start = i;

		while (i < in.len && classes[in.data[i]] == WORD)
			i++;
		if (i > start)
			weigh_word(&index, ward_span_cut(in, start, i - start), scores, &seen);
	}
	for (int t = WARD_TYPE_SHELL; t <= WARD_TYPE_VBA; t++)
		if (scores[t] > scores[best])
			best = (enum ward_type)t;
	return scores[best] >= ENOUGH ? best : WARD_TYPE_TEXT;
}

enum ward_type
ward_identify_text(struct ward_span in)
{
	struct ward_span look = ward_span_cut(in, 0, LOOK);
	enum ward_type type;
	uint64_t sum;

	if (is_utf16(in))
		return WARD_TYPE_TEXT;
	sum = count(look);
	if (of_class(sum, ZERO) || of_class(sum, ODD) * 50 > look.len)
		return WARD_TYPE_DATA;
	type = from_shebang(in);
	if (type == WARD_TYPE_TEXT)
		type = from_tag(in);
	if (type == WARD_TYPE_TEXT)
		type = from_mail(in);
	/* Prose about code stays plain text for its lack of punctuation. */
	if (type == WARD_TYPE_TEXT && of_class(sum, MARK) * 12 > of_class(sum, WORD))
		type = from_words(look);
	return type;
}
