/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What administrators ask of the guard where the answer may wait for a disk (proto/manage.h). Anybody
 * may connect; the kernel says who is there (sys/peer.h), and rights.h who may what. Its threads are its
 * own: however many ask, whatever they send, opens are decided all the same. One request a connection;
 * few connections a user, little time for each.
 *
 * Every change is written down with who made it (uid, pid, executable), and so is every refused one.
 */
#ifndef WARD_GUARD_MANAGE_MANAGE_H
#define WARD_GUARD_MANAGE_MANAGE_H

#include "guard/history/history.h"
#include "guard/intake/intake.h"
#include "guard/manage/allowed.h"
#include "guard/policy/held.h"
#include "guard/policy/source.h"
#include "guard/quarantine/quarantine.h"
#include "guard/sweep/sweep.h"
#include "guard/updates/updates.h"

struct ward_manage_options {
	const char *socket;
	struct ward_history *history;	    /* NULL: there is none */
	struct ward_quarantine *quarantine; /* NULL: there is none */
	struct ward_held *policy;
	struct ward_policy_places places; /* of the policy's documents, for changes */
	struct ward_allowed *allowed;	  /* kept in step with the history */
	struct ward_sweep *sweep;	  /* NULL: there are no scans of the machine */
	struct ward_updates *updates;	  /* NULL: there are none */
	struct ward_intake *intake;	  /* the same */
	/* What is allowed has changed: verdicts that were reached do not count any more. From any
	 * thread; must not call back. */
	void (*changed)(void *ctx);
	/* Somebody was refused something (events.c): what, in our words, and the setting it was about or
	 * "". From any thread. May be NULL. */
	void (*refused)(void *ctx, const char *deed, const char *setting);
	void *ctx;
};

struct ward_manage;

/* Everything is borrowed until _free. WARD_E_PERM: another guard answers at the socket. */
enum ward_rc ward_manage_new(const struct ward_manage_options *options,
			     struct ward_manage **ret_manage) WARD_MUST_CHECK;
/* Finishes what is being answered. NULL is fine. */
struct ward_manage *ward_manage_free(struct ward_manage *m);

#endif
