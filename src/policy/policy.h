/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy of an endpoint: every setting as a plain value. Generated from settings.def and
 * words.def; what a setting means stands there and in docs/policy.md. Times are milliseconds, sizes
 * bytes, clocks minutes after midnight. Texts and lists are borrowed from whoever owns the policy
 * (policy/document.h, policy/merge.h); texts are never NULL.
 */
#ifndef WARD_POLICY_POLICY_H
#define WARD_POLICY_POLICY_H

#include "base/verdict.h"
#include "policy/exclude/entry.h"

/* enum ward_policy_level { WARD_POLICY_LEVEL_NORMAL, … } and so on. */
#define WARD_WORDS(type, group)                                                                    \
	enum ward_policy_##type                                                                    \
	{
#define WARD_WORD(group, word, text, rank, help) WARD_POLICY_##group##_##word,
#define WARD_WORDS_END(type, group)                                                                \
	WARD_POLICY_##group##_COUNT                                                                \
	}                                                                                          \
	;
#include "policy/words.def"
#undef WARD_WORDS
#undef WARD_WORD
#undef WARD_WORDS_END

struct ward_policy_list {
	const char *const *items;
	size_t count;
};

#define WARD_SECTION(section, help)					struct {
#define WARD_BOOL(section, name, standard, strength, help)		bool name;
#define WARD_BOOL_ORG(section, name, standard, strength, help)		bool name;
#define WARD_NUMBER(section, name, low, high, standard, strength, help) uint64_t name;
#define WARD_SIZE(section, name, low, high, standard, strength, help)	uint64_t name;
#define WARD_TIME(section, name, low, high, standard, strength, help)	uint64_t name;
#define WARD_CLOCK(section, name, standard, strength, help)		uint64_t name;
#define WARD_WORD_OF(section, name, words, standard, strength, help)	enum ward_policy_##words name;
#define WARD_WORD_ORG(section, name, words, standard, strength, help)	enum ward_policy_##words name;
/* bits: 1u << WARD_POLICY_CONTENT_SCRIPT … */
#define WARD_SET(section, name, words, standard, strength, help)       unsigned name;
#define WARD_TEXT(section, name, check, standard, strength, help)      const char *name;
#define WARD_LIST(section, name, check, max, standard, strength, help) struct ward_policy_list name;
#define WARD_LIST_ORG(section, name, check, max, standard, strength, help)                         \
	struct ward_policy_list name;
#define WARD_SECTION_END(section)                                                                  \
	}                                                                                          \
	section;

struct ward_policy {
#include "policy/settings.def"
	/* What is left out; see policy/exclude/exclude.h for asking. */
	const struct ward_exclusion *exclusions;
	size_t exclusion_count;
};

#undef WARD_SECTION
#undef WARD_BOOL
#undef WARD_BOOL_ORG
#undef WARD_NUMBER
#undef WARD_SIZE
#undef WARD_TIME
#undef WARD_CLOCK
#undef WARD_WORD_OF
#undef WARD_WORD_ORG
#undef WARD_SET
#undef WARD_TEXT
#undef WARD_LIST
#undef WARD_LIST_ORG
#undef WARD_SECTION_END

/* All defaults, no exclusions; the texts and lists are static. */
const struct ward_policy *ward_policy_default(void);

/* What the policy wants done with a file of this verdict. `pua`: it is a potentially unwanted
 * application; `cloud`: the cloud has said it; `reason`: for WARD_NOT_SCANNED. */
enum ward_policy_action ward_policy_action(const struct ward_policy *p, enum ward_verdict verdict,
					   enum ward_reason reason, bool pua, bool cloud);

/* Whether file systems of this type (as in /proc/self/mountinfo) are watched. proc, sysfs, cgroup
 * and their like never are. */
bool ward_policy_watches(const struct ward_policy *p, const char *type);

/* Whether scans of the machine enter file systems of this type: those that hold files, and network file
 * systems and those in user space only where the policy says so. */
bool ward_policy_enters(const struct ward_policy *p, const char *type);

/* The fail mode for an open or (`exec`) exec of a file that (`network`) came from the network. */
enum ward_policy_fail ward_policy_fail(const struct ward_policy *p, bool exec, bool network);

#endif
