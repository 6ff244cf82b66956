/* SPDX-License-Identifier: Apache-2.0 */
/* The service from inside, one file a method. */
#ifndef WARD_CLOUD_SERVICE_SERVICE_PRIV_H
#define WARD_CLOUD_SERVICE_SERVICE_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "cloud/log/record.h"
#include "cloud/service/service.h"

enum { SERVICE_PATH = 400, SERVICE_SEEN = 1 << 16, SERVICE_RATES = 1 << 14 };

struct service_fetcher;
struct service_follower;
struct service_ledger;
struct service_workers;

struct ward_service {
	struct ward_service_options o;
	char spool[SERVICE_PATH];
	/* per loop: which (device, file, day) was noted already */
	uint64_t (*seen)[SERVICE_SEEN];
	_Atomic uint64_t rates[SERVICE_RATES]; /* window << 32 | calls, by device */
	_Atomic uint64_t spooled;	       /* bytes of partial samples */
	struct ward_histogram *took[6];	       /* answers, by the tier that gave them */
	struct ward_counter *tier[6], *seen_noted, *seen_dropped, *events, *duplicates, *samples;
	struct service_ledger *ledger;
	struct service_follower *follower;
	struct service_workers *workers;
	struct service_fetcher *fetcher;
};

/* Answers of a tier, for the metrics. */
void service_count_tier(struct ward_service *s, Ward__V1__Tier tier);
/* An answer was given; begun: monotonic µs, when what it answers was whole here. */
void service_took(struct ward_service *s, Ward__V1__Tier tier, uint64_t begun);

/* --- lookup.c --- */
void service_lookup(struct ward_call *call, struct ward_span message);
/* The answer for one file, from all tiers that need no sample; lives in the arena. */
enum ward_rc service_judge(struct ward_service *s, const uint8_t device[16],
			   const Ward__V1__FileQuery *query, Ward__V1__Level level,
			   struct ward_arena *arena, Ward__V1__FileVerdict *ret) WARD_MUST_CHECK;
/* What the analysis said, as an answer. */
void service_verdict_of(const Ward__Log__V1__Verdict *said, Ward__V1__FileVerdict *ret);

/* --- report.c --- */
void service_report(struct ward_call *call, struct ward_span message);
void service_report_end(struct ward_call *call);
void service_report_closed(struct ward_call *call);

/* --- submit.c --- */
void service_submit(struct ward_call *call, struct ward_span message);
void service_submit_end(struct ward_call *call);
void service_submit_closed(struct ward_call *call);
/* Bytes of this sample that are in the spool from this device; 0: none. */
uint64_t service_spooled(struct ward_service *s, const uint8_t device[16],
			 const uint8_t sha256[32]);

/* A sample that is stored is analysed, unless it has been meanwhile; one that is lost is noted as gone.
 * WARD_E_LIMIT, WARD_E_NOMEM: too much waits. */
enum ward_rc service_analyse(struct ward_service *s, const uint8_t sha256[32]) WARD_MUST_CHECK;

/* --- workers.c: threads for what may block --- */
typedef void (*service_work_fn)(void *context);
/* Runs it after this time, once, in a thread of its own that it must not hold up. */
enum ward_rc service_after(struct service_workers *workers, uint64_t ms, service_work_fn fn,
			   void *context) WARD_MUST_CHECK;
enum ward_rc service_workers_start(struct service_workers **ret) WARD_MUST_CHECK;
/* Does what was queued, lets every moment come, and ends the threads; the rest is free()'s. */
void service_workers_stop(struct service_workers *workers);
/* WARD_E_LIMIT: too much waits. */
enum ward_rc service_work(struct service_workers *workers, service_work_fn fn,
			  void *context) WARD_MUST_CHECK;

/* --- subscribe.c --- */
enum ward_rc service_follow(struct ward_service *s, struct service_follower **ret) WARD_MUST_CHECK;
/* Ends its thread; the rest of it goes after the edge. */
void service_follow_end(struct service_follower *follower);
struct service_follower *service_follow_free(struct service_follower *follower);
/* Updates up to this position are there. Any thread. */
void service_follow_news(struct service_follower *follower, uint64_t position);
void service_subscribe(struct ward_call *call, struct ward_span message);
struct ward_message *service_subscribe_next(struct ward_call *call);
void service_subscribe_closed(struct ward_call *call);

/* --- fetch.c --- */
enum ward_rc service_fetcher_new(struct ward_service *s,
				 struct service_fetcher **ret) WARD_MUST_CHECK;
/* After the edge and the workers. */
struct service_fetcher *service_fetcher_free(struct service_fetcher *fetcher);
void service_fetch(struct ward_call *call, struct ward_span message);
void service_metadata(struct ward_call *call, struct ward_span message);

#endif
