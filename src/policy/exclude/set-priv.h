/* SPDX-License-Identifier: Apache-2.0 */
/* Between exclude.c, which asks fast, and explain.c, which asks one entry. */
#ifndef WARD_POLICY_EXCLUDE_SET_PRIV_H
#define WARD_POLICY_EXCLUDE_SET_PRIV_H

#include "policy/exclude/exclude.h"
#include "policy/exclude/glob.h"

struct item {
	const struct ward_exclusion *entry;
	struct ward_glob *glob; /* of globs and threats */
	uint8_t sha256[32];	/* of hashes */
	struct ward_span key;	/* what finds it in the table */
	uint32_t next;		/* in its chain, index + 1; 0 ends it */
};

struct ward_exclusions {
	struct ward_budget budget;
	struct ward_arena *arena;
	struct item *items;
	size_t count;
	uint32_t *table; /* chains by hash of kind and key, index + 1 */
	size_t mask;
	uint32_t *floating; /* globs that no directory leads to, and threats */
	size_t floating_count;
	bool has[WARD_EXCLUDE_KINDS];
};

/* Whether the entry matches, its scope and time aside. */
bool ward_exclusion_fits(const struct item *item, const struct ward_exclusion_subject *s);

#endif
