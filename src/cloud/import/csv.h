/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of comma-separated values (RFC 4180), as far as lists bend it: white space around quotes, a
 * semicolon or a tab instead of the comma (the one the first lines hold most of), comments, LF alone.
 * Bytes are strangers'. One thread.
 */
#ifndef WARD_CLOUD_IMPORT_CSV_H
#define WARD_CLOUD_IMPORT_CSV_H

#include "base/buf.h"

enum { WARD_CSV_CELLS = 64, WARD_CSV_RECORD_MAX = 64 * 1024 };

struct ward_csv {
	struct ward_span text; /* borrowed */
	size_t at;
	uint64_t line; /* that `at` stands on */
	uint8_t separator;
	struct ward_buf cells; /* of this record, without quotes */
	size_t ends[WARD_CSV_CELLS], count;
	uint64_t first_line; /* of this record */
	bool comment;	     /* it began with '#', which is left out */
	bool quoted;	     /* a cell stood in quotes */
	bool damaged;	     /* a quote without its end, or more than WARD_CSV_RECORD_MAX bytes */
};

void ward_csv_init(struct ward_csv *c, struct ward_span text);
void ward_csv_done(struct ward_csv *c);
/* The next record; false at the end. Cells past WARD_CSV_CELLS are left out. After a damaged record
 * reading goes on with the line after its first one. */
bool ward_csv_next(struct ward_csv *c);
/* Borrowed until the next record; empty past the end. */
struct ward_span ward_csv_cell(const struct ward_csv *c, size_t which);

#endif
