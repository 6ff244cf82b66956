/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From dpkg's files to an index (index.h). Formats: deb-md5sums(5) ("md5  path" a line, the path without
 * its first slash) and dpkg-divert(1) (diversions: from, to, package, a line each). Lines that are
 * none are passed over and counted. Conffiles need no care: a changed one has another sum, and an
 * unchanged one is what the package brought. Not thread-safe.
 */
#ifndef WARD_GUARD_PACKAGES_DATABASE_H
#define WARD_GUARD_PACKAGES_DATABASE_H

#include "guard/packages/index.h"

struct ward_database;

enum { WARD_DATABASE_DIVERSIONS_MAX = 4096 };

/* `merged`: ward_index_merged. NULL without memory. */
struct ward_database *ward_database_new(uint32_t merged) WARD_MUST_CHECK;
void ward_database_freep(struct ward_database **d);

/* The file "diversions", before any sums. WARD_E_LIMIT, WARD_E_NOMEM. */
enum ward_rc ward_database_diversions(struct ward_database *d,
				      struct ward_span text) WARD_MUST_CHECK;
/* A package's md5sums; `package`: as the file is called without its ending, 1 to 255 printable
 * characters, or WARD_E_FORMAT. */
enum ward_rc ward_database_sums(struct ward_database *d, struct ward_span package,
				struct ward_span text) WARD_MUST_CHECK;
/* Lines that were passed over. */
size_t ward_database_bad_lines(const struct ward_database *d);
/* Appends the index. */
enum ward_rc ward_database_end(struct ward_database *d, struct ward_buf *ret_index) WARD_MUST_CHECK;

#endif
