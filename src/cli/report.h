/* SPDX-License-Identifier: Apache-2.0 */
/* What is known about one file after its scan, and how it is printed. */
#ifndef WARD_CLI_REPORT_H
#define WARD_CLI_REPORT_H

#include <stdio.h>

#include "engine/result.h"
#include "proto/wire.h"

/* What the cloud service said about a file that was left undecided. */
struct ward_report_cloud {
	const Ward__V1__FileVerdict *said; /* NULL: see the next two */
	bool nothing;			   /* it answered, and knows nothing */
	const char *why;		   /* no answer: why; NULL otherwise */
	const char *sample;		   /* what became of the sample it wanted; NULL: none was */
	bool decided;			   /* the report's verdict is the cloud's */
};

struct ward_report {
	const char *path; /* as walked; raw bytes */
	enum ward_verdict verdict;
	enum ward_type type;
	bool looked_at; /* the scanner opened it: type, size and digest are known */
	bool known_good;
	uint64_t size;
	const uint8_t *sha256; /* NULL if not known */
	const struct ward_finding *findings;
	size_t finding_count;
	uint64_t findings_dropped;
	const struct ward_gap *gaps;
	size_t gap_count;
	const struct ward_fact *facts;
	size_t fact_count;
	uint64_t objects;
	uint64_t unpacked_bytes;
	uint64_t scan_us;		       /* time in the scanner */
	const struct ward_report_cloud *cloud; /* NULL: not asked */
	const char *detail;		       /* for people: why it could not be opened; NULL */
};

/* Totals of a run. */
struct ward_totals {
	uint64_t files[5];		  /* by enum ward_verdict */
	uint64_t gaps[WARD_REASON_COUNT]; /* files that have this gap, whatever their verdict */
	uint64_t objects;
	uint64_t bytes;
	uint64_t unpacked_bytes;
	uint64_t excluded; /* left out because the policy says so; in no other count */
	double seconds;
	/* of files that were asked about: answered, verdicts that came of it, samples sent */
	struct {
		uint64_t asked, answered, decided, sent, unanswered;
	} cloud;
};

void ward_totals_add(struct ward_totals *totals, const struct ward_report *report);
/* Files of all verdicts. */
uint64_t ward_totals_files(const struct ward_totals *totals);

/* One or more lines; `all`: also for files about which there is nothing to say. */
void ward_report_print(const struct ward_report *report, bool all, bool colour, FILE *out);
void ward_totals_print(const struct ward_totals *totals, bool colour, FILE *out);

/*
 * One JSON object and a line feed; docs/json.md is its schema. Names that are no valid UTF-8 have
 * U+FFFD in place of each bad byte, and the exact bytes in hex in "path_hex".
 */
void ward_report_print_json(const struct ward_report *report, FILE *out);
void ward_totals_print_json(const struct ward_totals *totals, FILE *out);

#endif
