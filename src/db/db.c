/* SPDX-License-Identifier: Apache-2.0 */
#include "db/db.h"

#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "sys/entry.h"
#include "sys/fd.h"

enum { SUFFIX_ROOM = 24 };

struct ward_db {
	sqlite3 *handle;
};

struct ward_db_statement {
	sqlite3_stmt *handle;
	enum ward_rc failed; /* to bind */
};

static enum ward_rc
rc_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return WARD_OK;
	case SQLITE_NOMEM:
		return WARD_E_NOMEM;
	case SQLITE_FULL:
	case SQLITE_TOOBIG:
		return WARD_E_LIMIT;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PERM:
	case SQLITE_READONLY:
	case SQLITE_AUTH:
		return WARD_E_PERM;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return WARD_E_FORMAT;
	case SQLITE_CONSTRAINT:
	case SQLITE_RANGE:
	case SQLITE_MISUSE:
	case SQLITE_MISMATCH:
		return WARD_E_INVAL;
	default:
		return WARD_E_IO;
	}
}

enum ward_rc
ward_db_script(struct ward_db *db, const char *sql)
{
	return rc_of(sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

/* --- statements --- */

enum ward_rc
ward_db_prepare(struct ward_db *db, const char *sql, struct ward_db_statement **ret_statement)
{
	struct ward_db_statement *s = calloc(1, sizeof(*s));
	int code;

	if (!s)
		return WARD_E_NOMEM;
	code = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->handle, NULL);
	if (code != SQLITE_OK) {
		enum ward_rc rc = rc_of(code);

		free(s);
		return rc ? rc : WARD_E_IO;
	}
	*ret_statement = s;
	return WARD_OK;
}

void
ward_db_statement_freep(struct ward_db_statement **statement)
{
	struct ward_db_statement *s = *statement;

	*statement = NULL;
	if (!s)
		return;
	(void)sqlite3_finalize(s->handle);
	free(s);
}

static void
note(struct ward_db_statement *s, int code)
{
	if (code != SQLITE_OK && s->failed == WARD_OK)
		s->failed = rc_of(code);
}

void
ward_db_bind_int(struct ward_db_statement *s, int at, int64_t value)
{
	note(s, sqlite3_bind_int64(s->handle, at, value));
}

void
ward_db_bind_uint(struct ward_db_statement *s, int at, uint64_t value)
{
	if (value > INT64_MAX)
		note(s, SQLITE_RANGE);
	else
		ward_db_bind_int(s, at, (int64_t)value);
}

void
ward_db_bind_blob(struct ward_db_statement *s, int at, struct ward_span bytes)
{
	if (bytes.len > INT_MAX)
		note(s, SQLITE_TOOBIG);
	else if (!bytes.data)
		note(s, sqlite3_bind_null(s->handle, at));
	else
		note(s,
		     sqlite3_bind_blob(s->handle, at, bytes.data, (int)bytes.len, SQLITE_STATIC));
}

void
ward_db_reset(struct ward_db_statement *s)
{
	(void)sqlite3_reset(s->handle);
	(void)sqlite3_clear_bindings(s->handle);
	s->failed = WARD_OK;
}

enum ward_rc
ward_db_step(struct ward_db_statement *s)
{
	enum ward_rc rc = s->failed;
	int code;

	if (!rc) {
		code = sqlite3_step(s->handle);
		if (code == SQLITE_ROW)
			return WARD_OK;
		rc = code == SQLITE_DONE ? WARD_E_NOENT : rc_of(code);
	}
	ward_db_reset(s);
	return rc;
}

enum ward_rc
ward_db_run(struct ward_db_statement *s)
{
	enum ward_rc rc;

	do {
		rc = ward_db_step(s);
	} while (rc == WARD_OK);
	return rc == WARD_E_NOENT ? WARD_OK : rc;
}

int64_t
ward_db_int(struct ward_db_statement *s, int column)
{
	return sqlite3_column_int64(s->handle, column);
}

struct ward_span
ward_db_blob(struct ward_db_statement *s, int column)
{
	const void *data = sqlite3_column_blob(s->handle, column);
	int len = sqlite3_column_bytes(s->handle, column);

	return ward_span_of(data ? data : "", len > 0 ? (size_t)len : 0);
}

bool
ward_db_is_null(struct ward_db_statement *s, int column)
{
	return sqlite3_column_type(s->handle, column) == SQLITE_NULL;
}

/* --- transactions --- */

enum ward_rc
ward_db_begin(struct ward_db *db)
{
	return ward_db_script(db, "BEGIN IMMEDIATE");
}

enum ward_rc
ward_db_end(struct ward_db *db, enum ward_rc rc)
{
	if (!rc)
		rc = ward_db_script(db, "COMMIT");
	if (rc && !sqlite3_get_autocommit(db->handle))
		(void)!ward_db_script(db, "ROLLBACK");
	return rc;
}

uint64_t
ward_db_changes(const struct ward_db *db)
{
	return (uint64_t)sqlite3_changes(db->handle);
}

/* --- opening --- */

void
ward_db_freep(struct ward_db **db)
{
	struct ward_db *d = *db;

	*db = NULL;
	if (!d)
		return;
	(void)sqlite3_close(d->handle);
	free(d);
}

/* One number that a pragma answers with. */
static enum ward_rc
ask(struct ward_db *db, const char *sql, int64_t *ret_value)
{
	WARD_AUTO(ward_db_statement_freep) struct ward_db_statement *s = NULL;
	enum ward_rc rc = ward_db_prepare(db, sql, &s);

	if (!rc)
		rc = ward_db_step(s);
	if (rc)
		return rc == WARD_E_NOENT ? WARD_E_FORMAT : rc;
	*ret_value = ward_db_int(s, 0);
	return WARD_OK;
}

static enum ward_rc
check(struct ward_db *db)
{
	WARD_AUTO(ward_db_statement_freep) struct ward_db_statement *s = NULL;
	enum ward_rc rc = ward_db_prepare(db, "PRAGMA quick_check(1)", &s);

	if (!rc)
		rc = ward_db_step(s);
	if (rc)
		return rc == WARD_E_NOENT ? WARD_E_FORMAT : rc;
	return ward_span_eq(ward_db_blob(s, 0), ward_span_str("ok")) ? WARD_OK : WARD_E_FORMAT;
}

static enum ward_rc
migrate(struct ward_db *db, const struct ward_db_options *options)
{
	int64_t version = 0;
	char set[64];
	enum ward_rc rc = ask(db, "PRAGMA user_version", &version);

	if (rc)
		return rc;
	if (version < 0 || (uint64_t)version > options->migration_count)
		return WARD_E_FORMAT; /* of a later version: nothing of ours can be sure of it */
	rc = ward_db_begin(db);
	if (rc)
		return rc;
	for (size_t i = (size_t)version; i < options->migration_count && !rc; i++)
		rc = ward_db_script(db, options->migrations[i]);
	(void)snprintf(set, sizeof(set), "PRAGMA user_version = %zu", options->migration_count);
	if (!rc)
		rc = ward_db_script(db, set);
	return ward_db_end(db, rc);
}

/* SQLite would make it with the process's umask; what belongs to it inherits its mode. */
static enum ward_rc
make_file(const char *path)
{
	int fd = -1;
	enum ward_rc rc = ward_fd_create(-1, path, 0600, &fd);

	ward_fd_close(&fd);
	return rc == WARD_E_PERM ? WARD_OK : rc; /* there already, or SQLite will say so */
}

/* The exclusive mode keeps the lock of the first write for as long as it is open, and needs no
 * shared memory file. What is in the file is not trusted to name functions or views. */
static const char PRAGMAS[] = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
			      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
			      "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
			      "PRAGMA secure_delete = FAST; PRAGMA temp_store = MEMORY;"
			      "PRAGMA cache_size = -1024; PRAGMA journal_size_limit = 4194304;";

static enum ward_rc
open_once(const struct ward_db_options *options, struct ward_db **ret_db)
{
	WARD_AUTO(ward_db_freep) struct ward_db *db = calloc(1, sizeof(*db));
	enum ward_rc rc = make_file(options->path);

	if (!db || rc)
		return rc ? rc : WARD_E_NOMEM;
	rc = rc_of(sqlite3_open_v2(options->path, &db->handle,
				   SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));
	if (!rc)
		rc = rc_of(sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL));
	if (!rc)
		rc = ward_db_script(db, PRAGMAS);
	if (!rc)
		rc = check(db);
	if (!rc)
		rc = migrate(db, options);
	if (rc)
		return rc;
	*ret_db = db;
	db = NULL;
	return WARD_OK;
}

static enum ward_rc
set_aside(const char *path)
{
	static const char *const kept[] = {"", "-wal"};
	size_t room = strlen(path) + SUFFIX_ROOM;
	char *from = malloc(room), *to = malloc(room);
	enum ward_rc rc = from && to ? WARD_OK : WARD_E_NOMEM;

	for (size_t i = 0; i < 2 && !rc; i++) {
		(void)snprintf(from, room, "%s%s", path, kept[i]);
		(void)snprintf(to, room, "%s.damaged%s", path, kept[i]);
		rc = ward_entry_replace(-1, from, to);
		if (rc == WARD_E_NOENT)
			rc = WARD_OK;
	}
	free(from);
	free(to);
	return rc;
}

enum ward_rc
ward_db_open(const struct ward_db_options *options, struct ward_db **ret_db, bool *ret_set_aside)
{
	enum ward_rc rc = open_once(options, ret_db);

	*ret_set_aside = false;
	if (rc != WARD_E_FORMAT && rc != WARD_E_INVAL)
		return rc;
	rc = set_aside(options->path);
	if (rc)
		return rc;
	*ret_set_aside = true;
	return open_once(options, ret_db);
}
