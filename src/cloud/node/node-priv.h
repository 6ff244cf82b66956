/* SPDX-License-Identifier: Apache-2.0 */
/* Between node.c and snapshot.c. */
#ifndef WARD_CLOUD_NODE_NODE_PRIV_H
#define WARD_CLOUD_NODE_NODE_PRIV_H

#include "cloud/node/node.h"

/* Adds "what: rc: detail" to `why` unless rc is WARD_OK; returns rc. */
enum ward_rc ward_node_why(struct ward_buf *why, enum ward_rc rc, const char *what,
			   const char *detail) WARD_MUST_CHECK;

#endif
