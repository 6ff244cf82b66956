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
	EVENT_ROOM = 256,		   /* more than any event of ours takes */
	WATCH_MS_MAX = 250,
	STUCK_USEC_MIN = 1000 * 1000,
	THREADS = 4,
};

struct batch {
	int group;
	size_t len; /* of the last read */
	uint32_t slots[EVENTS_MAX];
	size_t slot_count;
	uint8_t buffer[WARD_FAN_BUFFER] __attribute__((aligned(8)));
};

struct ward_loop {
	struct ward_loop_options o;
	pthread_t thread, watchdog, upper, news;
	int wake, watch_wake, readers_wake;
	_Atomic bool stop, stop_readers, broken;
	_Atomic uint64_t beat; /* when the loop last came round */
	_Atomic uint64_t overflows, by_watchdog, stuck;
	struct batch ground, above, written; /* one for each thread that reads */
	/* the watchdog's */
	uint8_t spare[WARD_FAN_BUFFER] __attribute__((aligned(8)));
};

static void
poke(int fd)
{
	const uint64_t one = 1;

	(void)!write(fd, &one, sizeof(one));
}

/* --- the loop --- */

static void
hold(struct ward_loop *l, struct batch *b, const struct ward_fan_event *event)
{
	const struct ward_open open = {
		.gate = b->group,
		.fd = event->fd,
		.pidfd = event->pidfd,
		.pid = event->pid,
		.exec = event->what & WARD_FAN_EXEC,
	};

	if (ward_decide_hold(l->o.decide, &open, &b->slots[b->slot_count]))
		b->slot_count++;
}

/* All that were read are held first: from then on their deadlines count, whatever the work on one of
   them brings. */
static bool
take_opens(struct ward_loop *l, struct batch *b)
{
	struct ward_fan_event event;
	struct ward_span rest;
	enum ward_rc rc;
	size_t n = 0;

	if (ward_fan_read(b->group, b->buffer, sizeof(b->buffer), &n) != WARD_OK)
		return false;
	rest = ward_span_of(b->buffer, n);
	b->len = n;
	b->slot_count = 0;
	while ((rc = ward_fan_next(&rest, &event)) == WARD_OK) {
		if (event.fd >= 0)
			hold(l, b, &event);
	}
	if (rc == WARD_E_PROTO)
		atomic_store(&l->broken, true);
	for (size_t i = 0; i < b->slot_count; i++)
		ward_decide_open(l->o.decide, b->slots[i]);
	return true;
}

/* There was room left, so there was no more to read; what came since poll() tells. */
static bool
emptied(const struct batch *b)
{
	return sizeof(b->buffer) - b->len >= EVENT_ROOM;
}

static bool
take_news(struct ward_loop *l, struct batch *b)
{
	struct ward_fan_event event;
	struct ward_span rest;
	enum ward_rc rc;
	size_t n = 0;

	if (ward_fan_read(b->group, b->buffer, sizeof(b->buffer), &n) != WARD_OK)
		return false;
	rest = ward_span_of(b->buffer, n);
	while ((rc = ward_fan_next(&rest, &event)) == WARD_OK) {
		atomic_fetch_add(&l->overflows, event.overflow);
		if (event.overflow)
			ward_origins_lost(l->o.origins);
		if (event.fd < 0) {
			ward_fd_close(&event.pidfd);
			continue;
		}
		ward_origins_written(l->o.origins, event.fd, event.pid, event.pidfd);
		ward_decide_written(l->o.decide, event.fd, event.pid);
	}
	if (rc == WARD_E_PROTO)
		atomic_store(&l->broken, true);
	return true;
}

static void
wait_for_something(struct ward_loop *l, uint64_t usec)
{
	struct pollfd fds[] = {
		{.fd = l->wake, .events = POLLIN},
		{.fd = l->o.gate, .events = POLLIN},
		{.fd = -1, .events = POLLIN},
		{.fd = -1, .events = POLLIN},
	};
	int pools[2], ms = usec < TURN_MS * 1000 ? (int)(usec / 1000) + 1 : TURN_MS;
	uint64_t count;

	ward_scanners_fds(l->o.scanners, pools);
	fds[2].fd = pools[0];
	fds[3].fd = pools[1];
	(void)poll(fds, sizeof(fds) / sizeof(fds[0]), ms);
	if (fds[0].revents)
		(void)!read(l->wake, &count, sizeof(count));
}

static void *
run(void *ctx)
{
	struct ward_loop *l = ctx;
	uint64_t wait = 0;

	while (!atomic_load(&l->stop)) {
		wait_for_something(l, wait);
		atomic_store(&l->beat, ward_clock_monotonic());
		/* Other scanners, perhaps other intelligence: what was said before is no answer any more. */
		if (ward_scanners_adopt(l->o.scanners, l->o.decide))
			ward_decide_new_epoch(l->o.decide);
		for (int i = 0; i < BATCHES && l->o.gate >= 0 && take_opens(l, &l->ground); i++) {
			(void)ward_decide_pump(l->o.decide);
			if (emptied(&l->ground))
				break;
		}
		ward_scanners_turn(l->o.scanners, l->o.decide);
		wait = ward_decide_pump(l->o.decide);
	}
	return NULL;
}

/* --- the readers --- */

static void
read_group(struct ward_loop *l, struct batch *b, bool (*take)(struct ward_loop *, struct batch *))
{
	while (!atomic_load(&l->stop_readers)) {
		struct pollfd fds[] = {
			{.fd = b->group, .events = POLLIN},
			{.fd = l->readers_wake, .events = POLLIN},
		};

		(void)poll(fds, 2, -1);
		if (take(l, b))
			poke(l->wake);
	}
}

static void *
read_upper(void *ctx)
{
	struct ward_loop *l = ctx;

	read_group(l, &l->above, take_opens);
	return NULL;
}

static void *
read_news(void *ctx)
{
	struct ward_loop *l = ctx;

	read_group(l, &l->written, take_news);
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

void
ward_loop_wake(struct ward_loop *l)
{
	poke(l->wake);
}

/* The readers end first: an open below that they make waits for the loop. */
static void
stop_threads(struct ward_loop *l, int started)
{
	atomic_store(&l->stop_readers, true);
	poke(l->readers_wake);
	if (started > 3)
		(void)pthread_join(l->news, NULL);
	if (started > 2)
		(void)pthread_join(l->upper, NULL);
	atomic_store(&l->stop, true);
	poke(l->wake);
	poke(l->watch_wake);
	if (started > 1)
		(void)pthread_join(l->thread, NULL);
	if (started > 0)
		(void)pthread_join(l->watchdog, NULL);
}

static enum ward_rc
start_threads(struct ward_loop *l)
{
	void *(*const bodies[])(void *) = {watch, run, read_upper, read_news};
	pthread_t *const threads[] = {&l->watchdog, &l->thread, &l->upper, &l->news};

	l->ground.group = l->o.gate;
	l->above.group = l->o.upper;
	l->written.group = l->o.news;
	for (int i = 0; i < THREADS; i++) {
		if (pthread_create(threads[i], NULL, bodies[i], l) != 0) {
			stop_threads(l, i);
			return WARD_E_LIMIT;
		}
	}
	return WARD_OK;
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
	l->readers_wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	atomic_store(&l->beat, ward_clock_monotonic());
	if (l->wake >= 0 && l->watch_wake >= 0 && l->readers_wake >= 0)
		rc = start_threads(l);
	if (rc == WARD_OK) {
		*ret_loop = l;
		return rc;
	}
	ward_fd_close(&l->wake);
	ward_fd_close(&l->watch_wake);
	ward_fd_close(&l->readers_wake);
	free(l);
	return rc;
}

static bool
idle(const struct ward_loop *l)
{
	return ward_holds_count(ward_decide_holds(l->o.decide)) == 0 && !waiting(l->o.gate) &&
	       !waiting(l->o.upper);
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
	stop_threads(l, THREADS);
	ward_fd_close(&l->wake);
	ward_fd_close(&l->watch_wake);
	ward_fd_close(&l->readers_wake);
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
