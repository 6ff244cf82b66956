/* SPDX-License-Identifier: Apache-2.0 */
/* Between trust.c, which takes metadata, accept.c, which takes records, and store.c. */
#ifndef WARD_TRUST_TRUST_PRIV_H
#define WARD_TRUST_TRUST_PRIV_H

#include "trust/piece.h"
#include "trust/trust.h"

/* One piece of metadata with the memory it lives in; arena NULL: none. */
struct slot {
	struct ward_budget budget;
	struct ward_arena *arena;
	struct ward_span envelope;
	struct ward_trust_piece piece;
};

struct ward_trust {
	struct slot *slots[WARD_ROLES]; /* by ward_dsse_type; NULL: none */
	struct ward_frontier frontier;
};

void ward_slot_freep(struct slot **slot);
/* Reads a piece whose signatures are enough of those of `role` (NULL: a root's own), and believes
 * nothing else about it. */
enum ward_rc ward_slot_read(struct ward_span envelope, enum ward_dsse_type type,
			    const struct ward_trust_role *role, struct slot **ret,
			    struct ward_refusal *ret_refusal) WARD_MUST_CHECK;
/* Checks a timestamp against all that is known (§5.4.2 to §5.4.4). */
enum ward_rc ward_trust_check_timestamp(const struct ward_trust *t, struct ward_span envelope,
					uint64_t now_ms, struct slot **ret,
					struct ward_refusal *ret_refusal) WARD_MUST_CHECK;
/* Puts it in place of what was there. */
void ward_trust_keep(struct ward_trust *t, enum ward_dsse_type type, struct slot **slot);
/* As ward_trust_ready, with this timestamp. */
enum ward_rc ward_trust_ready_with(const struct ward_trust *t, const struct slot *timestamp,
				   uint64_t now_ms,
				   struct ward_refusal *ret_refusal) WARD_MUST_CHECK;

#endif
