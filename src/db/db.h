/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite (sqlite.org, 3.37 and later) behind a small face. A connection and its statements belong to
 * one thread at a time. Calls wait for the disk: never from a thread that must answer at once.
 */
#ifndef WARD_DB_DB_H
#define WARD_DB_DB_H

#include "base/rc.h"
#include "base/span.h"

struct ward_db;
struct ward_db_statement;

struct ward_db_options {
	const char *path; /* the file is made with mode 0600 */
	/* Scripts, each from one version to the next; the file's version is how many have run. Only ever
	 * add to their end. */
	const char *const *migrations;
	size_t migration_count;
};

/*
 * Opens the file, checks it (PRAGMA quick_check), brings it to the latest version in one transaction.
 * One that is damaged, no database, or of a later version than we know is renamed to PATH.damaged
 * (replacing an earlier one) and a new one begun; *ret_set_aside says so. The file is locked for this
 * process: WARD_E_PERM when another has it. WARD_E_LIMIT: no room. WARD_E_IO.
 */
enum ward_rc ward_db_open(const struct ward_db_options *options, struct ward_db **ret_db,
			  bool *ret_set_aside) WARD_MUST_CHECK;
/* Statements must be freed before. */
void ward_db_freep(struct ward_db **db);

/* Runs a script without values: pragmas and definitions of ours only. */
enum ward_rc ward_db_script(struct ward_db *db, const char *sql) WARD_MUST_CHECK;

/* All or nothing. Transactions do not nest. */
enum ward_rc ward_db_begin(struct ward_db *db) WARD_MUST_CHECK;
/* Ends it: commits when `rc` is WARD_OK, else takes all back. Returns `rc`, or why the commit failed
 * (then all is taken back too). */
enum ward_rc ward_db_end(struct ward_db *db, enum ward_rc rc) WARD_MUST_CHECK;
/* Rows the last statement changed. */
uint64_t ward_db_changes(const struct ward_db *db);

/* `sql` is a text of ours with ?1, ?2 … for values. */
enum ward_rc ward_db_prepare(struct ward_db *db, const char *sql,
			     struct ward_db_statement **ret_statement) WARD_MUST_CHECK;
void ward_db_statement_freep(struct ward_db_statement **statement);

/* Values by number from 1. What is borrowed must live until the statement has been run. A failure is
 * remembered and returned by the run. */
void ward_db_bind_int(struct ward_db_statement *s, int at, int64_t value);
void ward_db_bind_uint(struct ward_db_statement *s, int at,
		       uint64_t value); /* above INT64_MAX: fails */
/* NULL data is no value. Bytes are kept as they are: names need not be UTF-8. */
void ward_db_bind_blob(struct ward_db_statement *s, int at, struct ward_span bytes);

/* Runs to the end and makes it ready again; rows are not looked at. WARD_E_INVAL: a constraint. */
enum ward_rc ward_db_run(struct ward_db_statement *s) WARD_MUST_CHECK;
/* The next row: WARD_OK, or WARD_E_NOENT after the last (then it is ready again). Leave a statement
 * early by _reset. */
enum ward_rc ward_db_step(struct ward_db_statement *s) WARD_MUST_CHECK;
void ward_db_reset(struct ward_db_statement *s);

/* Columns from 0; borrowed until the next step. A number where none is, is 0; bytes are never at NULL,
 * so that empty ones may be bound and copied. */
int64_t ward_db_int(struct ward_db_statement *s, int column);
struct ward_span ward_db_blob(struct ward_db_statement *s, int column);
bool ward_db_is_null(struct ward_db_statement *s, int column);

#endif
