/* SPDX-License-Identifier: Apache-2.0 */
/* The methods of the service Protection (proto/ward.proto), on the edge's loops. */
#ifndef WARD_CLOUD_SERVICE_SERVICE_H
#define WARD_CLOUD_SERVICE_SERVICE_H

#include "cloud/edge/edge.h"
#include "cloud/keys/authority.h"
#include "cloud/objects/objects.h"
#include "cloud/ops/metrics.h"
#include "cloud/release/release.h"
#include "cloud/verdict/analysis.h"
#include "cloud/views/applier.h"

struct ward_service;

struct ward_service_options {
	struct ward_log *log;
	struct ward_views *views;
	struct ward_objects *objects;
	struct ward_analysis *analysis;
	struct ward_metrics *metrics;
	struct ward_authority *authority;   /* NULL: no keys for updates */
	struct ward_release *release;	    /* the same */
	const char *spool;		    /* directory for samples that are being received */
	uint64_t sample_max, spool_max;	    /* bytes */
	uint64_t device_rate, device_burst; /* calls a second in the long run, and at once */
	unsigned loops;
};

enum { WARD_SERVICE_METHODS = 6 };

/* What the options point to outlives it; texts are copied. */
enum ward_rc ward_service_new(const struct ward_service_options *options,
			      struct ward_service **ret) WARD_MUST_CHECK;
/* Ends its threads; after the edge was stopped, before the log is closed. */
void ward_service_stop(struct ward_service *service);
/* After the edge is freed. */
struct ward_service *ward_service_free(struct ward_service *service);
void ward_service_methods(struct ward_service *service,
			  struct ward_method ret[WARD_SERVICE_METHODS]);

/* For the edge's hooks: may this device call now? Any thread. */
enum ward_grpc_status ward_service_admit(struct ward_service *service,
					 const struct ward_peer *peer);
/* What FetchUpdates and FetchMetadata answer, for other ways to ask: signed records behind a number, as a message
 * Updates with a reference of the caller's; an envelope, appended (WARD_E_NOENT). Reads RocksDB. Any thread. */
enum ward_rc ward_service_batch(struct ward_service *service, uint64_t after,
				struct ward_message **ret) WARD_MUST_CHECK;
enum ward_rc ward_service_envelope(struct ward_service *service, Ward__V1__Role role,
				   uint64_t version, struct ward_buf *out) WARD_MUST_CHECK;
/* The updates up to this position are there: those who follow them are served. Any thread. */
void ward_service_updated(struct ward_service *service, uint64_t position);

#endif
