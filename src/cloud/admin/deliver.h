/* SPDX-License-Identifier: Apache-2.0 */
/* Where an import's batches go: to the running service through its socket, or into the node, opened
 * here, when none runs. One thread. */
#ifndef WARD_CLOUD_ADMIN_DELIVER_H
#define WARD_CLOUD_ADMIN_DELIVER_H

#include "cloud/admin/take.h"

struct ward_delivery;

/* `take` and `config` outlive it. Why not was said on stderr. */
enum ward_rc ward_delivery_open(const struct ward_config *config, const struct ward_take *take,
				struct ward_delivery **ret) WARD_MUST_CHECK;
struct ward_delivery *ward_delivery_close(struct ward_delivery *d);
void ward_delivery_closep(struct ward_delivery **d);

/* One packed record (cloud/import/child.h); goes off with others. `context` is the delivery. */
enum ward_rc ward_delivery_record(void *context, struct ward_span record) WARD_MUST_CHECK;
/* Sends what waits, and returns when all is durable and applied. */
enum ward_rc ward_delivery_settle(struct ward_delivery *d) WARD_MUST_CHECK;
/* After _settle: withdraws what the list said before and says no longer. */
enum ward_rc ward_delivery_withdraw(struct ward_delivery *d,
				    uint64_t *ret_withdrawn) WARD_MUST_CHECK;

#endif
