/* SPDX-License-Identifier: Apache-2.0 */
/* The exclusions of the machine's own policy document, one at a time. */
#include <stdio.h>

#include "guard/manage/manage-priv.h"
#include "policy/exclude/read.h"

enum { TEXT_ROOM = 32 * 1024, WHY = 4096 };

/* --- list --- */

static enum ward_rc
tell(struct call *c, const struct ward_exclusion *e)
{
	WARD_AUTO(ward_buf_done) struct ward_buf json = {0};

	ward_buf_init(&json, WARD_MANAGE_FIELD_MAX, NULL);
	ward_page_str(&c->page, "kind", ward_exclusion_kind_name(e->kind));
	ward_page_str(&c->page, "value", e->value);
	if (ward_exclusion_print(e, &json) == WARD_OK)
		ward_page_json(&c->page, "entry", ward_buf_span(&json));
	ward_page_bool(&c->page, "managed", e->managed);
	return ward_page_entry(&c->page);
}

static enum ward_rc
list(struct call *c, const struct ward_policy *p, uint64_t i)
{
	enum ward_rc rc = WARD_OK;

	for (; rc == WARD_OK && i < p->exclusion_count; i++)
		rc = tell(c, &p->exclusions[i]);
	if (rc == WARD_E_STOPPED) {
		call_next_index(c, i - 1);
		rc = WARD_OK;
	}
	return rc;
}

enum ward_rc
exclusions_list(struct call *c)
{
	struct ward_held_ref *ref;
	uint64_t first;
	enum ward_rc rc;

	if (!call_index(c, &first))
		return WARD_E_INVAL;
	ref = ward_held_take(c->desk->o.policy);
	rc = list(c, &ref->effective->policy, first);
	ward_held_give(c->desk->o.policy, ref);
	return rc;
}

/* --- what is meant --- */

/* One entry, as a document has it; the reader judges it as it does there. */
static enum ward_rc
read_entry(struct call *c, struct ward_policy_document **ret)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0}, why = {0};
	enum ward_rc rc;

	ward_buf_init(&text, TEXT_ROOM, NULL);
	ward_buf_init(&why, WHY, NULL);
	rc = ward_buf_printf(&text, "{\"exclusions\": [%s]}", c->request.value);
	if (rc == WARD_OK)
		rc = ward_policy_document_read(ward_buf_span(&text), "exclusion", WARD_POLICY_LOCAL,
					       &why, ret);
	if (rc == WARD_E_FORMAT)
		return call_fail(c, WARD_E_INVAL, "%.*s", (int)why.len, (const char *)why.data);
	if (rc == WARD_OK && (*ret)->policy.exclusion_count != 1)
		rc = call_fail(c, WARD_E_INVAL, "one exclusion at a time");
	for (size_t i = 0; rc == WARD_OK && i < ward_setting_count; i++) {
		if ((*ret)->set[i])
			rc = call_fail(c, WARD_E_INVAL, "that is more than an exclusion");
	}
	return rc;
}

static bool
same(const struct ward_exclusion *a, const struct ward_exclusion *b)
{
	return a->kind == b->kind && strcmp(a->value, b->value) == 0;
}

static size_t
find(const struct ward_policy *p, const struct ward_exclusion *e)
{
	size_t i = 0;

	while (i < p->exclusion_count && !same(&p->exclusions[i], e))
		i++;
	return i;
}

/* Does a local one of this kind count at all? */
static enum ward_rc
may_add(struct call *c, const struct ward_exclusion *e)
{
	struct ward_held_ref *ref = ward_held_take(c->desk->o.policy);
	const struct ward_policy *p = &ref->effective->policy;
	bool threats = e->kind == WARD_EXCLUDE_HASH || e->kind == WARD_EXCLUDE_THREAT;
	const char *why = NULL;

	if (p->local.exclusions != WARD_POLICY_MERGE_MERGE)
		why = "the organisation's policy takes no exclusions of machines "
		      "(local.exclusions)";
	else if (threats && !p->local.allow_threats)
		why = "the organisation's policy does not let machines allow threats "
		      "(local.allow_threats)";
	ward_held_give(c->desk->o.policy, ref);
	if (!why)
		return WARD_OK;
	call_refused(c, why);
	return call_fail(c, WARD_E_PERM, "%s", why);
}

/* --- changes, with the document locked --- */

static enum ward_rc
insert(struct call *c, struct ward_policy_document *d, const struct ward_exclusion *e)
{
	size_t count = d->policy.exclusion_count;
	struct ward_exclusion *list;

	if (find(&d->policy, e) < count)
		return call_fail(c, WARD_E_INVAL, "it is excluded already; remove it first");
	if (count >= WARD_POLICY_EXCLUSIONS_MAX)
		return call_fail(c, WARD_E_LIMIT, "there are as many exclusions as may be");
	list = ward_arena_array(d->arena, count + 1, sizeof(*list));
	if (!list)
		return WARD_E_NOMEM;
	if (count > 0)
		memcpy(list, d->policy.exclusions, count * sizeof(*list));
	list[count] = *e;
	d->policy.exclusions = list;
	d->policy.exclusion_count = count + 1;
	return WARD_OK;
}

static enum ward_rc
take_out(struct call *c, struct ward_policy_document *d, const struct ward_exclusion *e)
{
	size_t count = d->policy.exclusion_count, at = find(&d->policy, e);
	struct ward_exclusion *list = ward_arena_array(d->arena, count + 1, sizeof(*list));

	if (!list)
		return WARD_E_NOMEM;
	if (at == count)
		return call_fail(c, WARD_E_NOENT,
				 "this machine's policy has no such exclusion; what is managed "
				 "only the organisation can remove");
	memcpy(list, d->policy.exclusions, at * sizeof(*list));
	memcpy(list + at, d->policy.exclusions + at + 1, (count - at - 1) * sizeof(*list));
	d->policy.exclusions = list;
	d->policy.exclusion_count = count - 1;
	return WARD_OK;
}

typedef enum ward_rc (*change)(struct call *c, struct ward_policy_document *d,
			       const struct ward_exclusion *e);

static enum ward_rc
apply(struct call *c, const struct ward_exclusion *e, change what)
{
	WARD_AUTO(ward_policy_document_freep) struct ward_policy_document *local = NULL;
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	enum ward_rc rc;

	ward_buf_init(&why, WHY, NULL);
	(void)pthread_mutex_lock(&c->desk->lock);
	rc = ward_policy_source_local(&c->desk->o.places, &why, &local);
	if (rc != WARD_OK)
		rc = call_fail(c, rc, "nothing is changed while the policy has mistakes:\n%.*s",
			       (int)why.len, (const char *)why.data);
	if (rc == WARD_OK)
		rc = what(c, local, e);
	if (rc == WARD_OK)
		rc = settings_write(c, local);
	(void)pthread_mutex_unlock(&c->desk->lock);
	return rc;
}

static void
tell_change(struct call *c, const char *verb, const struct ward_exclusion *e)
{
	WARD_AUTO(ward_buf_done) struct ward_buf json = {0};
	const char *text = ward_arena_printf(c->arena, "exclusion %s: %s %s", verb,
					     ward_exclusion_kind_name(e->kind), e->value);
	enum ward_rc rc;

	ward_buf_init(&json, WARD_MANAGE_FIELD_MAX, NULL);
	rc = ward_exclusion_print(e, &json);
	call_event(c, "config-changed", text ? text : "exclusions were changed",
		   rc ? ward_span_of(NULL, 0) : ward_buf_span(&json));
}

enum ward_rc
exclusions_add(struct call *c)
{
	WARD_AUTO(ward_policy_document_freep) struct ward_policy_document *wanted = NULL;
	const struct ward_exclusion *e;
	enum ward_rc rc = read_entry(c, &wanted);

	if (rc != WARD_OK || !wanted)
		return rc;
	e = &wanted->policy.exclusions[0];
	rc = may_add(c, e);
	if (rc == WARD_OK)
		rc = apply(c, e, insert);
	if (rc == WARD_OK)
		tell_change(c, "added", e);
	return rc;
}

/* By its kind and value; why it is there does not matter. */
enum ward_rc
exclusions_remove(struct call *c)
{
	WARD_AUTO(ward_policy_document_freep) struct ward_policy_document *wanted = NULL;
	const struct ward_exclusion *e;
	enum ward_rc rc = read_entry(c, &wanted);

	if (rc != WARD_OK || !wanted)
		return rc;
	e = &wanted->policy.exclusions[0];
	rc = apply(c, e, take_out);
	if (rc == WARD_OK)
		tell_change(c, "removed", e);
	return rc;
}
