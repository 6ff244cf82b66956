/* SPDX-License-Identifier: Apache-2.0 */
/* What of the policy the network process is told. */
#ifndef WARD_GUARD_ASK_SETTINGS_H
#define WARD_GUARD_ASK_SETTINGS_H

#include "guard/ask/peer.h"
#include "policy/policy.h"

/* `intelligence`: hex digits of the packs in use. */
void ward_peer_settings_of(const struct ward_policy *p, const char *intelligence,
			   struct ward_peer_settings *s);

#endif
