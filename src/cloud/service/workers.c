/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads for what may block (disk), one that waits for moments. */
#include <stdlib.h>
#include <time.h>

#include "cloud/service/service-priv.h"
#include "sys/clock.h"

enum { THREADS = 2, QUEUE_MAX = 10000 };

struct work {
	struct work *next;
	service_work_fn fn;
	void *context;
	uint64_t due; /* µs, monotonic; of those that wait for their moment */
};

struct service_workers {
	pthread_mutex_t lock;
	pthread_cond_t work, moment;
	bool stop;
	struct work *first, **last, *waiting; /* waiting: by their moment */
	size_t count, threads;
	pthread_t thread[THREADS], clock;
};

static void *
work_loop(void *context)
{
	struct service_workers *w = context;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		struct work *one;

		while (!w->first && !w->stop)
			pthread_cond_wait(&w->work, &w->lock);
		one = w->first;
		if (!one)
			break; /* what was queued is done first */
		w->first = one->next;
		if (!w->first)
			w->last = &w->first;
		w->count--;
		pthread_mutex_unlock(&w->lock);
		one->fn(one->context);
		free(one);
		pthread_mutex_lock(&w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static struct timespec
at(uint64_t usec)
{
	return (struct timespec){(time_t)(usec / 1000000), (long)(usec % 1000000) * 1000};
}

/* At the end everything that waits has its moment. */
static void *
clock_loop(void *context)
{
	struct service_workers *w = context;

	pthread_mutex_lock(&w->lock);
	while (!w->stop || w->waiting) {
		struct work *one = w->waiting;
		struct timespec until;

		if (one && (w->stop || one->due <= ward_clock_monotonic())) {
			w->waiting = one->next;
			pthread_mutex_unlock(&w->lock);
			one->fn(one->context);
			free(one);
			pthread_mutex_lock(&w->lock);
		} else if (one) {
			until = at(one->due);
			(void)pthread_cond_timedwait(&w->moment, &w->lock, &until);
		} else {
			pthread_cond_wait(&w->moment, &w->lock);
		}
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

enum ward_rc
service_work(struct service_workers *w, service_work_fn fn, void *context)
{
	struct work *one = malloc(sizeof(*one));
	enum ward_rc rc = WARD_OK;

	if (!one)
		return WARD_E_NOMEM;
	*one = (struct work){NULL, fn, context, 0};
	pthread_mutex_lock(&w->lock);
	if (w->count >= QUEUE_MAX || w->stop) {
		rc = WARD_E_LIMIT;
	} else {
		*w->last = one;
		w->last = &one->next;
		w->count++;
		pthread_cond_signal(&w->work);
	}
	pthread_mutex_unlock(&w->lock);
	if (rc)
		free(one);
	return rc;
}

enum ward_rc
service_after(struct service_workers *w, uint64_t ms, service_work_fn fn, void *context)
{
	struct work *one = malloc(sizeof(*one)), **place = &w->waiting;

	if (!one)
		return WARD_E_NOMEM;
	*one = (struct work){NULL, fn, context, ward_clock_monotonic() + ms * 1000};
	pthread_mutex_lock(&w->lock);
	if (w->stop) {
		pthread_mutex_unlock(&w->lock);
		free(one);
		return WARD_E_STOPPED;
	}
	while (*place && (*place)->due <= one->due)
		place = &(*place)->next;
	one->next = *place;
	*place = one;
	pthread_cond_signal(&w->moment);
	pthread_mutex_unlock(&w->lock);
	return WARD_OK;
}

void
service_workers_stop(struct service_workers *w)
{
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_broadcast(&w->work);
	pthread_cond_broadcast(&w->moment);
	pthread_mutex_unlock(&w->lock);
	for (size_t i = 0; i < w->threads; i++)
		pthread_join(w->thread[i], NULL);
	pthread_join(w->clock, NULL);
}

enum ward_rc
service_workers_start(struct service_workers **ret)
{
	struct service_workers *w = calloc(1, sizeof(*w));
	pthread_condattr_t monotonic;

	if (!w)
		return WARD_E_NOMEM;
	w->last = &w->first;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->work, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->moment, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (pthread_create(&w->clock, NULL, clock_loop, w) != 0) {
		free(w);
		return WARD_E_NOMEM;
	}
	for (; w->threads < THREADS; w->threads++)
		if (pthread_create(&w->thread[w->threads], NULL, work_loop, w) != 0) {
			service_workers_stop(w);
			free(w);
			return WARD_E_NOMEM;
		}
	*ret = w;
	return WARD_OK;
}
