/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records that were taken, in one file that grows: "WARDREC1", then for each of them 24 bytes (length
 * of the payload u32, CRC-32C of all that follows it u32, number u64, when it was taken u64 in ms since
 * 1970; little-endian) and the payload (trust/record.h). Check sums find damage; who may write the file
 * may do anything (it belongs to root).
 *
 * Appending collects, syncing makes durable: after a crash there is a first part of what was collected,
 * cut where opening says. Any thread.
 */
#ifndef WARD_GUARD_INTAKE_LEDGER_H
#define WARD_GUARD_INTAKE_LEDGER_H

#include "base/buf.h"

enum {
	WARD_LEDGER_PAYLOAD_MAX = 128 * 1024,
	WARD_LEDGER_UNSAVED_MAX = 64 * 1024 * 1024,
	WARD_LEDGER_LAST_MAX = 1000, /* entries that _last gives at most */
};

struct ward_ledger;

/* Borrowed for the time of the call. Anything but WARD_OK stops and is returned. */
typedef enum ward_rc (*ward_ledger_visit)(void *ctx, uint64_t number, uint64_t taken_ms,
					  struct ward_span payload);

/*
 * Opens, or begins, the file. What stands behind the record `until`, or cannot be read, is cut off: it
 * was written and never counted. *ret_last: the last number that is there, 0: none. Less than `until` means
 * that something is lost. WARD_E_IO and others: it can neither be read nor begun.
 */
enum ward_rc ward_ledger_open(const char *path, uint64_t until, struct ward_ledger **ret,
			      uint64_t *ret_last) WARD_MUST_CHECK;
/* What is not synced is lost. */
struct ward_ledger *ward_ledger_free(struct ward_ledger *l);
/* For WARD_AUTO. */
void ward_ledger_freep(struct ward_ledger **l);

/* Numbers ascend. WARD_E_LIMIT: so much waits for the disk already, or the payload is too long. */
enum ward_rc ward_ledger_append(struct ward_ledger *l, uint64_t number, uint64_t taken_ms,
				struct ward_span payload) WARD_MUST_CHECK;
/* What was appended is on the disk; after a failure it is still kept, and can be tried again. */
enum ward_rc ward_ledger_sync(struct ward_ledger *l) WARD_MUST_CHECK;
/* Empties it, on the disk too. */
enum ward_rc ward_ledger_reset(struct ward_ledger *l) WARD_MUST_CHECK;

/* All that are on the disk, the oldest first. */
enum ward_rc ward_ledger_read(struct ward_ledger *l, ward_ledger_visit visit,
			      void *ctx) WARD_MUST_CHECK;
/* The last `count` that are on the disk, the newest first. */
enum ward_rc ward_ledger_last(struct ward_ledger *l, size_t count, ward_ledger_visit visit,
			      void *ctx) WARD_MUST_CHECK;

#endif
