/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/exclude/read.h"

#include <stdio.h>

#include "base/text.h"
#include "policy/exclude/danger.h"

struct reading {
	const struct ward_exclusion_reader *r;
	const char *path; /* "exclusions[3]" */
	struct ward_exclusion e;
	bool has_kind, bad;
	size_t value_offset;
};

enum key { KEY_SCOPE = WARD_EXCLUDE_KINDS, KEY_EXPIRES, KEY_COMMENT, KEY_AUTHOR, KEY_FORCE, KEYS };

static const char *const keys[KEYS] = {"path",	"glob",	   "extension", "process", "hash", "threat",
				       "scope", "expires", "comment",	"author",  "force"};

enum { TEXT_MAX = 512 };

static void
complain(struct reading *x, size_t offset, const char *key, const char *why)
{
	const char *path =
		key ? ward_arena_printf(x->r->mistakes->arena, "%s.%s", x->path, key) : x->path;

	x->bad = true;
	ward_mistakes_add(x->r->mistakes, offset, path ? path : x->path, "%s", why);
}

static void
read_value(struct reading *x, enum ward_exclusion_kind kind, const struct ward_json *v)
{
	const char *why;

	if (x->has_kind) {
		complain(x, v->name_offset, keys[kind],
			 "an exclusion has one of path, glob, extension, process, hash and threat");
		return;
	}
	x->has_kind = true;
	x->e.kind = kind;
	x->value_offset = v->offset;
	why = ward_exclusion_normalise(kind, v->text, x->r->arena, &x->e.value);
	if (why)
		complain(x, v->offset, keys[kind], why);
}

static void
read_scope(struct reading *x, const struct ward_json *v)
{
	static const struct {
		const char *word;
		unsigned scope;
	} words[] = {{"realtime", WARD_EXCLUDE_REALTIME},
		     {"on_demand", WARD_EXCLUDE_ON_DEMAND},
		     {"both", WARD_EXCLUDE_BOTH}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (ward_span_eq(v->text, ward_span_str(words[i].word))) {
			x->e.scope = words[i].scope;
			return;
		}
	complain(x, v->offset, "scope", "expected realtime, on_demand or both");
}

static void
read_text(struct reading *x, enum key key, const struct ward_json *v)
{
	const char **at = key == KEY_COMMENT  ? &x->e.comment
			  : key == KEY_AUTHOR ? &x->e.author
					      : &x->e.force;

	*at = (const char *)v->text.data;
	if (v->text.len > TEXT_MAX)
		complain(x, v->offset, keys[key], "longer than 512 bytes");
	else if (key == KEY_FORCE && ward_text_trim(v->text).len == 0)
		complain(x, v->offset, keys[key], "expected the reason why it is needed");
}

static void
read_known(struct reading *x, enum key key, const struct ward_json *v)
{
	if (v->kind != WARD_JSON_STRING) {
		const char *why =
			ward_arena_printf(x->r->mistakes->arena, "expected a text, found %s",
					  ward_json_kind_name(v->kind));

		x->has_kind |= key < KEY_SCOPE;
		complain(x, v->offset, keys[key], why ? why : "expected a text");
	} else if (key < KEY_SCOPE) {
		read_value(x, (enum ward_exclusion_kind)key, v);
	} else if (key == KEY_SCOPE) {
		read_scope(x, v);
	} else if (key == KEY_EXPIRES) {
		if (!ward_exclusion_time(v->text, &x->e.expires_s))
			complain(x, v->offset, "expires",
				 "expected a time in UTC like 2026-12-31 or 2026-12-31T12:00:00Z");
	} else {
		read_text(x, key, v);
	}
}

static void
read_member(struct reading *x, const struct ward_json *v, bool *seen)
{
	const char *nearest, *why;
	int key = 0;

	while (key < KEYS && strcmp(keys[key], v->name) != 0)
		key++;
	if (key < KEYS && seen[key]) {
		complain(x, v->name_offset, keys[key], "is set twice");
	} else if (key < KEYS) {
		seen[key] = true;
		read_known(x, (enum key)key, v);
	} else {
		nearest = ward_mistake_nearest(v->name, keys, KEYS);
		why = nearest ? ward_arena_printf(x->r->mistakes->arena,
						  "no \"%s\" in an exclusion; did you mean \"%s\"?",
						  v->name, nearest)
			      : ward_arena_printf(x->r->mistakes->arena,
						  "no \"%s\" in an exclusion", v->name);
		complain(x, v->name_offset, NULL, why ? why : "unknown name");
	}
}

static void
check_danger(struct reading *x)
{
	const char *danger = ward_exclusion_danger(x->e.kind, x->e.value), *why;

	if (!danger || x->e.force[0])
		return;
	why = ward_arena_printf(x->r->mistakes->arena,
				"too dangerous: it %s; if it must be, say why with \"force\": "
				"\"the reason\"",
				danger);
	complain(x, x->value_offset, keys[x->e.kind], why ? why : danger);
}

static void
read_entry(struct reading *x, const struct ward_json *v)
{
	bool seen[KEYS] = {false};

	if (v->kind != WARD_JSON_OBJECT) {
		complain(x, v->offset, NULL, "expected an object like {\"path\": \"/srv/data\"}");
		return;
	}
	for (const struct ward_json *one = v->first; one; one = one->next)
		read_member(x, one, seen);
	if (x->bad)
		return; /* a misspelt kind is missing too; once is enough */
	if (x->has_kind)
		check_danger(x);
	else
		complain(x, v->offset, NULL,
			 "what is left out? One of path, glob, extension, process, hash, threat");
}

static size_t
length(const struct ward_json *list)
{
	size_t n = 0;

	for (const struct ward_json *v = list->first; v; v = v->next)
		n++;
	return n;
}

/* Lines counted on from one entry to the next: each from the start would be quadratic. */
static unsigned
count_lines(struct ward_span text, size_t from, size_t to)
{
	unsigned lines = 0;

	for (; from < to; from++)
		lines += text.data[from] == '\n';
	return lines;
}

static bool
read_all(const struct ward_exclusion_reader *r, const struct ward_json *list,
	 struct ward_exclusion *entries)
{
	size_t i = 0, offset = list->offset;
	unsigned line = ward_json_place(r->mistakes->text, offset).line;
	bool good = true;

	for (const struct ward_json *v = list->first; v; v = v->next, i++) {
		char path[80];
		struct reading x = {.r = r, .path = path};

		line += count_lines(r->mistakes->text, offset, v->offset);
		offset = v->offset;
		(void)snprintf(path, sizeof(path), "%s[%zu]", r->path, i);
		x.e = (struct ward_exclusion){.value = "",
					      .scope = WARD_EXCLUDE_BOTH,
					      .comment = "",
					      .author = "",
					      .force = "",
					      .managed = r->managed,
					      .line = line};
		read_entry(&x, v);
		good = good && !x.bad;
		entries[i] = x.e;
	}
	return good;
}

void
ward_exclusion_read(const struct ward_exclusion_reader *r, const struct ward_json *list,
		    const struct ward_exclusion **ret, size_t *ret_count)
{
	size_t count = length(list);
	struct ward_exclusion *entries;

	if (list->kind != WARD_JSON_ARRAY) {
		ward_mistakes_add(r->mistakes, list->offset, r->path, "expected a list, found %s",
				  ward_json_kind_name(list->kind));
		return;
	}
	if (count > r->max) {
		ward_mistakes_add(r->mistakes, list->offset, r->path, "more than %zu exclusions",
				  r->max);
		return;
	}
	entries = ward_arena_array(r->arena, count, sizeof(*entries));
	if (!entries) {
		r->mistakes->more = true;
		return;
	}
	if (read_all(r, list, entries)) {
		*ret = entries;
		*ret_count = count;
	}
}

enum ward_rc
ward_exclusion_print(const struct ward_exclusion *e, struct ward_buf *out)
{
	static const char *const scopes[] = {"", "realtime", "on_demand", "both"};
	const struct {
		const char *key, *text;
	} texts[] = {{"comment", e->comment}, {"author", e->author}, {"force", e->force}};
	enum ward_rc rc = ward_buf_printf(out, "{\"%s\": ", ward_exclusion_kind_name(e->kind));

	if (rc == WARD_OK)
		rc = ward_json_quote(out, ward_span_str(e->value));
	if (rc == WARD_OK && e->scope != WARD_EXCLUDE_BOTH)
		rc = ward_buf_printf(out, ", \"scope\": \"%s\"", scopes[e->scope]);
	if (rc == WARD_OK && e->expires_s) {
		rc = ward_buf_str(out, ", \"expires\": \"");
		if (rc == WARD_OK)
			rc = ward_exclusion_print_time(e->expires_s, out);
		if (rc == WARD_OK)
			rc = ward_buf_byte(out, '"');
	}
	for (size_t i = 0; rc == WARD_OK && i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!texts[i].text[0])
			continue;
		rc = ward_buf_printf(out, ", \"%s\": ", texts[i].key);
		if (rc == WARD_OK)
			rc = ward_json_quote(out, ward_span_str(texts[i].text));
	}
	return rc ? rc : ward_buf_byte(out, '}');
}
