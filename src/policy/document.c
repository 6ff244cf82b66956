/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/document.h"

#include <stdlib.h>

#include "policy/exclude/read.h"
#include "policy/reader-priv.h"

/* A document of WARD_POLICY_TEXT_MAX bytes as a tree of its smallest values. */
enum { MEMORY = 128 << 20, MISTAKES_MEMORY = 4 << 20 };

struct reading {
	struct ward_policy_document *d;
	struct ward_mistakes *m;
	bool exclusions_seen, name_seen, schema_seen;
	bool section_seen[32]; /* by index in ward_sections */
};

static const char schema_name[] = "$schema", name_name[] = "name", exclusions_name[] = "exclusions";

/* --- names that do not exist, or twice --- */

static void
unknown_setting(struct reading *r, const struct ward_section *section, const struct ward_json *v)
{
	const char *names[WARD_SETTINGS_MAX], *nearest;
	size_t n = 0;

	for (size_t i = 0; i < ward_setting_count; i++)
		if (strcmp(ward_settings[i].section, section->name) == 0)
			names[n++] = ward_settings[i].name;
	nearest = ward_mistake_nearest(v->name, names, n);
	if (nearest)
		ward_mistakes_add(r->m, v->name_offset, section->name,
				  "no setting \"%s\"; did you mean \"%s\"?", v->name, nearest);
	else
		ward_mistakes_add(r->m, v->name_offset, section->name, "no setting \"%s\"",
				  v->name);
}

/* At the top: a section, a section's setting without its section, or neither. */
static void
unknown_section(struct reading *r, const struct ward_json *v)
{
	const char *names[40] = {schema_name, name_name, exclusions_name}, *nearest;
	size_t n = 3;

	for (size_t i = 0; i < ward_section_count; i++)
		names[n++] = ward_sections[i].name;
	nearest = ward_mistake_nearest(v->name, names, n);
	for (size_t i = 0; !nearest && i < ward_setting_count; i++)
		if (strcmp(ward_settings[i].name, v->name) == 0 ||
		    strcmp(ward_settings[i].path, v->name) == 0) {
			ward_mistakes_add(r->m, v->name_offset, "",
					  "no section \"%s\"; \"%s\" belongs into \"%s\"", v->name,
					  ward_settings[i].name, ward_settings[i].section);
			return;
		}
	if (nearest)
		ward_mistakes_add(r->m, v->name_offset, "",
				  "no section \"%s\"; did you mean \"%s\"?", v->name, nearest);
	else
		ward_mistakes_add(r->m, v->name_offset, "", "no section \"%s\"", v->name);
}

/* True, after noting it, when the name stands there for the second time. */
static bool
repeated(struct reading *r, const struct ward_json *v, const char *path, bool *seen)
{
	bool again = *seen;

	if (again)
		ward_mistakes_add(r->m, v->name_offset, path, "is set twice");
	*seen = true;
	return again;
}

/* --- sections --- */

static const struct ward_setting *
find_in(const struct ward_section *section, const char *name)
{
	for (size_t i = 0; i < ward_setting_count; i++)
		if (strcmp(ward_settings[i].section, section->name) == 0 &&
		    strcmp(ward_settings[i].name, name) == 0)
			return &ward_settings[i];
	return NULL;
}

static void
read_setting(struct reading *r, const struct ward_section *section, const struct ward_json *v)
{
	const struct ward_setting *s = find_in(section, v->name);
	size_t index = s ? (size_t)(s - ward_settings) : 0;

	if (!s) {
		unknown_setting(r, section, v);
		return;
	}
	if (repeated(r, v, s->path, &r->d->set[index]))
		return;
	if (s->organisation_only && r->d->author == WARD_POLICY_LOCAL)
		ward_mistakes_add(r->m, v->name_offset, s->path,
				  "only the organisation's policy may say this");
	else if (ward_setting_read(s, v, r->d, r->m))
		r->d->line[index] = ward_json_place(r->m->text, v->name_offset).line;
}

static void
read_section(struct reading *r, size_t index, const struct ward_json *v)
{
	const struct ward_section *section = &ward_sections[index];

	if (repeated(r, v, section->name, &r->section_seen[index]))
		return;
	if (v->kind != WARD_JSON_OBJECT) {
		ward_mistakes_add(r->m, v->offset, section->name, "expected an object, found %s",
				  ward_json_kind_name(v->kind));
		return;
	}
	for (const struct ward_json *one = v->first; one; one = one->next)
		read_setting(r, section, one);
}

/* --- the top --- */

static void
read_text(struct reading *r, const struct ward_json *v, const char *path, bool *seen,
	  const char **ret)
{
	if (repeated(r, v, path, seen))
		return;
	if (v->kind != WARD_JSON_STRING)
		ward_mistakes_add(r->m, v->offset, path, "expected a text, found %s",
				  ward_json_kind_name(v->kind));
	else
		*ret = (const char *)v->text.data;
}

static void
read_exclusions(struct reading *r, const struct ward_json *v)
{
	const struct ward_exclusion_reader reader = {
		.arena = r->d->arena,
		.mistakes = r->m,
		.path = exclusions_name,
		.max = WARD_POLICY_EXCLUSIONS_MAX,
		.managed = r->d->author == WARD_POLICY_ORGANISATION,
	};

	if (!repeated(r, v, exclusions_name, &r->exclusions_seen))
		ward_exclusion_read(&reader, v, &r->d->policy.exclusions,
				    &r->d->policy.exclusion_count);
}

static void
read_member(struct reading *r, const struct ward_json *v)
{
	const char *ignored;

	if (strcmp(v->name, schema_name) == 0) {
		read_text(r, v, schema_name, &r->schema_seen, &ignored);
	} else if (strcmp(v->name, name_name) == 0) {
		read_text(r, v, name_name, &r->name_seen, &r->d->name);
	} else if (strcmp(v->name, exclusions_name) == 0) {
		read_exclusions(r, v);
	} else {
		size_t i = 0;

		while (i < ward_section_count && strcmp(ward_sections[i].name, v->name) != 0)
			i++;
		if (i < ward_section_count)
			read_section(r, i, v);
		else
			unknown_section(r, v);
	}
}

static void
read_root(struct reading *r, const struct ward_json *root)
{
	if (root->kind != WARD_JSON_OBJECT) {
		ward_mistakes_add(r->m, root->offset, "", "expected an object, found %s",
				  ward_json_kind_name(root->kind));
		return;
	}
	for (const struct ward_json *v = root->first; v; v = v->next)
		read_member(r, v);
}

static void
read_document(struct ward_policy_document *d, struct ward_mistakes *m)
{
	struct reading r = {.d = d, .m = m};
	struct ward_json_error error = {0, NULL};
	struct ward_json *root = NULL;
	enum ward_rc rc = ward_json_parse(m->text, d->arena, &root, &error);

	if (rc == WARD_OK)
		read_root(&r, root);
	else
		ward_mistakes_add(m, error.offset, "", "%s",
				  error.text ? error.text : "the document is too large");
	ward_mistakes_sort(m);
}

/* With the mistakes on an arena of their own: they do not compete with what they are about. */
static enum ward_rc
read_and_tell(struct ward_policy_document *d, struct ward_span text, const char *name,
	      struct ward_buf *why)
{
	struct ward_budget budget = {.cap = MISTAKES_MEMORY};
	struct ward_mistakes *m = calloc(1, sizeof(*m));
	enum ward_rc rc = WARD_E_NOMEM;

	if (!m)
		return rc;
	m->text = text;
	m->arena = ward_arena_new(&budget);
	if (m->arena) {
		read_document(d, m);
		rc = m->count || m->more ? WARD_E_FORMAT : WARD_OK;
		if (ward_mistakes_print(m, name, why) != WARD_OK)
			rc = WARD_E_FORMAT; /* a full buffer has said enough */
	}
	ward_arena_free(m->arena);
	free(m);
	return rc;
}

enum ward_rc
ward_policy_document_new(enum ward_policy_author author, struct ward_policy_document **ret)
{
	struct ward_policy_document *d = calloc(1, sizeof(*d));

	if (!d)
		return WARD_E_NOMEM;
	d->policy = *ward_policy_default();
	d->author = author;
	d->name = "";
	d->budget.cap = MEMORY;
	d->arena = ward_arena_new(&d->budget);
	if (!d->arena) {
		free(d);
		return WARD_E_NOMEM;
	}
	*ret = d;
	return WARD_OK;
}

enum ward_rc
ward_policy_document_read(struct ward_span text, const char *name, enum ward_policy_author author,
			  struct ward_buf *why, struct ward_policy_document **ret)
{
	struct ward_policy_document *d = NULL;
	enum ward_rc rc = WARD_E_LIMIT;

	if (text.len > WARD_POLICY_TEXT_MAX) {
		rc = ward_buf_printf(why, "%s:1:1: larger than %d bytes\n", name,
				     WARD_POLICY_TEXT_MAX);
		return WARD_E_LIMIT;
	}
	rc = ward_policy_document_new(author, &d);
	if (rc == WARD_OK)
		rc = read_and_tell(d, text, name, why);
	if (rc == WARD_OK)
		*ret = d;
	else
		ward_policy_document_free(d);
	return rc;
}

struct ward_policy_document *
ward_policy_document_free(struct ward_policy_document *d)
{
	if (d) {
		ward_arena_free(d->arena);
		free(d);
	}
	return NULL;
}

void
ward_policy_document_freep(struct ward_policy_document **d)
{
	*d = ward_policy_document_free(*d);
}

/* --- writing --- */

static enum ward_rc
write_setting(const struct ward_policy_document *d, size_t i, const char *comma,
	      struct ward_buf *out)
{
	enum ward_rc rc = ward_buf_printf(out, "%s\n    \"%s\": ", comma, ward_settings[i].name);

	return rc ? rc : ward_setting_print(&ward_settings[i], &d->policy, out);
}

/* Nothing for a section of which nothing is set. */
static enum ward_rc
write_section(const struct ward_policy_document *d, const struct ward_section *section,
	      const char **comma, struct ward_buf *out)
{
	enum ward_rc rc = WARD_OK;
	const char *inner = "";

	for (size_t i = 0; rc == WARD_OK && i < ward_setting_count; i++) {
		if (!d->set[i] || strcmp(ward_settings[i].section, section->name) != 0)
			continue;
		if (!inner[0])
			rc = ward_buf_printf(out, "%s\n  \"%s\": {", *comma, section->name);
		if (rc == WARD_OK)
			rc = write_setting(d, i, inner, out);
		inner = *comma = ",";
	}
	return rc || !inner[0] ? rc : ward_buf_str(out, "\n  }");
}

static enum ward_rc
write_exclusions(const struct ward_policy_document *d, const char *comma, struct ward_buf *out)
{
	enum ward_rc rc = ward_buf_printf(out, "%s\n  \"exclusions\": [", comma);

	for (size_t i = 0; rc == WARD_OK && i < d->policy.exclusion_count; i++) {
		rc = ward_buf_str(out, i ? ",\n    " : "\n    ");
		if (rc == WARD_OK)
			rc = ward_exclusion_print(&d->policy.exclusions[i], out);
	}
	return rc ? rc : ward_buf_str(out, "\n  ]");
}

enum ward_rc
ward_policy_document_write(const struct ward_policy_document *d, struct ward_buf *out)
{
	const char *comma = "";
	enum ward_rc rc = ward_buf_byte(out, '{');

	if (rc == WARD_OK && d->name[0]) {
		rc = ward_buf_str(out, "\n  \"name\": ");
		if (rc == WARD_OK)
			rc = ward_json_quote(out, ward_span_str(d->name));
		comma = ",";
	}
	for (size_t i = 0; rc == WARD_OK && i < ward_section_count; i++)
		rc = write_section(d, &ward_sections[i], &comma, out);
	if (rc == WARD_OK && d->policy.exclusion_count)
		rc = write_exclusions(d, comma, out);
	return rc ? rc : ward_buf_str(out, "\n}\n");
}
