/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of what was found: into quarantine where the policy says so, and into the history in any
 * case. Waits for the disk: for the journal's thread only. Either store that cannot be opened is done
 * without, and said so; protection does not depend on them.
 */
#ifndef WARD_GUARD_SERVE_REMEDY_H
#define WARD_GUARD_SERVE_REMEDY_H

#include "guard/decide/decide.h"
#include "guard/history/history.h"
#include "guard/quarantine/quarantine.h"

struct ward_remedy;

/* `directory` holds both stores and is made if it is not there. Never fails but for memory (NULL). */
struct ward_remedy *ward_remedy_new(const char *directory,
				    const struct ward_policy *policy) WARD_MUST_CHECK;
struct ward_remedy *ward_remedy_free(struct ward_remedy *r);

/* All borrowed; texts are never NULL. */
struct ward_remedy_case {
	enum ward_incident_kind kind;
	enum ward_policy_action action;
	enum ward_verdict verdict;
	int fd;
	const char *path, *threat, *layer, *rule, *tier, *program;
	struct ward_span sha256;
	int pid;
	bool exec;
};

/* *ret_status: what became of it; *ret_note: a static text that says why, "" when all went well. */
void ward_remedy_act(struct ward_remedy *r, const struct ward_remedy_case *what,
		     enum ward_threat_status *ret_status, const char **ret_note);

/* For administrators' questions; NULL: it could not be opened. */
struct ward_history *ward_remedy_history(const struct ward_remedy *r);
struct ward_quarantine *ward_remedy_quarantine(const struct ward_remedy *r);

/* Any thread: which of them are there. */
bool ward_remedy_has_history(const struct ward_remedy *r);
bool ward_remedy_has_quarantine(const struct ward_remedy *r);

#endif
