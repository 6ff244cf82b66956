/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the network process and the intake of signed updates (guard/intake), and what records change about
 * files that were let go: digests that wait for the asker's thread, which alone finds those files. An
 * intake may be NULL everywhere: nothing is done.
 */
#ifndef WARD_GUARD_ASK_SIGNED_H
#define WARD_GUARD_ASK_SIGNED_H

#include "guard/ask/peer.h"
#include "guard/ask/recent.h"
#include "guard/decide/decide.h"
#include "guard/intake/intake.h"
#include "policy/policy.h"

struct ward_signed;

/* NULL without memory. */
struct ward_signed *ward_signed_new(struct ward_intake *intake) WARD_MUST_CHECK;
struct ward_signed *ward_signed_free(struct ward_signed *s);

/* Contents about which records say something else; what is too much is left out. Any thread. */
void ward_signed_put(struct ward_signed *s, const uint8_t (*digests)[WARD_SHA256_LEN],
		     size_t count);
/* Finds the files: what is blocked is a late verdict, the others are asked about again. */
void ward_signed_look(struct ward_signed *s, struct ward_recent *recent,
		      struct ward_decide *decide);

/* Where there is a root of trust, what convicts for everybody is signed; what is not only has the question
 * asked again. */
bool ward_signed_only(struct ward_intake *intake);
/* Asks the service. As ward_peer_send. */
enum ward_rc ward_signed_need(struct ward_peer *peer, uint64_t id,
			      const struct ward_intake_want *want) WARD_MUST_CHECK;
/* Who this machine is: its name for the service ("": none), and the policy's ring. */
void ward_signed_self(struct ward_intake *intake, const char *device, enum ward_policy_ring ring);

#endif
