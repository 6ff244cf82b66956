/* SPDX-License-Identifier: Apache-2.0 */
/* Between node.c and snapshot.c. */
#ifndef WARD_CLOUD_NODE_NODE_PRIV_H
#define WARD_CLOUD_NODE_NODE_PRIV_H

#include "cloud/node/node.h"

/* Adds "what: rc: detail" to `why` unless rc is WARD_OK; returns rc. */
enum ward_rc ward_node_why(struct ward_buf *why, enum ward_rc rc, const char *what,
			   const char *detail) WARD_MUST_CHECK;

/* The views of this node: those that are there, or, when they are missing or behind what the log
 * still has, those of the newest snapshot. */
enum ward_rc ward_node_open_views(const struct ward_config *config, struct ward_log *log,
				  struct ward_views **ret, struct ward_buf *why) WARD_MUST_CHECK;

#endif
