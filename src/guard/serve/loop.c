/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/serve/loop.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/fan.h"
#include "sys/fd.h"

enum {
	EVENTS_MAX = WARD_FAN_BUFFER / 24, /* the smallest event */
	TURN_MS = 500,			   /* the pool wants to be looked at */
	BATCHES = 4,			   /* reads of the gate in a row */
	WATCH_MS_MAX = 250,
	STUCK_USEC_MIN = 1000 * 1000,
};

struct ward_loop {
	struct ward_loop_options o;
	pthread_t thread, watchdog;
	int wake, watch_wake;
	_Atomic bool stop, broken;
	_Atomic uint64_t beat; /* when the loop last came round */
	_Atomic uint64_t overflows, by_watchdog, stuck;
	/* the loop's */
	uint32_t slots[EVENTS_MAX];
	size_t slot_count;
	uint8_t buffer[WARD_FAN_BUFFER] __attribute__((aligned(8)));
	/* the watchdog's */
	uint8_t spare[WARD_FAN_BUFFER] __attribute__((aligned(8)));
};

/* --- the loop --- */

static void
hold(struct ward_loop *l, const struct ward_fan_event *event)
{
	const struct ward_open open = {
		.fd = event->fd,
		.pidfd = event->pidfd,
		.pid = event->pid,
		.exec = event->what & WARD_FAN_EXEC,
	};

	if (ward_decide_hold(l->o.decide, &open, &l->slots[l->slot_count]))
		l->slot_count++;
}

/* All that were read are held first: from then on their deadlines count, whatever the work on one of
   them brings. */
static bool
take_opens(struct ward_loop *l)
{
	struct ward_fan_event event;
	struct ward_span rest;
	enum ward_rc rc;
	size_t n = 0;

	if (ward_fan_read(l->o.gate, l->buffer, sizeof(l->buffer), &n) != WARD_OK)
		return false;
	rest = ward_span_of(l->buffer, n);
	l->slot_count = 0;
	while ((rc = ward_fan_next(&rest, &event)) == WARD_OK) {
		if (event.fd >= 0)
			hold(l, &event);
	}
	if (rc == WARD_E_PROTO)
		atomic_store(&l->broken, true);
	for (size_t i = 0; i < l->slot_count; i++)
		ward_decide_open(l->o.decide, l->slots[i]);
	return true;
}

static void
take_news(struct ward_loop *l)
{
	struct ward_fan_event event;
	struct ward_span rest;
	enum ward_rc rc;
	size_t n = 0;

	if (l->o.news < 0 || ward_fan_read(l->o.news, l->buffer, sizeof(l->buffer), &n) != WARD_OK)
		return;
	rest = ward_span_of(l->buffer, n);
	while ((rc = ward_fan_next(&rest, &event)) == WARD_OK) {
		atomic_fetch_add(&l->overflows, event.overflow);
		ward_fd_close(&event.pidfd);
		if (event.fd >= 0)
			ward_decide_written(l->o.decide, event.fd, event.pid);
	}
	if (rc == WARD_E_PROTO)
		atomic_store(&l->broken, true);
}

static void
wait_for_something(struct ward_loop *l, uint64_t usec)
{
	struct pollfd fds[] = {
		{.fd = l->wake, .events = POLLIN},   {.fd = l->o.gate, .events = POLLIN},
		{.fd = l->o.news, .events = POLLIN}, {.fd = -1, .events = POLLIN},
		{.fd = -1, .events = POLLIN},
	};
	int pools[2], ms = usec < TURN_MS * 1000 ? (int)(usec / 1000) + 1 : TURN_MS;
	uint64_t count;

	ward_scanners_fds(l->o.scanners, pools);
	fds[3].fd = pools[0];
	fds[4].fd = pools[1];
	(void)poll(fds, sizeof(fds) / sizeof(fds[0]), ms);
	if (fds[0].revents)
		(void)!read(l->wake, &count, sizeof(count));
}

/* Other scanners, perhaps other intelligence: what was said before is no answer any more. */
static void
begin_epoch(struct ward_loop *l)
{
	ward_decide_new_epoch(l->o.decide);
	if (l->o.gate >= 0)
		(void)!ward_fan_heed_all(l->o.gate);
}

static void *
run(void *ctx)
{
	struct ward_loop *l = ctx;
	uint64_t wait = 0;

	while (!atomic_load(&l->stop)) {
		wait_for_something(l, wait);
		atomic_store(&l->beat, ward_clock_monotonic());
		if (ward_scanners_adopt(l->o.scanners))
			begin_epoch(l);
		for (int i = 0; i < BATCHES && l->o.gate >= 0 && take_opens(l); i++)
			(void)ward_decide_pump(l->o.decide);
		ward_scanners_turn(l->o.scanners, l->o.decide);
		take_news(l);
		wait = ward_decide_pump(l->o.decide);
	}
	return NULL;
}

/* --- the watchdog --- */

static bool
waiting(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return fd >= 0 && poll(&p, 1, 0) == 1;
}

/* The loop does not come round: what waits in the kernel gets its answer here. */
static void
take_over(struct ward_loop *l)
{
	struct ward_fan_event event;
	struct ward_span rest;
	size_t n = 0;

	atomic_fetch_add(&l->stuck, 1);
	while (ward_fan_read(l->o.gate, l->spare, sizeof(l->spare), &n) == WARD_OK) {
		rest = ward_span_of(l->spare, n);
		while (ward_fan_next(&rest, &event) == WARD_OK) {
			(void)!ward_fan_answer(l->o.gate, event.fd,
					       ward_holds_allow(ward_decide_holds(l->o.decide),
								event.what & WARD_FAN_EXEC));
			ward_fd_close(&event.fd);
			ward_fd_close(&event.pidfd);
			atomic_fetch_add(&l->by_watchdog, 1);
		}
	}
}

static uint64_t
patience(const struct ward_loop *l)
{
	uint64_t half = ward_holds_wait(ward_decide_holds(l->o.decide)) / 2;

	return half > STUCK_USEC_MIN ? half : STUCK_USEC_MIN;
}

/* An open that begins to wait during the sleep is not due before its end. */
static int
nap(uint64_t now, uint64_t next, uint64_t wait)
{
	uint64_t usec = wait / 4;

	if (next > now && next - now < usec)
		usec = next - now;
	return usec / 1000 < WATCH_MS_MAX ? (int)(usec / 1000) + 1 : WATCH_MS_MAX;
}

static void *
watch(void *ctx)
{
	struct ward_loop *l = ctx;
	struct ward_holds *holds = ward_decide_holds(l->o.decide);

	while (!atomic_load(&l->stop)) {
		uint64_t now = ward_clock_monotonic();
		uint64_t next = ward_holds_expire(holds, now);
		struct pollfd p = {.fd = l->watch_wake, .events = POLLIN};

		if (ward_loop_age(l) > patience(l) && waiting(l->o.gate))
			take_over(l);
		(void)poll(&p, 1, nap(now, next, ward_holds_wait(holds)));
	}
	return NULL;
}

/* --- life --- */

static void
poke(int fd)
{
	const uint64_t one = 1;

	(void)!write(fd, &one, sizeof(one));
}

void
ward_loop_wake(struct ward_loop *l)
{
	poke(l->wake);
}

static enum ward_rc
start_threads(struct ward_loop *l)
{
	if (pthread_create(&l->watchdog, NULL, watch, l) != 0)
		return WARD_E_LIMIT;
	if (pthread_create(&l->thread, NULL, run, l) == 0)
		return WARD_OK;
	atomic_store(&l->stop, true);
	poke(l->watch_wake);
	(void)pthread_join(l->watchdog, NULL);
	return WARD_E_LIMIT;
}

enum ward_rc
ward_loop_start(const struct ward_loop_options *options, struct ward_loop **ret_loop)
{
	struct ward_loop *l = calloc(1, sizeof(*l));
	enum ward_rc rc = WARD_E_LIMIT;

	if (!l)
		return WARD_E_NOMEM;
	l->o = *options;
	l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->watch_wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	atomic_store(&l->beat, ward_clock_monotonic());
	if (l->wake >= 0 && l->watch_wake >= 0)
		rc = start_threads(l);
	if (rc == WARD_OK) {
		*ret_loop = l;
		return rc;
	}
	ward_fd_close(&l->wake);
	ward_fd_close(&l->watch_wake);
	free(l);
	return rc;
}

static bool
idle(const struct ward_loop *l)
{
	return ward_holds_count(ward_decide_holds(l->o.decide)) == 0 && !waiting(l->o.gate);
}

void
ward_loop_drain(struct ward_loop *l, unsigned ms)
{
	uint64_t end = ward_clock_monotonic() + (uint64_t)ms * 1000;

	while (!idle(l) && ward_clock_monotonic() < end)
		(void)poll(NULL, 0, 5);
	ward_decide_give_up(l->o.decide);
}

struct ward_loop *
ward_loop_stop(struct ward_loop *l)
{
	if (!l)
		return NULL;
	atomic_store(&l->stop, true);
	poke(l->wake);
	poke(l->watch_wake);
	(void)pthread_join(l->thread, NULL);
	(void)pthread_join(l->watchdog, NULL);
	ward_fd_close(&l->wake);
	ward_fd_close(&l->watch_wake);
	free(l);
	return NULL;
}

void
ward_loop_stats(const struct ward_loop *l, struct ward_loop_stats *ret_stats)
{
	*ret_stats = (struct ward_loop_stats){
		.overflows = atomic_load(&l->overflows),
		.by_watchdog = atomic_load(&l->by_watchdog),
		.stuck = atomic_load(&l->stuck),
		.broken = atomic_load(&l->broken),
	};
}

uint64_t
ward_loop_age(const struct ward_loop *l)
{
	uint64_t now = ward_clock_monotonic();
	uint64_t beat = atomic_load(&l->beat);

	return now > beat ? now - beat : 0;
}
