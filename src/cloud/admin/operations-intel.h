/* SPDX-License-Identifier: Apache-2.0 */
/* The operations "intel.publish", "intel.disable", "intel.status" and "intel.list": signed update records. */
#ifndef WARD_CLOUD_ADMIN_OPERATIONS_INTEL_H
#define WARD_CLOUD_ADMIN_OPERATIONS_INTEL_H

#include <jansson.h>

#include "base/arena.h"
#include "cloud/node/node.h"

/* NULL, or what is wrong: a static text, or one in the arena; `out` gets what is told. Only the running
 * service can sign. */
const char *ward_admin_intel(struct ward_node *node, const char *actor, const json_t *request,
			     struct ward_arena *arena, json_t *out);

#endif
