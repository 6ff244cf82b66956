/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoint's network process: everything that is said between the guard and the cloud. */
#ifndef WARD_UPLINK_UPLINK_H
#define WARD_UPLINK_UPLINK_H

#include "base/rc.h"

/* Speaks with the guard on descriptor WARD_UPLINK_CHANNEL (proto/uplink.h) until that ends; what it
 * keeps lies in the directory (client/state.h). The exit status: 0 when the guard ended it, 1 when
 * something is wrong, which it says on standard error before it gives up its rights. */
int ward_uplink_run(const char *directory);

#endif
