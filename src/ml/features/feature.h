/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the numbers of a row mean. A schema is a table of groups of columns, made from the .def files
 * of this folder; a row is one float for each column, in the table's order, NaN where the number does
 * not exist for a file (the entropy of a section it does not have). The version of a schema is a hash
 * of its table: a model that was trained on another version is not asked.
 *
 * Everything here is constant and may be used by any number of threads.
 */
#ifndef WARD_ML_FEATURES_FEATURE_H
#define WARD_ML_FEATURES_FEATURE_H

#include "base/buf.h"
#include "formats/type.h"

/* Numbers on the wire: never reused. */
enum ward_schema_id {
	WARD_SCHEMA_NONE = 0,
	WARD_SCHEMA_ELF = 1,
	WARD_SCHEMA_PE = 2,
	WARD_SCHEMA_SCRIPT = 3,
	WARD_SCHEMA_PDF = 4,
	WARD_SCHEMA_MACRO = 5,
	WARD_SCHEMA_COUNT,
};

struct ward_feature_group {
	const char *name;  /* of the column, or of the columns with _0, _1… behind it */
	unsigned count;	   /* of columns */
	const char *unit;  /* "bytes", "share" (0 to 1), "bits/byte", "count", "flag" (0 or 1)… */
	const char *about; /* definition */
	const char *source; /* what it is computed from, or whose definition it is */
};

struct ward_schema {
	enum ward_schema_id id;
	const char *name; /* "elf" */
	const char *title;
	const struct ward_feature_group *groups;
	size_t group_count;
	size_t columns;
};

/* NULL for numbers, names and types that have none. */
const struct ward_schema *ward_schema_get(unsigned id);
const struct ward_schema *ward_schema_named(const char *name);
const struct ward_schema *ward_schema_of_type(enum ward_type type);

/* First 8 bytes of the SHA-256 of names, counts, units and definitions. WARD_E_IO: no digest. */
enum ward_rc ward_schema_version(const struct ward_schema *schema,
				 uint64_t *ret_version) WARD_MUST_CHECK;

enum { WARD_FEATURE_NAME_MAX = 80 };

/* The name of a column as "entropy" or "byte_histogram_17"; its group. NULL past the last column. */
const struct ward_feature_group *ward_schema_column(const struct ward_schema *schema, size_t column,
						    char ret_name[WARD_FEATURE_NAME_MAX]);
/* The number of a column's name; false when there is none. */
bool ward_schema_find(const struct ward_schema *schema, const char *name, size_t *ret_column);
/* Appends the table as Markdown: docs/features.md. */
enum ward_rc ward_schema_print(const struct ward_schema *schema,
			       struct ward_buf *out) WARD_MUST_CHECK;

#endif
