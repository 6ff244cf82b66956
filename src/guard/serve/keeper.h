/* SPDX-License-Identifier: Apache-2.0 */
/* Starts scanners with the intelligence that is configured, and starts them again when they cannot
 * be kept running. Blocks while they load: not for the loop's thread. */
#ifndef WARD_GUARD_SERVE_KEEPER_H
#define WARD_GUARD_SERVE_KEEPER_H

#include "base/buf.h"
#include "guard/decide/kin.h"
#include "guard/serve/options.h"
#include "guard/serve/scanners.h"
#include "guard/updates/updates.h"
#include "policy/policy.h"

/* Hex digits of the ids of all packs, and a NUL. */
enum { WARD_KEEPER_PACKS = WARD_OPTIONS_PACKS + 2, WARD_KEEPER_INTEL = WARD_KEEPER_PACKS * 17 + 1 };

/* What was loaded. */
struct ward_keeper_intel {
	char ids[WARD_KEEPER_INTEL];
	uint64_t newest_ms; /* when the last of the files was written; 0: there is none */
};

/* Room for the path of a program. */
enum { WARD_KEEPER_PATH = 4096 };

/* The program ward-scan: as configured, else `room` with the one that is installed. */
enum ward_rc ward_keeper_scanner(const struct ward_guard_options *options,
				 char room[WARD_KEEPER_PATH],
				 const char **ret_path) WARD_MUST_CHECK;

/* What scanners are started with; borrowed. */
struct ward_keeper_setup {
	const struct ward_guard_options *options;
	const struct ward_policy *policy;
	struct ward_updates *updates; /* may be NULL */
	struct ward_kin *kin;
	struct ward_rulebook *rules; /* of records; may be NULL */
};

/*
 * The packs that are configured and the one of `updates` (may be NULL); without either, the installed one. The
 * records' rules beside them.
 * `why` gets lines for people. The scanners' processes are kin from before they open anything.
 */
enum ward_rc ward_keeper_pool(const struct ward_keeper_setup *setup, struct ward_pool **ret_pool,
			      struct ward_keeper_intel *ret_intel,
			      struct ward_buf *why) WARD_MUST_CHECK;

/* The same for a scan of the machine: the policy's threads, with the limits of its section scan. They have the
 * caller's priority. */
enum ward_rc ward_keeper_sweep_pool(const struct ward_keeper_setup *setup,
				    struct ward_pool **ret_pool,
				    struct ward_keeper_intel *ret_intel,
				    struct ward_buf *why) WARD_MUST_CHECK;

/*
 * Changes whenever other scanners are needed: with the program, the packs, or what the policy says about
 * scanners. 0: one of the files cannot be looked at.
 */
uint64_t ward_keeper_stamp(const struct ward_guard_options *options,
			   const struct ward_policy *policy,
			   struct ward_updates *updates) WARD_MUST_CHECK;

#endif
