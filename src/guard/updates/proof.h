/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proves a pack in a scanner of its own before any other one gets it: it loads, in time and in memory;
 * programs of the system (canaries) are not found to be anything; test files are; and it is not much
 * slower or larger than the one before.
 */
#ifndef WARD_GUARD_UPDATES_PROOF_H
#define WARD_GUARD_UPDATES_PROOF_H

#include "base/buf.h"

struct ward_proof {
	const char *scanner;  /* the program ward-scan */
	unsigned load_ms;     /* at most, until it is loaded */
	uint64_t load_memory; /* at most, bytes of its own */
	const char *const
		*more; /* canaries beside the standard ones; ends with NULL; may be NULL */
	void (*on_process)(void *ctx, int pid, bool alive);
	void *ctx;
};

struct ward_proof_figures {
	uint64_t load_usec, memory, scan_usec;
	unsigned canaries; /* that were there to be scanned */
};

/*
 * `former`: of the pack in use (NULL: none). WARD_E_FORMAT: the pack is refused, `why` says for what, with
 * file and rule. Anything else: it could not be tried. Takes seconds.
 */
enum ward_rc ward_proof_run(const struct ward_proof *proof, int pack,
			    const struct ward_proof_figures *former,
			    struct ward_proof_figures *ret_figures,
			    struct ward_buf *why) WARD_MUST_CHECK;

#endif
