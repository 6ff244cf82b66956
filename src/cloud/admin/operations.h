/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an administrator can ask of a node, as JSON objects: {"op": "token.create", …} to
 * {"ok": true, …} or {"ok": false, "error": "…"}. The running service answers them over its socket
 * (server.h), a command does so itself when none runs. Each change is a record that names its author,
 * and is applied before the answer.
 */
#ifndef WARD_CLOUD_ADMIN_OPERATIONS_H
#define WARD_CLOUD_ADMIN_OPERATIONS_H

#include <jansson.h>

#include "cloud/node/node.h"

/* Never NULL (but without memory); the caller's to json_decref. `actor`: who asks, for the record. `fd`
 * (-1: none) came with the request and stays the caller's. */
json_t *ward_admin_call(struct ward_node *node, const char *actor, const json_t *request, int fd);

#endif
