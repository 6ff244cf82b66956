/* SPDX-License-Identifier: Apache-2.0 */
#include "client/breaker.h"

void
ward_breaker_init(struct ward_breaker *b)
{
	*b = (struct ward_breaker){
		.threshold = 5, .rest = 5 * 1000 * 1000, .rest_max = 300 * 1000 * 1000};
}

bool
ward_breaker_admit(struct ward_breaker *b, uint64_t now)
{
	if (b->state == WARD_BREAKER_CLOSED)
		return true;
	if (b->state == WARD_BREAKER_PROBING || now < b->probe_at)
		return false;
	b->state = WARD_BREAKER_PROBING;
	return true;
}

void
ward_breaker_succeed(struct ward_breaker *b)
{
	b->state = WARD_BREAKER_CLOSED;
	b->failures = b->rests = 0;
	b->since_ms = 0;
}

static uint64_t
doubled(uint64_t base, unsigned times, uint64_t cap)
{
	while (times-- > 0 && base < cap)
		base *= 2;
	return base < cap ? base : cap;
}

void
ward_breaker_fail(struct ward_breaker *b, uint64_t now, uint64_t wall_ms, uint64_t random)
{
	uint64_t rest;

	if (b->failures++ == 0)
		b->since_ms = wall_ms;
	/* one that was under way when it opened changes nothing */
	if (b->state == WARD_BREAKER_OPEN ||
	    (b->state == WARD_BREAKER_CLOSED && b->failures < b->threshold))
		return;
	rest = doubled(b->rest, b->rests++, b->rest_max);
	b->state = WARD_BREAKER_OPEN;
	b->probe_at = now + rest / 2 + random % (rest / 2 + 1);
}

void
ward_breaker_forget(struct ward_breaker *b)
{
	if (b->state == WARD_BREAKER_PROBING)
		b->state = WARD_BREAKER_OPEN; /* the next one may probe at once */
}

uint64_t
ward_backoff(unsigned attempt, uint64_t base, uint64_t cap, uint64_t random)
{
	return attempt == 0 ? 0 : random % (doubled(base, attempt - 1, cap) + 1);
}

static bool
retry_status(enum ward_grpc_status status, bool safe)
{
	/* the service names these itself: it did nothing */
	return safe && (status == WARD_GRPC_UNAVAILABLE || status == WARD_GRPC_RESOURCE_EXHAUSTED ||
			status == WARD_GRPC_ABORTED);
}

bool
ward_retry_allowed(enum ward_fault fault, enum ward_grpc_status status, bool safe)
{
	switch (fault) {
	case WARD_FAULT_RESOLVE:
	case WARD_FAULT_PROXY:
	case WARD_FAULT_CONNECT:
		return true;
	case WARD_FAULT_LOST:
	case WARD_FAULT_TIMEOUT:
		return safe;
	case WARD_FAULT_STATUS:
		return retry_status(status, safe);
	case WARD_FAULT_NONE:
	case WARD_FAULT_TLS:
	case WARD_FAULT_REFUSED:
	case WARD_FAULT_HTTP:
	case WARD_FAULT_GARBAGE:
	case WARD_FAULT_BREAKER:
	case WARD_FAULT_CANCELLED:
	case WARD_FAULT_LOCAL:
	case WARD_FAULT_COUNT:
		break;
	}
	return false;
}
