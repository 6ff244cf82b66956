/* SPDX-License-Identifier: Apache-2.0 */
/* The table of settings: what settings.def says, as data. */
#ifndef WARD_POLICY_SETTINGS_H
#define WARD_POLICY_SETTINGS_H

#include "base/buf.h"
#include "policy/policy.h"

enum { WARD_SETTINGS_MAX = 128 };

enum ward_setting_kind {
	WARD_SETTING_BOOL,
	WARD_SETTING_NUMBER,
	WARD_SETTING_SIZE,
	WARD_SETTING_TIME,
	WARD_SETTING_CLOCK,
	WARD_SETTING_WORD,
	WARD_SETTING_SET,
	WARD_SETTING_TEXT,
	WARD_SETTING_LIST,
};

/* What texts and lists hold. */
enum ward_setting_check {
	WARD_CHECK_NONE,
	WARD_CHECK_SERVER,
	WARD_CHECK_PROXY,
	WARD_CHECK_PATH,
	WARD_CHECK_FILESYSTEM,
	WARD_CHECK_SHA256,
	WARD_CHECK_SETTING,
};

/* Which change protects more. */
enum ward_strength {
	WARD_STRENGTH_FIXED,
	WARD_STRENGTH_MORE,
	WARD_STRENGTH_LESS,
};

struct ward_word {
	const char *word, *help;
	unsigned rank; /* the stronger, the higher */
};

struct ward_setting {
	const char *section, *name;
	const char *path; /* "cloud.hold" */
	enum ward_setting_kind kind;
	size_t offset;	    /* in struct ward_policy */
	uint64_t low, high; /* of numbers; of lists: high is the most items */
	enum ward_setting_check check;
	const struct ward_word *words; /* of words and sets */
	size_t word_count;
	enum ward_strength strength;
	bool organisation_only; /* a local policy may not set it */
	const char *help;
};

extern const struct ward_setting ward_settings[];
extern const size_t ward_setting_count;

struct ward_section {
	const char *name, *help;
};

extern const struct ward_section ward_sections[];
extern const size_t ward_section_count;

/* By "cloud.hold"; NULL: there is none. */
const struct ward_setting *ward_setting_find(const char *path);

/* The setting's place in a policy. */
static inline const void *
ward_setting_at(const struct ward_setting *s, const struct ward_policy *p)
{
	return (const char *)p + s->offset;
}

/* Whether two policies say the same. */
bool ward_setting_same(const struct ward_setting *s, const struct ward_policy *a,
		       const struct ward_policy *b);
/* Whether `a` protects at least as much as `b`; what is FIXED must be the same. */
bool ward_setting_as_strong(const struct ward_setting *s, const struct ward_policy *a,
			    const struct ward_policy *b);
/* Copies the value; texts and lists stay borrowed. */
void ward_setting_copy(const struct ward_setting *s, const struct ward_policy *from,
		       struct ward_policy *to);
/* Appends the value as JSON, as a document would have it: "10s", ["ext4"]. */
enum ward_rc ward_setting_print(const struct ward_setting *s, const struct ward_policy *p,
				struct ward_buf *out) WARD_MUST_CHECK;

#endif
