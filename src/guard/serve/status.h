/* SPDX-License-Identifier: Apache-2.0 */
/* How the guard is: what `ward status` shows. */
#ifndef WARD_GUARD_SERVE_STATUS_H
#define WARD_GUARD_SERVE_STATUS_H

#include "guard/ask/ask.h"
#include "guard/serve/journal.h"
#include "guard/serve/loop.h"
#include "guard/serve/memory.h"
#include "guard/serve/records.h"
#include "guard/serve/renew.h"
#include "guard/sweep/sweep.h"
#include "guard/watch/watch.h"
#include "proto/guard.h"

/* All borrowed. */
struct ward_status_sources {
	const struct ward_policy *policy;
	struct ward_decide *decide;
	struct ward_loop *loop;
	struct ward_scanners *scanners;
	struct ward_watch *watch;
	struct ward_journal *journal;
	struct ward_remedy *remedy;
	struct ward_sweep *sweep;
	struct ward_asker *asker;
	struct ward_renew *renew;	    /* NULL: there is none */
	const struct ward_records *records; /* the same */
	struct ward_origins *origins;
	const struct ward_memory *memory;
	struct ward_packages *packages;
	uint64_t intelligence_ms;	/* when the newest of the packs was made; 0: none */
	const char *intelligence;	/* hex digits of the packs in use */
	const char *reload_error;	/* what is wrong with the last reload; "" */
	const char *organisation_error; /* why its new policy is not used; "" */
	uint64_t organisation_version;	/* of its policy in force; 0: none */
	size_t refused_settings;    /* of the machine's own policy, that do not count beside it */
	uint64_t started;	    /* monotonic, µs */
	enum ward_policy_mode mode; /* now */
	uint64_t audit_until_ms; /* until when block only reports (realtime.audit_first); 0: not */
	bool degraded; /* the kernel cannot hold opens: written files are looked at, no more */
};

/* Texts live in the arena. */
void ward_status_fill(const struct ward_status_sources *s, struct ward_arena *arena,
		      struct ward_guard_reply *reply);

#endif
