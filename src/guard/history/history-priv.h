/* SPDX-License-Identifier: Apache-2.0 */
/* The history from inside: its statements by name. */
#ifndef WARD_GUARD_HISTORY_PRIV_H
#define WARD_GUARD_HISTORY_PRIV_H

#include <pthread.h>

#include "db/db.h"
#include "guard/history/history.h"

enum ward_history_sql {
	WARD_SQL_THREAT_FIND,
	WARD_SQL_THREAT_AGAIN,
	WARD_SQL_THREAT_ADD,
	WARD_SQL_THREAT_UPDATE,
	WARD_SQL_THREAT_LIST,
	WARD_SQL_THREAT_SHOW,
	WARD_SQL_COUNT_DETECTION,
	WARD_SQL_RUN_BEGIN,
	WARD_SQL_RUN_SAVE,
	WARD_SQL_RUN_INTERRUPT,
	WARD_SQL_RUN_LIST,
	WARD_SQL_EVENT_ADD,
	WARD_SQL_EVENT_LIST,
	WARD_SQL_ALLOW,
	WARD_SQL_DISALLOW,
	WARD_SQL_ALLOWED,
	WARD_SQL_OLD_THREATS,
	WARD_SQL_OLD_RUNS,
	WARD_SQL_OLD_EVENTS,
	WARD_SQL_OLD_ALLOWS,
	WARD_SQL_MANY_THREATS,
	WARD_SQL_MANY_RUNS,
	WARD_SQL_MANY_EVENTS,
	WARD_SQL_TOTALS,
	WARD_SQL_COUNT,
};

struct ward_history {
	pthread_mutex_t lock;
	struct ward_history_options options;
	struct ward_db *db;
	struct ward_db_statement *sql[WARD_SQL_COUNT];
};

/* Texts, in the order of their names. */
extern const char *const WARD_HISTORY_SQL[WARD_SQL_COUNT];
extern const char *const WARD_HISTORY_MIGRATIONS[];
extern const size_t WARD_HISTORY_MIGRATION_COUNT;

/* Takes the lock; the statement is the caller's until _leave. */
struct ward_db_statement *ward_history_enter(struct ward_history *h, enum ward_history_sql which);
/* Makes the statement ready again, gives the lock back, returns `rc` (WARD_E_NOENT becomes `none`). */
enum ward_rc ward_history_leave(struct ward_history *h, enum ward_history_sql which,
				enum ward_rc rc, enum ward_rc none) WARD_MUST_CHECK;

/* Binds at most WARD_HISTORY_TEXT_MAX bytes; empty is an empty text, never none. */
void ward_history_text(struct ward_db_statement *s, int at, struct ward_span text);
/* Binds all or, when there is more than WARD_HISTORY_EVIDENCE_MAX, an empty text. */
void ward_history_json(struct ward_db_statement *s, int at, struct ward_span json);
uint32_t ward_history_page(uint32_t limit);

#endif
