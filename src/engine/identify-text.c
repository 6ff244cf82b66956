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

enum { LOOK = 8 * 1024, TAG_LOOK = 64 * 1024, ENOUGH = 6 };

/* Bytes that do not occur in text: NUL and most C0 controls. */
static bool
is_text(struct ward_span in)
{
	size_t odd = 0;

	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.data[i];

		if (c == 0)
			return false;
		if ((c < 32 && !ward_text_is_space(c) && c != 0x1b && c != 8) || c == 0x7f)
			odd++;
	}
	return odd * 50 <= in.len;
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
	bool anywhere; /* else only at the start, white space and a BOM aside */
};

static const struct tag tags[] = {
	{WARD_TYPE_PHP, "<?php", true},
	{WARD_TYPE_JSP, "<%@ page", true},
	{WARD_TYPE_JSP, "<%@page", true},
	{WARD_TYPE_JSP, "<jsp:", true},
	{WARD_TYPE_ASP, "<%@ language", true},
	{WARD_TYPE_ASP, "<%@language", true},
	{WARD_TYPE_ASP, "runat=\"server\"", true},
	{WARD_TYPE_ASP, "<%eval", true},
	{WARD_TYPE_ASP, "<%execute", true},
	{WARD_TYPE_HTML, "<!doctype html", false},
	{WARD_TYPE_HTML, "<html", false},
	{WARD_TYPE_HTML, "<head", false},
	{WARD_TYPE_HTML, "<body", false},
	{WARD_TYPE_HTML, "<script", false},
	{WARD_TYPE_HTML, "<iframe", false},
	{WARD_TYPE_XML, "<?xml", false},
	{WARD_TYPE_BATCH, "@echo off", false},
	{WARD_TYPE_BATCH, "@echo on", false},
};

static enum ward_type
from_tag(struct ward_span in)
{
	struct ward_span look = ward_span_cut(in, 0, TAG_LOOK);
	struct ward_span start = ward_span_starts(in, "\xef\xbb\xbf", 3)
					 ? ward_span_cut(in, 3, LOOK)
					 : ward_span_cut(in, 0, LOOK);

	start = ward_text_trim(start);
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		struct ward_span text = ward_span_str(tags[i].text);

		if (ward_text_starts_nocase(start, tags[i].text))
			return tags[i].type;
		/* Server pages may open in the middle of HTML; only '<' or 'r' starts a candidate. */
		if (tags[i].anywhere && ward_text_find(look, text, 0) != SIZE_MAX)
			return tags[i].type;
	}
	return WARD_TYPE_TEXT;
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

/* Each word counts once: a long list of one word is no program. */
static enum ward_type
weigh_word(struct ward_span word, unsigned *scores, uint64_t *seen)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if ((*seen >> i & 1) || words[i].text[0] != (char)word.data[0] ||
		    !ward_span_eq(word, ward_span_str(words[i].text)))
			continue;
		*seen |= 1ull << i;
		scores[words[i].type] += words[i].weight;
		return words[i].type;
	}
	return WARD_TYPE_TEXT;
}

static bool
is_word_byte(uint8_t c)
{
	return ward_text_is_alnum(c) || c == '_' || c == '-';
}

/* Code has punctuation that prose has not: it is what keeps articles about code plain text. */
static bool
looks_like_code(struct ward_span in)
{
	size_t marks = 0, letters = 0;

	for (size_t i = 0; i < in.len; i++) {
		marks += in.data[i] < 128 && memchr("(){}[]=;$&|<>\"'\\#", in.data[i], 17) != NULL;
		letters += ward_text_is_alnum(in.data[i]);
	}
	return marks * 12 > letters;
}

static enum ward_type
from_words(struct ward_span in)
{
	unsigned scores[WARD_TYPE_COUNT] = {0};
	enum ward_type best = WARD_TYPE_TEXT;
	uint64_t seen = 0;

	_Static_assert(sizeof(words) / sizeof(words[0]) <= 64, "seen is one bit per word");
	for (size_t i = 0; i < in.len;) {
		size_t start = i;

		while (i < in.len && is_word_byte(in.data[i]))
			i++;
		if (i > start)
			(void)weigh_word(ward_span_cut(in, start, i - start), scores, &seen);
		else
			i++;
	}
	for (int t = WARD_TYPE_SHELL; t <= WARD_TYPE_VBA; t++)
		if (scores[t] > scores[best])
			best = (enum ward_type)t;
	return scores[best] >= ENOUGH && looks_like_code(in) ? best : WARD_TYPE_TEXT;
}

enum ward_type
ward_identify_text(struct ward_span in)
{
	struct ward_span look = ward_span_cut(in, 0, LOOK);
	enum ward_type type;

	if (is_utf16(in))
		return WARD_TYPE_TEXT;
	if (!is_text(look))
		return WARD_TYPE_DATA;
	type = from_shebang(in);
	if (type == WARD_TYPE_TEXT)
		type = from_tag(in);
	if (type == WARD_TYPE_TEXT)
		type = from_mail(in);
	if (type == WARD_TYPE_TEXT)
		type = from_words(look);
	return type;
}
