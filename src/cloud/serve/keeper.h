/* SPDX-License-Identifier: Apache-2.0 */
/* What the service does now and then, in a thread of its own: snapshots, letting go of old samples. */
#ifndef WARD_CLOUD_SERVE_KEEPER_H
#define WARD_CLOUD_SERVE_KEEPER_H

#include "cloud/node/node.h"

struct ward_keeper;

/* The node outlives it. */
enum ward_rc ward_keeper_start(struct ward_node *node, struct ward_keeper **ret) WARD_MUST_CHECK;
/* Waits for what it is doing. NULL is fine. */
struct ward_keeper *ward_keeper_stop(struct ward_keeper *keeper);

#endif
