/* SPDX-License-Identifier: Apache-2.0 */
/* An import's batches into the log, as a command does when no service runs and as the service does for
 * a command. The batches come from the sandboxed parser (cloud/import/child.h) and are checked here. */
#ifndef WARD_CLOUD_ADMIN_TAKE_H
#define WARD_CLOUD_ADMIN_TAKE_H

#include "cloud/node/node.h"

/* Bytes of frames at once: each a big-endian length of 4 bytes and a packed record. */
enum { WARD_TAKE_MAX = 8 * 1024 * 1024 };

struct ward_take {
	const char *list, *actor;
	uint64_t time_ms;	   /* of this import: what the list says has it */
	enum ward_verdict verdict; /* as in ward_import_terms: batches may say no more than that */
};

/*
 * Appends the batches and returns when they are durable. WARD_E_PROTO: a frame is broken, says more
 * than it may, or is no batch of reputation: nothing of `frames` was appended. WARD_E_LIMIT: the log
 * has no room now.
 */
enum ward_rc ward_take_frames(struct ward_log *log, struct ward_span frames,
			      const struct ward_take *take) WARD_MUST_CHECK;

/* Withdraws what the list says from other imports than the one at take->time_ms, which must be applied;
 * goes on from `walk`, some hundred thousand entries each time, until walk->end. */
enum ward_rc ward_take_withdraw(struct ward_node *node, const struct ward_take *take,
				struct ward_stale_walk *walk,
				uint64_t *ret_withdrawn) WARD_MUST_CHECK;

#endif
