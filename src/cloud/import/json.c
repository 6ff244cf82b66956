/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/import/json.h"

#include <stdio.h>

#include "base/text.h"

enum { FLAGS = JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK | JSON_DECODE_INT_AS_REAL, KEY_MAX = 256 };

struct pieces {
	struct ward_span text;
	size_t at, counted; /* lines are counted up to there */
	uint64_t line;
	const char *array;
	ward_json_fn fn;
	void *context;
	struct ward_json_error *error;
};

static void
count_lines(struct pieces *p)
{
	while (p->counted < p->at && p->counted < p->text.len)
		p->line += p->text.data[p->counted++] == '\n';
}

static enum ward_rc
wrong(struct pieces *p, const char *why)
{
	count_lines(p);
	(void)snprintf(p->error->why, sizeof(p->error->why), "%s", why);
	p->error->line = p->line;
	return WARD_E_FORMAT;
}

static int
peek(struct pieces *p)
{
	while (p->at < p->text.len && ward_text_is_space(p->text.data[p->at]))
		p->at++;
	return p->at < p->text.len ? p->text.data[p->at] : -1;
}

/* The next value of any kind, parsed. */
static enum ward_rc
load(struct pieces *p, json_t **ret)
{
	json_error_t error;
	const char *from = (const char *)p->text.data + p->at;
	json_t *value;

	if (peek(p) < 0)
		return wrong(p, "not JSON: it ends too early");
	from = (const char *)p->text.data + p->at;
	value = json_loadb(from, p->text.len - p->at, FLAGS, &error);
	if (!value && json_error_code(&error) == json_error_out_of_memory)
		return WARD_E_NOMEM;
	if (error.position > 0)
		p->at += (size_t)error.position; /* bytes read, in success too */
	if (!value) {
		char why[WARD_IMPORT_TEXT];

		(void)snprintf(why, sizeof(why), "not JSON: %.80s", error.text);
		return wrong(p, why);
	}
	*ret = value;
	return WARD_OK;
}

static enum ward_rc
hand_out(struct pieces *p, const char *key)
{
	json_t *value = NULL;
	uint64_t line;
	enum ward_rc rc;

	(void)peek(p);
	count_lines(p);
	line = p->line;
	rc = load(p, &value);
	if (!rc)
		rc = p->fn(p->context, key, value, line);
	json_decref(value);
	return rc;
}

/* True when there is another one; what stands between is taken. */
static enum ward_rc
another(struct pieces *p, int end, bool first, bool *ret_more)
{
	int next = peek(p);

	*ret_more = next != end;
	if (next == end || (next == ',' && !first)) {
		p->at++;
		return WARD_OK;
	}
	return first ? WARD_OK : wrong(p, "not JSON: a comma is missing");
}

static enum ward_rc
elements(struct pieces *p, const char *key)
{
	bool more = true, first = true;
	enum ward_rc rc = WARD_OK;

	p->at++;
	while (!rc) {
		rc = another(p, ']', first, &more);
		if (rc || !more)
			break;
		rc = hand_out(p, key);
		first = false;
	}
	return rc;
}

static enum ward_rc
read_key(struct pieces *p, char ret[KEY_MAX])
{
	json_t *key = NULL;
	enum ward_rc rc = peek(p) == '"' ? load(p, &key) : wrong(p, "not JSON: no name");

	if (!rc)
		(void)snprintf(ret, KEY_MAX, "%s", json_string_value(key));
	json_decref(key);
	if (!rc && peek(p) != ':')
		rc = wrong(p, "not JSON: a colon is missing");
	p->at++;
	return rc;
}

static enum ward_rc
member(struct pieces *p)
{
	char key[KEY_MAX];
	enum ward_rc rc = read_key(p, key);

	if (rc)
		return rc;
	return (!p->array || strcmp(key, p->array) == 0) && peek(p) == '[' ? elements(p, key)
									   : hand_out(p, key);
}

static enum ward_rc
members(struct pieces *p)
{
	bool more = true, first = true;
	enum ward_rc rc = WARD_OK;

	p->at++;
	while (!rc) {
		rc = another(p, '}', first, &more);
		if (rc || !more)
			break;
		rc = member(p);
		first = false;
	}
	return rc;
}

enum ward_rc
ward_json_each(struct ward_span text, const char *array, ward_json_fn fn, void *context,
	       struct ward_json_error *ret_error)
{
	struct pieces p = {.text = text,
			   .line = 1,
			   .array = array,
			   .fn = fn,
			   .context = context,
			   .error = ret_error};
	enum ward_rc rc;

	if (ward_span_starts(text, "\xef\xbb\xbf", 3))
		p.at = 3;
	if (peek(&p) == '{')
		rc = members(&p);
	else if (peek(&p) == '[')
		rc = elements(&p, "");
	else
		return wrong(&p, "neither a JSON object nor an array");
	if (!rc && peek(&p) >= 0)
		rc = wrong(&p, "not JSON: something follows its end");
	return rc;
}

struct ward_span
ward_json_text(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_string(value)
		       ? ward_span_of(json_string_value(value), json_string_length(value))
		       : ward_span_of(NULL, 0);
}

bool
ward_json_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}
