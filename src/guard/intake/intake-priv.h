/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARD_GUARD_INTAKE_PRIV_H
#define WARD_GUARD_INTAKE_PRIV_H

#include <pthread.h>

#include "guard/intake/audit.h"
#include "guard/intake/intake.h"
#include "guard/intake/ledger.h"
#include "sys/entry.h"
#include "trust/store.h"

enum {
	INBOX_MAX = 256,
	INBOX_BYTES_MAX = 32 * 1024 * 1024,
	TAGS_MAX = 16,
	NAME_ROOM = 65,
	FETCH_RECORDS = 1000,
	FETCH_MS = 60 * 1000, /* so long an answer is waited for */
	BACKOFF_MIN_MS = 1000,
	BACKOFF_MAX_MS = 5 * 60 * 1000,
	ROOT_CHECK_MS = 3600 * 1000, /* so often a newer root is asked for */
};

enum message_kind { MESSAGE_PUSHED, MESSAGE_FETCHED, MESSAGE_RECORD, MESSAGE_ONLINE };

struct message {
	struct message *next;
	enum message_kind kind;
	enum ward_rc rc;
	uint64_t id;
	size_t len;
	uint8_t bytes[];
};

/* What is believed of the log, for those who audit. */
struct shown {
	bool there;
	struct ward_audit_head head;
	struct ward_trust_role signers; /* of timestamps */
	struct ward_buf envelope;
};

/* Owned texts. */
struct self {
	uint8_t device[16];
	char ring[NAME_ROOM];
	char tags[TAGS_MAX][NAME_ROOM];
	const char *list[TAGS_MAX];
	size_t tag_count;
};

struct ward_intake {
	struct ward_intake_options o;
	struct ward_overlay *overlay;
	pthread_t thread;
	bool running; /* there is a thread to wait for */
	bool started; /* others go by what is in force */
	char records_path[WARD_ENTRY_PATH_MAX], state_path[WARD_ENTRY_PATH_MAX];
	char pin_path[WARD_ENTRY_PATH_MAX], root_path[WARD_ENTRY_PATH_MAX];

	/* the thread's */
	struct ward_trust *trust; /* NULL: no root is pinned */
	struct self self;
	bool dirty; /* the state on the disk is older */
	bool lost;  /* records that are in force could not be kept: nothing is stored any more */
	bool told_unsaved;
	uint64_t save_ms; /* not before */
	bool wants;	  /* more is known to be there */
	uint64_t asked;	  /* id of what is being fetched; 0: nothing */
	struct ward_intake_want want;
	uint64_t next_id, deadline_ms, not_before_ms, backoff_ms, root_checked_ms;
	int64_t pin_seen; /* of the file `updates.root` that was looked at last */

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t come;
	struct message *first, **last;
	size_t waiting, waiting_bytes;
	bool stop, overflow;
	struct self new_self;
	struct ward_ledger *ledger; /* replaced by the thread only */
	struct ward_intake_state state;
	struct shown shown;
};

uint64_t intake_now(const struct ward_intake *i);
/* Notes a refusal, and tells it unless it is the same again. */
void intake_refuse(struct ward_intake *i, const struct ward_refusal *refusal);
/* Something that is none, for the history. */
void intake_tell(const struct ward_intake *i, const char *word, const char *text);
void intake_show(struct ward_intake *i);
/* audit.c: a part of that; the lock is held. */
void intake_show_head(struct ward_intake *i);

/* pin.c: begins with the root that is pinned, or looks whether another one was left. */
enum ward_rc intake_pin(struct ward_intake *i);
/* apply.c: borrowed from the thread's. */
struct ward_trust_self intake_self(const struct ward_intake *i);
/* What the ledger has is in force. */
enum ward_rc intake_replay(struct ward_intake *i);
/* Puts a batch in force and keeps it. */
void intake_apply(struct ward_intake *i, const struct ward_trust_accepted *accepted, size_t count,
		  uint64_t now_ms);
/* Makes durable what is not yet. */
void intake_save(struct ward_intake *i);
/* round.c */
void intake_take(struct ward_intake *i, const struct message *m);
void intake_ask(struct ward_intake *i);

#endif
