/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/crowd.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/fd.h"

enum { EVENTS = 256, OPEN_AT_ONCE = 64, ROUND_MS = 20 };
enum { RETRY_USEC = 500 * 1000 };

/* --- one thread --- */

static void
on_up(struct fleet_link *link)
{
	struct fleet_device *d = link->context;

	d->loop->crowd->job->up(d);
}

static void
on_down(struct fleet_link *link)
{
	struct fleet_device *d = link->context;

	atomic_fetch_add(&d->loop->crowd->failures, 1);
	d->retry = ward_clock_monotonic() + RETRY_USEC;
	if (d->loop->crowd->job->down)
		d->loop->crowd->job->down(d);
}

/* Connects who is to be and is not, some at a time, and closes who is not to be. False: done. */
static bool
follow_wishes(struct fleet_loop *loop)
{
	uint64_t now = ward_clock_monotonic();
	unsigned begun = 0;

	for (; loop->opened < loop->count; loop->opened++) {
		struct fleet_device *d = &loop->devices[loop->opened];
		bool wanted = atomic_load_explicit(&d->wanted, memory_order_relaxed);

		if (begun == OPEN_AT_ONCE)
			return true;
		if (!wanted) {
			if (d->link.state != FLEET_CLOSED)
				fleet_link_close(&d->link);
			atomic_store_explicit(&d->gone, true, memory_order_release);
		} else if (wanted && d->link.state == FLEET_CLOSED && d->retry <= now) {
			begun++;
			if (fleet_link_open(&d->link))
				on_down(&d->link);
		}
	}
	loop->opened = 0;
	return false;
}

static void *
run(void *context)
{
	struct fleet_loop *loop = context;
	struct epoll_event events[EVENTS];
	bool more = false;
	uint64_t count;

	while (!atomic_load(&loop->crowd->stop)) {
		int n = epoll_wait(loop->poller, events, EVENTS, more ? 0 : ROUND_MS);

		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr == loop)
				(void)!read(loop->wakeup, &count, sizeof(count));
			else
				fleet_link_ready(events[i].data.ptr, events[i].events);
		}
		more = follow_wishes(loop);
		if (loop->crowd->job->turn)
			loop->crowd->job->turn(loop);
	}
	for (size_t i = 0; i < loop->count; i++)
		fleet_link_close(&loop->devices[i].link);
	return NULL;
}

/* --- all of them --- */

static enum ward_rc
start_loop(struct fleet_crowd *c, unsigned index)
{
	struct fleet_loop *loop = &c->loops[index];
	size_t from = c->count * index / c->loop_count, to = c->count * (index + 1) / c->loop_count;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = loop};

	loop->crowd = c;
	loop->index = index;
	loop->devices = c->devices + from;
	loop->count = to - from;
	loop->poller = epoll_create1(EPOLL_CLOEXEC);
	loop->wakeup = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (loop->poller < 0 || loop->wakeup < 0 ||
	    epoll_ctl(loop->poller, EPOLL_CTL_ADD, loop->wakeup, &event) != 0)
		return WARD_E_IO;
	for (size_t i = 0; i < loop->count; i++) {
		struct fleet_device *d = &loop->devices[i];

		d->loop = loop;
		d->number = (uint32_t)(from + i);
		d->link.poller = loop->poller;
		d->link.target = &c->target;
		d->link.up = on_up;
		d->link.down = on_down;
		d->link.context = d;
		d->link.fd = -1;
		d->link.resume = c->resume;
	}
	if (pthread_create(&loop->thread, NULL, run, loop) != 0)
		return WARD_E_NOMEM;
	loop->running = true;
	return WARD_OK;
}

enum ward_rc
fleet_crowd_start(struct fleet_crowd *c, unsigned threads)
{
	enum ward_rc rc = WARD_OK;

	c->loops = calloc(threads, sizeof(*c->loops));
	if (!c->loops)
		return WARD_E_NOMEM;
	c->loop_count = threads;
	for (unsigned i = 0; i < threads; i++)
		c->loops[i].poller = c->loops[i].wakeup = -1;
	for (unsigned i = 0; i < threads && !rc; i++)
		rc = start_loop(c, i);
	return rc;
}

void
fleet_crowd_wake(struct fleet_loop *loop)
{
	uint64_t one = 1;

	(void)!write(loop->wakeup, &one, sizeof(one));
}

static void
wake(struct fleet_crowd *c)
{
	for (unsigned i = 0; i < c->loop_count; i++)
		fleet_crowd_wake(&c->loops[i]);
}

void
fleet_crowd_want_one(struct fleet_device *d, bool connected)
{
	atomic_store(&d->heard, false);
	atomic_store(&d->wanted, connected);
	if (connected)
		atomic_store(&d->gone, false);
}

void
fleet_crowd_want(struct fleet_crowd *c, bool connected)
{
	for (size_t i = 0; i < c->count; i++) {
		atomic_store(&c->devices[i].heard, false);
		atomic_store(&c->devices[i].wanted, connected);
	}
	wake(c);
}

size_t
fleet_crowd_heard(const struct fleet_crowd *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->count; i++)
		n += atomic_load_explicit(&c->devices[i].heard, memory_order_relaxed);
	return n;
}

void
fleet_crowd_stop(struct fleet_crowd *c)
{
	atomic_store(&c->stop, true);
	wake(c);
	for (unsigned i = 0; i < c->loop_count; i++) {
		if (c->loops[i].running)
			pthread_join(c->loops[i].thread, NULL);
		ward_fd_close(&c->loops[i].poller);
		ward_fd_close(&c->loops[i].wakeup);
	}
	for (size_t i = 0; i < c->count; i++) {
		EVP_PKEY_free(c->devices[i].link.key);
		X509_free(c->devices[i].link.certificate);
		SSL_SESSION_free(c->devices[i].link.session);
		c->devices[i].belief = fleet_belief_free(c->devices[i].belief);
	}
	free(c->loops);
	c->loops = NULL;
	c->loop_count = 0;
}
