/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/push.h"

#include <stdlib.h>
#include <time.h>

#include "base/text.h"
#include "fleet/figures.h"
#include "fleet/follow.h"
#include "sys/clock.h"

enum { WAIT_SECONDS = 120, MESSAGE = 1 << 20, LINE = 256 };

/* --- the devices; on their threads --- */

static void
on_update(void *context, struct ward_span message)
{
	struct fleet_device *d = context;

	Ward__V1__Verdict said;

	if (fleet_follow_take(d, message, ward_clock_wall(), &said))
		atomic_fetch_add(&d->loop->crowd->failures, 1);
}

static const struct fleet_call_face subscribe_call = {
	.path = FLEET_SUBSCRIBE,
	.answer_max = MESSAGE,
	.message = on_update,
};

static void
on_up(struct fleet_device *d)
{
	if (fleet_follow(d, &subscribe_call))
		atomic_fetch_add(&d->loop->crowd->failures, 1);
}

const struct fleet_job fleet_push_job = {.up = on_up};

/* --- the commands --- */

static void
pause_shortly(void)
{
	const struct timespec pause = {.tv_nsec = 5 * 1000 * 1000};

	(void)nanosleep(&pause, NULL);
}

static bool
connect_all(struct fleet_crowd *c)
{
	uint64_t begun = ward_clock_monotonic(), now = begun;
	uint64_t failed = atomic_load(&c->failures);
	size_t heard;

	fleet_crowd_want(c, true);
	while ((heard = fleet_crowd_heard(c)) < c->count &&
	       now - begun < WAIT_SECONDS * UINT64_C(1000000)) {
		pause_shortly();
		now = ward_clock_monotonic();
	}
	(void)printf("{\"connected\": %zu, \"seconds\": %.3f, \"failures\": %llu}\n", heard,
		     (double)(now - begun) / 1e6,
		     (unsigned long long)(atomic_load(&c->failures) - failed));
	return heard == c->count;
}

static bool
drop_all(struct fleet_crowd *c)
{
	fleet_crowd_want(c, false);
	(void)printf("{\"dropped\": %zu}\n", c->count);
	return true;
}

static size_t
who_has(const struct fleet_crowd *c, uint64_t digest)
{
	size_t n = 0;

	for (size_t i = 0; i < c->count; i++)
		n += atomic_load_explicit(&c->devices[i].digest, memory_order_acquire) == digest;
	return n;
}

/* After `since`, and after the record's time, in ms, of all who have it. */
static bool
tell_times(const struct fleet_crowd *c, uint64_t digest, uint64_t since)
{
	uint64_t *times = calloc(c->count, sizeof(*times)), made = 0;
	struct fleet_quantiles q;
	size_t n = 0;

	if (!times)
		return false;
	for (size_t i = 0; i < c->count; i++) {
		const struct fleet_device *d = &c->devices[i];
		uint64_t arrived = atomic_load(&d->arrived);

		if (atomic_load(&d->digest) != digest)
			continue;
		made = atomic_load(&d->made_ms) * 1000;
		times[n++] = arrived > since ? arrived - since : 0;
	}
	fleet_quantiles_of(times, n, &q);
	(void)printf("{\"have\": %zu, \"p50_ms\": %.2f, \"p99_ms\": %.2f, \"max_ms\": %.2f, "
		     "\"record_ms\": %.2f}\n",
		     n, (double)q.p50 / 1e3, (double)q.p99 / 1e3, (double)q.max / 1e3,
		     ((double)made - (double)since) / 1e3);
	free(times);
	return n == c->count;
}

static bool
await(struct fleet_crowd *c, struct ward_span arguments)
{
	uint64_t begun = ward_clock_monotonic(), since, digest;
	struct ward_span hex = {0}, number = {0};
	uint8_t sha256[32];

	if (!ward_text_split(&arguments, ' ', &hex) || !ward_text_split(&arguments, ' ', &number) ||
	    !ward_text_unhex(hex, sha256, 32) || !ward_text_u64(number, &since)) {
		(void)fputs("ward-fleet: await SHA256 SINCE\n", stderr);
		return false;
	}
	digest = fleet_follow_word(sha256);
	while (who_has(c, digest) < c->count &&
	       ward_clock_monotonic() - begun < WAIT_SECONDS * UINT64_C(1000000))
		pause_shortly();
	return tell_times(c, digest, since);
}

static bool
obey(struct fleet_crowd *c, struct ward_span line)
{
	struct ward_span command = {0};

	if (!ward_text_split(&line, ' ', &command))
		return false;
	if (ward_span_eq(command, ward_span_str("connect")))
		return connect_all(c);
	if (ward_span_eq(command, ward_span_str("drop")))
		return drop_all(c);
	if (ward_span_eq(command, ward_span_str("await")))
		return await(c, line);
	(void)fputs("ward-fleet: connect, drop, await or quit\n", stderr);
	return false;
}

bool
fleet_push(struct fleet_crowd *c, FILE *in)
{
	char line[LINE];
	bool good = true;

	while (good && fgets(line, sizeof(line), in)) {
		struct ward_span text = ward_text_trim(ward_span_str(line));

		if (ward_span_eq(text, ward_span_str("quit")))
			break;
		good = obey(c, text);
		(void)fflush(stdout);
	}
	return good;
}
