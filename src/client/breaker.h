/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When to stop asking a service that does not answer, and when to try again. A circuit breaker:
 * closed, it lets calls through; after `threshold` failures in a row it opens and lets none through
 * for a while; then one probe decides whether it closes or stays open, twice as long each time.
 * And how long to wait between attempts: exponential back-off with full jitter. Pure: the caller says
 * what time it is and brings the random numbers.
 */
#ifndef WARD_CLIENT_BREAKER_H
#define WARD_CLIENT_BREAKER_H

#include "client/fault.h"

enum ward_breaker_state { WARD_BREAKER_CLOSED, WARD_BREAKER_OPEN, WARD_BREAKER_PROBING };

struct ward_breaker {
	unsigned threshold; /* failures in a row that open it */
	uint64_t rest;	    /* µs of the first rest */
	uint64_t rest_max;  /* µs of the longest */
	/* what happened */
	enum ward_breaker_state state;
	unsigned failures; /* in a row */
	unsigned rests;	   /* since it was closed */
	uint64_t probe_at; /* monotonic µs: from then on a probe may go */
	uint64_t since_ms; /* ms since 1970: when the first of these failures was; 0: none */
};

/* Closed. 5 failures, 5 s, 5 min. */
void ward_breaker_init(struct ward_breaker *b);
/* May a call go now? What was let through is told to _succeed, _fail or _forget at its end. */
bool ward_breaker_admit(struct ward_breaker *b, uint64_t now) WARD_MUST_CHECK;
void ward_breaker_succeed(struct ward_breaker *b);
/* `random`: any number; spreads the probes of a fleet over the second half of the rest. */
void ward_breaker_fail(struct ward_breaker *b, uint64_t now, uint64_t wall_ms, uint64_t random);
/* The call says nothing about the service (cancelled, for example). */
void ward_breaker_forget(struct ward_breaker *b);

/* µs to wait before attempt `attempt` (1: the second): 0 to min(cap, base * 2^(attempt - 1)). */
uint64_t ward_backoff(unsigned attempt, uint64_t base, uint64_t cap, uint64_t random);

/*
 * Whether to try again. `safe`: it does no harm to do it twice. What failed before a connection stood
 * was never said and may always be tried again; a service that is not trusted or that says no may
 * not.
 */
bool ward_retry_allowed(enum ward_fault fault, enum ward_grpc_status status, bool safe);

#endif
