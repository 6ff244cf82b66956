/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tier 1: what a file's metadata and the fleet's memory say of a file nobody has a verdict on. The
 * first scorer is a list of transparent rules with published weights (docs/tiers.md); a learned one
 * takes the same input. These weights are judgement and their false positives are not measured, so
 * this tier alone calls a file suspicious at most, never malicious.
 */
#ifndef WARD_CLOUD_VERDICT_SCORE_H
#define WARD_CLOUD_VERDICT_SCORE_H

#include "base/verdict.h"
#include "cloud/views/views.h"

/* What a scorer sees. */
struct ward_score_input {
	const Ward__V1__FileQuery *query;  /* features and context may be NULL */
	const struct ward_view_file *file; /* NULL: never met */
	enum ward_verdict parent;	   /* WARD_UNKNOWN: no parent, or nothing known of it */
	uint64_t now_ms;
};

enum { WARD_SCORE_REASONS = 16 };

struct ward_score {
	int points; /* thousandths; 0 to 1000 after all */
	struct {
		const char *name; /* of the rule; static */
		int weight;
	} reasons[WARD_SCORE_REASONS];
	size_t reason_count;
};

/* One rule, as docs/tiers.md lists it. */
struct ward_score_rule {
	const char *name, *meaning;
	int weight;
	bool (*holds)(const struct ward_score_input *in);
};
extern const struct ward_score_rule ward_score_rules[];
extern const size_t ward_score_rule_count;

/* Adds the rules up; cannot fail. Any thread. */
void ward_score(const struct ward_score_input *in, struct ward_score *ret);

/* Points from which a file is suspicious at this level; 0: every unknown file that can run code. */
int ward_score_threshold(Ward__V1__Level level);

/* Is this type (formats/type.h's name) one that can run code, or a container of such? */
bool ward_score_is_active(const char *type);
bool ward_score_is_container(const char *type);

#endif
