/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every loader of published intelligence shares: where entries go, and the
 * account it gives of each file: how much was taken, and what is not supported,
 * by name and count.
 */
#ifndef WARD_MATCH_LOAD_H
#define WARD_MATCH_LOAD_H

#include "match/match.h"

struct ward_hash_builder;
struct ward_body_builder;

enum { WARD_LOAD_TALLIES = 24, WARD_LOAD_MAX_ERRORS = 20 };

struct ward_load_tally {
	const char *what; /* static text: "logical signatures (.ldb)" */
	uint64_t count;
};

/* The account of one file. */
struct ward_load_report {
	const char *file; /* as the caller named it; inside a container "daily.cvd/daily.hdb" */
	const char *kind; /* static: "hdb", "ndb", "hash list"… */
	const char *note; /* static; something people should know; may be NULL */
	uint64_t loaded;
	unsigned errors;
	struct ward_load_tally unsupported[WARD_LOAD_TALLIES];
	size_t unsupported_count;
};

struct ward_load {
	struct ward_hash_builder *hashes;				  /* borrowed */
	struct ward_body_builder *bodies;				  /* borrowed */
	ward_match_notice notice;					  /* may be NULL */
	void (*report)(void *ctx, const struct ward_load_report *report); /* may be NULL */
	void *ctx;							  /* of both */
};

/* Counts `n` of what nobody here supports. Past WARD_LOAD_TALLIES different
 * texts (each static) the last one takes the rest. */
void ward_load_unsupported(struct ward_load_report *report, const char *what, uint64_t n);

/* A line that does not parse: tells it, and counts it. */
void ward_load_bad(const struct ward_load *load, struct ward_load_report *report, unsigned line,
		   const char *text);

/* The file is done: tells what is unsupported, hands over the report. WARD_OK,
 * or WARD_E_FORMAT when lines were bad. */
enum ward_rc ward_load_end(const struct ward_load *load,
			   const struct ward_load_report *report) WARD_MUST_CHECK;

/*
 * Takes one line (never blank, never a comment, trimmed of CR). Returns NULL, or
 * static text saying what is wrong with it; *ret_rc is then WARD_E_FORMAT, or
 * the failure that ends the load.
 */
typedef const char *(*ward_load_line)(const struct ward_load *load, struct ward_load_report *report,
				      struct ward_span line, void *arg, enum ward_rc *ret_rc);

/*
 * Shows each line of a text file to `take`; lines that are blank or start with
 * # are left out. Stops after WARD_LOAD_MAX_ERRORS bad lines, or at a failure
 * that is not WARD_E_FORMAT. Does not call ward_load_end.
 */
enum ward_rc ward_load_lines(const struct ward_load *load, struct ward_load_report *report,
			     struct ward_span text, ward_load_line take, void *arg) WARD_MUST_CHECK;

#endif
