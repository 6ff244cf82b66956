/* SPDX-License-Identifier: Apache-2.0 */
/* The tables, and every statement there is. Texts are BLOBs: paths need not be UTF-8. */
#include "guard/history/history-priv.h"

/* Only ever add to the end: a file's version is how many of these have run. */
const char *const WARD_HISTORY_MIGRATIONS[] = {
	"CREATE TABLE threat (id BLOB PRIMARY KEY NOT NULL, status INTEGER NOT NULL,"
	" verdict INTEGER NOT NULL, layer INTEGER NOT NULL, name BLOB NOT NULL,"
	" category BLOB NOT NULL, path BLOB NOT NULL, sha256 BLOB NOT NULL, evidence BLOB NOT NULL,"
	" reason BLOB NOT NULL, origin BLOB NOT NULL, volume BLOB NOT NULL, program BLOB NOT NULL,"
	" note BLOB NOT NULL, actor_pid INTEGER NOT NULL, actor_uid INTEGER NOT NULL,"
	" owner_uid INTEGER NOT NULL, quarantine BLOB NOT NULL, count INTEGER NOT NULL,"
	" first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL) STRICT;"
	"CREATE INDEX threat_last ON threat (last_ms, id);"
	"CREATE INDEX threat_same ON threat (path, name);"
	"CREATE TABLE run (id INTEGER PRIMARY KEY AUTOINCREMENT, kind BLOB NOT NULL,"
	" what BLOB NOT NULL, uid INTEGER NOT NULL, begin_ms INTEGER NOT NULL,"
	" end_ms INTEGER NOT NULL, outcome INTEGER NOT NULL, files INTEGER NOT NULL,"
	" bytes INTEGER NOT NULL, threats INTEGER NOT NULL, not_scanned INTEGER NOT NULL) STRICT;"
	"CREATE TABLE event (id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL,"
	" kind BLOB NOT NULL, text BLOB NOT NULL, detail BLOB NOT NULL, program BLOB NOT NULL,"
	" pid INTEGER NOT NULL, uid INTEGER NOT NULL) STRICT;"
	"CREATE INDEX event_kind ON event (kind, id);"
	"CREATE TABLE allow (id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL,"
	" value BLOB NOT NULL, uid INTEGER NOT NULL, why BLOB NOT NULL, since_ms INTEGER NOT NULL,"
	" until_ms INTEGER NOT NULL, UNIQUE (kind, value)) STRICT;"
	"CREATE TABLE total (what INTEGER PRIMARY KEY, value INTEGER NOT NULL) STRICT;"
	"INSERT INTO total VALUES (0, 0);",
	"ALTER TABLE run ADD COLUMN source BLOB NOT NULL DEFAULT x'';"
	"ALTER TABLE run ADD COLUMN intelligence BLOB NOT NULL DEFAULT x'';"
	"ALTER TABLE run ADD COLUMN used_ms INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE run ADD COLUMN reasons BLOB NOT NULL DEFAULT x'';"
	"ALTER TABLE run ADD COLUMN place BLOB NOT NULL DEFAULT x'';"
	"ALTER TABLE run ADD COLUMN after BLOB NOT NULL DEFAULT x'';"
	"CREATE INDEX run_kind ON run (kind, id);"
	"INSERT INTO total VALUES (1, CAST(strftime('%s', 'now') AS INTEGER) * 1000);",
};
const size_t WARD_HISTORY_MIGRATION_COUNT =
	sizeof(WARD_HISTORY_MIGRATIONS) / sizeof(WARD_HISTORY_MIGRATIONS[0]);

#define THREAT_COLUMNS                                                                             \
	"id, status, verdict, layer, name, category, path, sha256, evidence, reason, origin,"      \
	" volume, program, note, actor_pid, actor_uid, owner_uid, quarantine, count, first_ms,"    \
	" last_ms"

const char *const WARD_HISTORY_SQL[WARD_SQL_COUNT] = {
	/* 0 blocked, 2 allowed, 5 failed */
	[WARD_SQL_THREAT_FIND] =
		"SELECT id FROM threat WHERE path = ?1 AND name = ?2 AND"
		" sha256 = ?3 AND status IN (0, 2, 5) ORDER BY last_ms DESC LIMIT 1",
	[WARD_SQL_THREAT_AGAIN] = "UPDATE threat SET count = count + 1, last_ms = max(last_ms, ?2),"
				  " status = ?3, actor_pid = ?4, actor_uid = ?5, program = ?6"
				  " WHERE id = ?1",
	[WARD_SQL_THREAT_ADD] =
		"INSERT INTO threat (" THREAT_COLUMNS ") VALUES (?1, ?2, ?3, ?4,"
		" ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, 1,"
		" ?19, ?19)",
	[WARD_SQL_THREAT_UPDATE] =
		"UPDATE threat SET status = ?2,"
		" quarantine = coalesce(?3, quarantine), note = coalesce(?4, note)"
		" WHERE id = ?1",
	[WARD_SQL_THREAT_LIST] =
		"SELECT " THREAT_COLUMNS " FROM threat WHERE"
		" (last_ms, id) < (?1, ?2) AND (?3 >> status) & 1 AND"
		" (?4 IS NULL OR name = ?4) ORDER BY last_ms DESC, id DESC LIMIT ?5",
	[WARD_SQL_THREAT_SHOW] = "SELECT " THREAT_COLUMNS " FROM threat WHERE id = ?1",
	[WARD_SQL_COUNT_DETECTION] = "UPDATE total SET value = value + 1 WHERE what = 0",
	[WARD_SQL_RUN_BEGIN] =
		"INSERT INTO run (kind, what, uid, begin_ms, source, intelligence, end_ms, outcome,"
		" files, bytes, threats, not_scanned)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, 0, 0, 0, 0) RETURNING id",
	[WARD_SQL_RUN_SAVE] =
		"UPDATE run SET outcome = ?2, end_ms = ?3, files = ?4, bytes = ?5, threats = ?6,"
		" not_scanned = ?7, used_ms = ?8, reasons = ?9, place = ?10, after = ?11,"
		" intelligence = ?12 WHERE id = ?1",
	[WARD_SQL_RUN_INTERRUPT] = "UPDATE run SET outcome = 4 WHERE outcome = 0",
	[WARD_SQL_RUN_LIST] =
		"SELECT id, kind, what, uid, begin_ms, end_ms, outcome, files, bytes,"
		" threats, not_scanned, source, intelligence, used_ms, reasons, place, after"
		" FROM run WHERE id < ?1 AND (?2 IS NULL OR kind = ?2) ORDER BY id DESC LIMIT ?3",
	[WARD_SQL_EVENT_ADD] = "INSERT INTO event (at_ms, kind, text, detail, program, pid, uid)"
			       " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[WARD_SQL_EVENT_LIST] =
		"SELECT id, at_ms, kind, text, detail, program, pid, uid FROM event"
		" WHERE id < ?1 AND (?2 IS NULL OR kind = ?2) ORDER BY id DESC LIMIT ?3",
	[WARD_SQL_ALLOW] =
		"INSERT INTO allow (kind, value, uid, why, since_ms, until_ms)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (kind, value) DO UPDATE SET"
		" uid = excluded.uid, why = excluded.why, since_ms = excluded.since_ms,"
		" until_ms = excluded.until_ms",
	[WARD_SQL_DISALLOW] = "DELETE FROM allow WHERE kind = ?1 AND value = ?2",
	[WARD_SQL_ALLOWED] = "SELECT id, kind, value, uid, why, since_ms, until_ms FROM allow WHERE"
			     " until_ms = 0 OR until_ms > ?1 ORDER BY id",
	[WARD_SQL_OLD_THREATS] = "DELETE FROM threat WHERE last_ms < ?1",
	[WARD_SQL_OLD_RUNS] = "DELETE FROM run WHERE begin_ms < ?1 AND outcome <> 0",
	[WARD_SQL_OLD_EVENTS] = "DELETE FROM event WHERE at_ms < ?1",
	[WARD_SQL_OLD_ALLOWS] = "DELETE FROM allow WHERE until_ms <> 0 AND until_ms <= ?1",
	[WARD_SQL_MANY_THREATS] = "DELETE FROM threat WHERE id IN (SELECT id FROM threat ORDER BY"
				  " last_ms DESC, id DESC LIMIT -1 OFFSET ?1)",
	[WARD_SQL_MANY_RUNS] = "DELETE FROM run WHERE id IN (SELECT id FROM run ORDER BY id DESC"
			       " LIMIT -1 OFFSET ?1)",
	[WARD_SQL_MANY_EVENTS] = "DELETE FROM event WHERE id IN (SELECT id FROM event ORDER BY"
				 " id DESC LIMIT -1 OFFSET ?1)",
	[WARD_SQL_TOTALS] =
		"SELECT (SELECT value FROM total WHERE what = 0),"
		" (SELECT count(*) FROM run), (SELECT count(*) FROM event),"
		" (SELECT count(*) FROM allow), count(*) FILTER (WHERE status = 0),"
		" count(*) FILTER (WHERE status = 1), count(*) FILTER (WHERE status = 2),"
		" count(*) FILTER (WHERE status = 3), count(*) FILTER (WHERE status = 4),"
		" count(*) FILTER (WHERE status = 5),"
		" coalesce((SELECT value FROM total WHERE what = 1), 0) FROM threat",
};
