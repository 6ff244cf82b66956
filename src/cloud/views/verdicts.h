/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The look-up path: effective verdicts by SHA-256 in a mapped, sorted table, and in front of it the
 * changes since that table was built. When these are many they are frozen and merged with the table
 * into a new one, in another thread, while look-ups go on; marks in the store (views/store.h) tell
 * after a crash what the table does not have yet.
 *
 * Table file, version 1, native byte order: header (struct in verdicts.c), index of
 * 2^bits + 1 u32, names (NUL-terminated, in order of their numbers in this file), entries of 56
 * bytes sorted by SHA-256.
 *
 * Threads: _find, _prefix and the figures from any, without a lock: what they use is pinned
 * (views/pins.h). _set and _freeze from the applier's alone, _build from the builder's.
 */
#ifndef WARD_CLOUD_VIEWS_VERDICTS_H
#define WARD_CLOUD_VIEWS_VERDICTS_H

#include "cloud/views/names.h"
#include "cloud/views/overlay.h"

enum { WARD_VERDICT_SCOPED = 1 }; /* some device has a verdict of its own */

struct ward_verdicts;

/* The names outlive it. `path`: the table's file; taken as it is if it is there and whole (else
 * *ret_missing is set, and the caller sets all verdicts anew). */
enum ward_rc ward_verdicts_new(const char *path, struct ward_names *names,
			       struct ward_verdicts **ret, bool *ret_missing) WARD_MUST_CHECK;
struct ward_verdicts *ward_verdicts_free(struct ward_verdicts *v);

/* ret_found[i] false: nobody ever said anything about it. */
void ward_verdicts_find(struct ward_verdicts *v, const uint8_t (*sha256)[32], size_t count,
			struct ward_verdict_value *ret_values, bool *ret_found);
/* Entries that begin with `prefix`, in order, at most `max`. */
size_t ward_verdicts_prefix(struct ward_verdicts *v, struct ward_span prefix, size_t max,
			    uint8_t (*ret_sha256)[32], struct ward_verdict_value *ret_values,
			    bool *ret_more);

/* From now on this holds for the file; WARD_E_NOMEM. */
enum ward_rc ward_verdicts_set(struct ward_verdicts *v, const uint8_t sha256[32],
			       const struct ward_verdict_value *value) WARD_MUST_CHECK;

/* Changes not in the table, frozen ones included; entries of the table. */
uint64_t ward_verdicts_changes(struct ward_verdicts *v);
uint64_t ward_verdicts_count(struct ward_verdicts *v);
uint64_t ward_verdicts_bytes(struct ward_verdicts *v);

/* Freezes the changes: from now on new ones stand apart. False: some are frozen already, or there is
 * no memory. */
bool ward_verdicts_freeze(struct ward_verdicts *v) WARD_MUST_CHECK;
/* Merges what is frozen with the table into a new file and takes it over; the builder's thread. On
 * failure everything stays as it is, frozen. */
enum ward_rc ward_verdicts_build(struct ward_verdicts *v) WARD_MUST_CHECK;

#endif
