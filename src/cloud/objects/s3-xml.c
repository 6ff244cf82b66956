/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/objects/s3-xml.h"

#include <stdio.h>
#include <time.h>

#include "base/text.h"
#include "base/utf.h"
#include "cloud/objects/objects-priv.h"

enum { TAG = 64, KEY_TAIL = 71, TOKEN_MAX = 1024 };

/* What stands between <name> and </name> from `from` on; *ret_end: behind it. */
static bool
element(struct ward_span in, const char *name, size_t from, struct ward_span *ret, size_t *ret_end)
{
	char open[TAG], close[TAG];
	size_t at, end;

	(void)snprintf(open, sizeof(open), "<%s>", name);
	(void)snprintf(close, sizeof(close), "</%s>", name);
	at = ward_text_find(in, ward_span_str(open), from);
	if (at == SIZE_MAX)
		return false;
	at += strlen(open);
	end = ward_text_find(in, ward_span_str(close), at);
	if (end == SIZE_MAX)
		return false;
	*ret = ward_span_cut(in, at, end - at);
	*ret_end = end + strlen(close);
	return true;
}

static struct ward_span
child(struct ward_span in, const char *name)
{
	struct ward_span found = {NULL, 0};
	size_t end;

	(void)element(in, name, 0, &found, &end);
	return found;
}

/* --- text --- */

static bool
reference(struct ward_span name, uint32_t *ret)
{
	static const struct {
		const char *name;
		uint32_t c;
	} known[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
	uint64_t number = 0;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (ward_span_eq(name, ward_span_str(known[i].name))) {
			*ret = known[i].c;
			return true;
		}
	if (name.len < 2 || name.len > 8 || name.data[0] != '#')
		return false;
	if (name.data[1] != 'x') {
		if (!ward_text_u64(ward_span_cut(name, 1, name.len), &number))
			return false;
	} else {
		for (size_t i = 2; i < name.len; i++) {
			int digit = ward_text_hex_value(name.data[i]);

			if (digit < 0)
				return false;
			number = number << 4 | (uint64_t)digit;
		}
	}
	*ret = (uint32_t)number;
	return number > 0 && number <= 0x10ffff;
}

/* Appends text with its references (&amp; &#43;) put in. */
static enum ward_rc
put_text(struct ward_buf *out, struct ward_span in)
{
	enum ward_rc rc = WARD_OK;

	while (in.len > 0 && !rc) {
		size_t end = in.data[0] == '&' ? ward_text_find(in, ward_span_str(";"), 0) : 0;
		uint32_t c;

		if (in.data[0] != '&') {
			rc = ward_buf_byte(out, in.data[0]);
			in = ward_span_cut(in, 1, in.len);
			continue;
		}
		if (end == SIZE_MAX || !reference(ward_span_cut(in, 1, end - 1), &c))
			return WARD_E_FORMAT;
		rc = ward_utf_put(out, c);
		in = ward_span_cut(in, end + 1, in.len);
	}
	return rc;
}

/* --- times --- */

static int
number_at(struct ward_span s, size_t at, size_t len)
{
	uint64_t n;

	return ward_span_has(s, at, len) && ward_text_u64(ward_span_cut(s, at, len), &n) ? (int)n
											 : -1;
}

/* "2009-10-12T17:50:30.000Z" in ms since 1970. */
static bool
time_of(struct ward_span s, uint64_t *ret_ms)
{
	struct tm t = {.tm_year = number_at(s, 0, 4) - 1900,
		       .tm_mon = number_at(s, 5, 2) - 1,
		       .tm_mday = number_at(s, 8, 2),
		       .tm_hour = number_at(s, 11, 2),
		       .tm_min = number_at(s, 14, 2),
		       .tm_sec = number_at(s, 17, 2)};

	if (t.tm_year < 70 || t.tm_mon < 0 || t.tm_mon > 11 || t.tm_mday < 1 || t.tm_mday > 31 ||
	    t.tm_hour < 0 || t.tm_hour > 23 || t.tm_min < 0 || t.tm_min > 59 || t.tm_sec < 0 ||
	    t.tm_sec > 60)
		return false;
	*ret_ms = (uint64_t)timegm(&t) * 1000;
	return true;
}

/* --- pages --- */

static enum ward_rc
take_object(struct ward_span object, ward_object_fn fn, void *context)
{
	struct ward_span key = child(object, "Key"), tail;
	uint8_t sha256[32];
	uint64_t size, ms;

	if (key.len < KEY_TAIL)
		return WARD_OK;
	tail = ward_span_cut(key, key.len - KEY_TAIL, KEY_TAIL);
	if (!tail.data || tail.data[2] != '/' || memcmp(tail.data, tail.data + 3, 2) != 0 ||
	    !ward_object_name_parse((const char *)tail.data + 3, KEY_TAIL - 3, sha256))
		return WARD_OK;
	if (!ward_text_u64(child(object, "Size"), &size) ||
	    !time_of(child(object, "LastModified"), &ms))
		return WARD_E_FORMAT;
	return fn(context, sha256, size, ms);
}

enum ward_rc
ward_s3_list_parse(struct ward_span page, ward_object_fn fn, void *context,
		   struct ward_buf *ret_token)
{
	struct ward_span object, more;
	size_t at = 0;
	enum ward_rc rc = WARD_OK;

	if (ward_text_find(page, ward_span_str("<ListBucketResult"), 0) == SIZE_MAX ||
	    ward_text_find(page, ward_span_str("</ListBucketResult>"), 0) == SIZE_MAX)
		return WARD_E_FORMAT;
	while (!rc && element(page, "Contents", at, &object, &at))
		rc = take_object(object, fn, context);
	ward_buf_clear(ret_token);
	more = child(page, "IsTruncated");
	if (rc || !more.data || !ward_span_eq(more, ward_span_str("true")))
		return rc;
	rc = put_text(ret_token, child(page, "NextContinuationToken"));
	return !rc && (ret_token->len == 0 || ret_token->len > TOKEN_MAX) ? WARD_E_FORMAT : rc;
}

void
ward_s3_error_parse(struct ward_span body, char ret_code[64])
{
	struct ward_span code = child(body, "Code");
	size_t n = 0;

	while (n < code.len && n < 63 && ward_text_is_alnum(code.data[n])) {
		ret_code[n] = (char)code.data[n];
		n++;
	}
	ret_code[n] = 0;
}
