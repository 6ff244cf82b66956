/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The administrator's door of a running service: a SOCK_SEQPACKET socket "admin.sock" in the service's
 * directory, mode 0600, for root and the service's own user (the kernel tells who is there,
 * SO_PEERCRED). One JSON object each way (operations.h), at most 64 KiB, perhaps with a descriptor.
 */
#ifndef WARD_CLOUD_ADMIN_SERVER_H
#define WARD_CLOUD_ADMIN_SERVER_H

#include "cloud/admin/operations.h"

struct ward_admin_server;

/* A thread that answers one request after the other. The node outlives it. */
enum ward_rc ward_admin_server_start(struct ward_node *node,
				     struct ward_admin_server **ret) WARD_MUST_CHECK;
struct ward_admin_server *ward_admin_server_stop(struct ward_admin_server *server);

/* Asks a running service. WARD_E_NOENT: none runs. `with` (a descriptor, -1: none) goes along. *ret_reply is the
 * caller's. */
enum ward_rc ward_admin_ask(const struct ward_config *config, const json_t *request, int with,
			    json_t **ret_reply) WARD_MUST_CHECK;

#endif
