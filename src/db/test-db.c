/* SPDX-License-Identifier: Apache-2.0 */
#include "db/db.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char base[64], path[96];

static const char *const SCRIPTS[] = {
	"CREATE TABLE t (a INTEGER NOT NULL, b BLOB) STRICT;",
	"ALTER TABLE t ADD COLUMN c INTEGER NOT NULL DEFAULT 7;",
};

static int
make_base(void **state)
{
	(void)state;
	(void)snprintf(base, sizeof(base), "/tmp/ward-test-db-XXXXXX");
	if (!mkdtemp(base))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/x.db", base);
	return 0;
}

static int
remove_base(void **state)
{
	static const char *const names[] = {"", "-wal", "-shm", ".damaged", ".damaged-wal"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char name[128];

		(void)snprintf(name, sizeof(name), "%s%s", path, names[i]);
		(void)unlink(name);
	}
	return rmdir(base);
}

static struct ward_db *
open_db(size_t scripts, bool expect_aside)
{
	struct ward_db_options options = {path, SCRIPTS, scripts};
	struct ward_db *db = NULL;
	bool aside = false;

	assert_int_equal(ward_db_open(&options, &db, &aside), WARD_OK);
	assert_int_equal(aside, expect_aside);
	return db;
}

static int64_t
number(struct ward_db *db, const char *sql)
{
	struct ward_db_statement *s = NULL;
	int64_t value;

	assert_int_equal(ward_db_prepare(db, sql, &s), WARD_OK);
	assert_int_equal(ward_db_step(s), WARD_OK);
	value = ward_db_int(s, 0);
	ward_db_statement_freep(&s);
	return value;
}

static void
insert(struct ward_db *db, int64_t a, struct ward_span b, enum ward_rc expected)
{
	struct ward_db_statement *s = NULL;

	assert_int_equal(ward_db_prepare(db, "INSERT INTO t (a, b) VALUES (?1, ?2)", &s), WARD_OK);
	ward_db_bind_int(s, 1, a);
	ward_db_bind_blob(s, 2, b);
	assert_int_equal(ward_db_run(s), expected);
	ward_db_statement_freep(&s);
}

static void
test_values_come_back(void **state)
{
	struct ward_db *db = open_db(1, false);
	struct ward_db_statement *s = NULL;
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	insert(db, -5, ward_span_of("a\0'b", 4), WARD_OK);
	insert(db, 6, ward_span_of(NULL, 0), WARD_OK);
	assert_int_equal(ward_db_prepare(db, "SELECT a, b FROM t ORDER BY a", &s), WARD_OK);
	assert_int_equal(ward_db_step(s), WARD_OK);
	assert_int_equal(ward_db_int(s, 0), -5);
	assert_true(ward_span_eq(ward_db_blob(s, 1), ward_span_of("a\0'b", 4)));
	assert_int_equal(ward_db_step(s), WARD_OK);
	assert_true(ward_db_is_null(s, 1));
	assert_int_equal(ward_db_step(s), WARD_E_NOENT);
	/* Too large for a signed number: said at the run, and forgotten after it. */
	ward_db_statement_freep(&s);
	assert_int_equal(ward_db_prepare(db, "DELETE FROM t WHERE a = ?1", &s), WARD_OK);
	ward_db_bind_uint(s, 1, UINT64_MAX);
	assert_int_equal(ward_db_run(s), WARD_E_INVAL);
	ward_db_bind_uint(s, 1, 6);
	assert_int_equal(ward_db_run(s), WARD_OK);
	assert_int_equal(ward_db_changes(db), 1);
	ward_db_statement_freep(&s);
	ward_db_freep(&db);
}

static void
test_all_or_nothing(void **state)
{
	struct ward_db *db = open_db(1, false);
	int64_t before = number(db, "SELECT count(*) FROM t");

	(void)state;
	assert_int_equal(ward_db_begin(db), WARD_OK);
	insert(db, 1, ward_span_of(NULL, 0), WARD_OK);
	assert_int_equal(ward_db_end(db, WARD_E_LIMIT), WARD_E_LIMIT);
	assert_int_equal(number(db, "SELECT count(*) FROM t"), before);
	assert_int_equal(ward_db_begin(db), WARD_OK);
	insert(db, 1, ward_span_of(NULL, 0), WARD_OK);
	assert_int_equal(ward_db_end(db, WARD_OK), WARD_OK);
	assert_int_equal(number(db, "SELECT count(*) FROM t"), before + 1);
	ward_db_freep(&db);
}

static void
test_versions(void **state)
{
	struct ward_db *db = open_db(2, false);

	(void)state;
	assert_int_equal(number(db, "SELECT c FROM t LIMIT 1"), 7);
	ward_db_freep(&db);
	db = open_db(2, false);
	ward_db_freep(&db);
	/* Of a later version: set aside, whole. */
	db = open_db(1, true);
	assert_int_equal(number(db, "SELECT count(*) FROM t"), 0);
	ward_db_freep(&db);
}

static void
test_one_process(void **state)
{
	struct ward_db_options options = {path, SCRIPTS, 1};
	struct ward_db *db = open_db(1, false), *second = NULL;
	bool aside = false;

	(void)state;
	assert_int_equal(ward_db_open(&options, &second, &aside), WARD_E_PERM);
	assert_false(aside);
	ward_db_freep(&db);
}

static void
overwrite(off_t at, size_t len)
{
	int fd = open(path, O_WRONLY);
	char junk[4096];

	memset(junk, 0x5a, sizeof(junk));
	assert_int_equal(pwrite(fd, junk, len, at), len);
	close(fd);
}

static void
test_damage_is_set_aside(void **state)
{
	struct ward_db *db;

	(void)state;
	overwrite(0, 100);
	db = open_db(1, true);
	assert_int_equal(ward_db_begin(db), WARD_OK);
	for (int i = 0; i < 2000; i++)
		insert(db, i, ward_span_str("some text to fill pages with"), WARD_OK);
	assert_int_equal(ward_db_end(db, WARD_OK), WARD_OK);
	ward_db_freep(&db);
	overwrite(8192, 4096);
	db = open_db(1, true);
	assert_int_equal(number(db, "SELECT count(*) FROM t"), 0);
	ward_db_freep(&db);
	db = open_db(1, false);
	ward_db_freep(&db);
}

static void
test_constraints(void **state)
{
	struct ward_db *db = open_db(1, false);
	struct ward_db_statement *s = NULL;

	(void)state;
	assert_int_equal(ward_db_prepare(db, "INSERT INTO t (a) VALUES (?1)", &s), WARD_OK);
	assert_int_equal(ward_db_run(s), WARD_E_INVAL); /* NULL */
	ward_db_statement_freep(&s);
	assert_int_not_equal(ward_db_prepare(db, "NONSENSE", &s), WARD_OK);
	assert_null(s);
	ward_db_freep(&db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_come_back),
		cmocka_unit_test(test_all_or_nothing),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_one_process),
		cmocka_unit_test(test_damage_is_set_aside),
		cmocka_unit_test(test_constraints),
	};
	return cmocka_run_group_tests(tests, make_base, remove_base);
}
