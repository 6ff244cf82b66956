/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The update stream, kept open: reconnects after a while when it broke, or when heartbeats stay away,
 * and goes on behind the last update that was handed over.
 */
#ifndef WARD_CLIENT_SUBSCRIBE_H
#define WARD_CLIENT_SUBSCRIBE_H

#include "client/client.h"

struct ward_subscription;

struct ward_subscribe_spec {
	uint64_t position; /* the last update that was applied; 0: from the beginning */
	unsigned
		heartbeat_ms; /* 0: 30,000; three of them missing and the stream counts as broken */
	/* Each update and heartbeat, in order; valid during the call. An update may come again when it
	 * was handed over as the stream broke. */
	void (*update)(void *context, const Ward__V1__Update *update);
	/* May be NULL: the stream broke; another attempt follows by itself. */
	void (*down)(void *context, const struct ward_call_end *end);
	void *context;
};

/* Lives until _free, which may be called from `down` and `update` too; before the client's _free. */
enum ward_rc ward_subscribe_start(struct ward_client *client,
				  const struct ward_subscribe_spec *spec,
				  struct ward_subscription **ret) WARD_MUST_CHECK;
struct ward_subscription *ward_subscription_free(struct ward_subscription *subscription);
/* Of the last update or heartbeat. */
uint64_t ward_subscription_position(const struct ward_subscription *subscription);

#endif
