/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's own policy document, a setting at a time. */
#include <stdio.h>

#include "guard/manage/manage-priv.h"
#include "policy/json/json.h"
#include "sys/entry.h"
#include "sys/fd.h"

enum { VALUE_TEXT = 64 * 1024, WHY = 4096 };

/* --- list --- */

static const char *
refusal(const struct ward_policy_effective *e, const char *what)
{
	for (size_t i = 0; i < e->refusal_count; i++) {
		if (strcmp(e->refusals[i].what, what) == 0)
			return e->refusals[i].why;
	}
	return "";
}

static enum ward_rc
tell(struct call *c, const struct ward_policy_effective *e, size_t i)
{
	WARD_AUTO(ward_buf_done) struct ward_buf value = {0};
	enum ward_rc rc;

	ward_buf_init(&value, WARD_MANAGE_FIELD_MAX, NULL);
	rc = ward_setting_print(&ward_settings[i], &e->policy, &value);
	ward_page_str(&c->page, "setting", ward_settings[i].path);
	if (rc == WARD_OK)
		ward_page_json(&c->page, "value", ward_buf_span(&value));
	else
		ward_page_str(&c->page, "note", "too long to be shown");
	ward_page_str(&c->page, "source", ward_policy_source_name(e->source[i]));
	ward_page_str(&c->page, "refused", refusal(e, ward_settings[i].path));
	return ward_page_entry(&c->page);
}

static enum ward_rc
list(struct call *c, const struct ward_policy_effective *e, uint64_t i)
{
	enum ward_rc rc = WARD_OK;

	for (; rc == WARD_OK && i < ward_setting_count; i++) {
		if (!*c->request.name || strcmp(c->request.name, ward_settings[i].path) == 0)
			rc = tell(c, e, i);
	}
	if (rc == WARD_E_STOPPED) {
		call_next_index(c, i - 1);
		rc = WARD_OK;
	}
	return rc;
}

enum ward_rc
settings_list(struct call *c)
{
	struct ward_held_ref *ref;
	uint64_t first;
	enum ward_rc rc;

	if (!call_index(c, &first))
		return WARD_E_INVAL;
	ref = ward_held_take(c->desk->o.policy);
	rc = list(c, ref->effective, first);
	ward_held_give(c->desk->o.policy, ref);
	return rc;
}

/* --- a value as people write it --- */

static enum ward_rc
quote_list(struct ward_span rest, struct ward_buf *out)
{
	const char *comma = "";
	enum ward_rc rc = ward_buf_byte(out, '[');

	while (rc == WARD_OK && rest.len > 0) {
		const uint8_t *end = memchr(rest.data, ',', rest.len);
		size_t len = end ? (size_t)(end - rest.data) : rest.len;

		rc = ward_buf_str(out, comma);
		if (rc == WARD_OK)
			rc = ward_json_quote(out, ward_span_of(rest.data, len));
		rest = ward_span_cut(rest, len + 1, rest.len);
		comma = ", ";
	}
	return rc ? rc : ward_buf_byte(out, ']');
}

/* high and "high" are the same; ext4,xfs and ["ext4", "xfs"] too. */
static enum ward_rc
write_value(const struct ward_setting *s, const char *value, struct ward_buf *out)
{
	bool list = s->kind == WARD_SETTING_SET || s->kind == WARD_SETTING_LIST;
	bool plain = s->kind == WARD_SETTING_BOOL || s->kind == WARD_SETTING_NUMBER;

	if (list && *value != '[')
		return quote_list(ward_span_str(value), out);
	if (list || plain || *value == '"')
		return ward_buf_str(out, value);
	return ward_json_quote(out, ward_span_str(value));
}

/* A document that sets nothing but this. */
static enum ward_rc
read_value(struct call *c, const struct ward_setting *s, struct ward_policy_document **ret)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0}, why = {0};
	enum ward_rc rc;

	ward_buf_init(&text, VALUE_TEXT, NULL);
	ward_buf_init(&why, WHY, NULL);
	rc = ward_buf_printf(&text, "{\"%s\": {\"%s\": ", s->section, s->name);
	if (rc == WARD_OK)
		rc = write_value(s, c->request.value, &text);
	if (rc == WARD_OK)
		rc = ward_buf_str(&text, "}}");
	if (rc == WARD_OK)
		rc = ward_policy_document_read(ward_buf_span(&text), "value", WARD_POLICY_LOCAL,
					       &why, ret);
	if (rc == WARD_E_FORMAT)
		return call_fail(c, WARD_E_INVAL, "%.*s", (int)why.len, (const char *)why.data);
	return rc;
}

static bool
sets_only(const struct ward_policy_document *d, const struct ward_setting *s)
{
	bool only = d->policy.exclusion_count == 0;

	for (size_t i = 0; i < ward_setting_count; i++)
		only &= !d->set[i] || &ward_settings[i] == s;
	return only;
}

/* --- writing --- */

/* --policy FILE of a directory that nobody made yet. */
static void
make_directory(const char *path)
{
	char directory[WARD_ENTRY_PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path || (size_t)(slash - path) >= sizeof(directory))
		return;
	memcpy(directory, path, (size_t)(slash - path));
	directory[slash - path] = 0;
	(void)!ward_entry_make_directory(-1, directory, 0755);
}

enum ward_rc
settings_write(struct call *c, const struct ward_policy_document *d)
{
	WARD_AUTO(ward_policy_document_freep) struct ward_policy_document *again = NULL;
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0}, why = {0};
	const char *path = c->desk->o.places.local ? c->desk->o.places.local : WARD_POLICY_STANDARD;
	enum ward_rc rc;

	ward_buf_init(&text, WARD_POLICY_TEXT_MAX, NULL);
	ward_buf_init(&why, WHY, NULL);
	rc = ward_policy_document_write(d, &text);
	if (rc == WARD_OK)
		rc = ward_policy_document_read(ward_buf_span(&text), path, WARD_POLICY_LOCAL, &why,
					       &again);
	if (rc != WARD_OK)
		return call_fail(c, rc, "%.*s", (int)why.len, (const char *)why.data);
	make_directory(path);
	rc = ward_fd_write_atomic(path, ward_buf_span(&text), 0644);
	return rc ? call_fail(c, rc, "%s: %s", path, ward_rc_str(rc)) : WARD_OK;
}

static enum ward_rc
read_local(struct call *c, struct ward_policy_document **ret)
{
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	enum ward_rc rc;

	ward_buf_init(&why, WHY, NULL);
	rc = ward_policy_source_local(&c->desk->o.places, &why, ret);
	return rc ? call_fail(c, rc, "nothing is changed while the policy has mistakes:\n%.*s",
			      (int)why.len, (const char *)why.data)
		  : WARD_OK;
}

static void
tell_change(struct call *c, const char *value)
{
	WARD_AUTO(ward_buf_done) struct ward_buf detail = {0};
	const char *text = ward_arena_printf(c->arena, "setting %s was changed", c->request.name);
	enum ward_rc rc;

	ward_buf_init(&detail, VALUE_TEXT, NULL);
	rc = ward_buf_str(&detail, "{\"value\": ");
	if (rc == WARD_OK)
		rc = ward_json_quote(&detail, ward_span_str(value));
	if (rc == WARD_OK)
		rc = ward_buf_byte(&detail, '}');
	call_event(c, "config-changed", text ? text : "a setting was changed",
		   rc ? ward_span_of(NULL, 0) : ward_buf_span(&detail));
}

/* --- set and unset --- */

/* The organisation's word, as it is in force. */
static enum ward_rc
may_set(struct call *c, const struct ward_setting *s, const struct ward_policy *wanted)
{
	struct ward_held_ref *ref = ward_held_take(c->desk->o.policy);
	const char *why = "";
	enum ward_rc rc =
		ward_policy_may_set(ref->effective->organisation, s, wanted, c->arena, &why);

	if (rc == WARD_E_PERM) {
		call_refused(c, why);
		rc = call_fail(c, rc, "%s stays as it is: %s", s->path, why);
	}
	ward_held_give(c->desk->o.policy, ref);
	return rc;
}

static enum ward_rc
change(struct call *c, const struct ward_setting *s, const struct ward_policy *wanted)
{
	WARD_AUTO(ward_policy_document_freep) struct ward_policy_document *local = NULL;
	enum ward_rc rc;

	(void)pthread_mutex_lock(&c->desk->lock);
	rc = read_local(c, &local);
	if (rc == WARD_OK) {
		local->set[s - ward_settings] = wanted != NULL;
		if (wanted)
			ward_setting_copy(s, wanted, &local->policy);
		rc = settings_write(c, local);
	}
	(void)pthread_mutex_unlock(&c->desk->lock);
	return rc;
}

static enum ward_rc
find(struct call *c, const struct ward_setting **ret)
{
	*ret = ward_setting_find(c->request.name);
	return *ret ? WARD_OK : call_fail(c, WARD_E_NOENT, "there is no such setting");
}

enum ward_rc
settings_set(struct call *c)
{
	WARD_AUTO(ward_policy_document_freep) struct ward_policy_document *wanted = NULL;
	const struct ward_setting *s;
	enum ward_rc rc = find(c, &s);

	if (rc == WARD_OK && s->organisation_only) {
		call_refused(c, "only the organisation's policy may say this");
		return call_fail(c, WARD_E_PERM, "%s: only the organisation's policy may say this",
				 s->path);
	}
	if (rc == WARD_OK)
		rc = read_value(c, s, &wanted);
	if (rc == WARD_OK && (!wanted || !sets_only(wanted, s)))
		rc = call_fail(c, WARD_E_INVAL, "that is more than a value");
	if (rc == WARD_OK)
		rc = may_set(c, s, &wanted->policy);
	if (rc == WARD_OK)
		rc = change(c, s, &wanted->policy);
	if (rc == WARD_OK)
		tell_change(c, c->request.value);
	return rc;
}

/* Back to the default, which the organisation's value stands above anyway. */
enum ward_rc
settings_unset(struct call *c)
{
	const struct ward_setting *s;
	enum ward_rc rc = find(c, &s);

	if (rc == WARD_OK)
		rc = change(c, s, NULL);
	if (rc == WARD_OK)
		tell_change(c, "");
	return rc;
}
