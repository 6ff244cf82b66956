/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/merge.h"

#include <stdlib.h>

#include "base/text.h"

enum { MEMORY = 32 << 20, REFUSALS_MAX = WARD_SETTINGS_MAX + 3 };

const char *
ward_policy_source_name(enum ward_policy_source source)
{
	static const char *const names[] = {"default", "local", "managed"};

	return names[source];
}

static bool
is_set(const struct ward_policy_document *d, const struct ward_setting *s)
{
	return d && d->set[s - ward_settings];
}

/* --- reasons --- */

static const char *
value_text(const struct ward_setting *s, const struct ward_policy *p, struct ward_arena *arena)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};

	ward_buf_init(&out, 200, NULL);
	if (ward_setting_print(s, p, &out) != WARD_OK)
		return "another value"; /* longer than a line */
	return ward_arena_strdup(arena, ward_buf_span(&out));
}

static const char *
reason(const struct ward_setting *s, const struct ward_policy *organisation,
       const struct ward_policy *wanted, struct ward_arena *arena)
{
	const char *theirs = value_text(s, organisation, arena),
		   *ours = value_text(s, wanted, arena);

	return ward_arena_printf(
		arena,
		s->strength == WARD_STRENGTH_FIXED
			? "the organisation sets it to %s; a local policy may not "
			  "make it %s"
			: "the organisation sets it to %s; a local policy may only "
			  "make it stronger, and %s is not",
		theirs ? theirs : "its value", ours ? ours : "that");
}

static bool
may_change(const struct ward_policy *organisation, const struct ward_setting *s)
{
	const struct ward_policy_list *list = &organisation->local.may_change;
	size_t n = strlen(s->section);

	if (s->organisation_only)
		return false;
	for (size_t i = 0; i < list->count; i++) {
		const char *item = list->items[i];

		if (strcmp(item, s->path) == 0 ||
		    (strncmp(item, s->path, n + 1) == 0 && strcmp(item + n + 1, "*") == 0))
			return true;
	}
	return false;
}

enum ward_rc
ward_policy_may_set(const struct ward_policy_document *organisation, const struct ward_setting *s,
		    const struct ward_policy *wanted, struct ward_arena *arena,
		    const char **ret_why)
{
	const char *why;

	if (s->organisation_only) {
		*ret_why = "only the organisation's policy may say this";
		return WARD_E_PERM;
	}
	if (!is_set(organisation, s) || may_change(&organisation->policy, s) ||
	    ward_setting_as_strong(s, wanted, &organisation->policy))
		return WARD_OK;
	why = reason(s, &organisation->policy, wanted, arena);
	*ret_why = why ? why : "the organisation sets it";
	return WARD_E_PERM;
}

static void
refuse(struct ward_policy_effective *e, const char *what, const char *why, unsigned line)
{
	if (e->refusal_count < REFUSALS_MAX)
		e->refusals[e->refusal_count++] = (struct ward_policy_refusal){what, why, line};
}

/* --- lists that only get stronger --- */

static bool
has_item(const struct ward_policy_list *list, const char *item)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], item) == 0)
			return true;
	return false;
}

static enum ward_rc
unite_lists(const struct ward_policy_list *a, const struct ward_policy_list *b,
	    struct ward_arena *arena, struct ward_policy_list *ret)
{
	const char **items = ward_arena_array(arena, a->count + b->count, sizeof(*items));
	size_t n = 0;

	if (!items)
		return WARD_E_NOMEM;
	for (size_t i = 0; i < a->count; i++)
		items[n++] = a->items[i];
	for (size_t i = 0; i < b->count; i++)
		if (!has_item(a, b->items[i]))
			items[n++] = b->items[i];
	*ret = (struct ward_policy_list){items, n};
	return WARD_OK;
}

static bool
unites(const struct ward_setting *s)
{
	return s->strength == WARD_STRENGTH_MORE &&
	       (s->kind == WARD_SETTING_LIST || s->kind == WARD_SETTING_SET);
}

static enum ward_rc
unite(struct ward_policy_effective *e, const struct ward_setting *s)
{
	const void *a = ward_setting_at(s, &e->organisation->policy),
		   *b = ward_setting_at(s, &e->local->policy);
	char *at = (char *)&e->policy + s->offset;
	enum ward_rc rc = WARD_OK;

	if (s->kind == WARD_SETTING_SET)
		*(unsigned *)(void *)at = *(const unsigned *)a | *(const unsigned *)b;
	else
		rc = unite_lists(a, b, e->arena, (struct ward_policy_list *)(void *)at);
	e->source[s - ward_settings] = ward_setting_same(s, &e->policy, &e->organisation->policy)
					       ? WARD_POLICY_FROM_ORGANISATION
					       : WARD_POLICY_FROM_LOCAL;
	return rc;
}

/* --- settings --- */

static void
take(struct ward_policy_effective *e, const struct ward_setting *s,
     const struct ward_policy_document *from)
{
	ward_setting_copy(s, &from->policy, &e->policy);
	e->source[s - ward_settings] =
		from == e->local ? WARD_POLICY_FROM_LOCAL : WARD_POLICY_FROM_ORGANISATION;
}

static enum ward_rc
merge_setting(struct ward_policy_effective *e, const struct ward_setting *s)
{
	const char *why = NULL;

	if (!is_set(e->organisation, s)) {
		if (is_set(e->local, s) && !s->organisation_only)
			take(e, s, e->local);
		return WARD_OK;
	}
	take(e, s, e->organisation);
	if (!is_set(e->local, s) || ward_setting_same(s, &e->local->policy, &e->policy))
		return WARD_OK;
	if (unites(s) && !may_change(&e->organisation->policy, s))
		return unite(e, s);
	if (ward_policy_may_set(e->organisation, s, &e->local->policy, e->arena, &why) == WARD_OK)
		take(e, s, e->local);
	else
		refuse(e, s->path, why, e->local->line[s - ward_settings]);
	return WARD_OK;
}

/* --- exclusions --- */

static bool
local_counts(struct ward_policy_effective *e, const struct ward_exclusion *x)
{
	if (e->policy.local.exclusions == WARD_POLICY_MERGE_ADMIN_ONLY)
		return false;
	return e->policy.local.allow_threats ||
	       (x->kind != WARD_EXCLUDE_HASH && x->kind != WARD_EXCLUDE_THREAT);
}

static enum ward_rc
merge_exclusions(struct ward_policy_effective *e)
{
	const struct ward_policy *ours = e->local ? &e->local->policy : ward_policy_default();
	const struct ward_policy *theirs =
		e->organisation ? &e->organisation->policy : ward_policy_default();
	size_t n = theirs->exclusion_count, left_out = 0;
	struct ward_exclusion *all = ward_arena_array(
		e->arena, theirs->exclusion_count + ours->exclusion_count, sizeof(*all));

	if (!all)
		return WARD_E_NOMEM;
	for (size_t i = 0; i < n; i++)
		all[i] = theirs->exclusions[i];
	for (size_t i = 0; i < ours->exclusion_count; i++) {
		if (local_counts(e, &ours->exclusions[i]))
			all[n++] = ours->exclusions[i];
		else if (left_out++ == 0)
			refuse(e, "exclusions",
			       e->policy.local.exclusions == WARD_POLICY_MERGE_ADMIN_ONLY
				       ? "the organisation's exclusions count only"
				       : "the organisation lets nobody allow hashes or threats "
					 "here",
			       ours->exclusions[i].line);
	}
	e->policy.exclusions = all;
	e->policy.exclusion_count = n;
	return ward_exclusions_new(all, n, &e->exclusions);
}

/* --- what is convicted by decision --- */

static int
compare_digests(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

static enum ward_rc
sort_blocked(struct ward_policy_effective *e)
{
	const struct ward_policy_list *list = &e->policy.blocked.hashes;
	uint8_t(*all)[32] = ward_arena_array(e->arena, list->count + 1, sizeof(*all));

	if (!all)
		return WARD_E_NOMEM;
	for (size_t i = 0; i < list->count; i++) {
		if (!ward_text_unhex(ward_span_str(list->items[i]), all[i], 32))
			return WARD_E_FORMAT;
	}
	qsort(all, list->count, sizeof(*all), compare_digests);
	e->blocked = (const uint8_t(*)[32])all;
	e->blocked_count = list->count;
	return WARD_OK;
}

bool
ward_policy_blocks(const struct ward_policy_effective *e, const uint8_t sha256[32])
{
	return e->blocked_count > 0 &&
	       bsearch(sha256, e->blocked, e->blocked_count, 32, compare_digests) != NULL;
}

/* --- the whole --- */

static enum ward_rc
merge(struct ward_policy_effective *e)
{
	enum ward_rc rc = WARD_OK;

	e->refusals = ward_arena_array(e->arena, REFUSALS_MAX, sizeof(*e->refusals));
	if (!e->refusals)
		return WARD_E_NOMEM;
	for (size_t i = 0; rc == WARD_OK && i < ward_setting_count; i++)
		rc = merge_setting(e, &ward_settings[i]);
	if (rc == WARD_OK)
		rc = sort_blocked(e);
	return rc ? rc : merge_exclusions(e);
}

enum ward_rc
ward_policy_merge(struct ward_policy_document *take_local,
		  struct ward_policy_document *take_organisation,
		  struct ward_policy_effective **ret)
{
	struct ward_policy_effective *e = calloc(1, sizeof(*e));
	enum ward_rc rc = WARD_E_NOMEM;

	if (!e)
		return rc;
	e->policy = *ward_policy_default();
	e->local = take_local;
	e->organisation = take_organisation;
	e->budget.cap = MEMORY;
	e->arena = ward_arena_new(&e->budget);
	if (e->arena)
		rc = merge(e);
	if (rc == WARD_OK) {
		*ret = e;
		return rc;
	}
	e->local = e->organisation = NULL; /* the caller's still */
	ward_policy_effective_free(e);
	return rc;
}

struct ward_policy_effective *
ward_policy_effective_free(struct ward_policy_effective *e)
{
	if (e) {
		ward_exclusions_free(e->exclusions);
		ward_policy_document_free(e->local);
		ward_policy_document_free(e->organisation);
		ward_arena_free(e->arena);
		free(e);
	}
	return NULL;
}

void
ward_policy_effective_freep(struct ward_policy_effective **e)
{
	*e = ward_policy_effective_free(*e);
}
