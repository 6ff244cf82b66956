/* SPDX-License-Identifier: Apache-2.0 */
/* What one scan found, where, and what it could not look at. */
#ifndef WARD_ENGINE_RESULT_H
#define WARD_ENGINE_RESULT_H

#include "base/arena.h"
#include "base/verdict.h"
#include "formats/type.h"
#include "match/match.h"
#include "sys/digest.h"

/* More than this is counted, not kept. */
enum {
	WARD_FINDINGS_MAX = 128,
	WARD_GAPS_MAX = 64,
	WARD_FACTS_MAX = 512,
	WARD_INNERS_MAX = 256,
};

/*
 * Paths inside the file are the container's own names joined by "!/", raw bytes: "" is the file
 * itself, "mail.zip!/invoice.doc!/VBA/Module1.vba" three levels in. Strings are never NULL.
 */
struct ward_finding {
	enum ward_layer layer;
	enum ward_verdict verdict; /* WARD_SUSPICIOUS or WARD_MALICIOUS */
	const char *threat;
	const char *rule;
	const char *source;
	const char *detail;
	const char *path;
};

struct ward_gap {
	enum ward_reason reason;
	const char *path; /* of the first object with this reason */
	uint64_t count;	  /* objects with this reason */
};

struct ward_fact {
	const char *path;
	const char *key;
	const char *value;
};

/* An object that was unpacked from the file. */
struct ward_inner {
	uint8_t sha256[WARD_SHA256_LEN];
	uint64_t size;
	enum ward_type type;
	enum ward_verdict verdict; /* of what was found and left out in it and in what it holds */
	const char *threat;	   /* of the worst finding there, or "" */
	const char *path;
};

/* The numbers models are asked with (ml/features/row.h), of the file itself. */
struct ward_result_row {
	unsigned schema; /* enum ward_schema_id; 0: none was made */
	uint64_t version;
	float *values; /* NaN: missing */
	size_t count;
};

enum { WARD_RESULT_ROW_MAX = 4096 };

struct ward_result {
	enum ward_verdict verdict;
	enum ward_type type;
	uint64_t size;
	uint8_t sha256[WARD_SHA256_LEN];
	struct ward_finding findings[WARD_FINDINGS_MAX];
	size_t finding_count;
	uint64_t findings_dropped;
	struct ward_gap gaps[WARD_REASON_COUNT]; /* one per reason */
	size_t gap_count;
	struct ward_fact facts[WARD_FACTS_MAX];
	size_t fact_count;
	uint64_t facts_dropped;
	struct ward_inner inners[WARD_INNERS_MAX]; /* if asked for; each digest once */
	size_t inner_count;
	uint64_t inners_dropped;
	struct ward_result_row row; /* if asked for, and there is a schema for its type */
	unsigned traits;	    /* enum ward_trait of all objects */
	bool active;		    /* some object can run code and is not known good */
	bool known_good;	    /* the file itself is allow-listed */
	uint64_t objects;	    /* looked at, the file itself included, views not */
	uint64_t unpacked_bytes;    /* all levels */
	size_t memory_peak;	    /* bytes of working memory */

	struct ward_budget budget; /* of the strings below */
	struct ward_arena *arena;
};

/* NULL when there is no memory. */
struct ward_result *ward_result_new(void) WARD_MUST_CHECK;
struct ward_result *ward_result_free(struct ward_result *r);
void ward_result_freep(struct ward_result **r);

/* Strings are copied. A finding of the same layer and rule at the same path counts once. */
void ward_result_add_hit(struct ward_result *r, const struct ward_match_hit *hit, const char *path);
/* One entry per reason: the first path, then a count. */
void ward_result_add_gap(struct ward_result *r, enum ward_reason reason, const char *path);
void ward_result_add_fact(struct ward_result *r, const char *path, const char *key,
			  const char *value);
/* Strings are copied. When there are too many, the least bad one is left out. */
void ward_result_add_inner(struct ward_result *r, const struct ward_inner *inner);
/* The values are copied; more than WARD_RESULT_ROW_MAX of them are none. */
void ward_result_set_row(struct ward_result *r, const struct ward_result_row *row);
/* True when `reason` is among the gaps. */
bool ward_result_has_gap(const struct ward_result *r, enum ward_reason reason);
/* Sets `verdict` from findings, gaps and activity; `informed`: some intelligence was loaded. */
void ward_result_conclude(struct ward_result *r, bool informed);

#endif
