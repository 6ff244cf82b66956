/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of update records as endpoints get it: the newest timestamp at hand for every heartbeat, what a
 * timestamp covers as one update for all, and batches for those who fetch, each encoded once. Any thread.
 */
#ifndef WARD_CLOUD_SERVICE_LEDGER_H
#define WARD_CLOUD_SERVICE_LEDGER_H

#include "cloud/edge/edge.h"
#include "cloud/keys/authority.h"
#include "cloud/log/record.h"
#include "cloud/views/records.h"

/* An update with more than this is only its timestamp: endpoints fetch the rest. */
enum { SERVICE_PUSH_RECORDS = 256, SERVICE_PUSH_BYTES = 1 << 20 };

struct service_ledger;

/* Without an authority (NULL) there is nothing to tell. Both outlive it. */
enum ward_rc service_ledger_new(struct ward_views *views, struct ward_authority *authority,
				struct service_ledger **ret) WARD_MUST_CHECK;
/* NULL is fine. */
struct service_ledger *service_ledger_free(struct service_ledger *ledger);

/* Looks at the views again; returns where the applier stands in WARD_LOG_UPDATES. */
uint64_t service_ledger_refresh(struct service_ledger *ledger);

/* Copies the newest timestamp's envelope, at most WARD_WIRE_TIMESTAMP_MAX bytes; 0: there is none. */
size_t service_ledger_timestamp(struct service_ledger *ledger, uint8_t *ret);
/* Its version, which says when a batch is made anew; 0: none. */
uint64_t service_ledger_version(struct service_ledger *ledger);

/* As service_feed_source.updates: what counted and is not over is told. */
enum ward_rc service_ledger_updates(void *ledger, const Ward__Log__V1__Timestamp *timestamp,
				    uint64_t position, uint64_t time_ms,
				    struct ward_message **ret) WARD_MUST_CHECK;

/* At most `limit` records behind `after` with the newest timestamp, and a proof where they do not reach
 * its head: a message Updates, at most WARD_WIRE_MESSAGE_MAX bytes. Reads RocksDB: not for loops. */
enum ward_rc service_ledger_batch(struct service_ledger *ledger, uint64_t after, size_t limit,
				  struct ward_message **ret) WARD_MUST_CHECK;
/* Appends the envelope of this role and version (0: the newest); WARD_E_NOENT. */
enum ward_rc service_ledger_metadata(struct service_ledger *ledger, Ward__V1__Role role,
				     uint64_t version, struct ward_buf *out) WARD_MUST_CHECK;

#endif
