/* SPDX-License-Identifier: Apache-2.0 */
/* The organisation's policy: changed, checked, signed. */
#ifndef WARD_CLOUD_ADMIN_POLICY_H
#define WARD_CLOUD_ADMIN_POLICY_H

#include <jansson.h>

#include "cloud/node/node.h"
#include "proto/wire.h"

/*
 * Applies a "policy.set" request to the policy `p`: with "document" its text is the new policy, and
 * "level", "samples", "hold_ms", "send_names" and "private_lookup" are set in it or in the one that is
 * there. What comes out is signed into p->document with the next version, and the fields say the same.
 * NULL, or what is wrong; that and p's document live on the arena.
 */
const char *ward_admin_policy_change(struct ward_node *node, const json_t *request, uint64_t now_ms,
				     struct ward_arena *arena, Ward__V1__Policy *p);

/* The text of the document in p's envelope, on the arena; "" when there is none. */
const char *ward_admin_policy_text(struct ward_node *node, struct ward_arena *arena);

/* Adds the fields to an answer. */
void ward_admin_policy_put(json_t *out, const Ward__V1__Policy *p);

#endif
