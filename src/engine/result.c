/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/result.h"

#include <stdlib.h>

/* Strings of findings, gaps and facts: apart from the scan's memory, so that a scan which used all
   of its own can still say so. */
enum { STRINGS_MAX = 1 << 20 };

struct ward_result *
ward_result_new(void)
{
	struct ward_result *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->budget.cap = STRINGS_MAX;
	r->arena = ward_arena_new(&r->budget);
	if (!r->arena)
		return ward_result_free(r);
	return r;
}

struct ward_result *
ward_result_free(struct ward_result *r)
{
	if (r) {
		(void)ward_arena_free(r->arena);
		free(r);
	}
	return NULL;
}

void
ward_result_freep(struct ward_result **r)
{
	*r = ward_result_free(*r);
}

/* A copy, or "" when the result's own memory is used up: the finding itself is never lost. */
static const char *
keep(struct ward_result *r, const char *text)
{
	char *copy;

	if (!text || !*text)
		return "";
	copy = ward_arena_strdup(r->arena, ward_span_str(text));
	return copy ? copy : "";
}

static bool
have_hit(const struct ward_result *r, const struct ward_match_hit *hit, const char *path)
{
	const char *rule = hit->rule ? hit->rule : "";

	for (size_t i = 0; i < r->finding_count; i++) {
		const struct ward_finding *f = &r->findings[i];

		if (f->layer == hit->layer && strcmp(f->rule, rule) == 0 &&
		    strcmp(f->path, path) == 0 && strcmp(f->threat, hit->threat) == 0)
			return true;
	}
	return false;
}

void
ward_result_add_hit(struct ward_result *r, const struct ward_match_hit *hit, const char *path)
{
	struct ward_finding *f;

	if (have_hit(r, hit, path))
		return;
	if (r->finding_count == WARD_FINDINGS_MAX) {
		r->findings_dropped++;
		return;
	}
	f = &r->findings[r->finding_count++];
	*f = (struct ward_finding){
		.layer = hit->layer,
		.verdict = hit->verdict,
		.threat = keep(r, hit->threat),
		.rule = keep(r, hit->rule),
		.source = keep(r, hit->source),
		.detail = keep(r, hit->detail),
		.path = keep(r, path),
	};
}

void
ward_result_add_gap(struct ward_result *r, enum ward_reason reason, const char *path)
{
	for (size_t i = 0; i < r->gap_count; i++)
		if (r->gaps[i].reason == reason) {
			r->gaps[i].count++;
			return;
		}
	if (r->gap_count < WARD_REASON_COUNT)
		r->gaps[r->gap_count++] = (struct ward_gap){reason, keep(r, path), 1};
}

void
ward_result_add_fact(struct ward_result *r, const char *path, const char *key, const char *value)
{
	if (r->fact_count == WARD_FACTS_MAX) {
		r->facts_dropped++;
		return;
	}
	r->facts[r->fact_count++] = (struct ward_fact){keep(r, path), keep(r, key), keep(r, value)};
}

void
ward_result_set_row(struct ward_result *r, const struct ward_result_row *row)
{
	float *copy;

	if (row->count > WARD_RESULT_ROW_MAX)
		return;
	copy = ward_arena_array(r->arena, row->count, sizeof(*copy));
	if (!copy)
		return;
	memcpy(copy, row->values, row->count * sizeof(*copy));
	r->row = *row;
	r->row.values = copy;
}

/* The entry to overwrite: of the same digest, a new one, or the least bad one; NULL: none. */
static struct ward_inner *
inner_for(struct ward_result *r, const struct ward_inner *inner)
{
	struct ward_inner *least = NULL;

	for (size_t i = 0; i < r->inner_count; i++) {
		struct ward_inner *one = &r->inners[i];

		if (memcmp(one->sha256, inner->sha256, WARD_SHA256_LEN) == 0)
			return one->verdict < inner->verdict ? one : NULL;
		if (!least || one->verdict < least->verdict)
			least = one;
	}
	if (r->inner_count < WARD_INNERS_MAX)
		return &r->inners[r->inner_count++];
	r->inners_dropped++;
	return least->verdict < inner->verdict ? least : NULL;
}

void
ward_result_add_inner(struct ward_result *r, const struct ward_inner *inner)
{
	struct ward_inner *at = inner_for(r, inner);

	if (!at)
		return;
	*at = *inner;
	at->threat = keep(r, inner->threat);
	at->path = keep(r, inner->path);
}

bool
ward_result_has_gap(const struct ward_result *r, enum ward_reason reason)
{
	for (size_t i = 0; i < r->gap_count; i++)
		if (r->gaps[i].reason == reason)
			return true;
	return false;
}

void
ward_result_conclude(struct ward_result *r, bool informed)
{
	bool vouched = r->known_good;

	r->verdict = !vouched && (r->active || !informed) ? WARD_UNKNOWN : WARD_CLEAN;
	if (r->gap_count)
		r->verdict = WARD_NOT_SCANNED;
	for (size_t i = 0; i < r->finding_count; i++)
		if (r->findings[i].verdict > r->verdict)
			r->verdict = r->findings[i].verdict;
}
