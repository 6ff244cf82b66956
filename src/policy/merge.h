/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the organisation's policy and the machine's own add up to. For each setting:
 *
 *   the organisation does not set it   the local value, or the default
 *   only the organisation sets it      its value
 *   both, and local.may_change has it  the local value
 *   both, lists that only get stronger their union
 *   both, the local one is stronger    the local value
 *   both, otherwise                    the organisation's, and the local one is refused with a reason
 *
 * Exclusions: the organisation's, and the local ones where local.exclusions is merge; local ones of
 * the kinds hash and threat only where local.allow_threats is true.
 */
#ifndef WARD_POLICY_MERGE_H
#define WARD_POLICY_MERGE_H

#include "policy/document.h"
#include "policy/exclude/exclude.h"

enum ward_policy_source {
	WARD_POLICY_FROM_DEFAULT,
	WARD_POLICY_FROM_LOCAL,
	WARD_POLICY_FROM_ORGANISATION, /* "managed" */
};

/* "default", "local", "managed"; static. */
const char *ward_policy_source_name(enum ward_policy_source source);

/* Something of the local policy that does not count. */
struct ward_policy_refusal {
	const char *what; /* "cloud.enabled", "exclusions" */
	const char *why;  /* one line */
	unsigned line;	  /* in the local document */
};

struct ward_policy_effective {
	struct ward_policy policy;
	enum ward_policy_source source[WARD_SETTINGS_MAX]; /* by index in ward_settings */
	struct ward_exclusions *exclusions;		   /* of the policy, compiled */
	const uint8_t (*blocked)[32]; /* blocked.hashes, sorted; see ward_policy_blocks */
	size_t blocked_count;
	struct ward_policy_refusal *refusals;
	size_t refusal_count;
	struct ward_policy_document *local, *organisation; /* owned; may be NULL */
	struct ward_budget budget;
	struct ward_arena *arena;
};

/*
 * Merges; either document may be NULL. With WARD_OK the result owns both; otherwise the caller still
 * does. Once made, it is only read: any thread.
 */
enum ward_rc ward_policy_merge(struct ward_policy_document *take_local,
			       struct ward_policy_document *take_organisation,
			       struct ward_policy_effective **ret) WARD_MUST_CHECK;
struct ward_policy_effective *ward_policy_effective_free(struct ward_policy_effective *e);
/* For WARD_AUTO. */
void ward_policy_effective_freep(struct ward_policy_effective **e);

/* Whether the policy convicts this content itself. No exclusion of hashes or threats and no allowance
 * stands above that. Any thread; neither allocates nor locks. */
bool ward_policy_blocks(const struct ward_policy_effective *e, const uint8_t sha256[32]);

/*
 * Whether a local change of one setting would count, for `ward config set`: WARD_E_PERM when it would
 * be refused, *ret_why (static or on the arena) says why. `wanted` holds the new value.
 */
enum ward_rc ward_policy_may_set(const struct ward_policy_document *organisation,
				 const struct ward_setting *setting,
				 const struct ward_policy *wanted, struct ward_arena *arena,
				 const char **ret_why) WARD_MUST_CHECK;

#endif
