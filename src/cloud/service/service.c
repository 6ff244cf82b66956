/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/service/service.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cloud/service/ledger.h"
#include "cloud/service/service-priv.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { WINDOW_SECONDS = 10, SPOOL_KEEP_SECONDS = 24 * 3600 };

/* --- rates --- */

/* Calls in windows of ten seconds; a device shares its counter with few others at most. */
enum ward_grpc_status
ward_service_admit(struct ward_service *s, const struct ward_peer *peer)
{
	uint64_t window = ward_clock_monotonic() / (WINDOW_SECONDS * 1000000), seen, hash;
	uint64_t most = s->o.device_rate * WINDOW_SECONDS + s->o.device_burst;
	_Atomic uint64_t *rate;

	if (ward_views_device_state(s->o.views, peer->device) != WARD_DEVICE_ACTIVE)
		return WARD_GRPC_PERMISSION_DENIED;
	memcpy(&hash, peer->device, sizeof(hash));
	rate = &s->rates[(hash ^ hash >> 32) % SERVICE_RATES];
	seen = atomic_load_explicit(rate, memory_order_relaxed);
	if (seen >> 32 != (window & UINT32_MAX)) {
		atomic_store_explicit(rate, window << 32 | 1, memory_order_relaxed);
		return WARD_GRPC_OK;
	}
	seen = atomic_fetch_add_explicit(rate, 1, memory_order_relaxed);
	return (seen & UINT32_MAX) < most ? WARD_GRPC_OK : WARD_GRPC_RESOURCE_EXHAUSTED;
}

void
service_count_tier(struct ward_service *s, Ward__V1__Tier tier)
{
	ward_counter_add(s->tier[(unsigned)tier < 6 ? tier : 0], 1);
}

void
service_took(struct ward_service *s, Ward__V1__Tier tier, uint64_t begun)
{
	ward_histogram_add(s->took[(unsigned)tier < 6 ? tier : 0], ward_clock_monotonic() - begun);
}

/* --- the spool --- */

/* What older calls left is added up, or removed when nobody came back for it in a day. */
static enum ward_rc
count_spool(struct ward_service *s)
{
	DIR *directory = opendir(s->spool);
	struct dirent *entry;
	int64_t now = (int64_t)(ward_clock_wall() / 1000000);

	if (!directory)
		return WARD_E_IO;
	while ((entry = readdir(directory))) {
		struct ward_fd_stat stat;

		if (entry->d_name[0] == '.' ||
		    ward_fd_stat_at(dirfd(directory), entry->d_name, false, &stat))
			continue;
		if (now - stat.mtime / 1000000000 > SPOOL_KEEP_SECONDS)
			(void)unlinkat(dirfd(directory), entry->d_name, 0);
		else
			atomic_fetch_add(&s->spooled, stat.size);
	}
	(void)closedir(directory);
	return WARD_OK;
}

/* --- life --- */

static void
register_metrics(struct ward_service *s)
{
	static const char *const labels[] = {"tier=\"none\"",	    "tier=\"reputation\"",
					     "tier=\"metadata\"",   "tier=\"sample\"",
					     "tier=\"detonation\"", "tier=\"graph\""};
	struct ward_metrics *m = s->o.metrics;

	for (size_t i = 0; i < 6; i++)
		s->took[i] = ward_metrics_histogram(
			m, "ward_answer_seconds",
			"From the whole question to its answer, by the last tier asked.",
			labels[i]);
	for (size_t i = 0; i < 6; i++)
		s->tier[i] = ward_metrics_counter(m, "ward_answers_total",
						  "Files answered about, by the tier that did.",
						  labels[i]);
	s->seen_noted =
		ward_metrics_counter(m, "ward_seen_total", "Sightings noted from look-ups.", NULL);
	s->seen_dropped = ward_metrics_counter(
		m, "ward_seen_dropped_total", "Sightings from look-ups not noted: overload.", NULL);
	s->events =
		ward_metrics_counter(m, "ward_events_total", "Reported events made durable.", NULL);
	s->duplicates = ward_metrics_counter(m, "ward_events_duplicate_total",
					     "Reported events that were there already.", NULL);
	s->samples = ward_metrics_counter(m, "ward_samples_taken_total", "Samples taken in.", NULL);
}

enum ward_rc
ward_service_new(const struct ward_service_options *options, struct ward_service **ret)
{
	struct ward_service *s = calloc(1, sizeof(*s));
	enum ward_rc rc = WARD_OK;

	if (!s)
		return WARD_E_NOMEM;
	s->o = *options;
	register_metrics(s);
	s->seen = calloc(options->loops, sizeof(*s->seen));
	if (!s->seen || snprintf(s->spool, SERVICE_PATH, "%s", options->spool) >= SERVICE_PATH)
		rc = WARD_E_NOMEM;
	if (!rc)
		rc = count_spool(s);
	if (!rc)
		rc = service_workers_start(&s->workers);
	if (!rc)
		rc = service_ledger_new(options->views, options->authority, &s->ledger);
	if (!rc)
		rc = service_fetcher_new(s, &s->fetcher);
	if (!rc)
		rc = service_follow(s, &s->follower);
	if (rc) {
		if (s->workers)
			service_workers_stop(s->workers);
		ward_service_free(s);
	} else {
		*ret = s;
	}
	return rc;
}

struct ward_service *
ward_service_free(struct ward_service *s)
{
	if (!s)
		return NULL;
	service_follow_free(s->follower);
	service_fetcher_free(s->fetcher);
	service_ledger_free(s->ledger);
	free(s->workers);
	free(s->seen);
	free(s);
	return NULL;
}

void
ward_service_stop(struct ward_service *s)
{
	service_follow_end(s->follower);
	service_workers_stop(s->workers);
}

void
ward_service_updated(struct ward_service *s, uint64_t position)
{
	service_follow_news(s->follower, position);
}

enum ward_rc
ward_service_batch(struct ward_service *s, uint64_t after, struct ward_message **ret)
{
	return service_ledger_batch(s->ledger, after, WARD_WIRE_UPDATES_MAX, ret);
}

enum ward_rc
ward_service_envelope(struct ward_service *s, Ward__V1__Role role, uint64_t version,
		      struct ward_buf *out)
{
	return service_ledger_metadata(s->ledger, role, version, out);
}

void
ward_service_methods(struct ward_service *s, struct ward_method ret[WARD_SERVICE_METHODS])
{
	ret[0] = (struct ward_method){.path = "/ward.v1.Protection/Lookup",
				      .kind = WARD_CALL_UNARY,
				      .message_max = WARD_WIRE_MESSAGE_MAX,
				      .label = "lookup",
				      .message = service_lookup,
				      .context = s};
	ret[1] = (struct ward_method){.path = "/ward.v1.Protection/Report",
				      .kind = WARD_CALL_CLIENT_STREAM,
				      .message_max = WARD_WIRE_MESSAGE_MAX,
				      .label = "report",
				      .message = service_report,
				      .half_close = service_report_end,
				      .closed = service_report_closed,
				      .context = s};
	ret[2] = (struct ward_method){.path = "/ward.v1.Protection/SubmitSample",
				      .kind = WARD_CALL_CLIENT_STREAM,
				      .message_max = WARD_WIRE_CHUNK_MAX + 4096,
				      .label = "submit",
				      .message = service_submit,
				      .half_close = service_submit_end,
				      .closed = service_submit_closed,
				      .context = s};
	ret[3] = (struct ward_method){.path = "/ward.v1.Protection/Subscribe",
				      .kind = WARD_CALL_SERVER_STREAM,
				      .message_max = 4096,
				      .label = "subscribe",
				      .message = service_subscribe,
				      .next = service_subscribe_next,
				      .closed = service_subscribe_closed,
				      .context = s};
	ret[4] = (struct ward_method){.path = "/ward.v1.Protection/FetchUpdates",
				      .kind = WARD_CALL_UNARY,
				      .message_max = 4096,
				      .label = "fetch-updates",
				      .message = service_fetch,
				      .context = s};
	ret[5] = (struct ward_method){.path = "/ward.v1.Protection/FetchMetadata",
				      .kind = WARD_CALL_UNARY,
				      .message_max = 4096,
				      .label = "fetch-metadata",
				      .message = service_metadata,
				      .context = s};
}
