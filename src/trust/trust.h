/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an endpoint believes: the client workflow of TUF (specification 1.0, §5) over stored state. The
 * caller fetches, in this order, whatever ward_trust_need says is missing, and hands the bytes in; each
 * piece is taken or refused, and what is refused changes nothing. Time is the caller's: one fixed "now"
 * for one round of updating (§5.1). One thread at a time.
 *
 * Every function that takes bytes returns WARD_OK, WARD_E_PERM with *ret_refusal, or WARD_E_NOMEM /
 * WARD_E_LIMIT.
 */
#ifndef WARD_TRUST_TRUST_H
#define WARD_TRUST_TRUST_H

#include "trust/metadata.h"

struct ward_trust;

/* What to fetch next. */
enum ward_trust_need {
	WARD_NEED_NOTHING, /* all is taken; the next timestamp before it expires */
	WARD_NEED_ROOT, /* a new root, after version ward_trust_root_now's: the present one is over */
	WARD_NEED_TIMESTAMP, /* there is none, or it is over */
	WARD_NEED_SNAPSHOT,  /* as ward_trust_wanted says */
	WARD_NEED_TARGETS,   /* as ward_trust_wanted says */
	WARD_NEED_RECORDS,   /* those behind ward_trust_frontier's, up to the timestamp's head */
};

/*
 * Starts from a root that is trusted because of how it came here (shipped with the program, or with the
 * enrolment), and nothing else. It is only checked that it is a root that its own keys signed; it may be
 * over (§5.3.10 comes later).
 */
enum ward_rc ward_trust_new(struct ward_span root, struct ward_trust **ret,
			    struct ward_refusal *ret_refusal) WARD_MUST_CHECK;
struct ward_trust *ward_trust_free(struct ward_trust *t);
/* For WARD_AUTO. */
void ward_trust_freep(struct ward_trust **t);

/* What is missing now; the first of it. */
enum ward_trust_need ward_trust_need(const struct ward_trust *t, uint64_t now_ms);

/*
 * The next root (§5.3): version exactly one higher, signed by enough keys of the present root and of
 * itself; it may be over, the last one of a chain may not (then nothing else is taken). New keys of the
 * timestamp or the snapshot forget both (§5.3.11: versions that a thief has driven up count no more), new
 * keys of the targets forget those. Another log empties the frontier: all records taken so far count no
 * more; *ret_other_log tells it.
 */
enum ward_rc ward_trust_take_root(struct ward_trust *t, struct ward_span envelope,
				  bool *ret_other_log,
				  struct ward_refusal *ret_refusal) WARD_MUST_CHECK;
/* §5.4; its head has to go with what was taken of the log. The same one again is fine. */
enum ward_rc ward_trust_take_timestamp(struct ward_trust *t, struct ward_span envelope,
				       uint64_t now_ms,
				       struct ward_refusal *ret_refusal) WARD_MUST_CHECK;
/* §5.5: exactly the one that the timestamp names. */
enum ward_rc ward_trust_take_snapshot(struct ward_trust *t, struct ward_span envelope,
				      uint64_t now_ms,
				      struct ward_refusal *ret_refusal) WARD_MUST_CHECK;
/* §5.6: exactly the one that the snapshot names. */
enum ward_rc ward_trust_take_targets(struct ward_trust *t, struct ward_span envelope,
				     uint64_t now_ms,
				     struct ward_refusal *ret_refusal) WARD_MUST_CHECK;

/* What the next snapshot or targets has to be, and so how much to fetch at most: the caller ends a
 * transfer that is longer (endless data) or too slow (slow retrieval). False: nothing is known yet. */
bool ward_trust_wanted(const struct ward_trust *t, enum ward_dsse_type type,
		       struct ward_trust_meta *ret);

/* What is believed now; borrowed until the next taking. NULL: there is none. */
const struct ward_trust_root *ward_trust_root_now(const struct ward_trust *t);
/* As _root_now. */
const struct ward_trust_timestamp *ward_trust_timestamp_now(const struct ward_trust *t);
/* As _root_now. */
const struct ward_trust_targets *ward_trust_targets_now(const struct ward_trust *t);
/* The records taken: their number is its size. Never NULL. */
const struct ward_frontier *ward_trust_frontier(const struct ward_trust *t);
/* The envelope that it came in; empty: none. */
struct ward_span ward_trust_envelope(const struct ward_trust *t, enum ward_dsse_type type);

/*
 * Whether anything new may be believed now: all metadata is there, belongs together and is not over.
 * WARD_E_PERM with the reason otherwise. What was applied before stays in force all the same.
 */
enum ward_rc ward_trust_ready(const struct ward_trust *t, uint64_t now_ms,
			      struct ward_refusal *ret_refusal) WARD_MUST_CHECK;

#endif
