/* SPDX-License-Identifier: Apache-2.0 */
/* A device that follows the updates. */
#ifndef WARD_FLEET_FOLLOW_H
#define WARD_FLEET_FOLLOW_H

#include "fleet/crowd.h"
#include "proto/wire.h"

#define FLEET_SUBSCRIBE "/ward.v1.Protection/Subscribe"

/* Subscribes from the device's position on, and fetches what is signed if it believes that alone; it is connected. The face's context is the device.
 * WARD_E_NOMEM. */
enum ward_rc fleet_follow(struct fleet_device *device,
			  const struct fleet_call_face *face) WARD_MUST_CHECK;

/* How a device remembers a digest. */
uint64_t fleet_follow_word(const uint8_t sha256[32]);

/* Takes one message of the stream that came at `now`; *ret_said is the verdict in it, _UNSPECIFIED when it
 * is about something else. WARD_E_PROTO, WARD_E_NOMEM. */
enum ward_rc fleet_follow_take(struct fleet_device *device, struct ward_span message, uint64_t now,
			       Ward__V1__Verdict *ret_said) WARD_MUST_CHECK;

#endif
