/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cloud as the layer that the decisions ask last (decide/decide.h): which files are held for it,
 * for how long, and what happens to a verdict that comes later. It has a thread of its own, which
 * turns the network process (peer.h) and calls the decisions; being asked never waits.
 */
#ifndef WARD_GUARD_ASK_ASK_H
#define WARD_GUARD_ASK_ASK_H

#include "guard/ask/notes.h"
#include "guard/ask/peer.h"
#include "guard/decide/decide.h"
#include "guard/intake/intake.h"
#include "guard/origin/origins.h"
#include "guard/packages/packages.h"

struct ward_asker;

struct ward_asker_options {
	const char *program;   /* ward-uplink; borrowed */
	const char *directory; /* its state; borrowed */
	const char *intelligence;
	const struct ward_policy *policy; /* copied */
	struct ward_origins *origins;	  /* borrowed; who wrote what */
	struct ward_packages
		*packages;	    /* borrowed; NULL: files of packages are held as all others */
	struct ward_intake *intake; /* borrowed; NULL: signed updates are nobody's here */
	/* As of peer.h. */
	void (*process)(void *ctx, int pid, bool alive);
	void *ctx;
};

/* Starts nothing yet. WARD_E_NOMEM. */
enum ward_rc ward_asker_new(const struct ward_asker_options *options,
			    struct ward_asker **ret_asker) WARD_MUST_CHECK;
/* Starts the thread, and with it the network process. Borrows the decisions. */
enum ward_rc ward_asker_start(struct ward_asker *a, struct ward_decide *decide) WARD_MUST_CHECK;
/* Ends both; what was asked has no answer any more. Before the decisions' _free. NULL is fine. */
struct ward_asker *ward_asker_free(struct ward_asker *a);

/* What the policy says from now on. Any thread. */
void ward_asker_policy(struct ward_asker *a, const struct ward_policy *policy);

/* As ward_ask says; `ctx` is the asker. */
enum ward_rc ward_asker_ask(void *ctx, const struct ward_question *question) WARD_MUST_CHECK;
/*
 * A scan of the machine met a file of which nobody here knows what it is (`so_far` says it; `id` counts for
 * nothing): when it is one that would be held at an open, the cloud is asked, and what it says is acted on
 * when it comes, like any late verdict. Reads files of packages as a whole; from a thread that may wait.
 * WARD_E_LIMIT: as much is awaited as may be, try again soon; WARD_E_UNSUPPORTED: not about this file, or
 * there is nobody to ask.
 */
enum ward_rc ward_asker_look(struct ward_asker *a,
			     const struct ward_question *question) WARD_MUST_CHECK;
/* Tells the cloud, some time. Never waits; what does not fit is counted. Any thread. */
void ward_asker_tell(struct ward_asker *a, const struct ward_note *note);
/* Before the end: waits, at most so long, until what was told is safe with the network process. */
void ward_asker_flush(struct ward_asker *a, unsigned ms);

/* What the intake needs (guard/intake): asks the service, by the network process. Any thread. */
enum ward_rc ward_asker_need(struct ward_asker *a, uint64_t id,
			     const struct ward_intake_want *want) WARD_MUST_CHECK;
/* Records say something else of these contents: files with them that were let go are looked for, and what is
 * blocked now is acted on as a late verdict is. What is too much at once is left to the next open. Any thread. */
void ward_asker_overruled(struct ward_asker *a, const uint8_t (*digests)[WARD_SHA256_LEN],
			  size_t count);

struct ward_asker_state {
	bool running, enabled, enrolled, connected, breaker_open;
	uint64_t down_since_ms, answered_ms, certificate_until_ms; /* since 1970; 0: not */
	uint64_t round_trip_usec, position, outbox, outbox_dropped, lookups, samples, unavailable;
	uint64_t starts;
	uint64_t asked, held, answered, timed_out, late, notes_dropped; /* by this guard */
	uint64_t packaged;     /* not asked about: as a package has installed them */
	uint64_t recalled;     /* convicted by what the cloud had said of the content before */
	uint64_t refused;      /* too many waited at once: the fail mode */
	uint64_t late_dropped; /* not awaited to the end, for want of room */
	uint32_t user;
	char server[256], device[37], organisation[129], problem[257];
};
/* Any thread. */
void ward_asker_state(struct ward_asker *a, struct ward_asker_state *ret_state);

#endif
