/* SPDX-License-Identifier: Apache-2.0 */
/* What the operations share. */
#ifndef WARD_GUARD_MANAGE_MANAGE_PRIV_H
#define WARD_GUARD_MANAGE_MANAGE_PRIV_H

#include <pthread.h>

#include "guard/manage/manage.h"
#include "guard/manage/page.h"
#include "sys/peer.h"

enum { REFUSALS_KEPT = 32 };

/* One that was written down not long ago: the same again is no news. */
struct refusal {
	uint32_t uid;
	enum ward_manage_operation operation;
	uint64_t time; /* ward_clock_monotonic */
};

/* What the operations work on; any of its threads. */
struct desk {
	struct ward_manage_options o;
	pthread_mutex_t lock; /* of changes to the policy's document, and of refusals */
	struct refusal refusals[REFUSALS_KEPT];
	size_t next_refusal;
};

/* One question while it is answered. */
struct call {
	struct desk *desk;
	struct ward_manage_request request;
	struct ward_peer peer;
	bool admin;
	int file; /* what came with the request; -1: nothing */
	char program[512];
	struct ward_arena *arena;
	struct ward_page page;
	struct ward_buf error;
	struct ward_span next;
};

/* Notes why it does not work and gives the code back. */
enum ward_rc call_fail(struct call *c, enum ward_rc rc, const char *fmt, ...)
	WARD_PRINTF(3, 4) WARD_MUST_CHECK;
/* Where the next page begins; a copy is made. */
void call_next(struct call *c, struct ward_span cursor);
/* An index as cursor: 0 at the beginning; false: it is none. */
bool call_index(const struct call *c, uint64_t *ret_index) WARD_MUST_CHECK;
void call_next_index(struct call *c, uint64_t index);

/* events.c */
/* Writes down what was done by whom; `detail` is JSON or empty. */
void call_event(struct call *c, const char *kind, const char *text, struct ward_span detail);
/* A change that was refused: an event, unless the same user tried the same within a minute. */
void call_refused(struct call *c, const char *why);
enum ward_rc events_list(struct call *c) WARD_MUST_CHECK;
/* The same of one kind. */
enum ward_rc events_list_kind(struct call *c, const char *kind) WARD_MUST_CHECK;

/* allow.c */
enum ward_rc allowances_list(struct call *c) WARD_MUST_CHECK;
enum ward_rc allow(struct call *c) WARD_MUST_CHECK;
enum ward_rc disallow(struct call *c) WARD_MUST_CHECK;
/* Allows a content; for what is restored. */
enum ward_rc allow_digest(struct call *c, struct ward_span sha256) WARD_MUST_CHECK;
/* Takes it back when nothing came of it. */
void allow_undo(struct call *c, struct ward_span sha256);

/* threats.c */
enum ward_rc threats_list(struct call *c) WARD_MUST_CHECK;
enum ward_rc threats_show(struct call *c) WARD_MUST_CHECK;
enum ward_rc threats_restore(struct call *c) WARD_MUST_CHECK;
enum ward_rc threats_delete(struct call *c) WARD_MUST_CHECK;
/* What becomes of the entry that names this item, if there is one. */
void threats_follow(struct call *c, const uint8_t item[WARD_ITEM_ID],
		    enum ward_threat_status status, const char *note);

/* vault.c */
enum ward_rc vault_list(struct call *c) WARD_MUST_CHECK;
enum ward_rc vault_add(struct call *c) WARD_MUST_CHECK;
enum ward_rc vault_restore(struct call *c) WARD_MUST_CHECK;
enum ward_rc vault_purge(struct call *c) WARD_MUST_CHECK;
enum ward_rc vault_delete(struct call *c) WARD_MUST_CHECK;
enum ward_rc vault_verify(struct call *c) WARD_MUST_CHECK;
/* The same for an item that a threat names. */
enum ward_rc vault_restore_item(struct call *c, const uint8_t id[WARD_ITEM_ID]) WARD_MUST_CHECK;
enum ward_rc vault_delete_item(struct call *c, const uint8_t id[WARD_ITEM_ID]) WARD_MUST_CHECK;

/* settings.c, exclusions.c */
enum ward_rc settings_list(struct call *c) WARD_MUST_CHECK;
enum ward_rc settings_set(struct call *c) WARD_MUST_CHECK;
enum ward_rc settings_unset(struct call *c) WARD_MUST_CHECK;
enum ward_rc exclusions_list(struct call *c) WARD_MUST_CHECK;
enum ward_rc exclusions_add(struct call *c) WARD_MUST_CHECK;
enum ward_rc exclusions_remove(struct call *c) WARD_MUST_CHECK;
/* Writes the machine's document anew, if what comes of it reads back. */
enum ward_rc settings_write(struct call *c, const struct ward_policy_document *d) WARD_MUST_CHECK;

/* scans.c */
enum ward_rc scans_start(struct call *c) WARD_MUST_CHECK;
enum ward_rc scans_stop(struct call *c) WARD_MUST_CHECK;
enum ward_rc scans_pause(struct call *c) WARD_MUST_CHECK;
enum ward_rc scans_resume(struct call *c) WARD_MUST_CHECK;
enum ward_rc scans_status(struct call *c) WARD_MUST_CHECK;
enum ward_rc scans_list(struct call *c) WARD_MUST_CHECK;
/* records.c: fields of the entry that is being made */
void records_status(struct call *c);
enum ward_rc records_list(struct call *c) WARD_MUST_CHECK;
/* updates.c */
enum ward_rc updates_status(struct call *c) WARD_MUST_CHECK;
enum ward_rc updates_history(struct call *c) WARD_MUST_CHECK;
enum ward_rc updates_apply(struct call *c) WARD_MUST_CHECK;
enum ward_rc updates_rollback(struct call *c) WARD_MUST_CHECK;
enum ward_rc updates_freeze(struct call *c) WARD_MUST_CHECK;

/* audit.c */
enum ward_rc audit_head(struct call *c) WARD_MUST_CHECK;
enum ward_rc audit_record(struct call *c) WARD_MUST_CHECK;
enum ward_rc audit_compare(struct call *c) WARD_MUST_CHECK;

/* house.c: forgets what is older, and removes what is more, than the policy keeps. */
void house_keep(struct desk *d);

/* desk.c: the whole of it, from a message to its answer. Never fails: the answer says what went
 * wrong. */
void desk_answer(struct desk *d, struct call *c, struct ward_span message, struct ward_buf *out);

#endif
