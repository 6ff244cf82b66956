/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/ops/metrics.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* 1 µs to 60 s, four a decade; the last one is "more". */
static const uint64_t bounds[] = {
	1,	 2,	  3,	   6,	    10,	      18,	32,	  56,
	100,	 180,	  320,	   560,	    1000,     1800,	3200,	  5600,
	10000,	 18000,	  32000,   56000,   100000,   180000,	320000,	  560000,
	1000000, 1800000, 3200000, 5600000, 10000000, 18000000, 32000000, 60000000,
};

enum { BOUNDS = sizeof(bounds) / sizeof(bounds[0]), TEXT = 96 };

struct ward_counter {
	_Atomic uint64_t value;
};

struct ward_histogram {
	_Atomic uint64_t buckets[BOUNDS + 1];
	_Atomic uint64_t usec;
};

enum kind { COUNTER, HISTOGRAM, GAUGE, TOTAL };

struct metric {
	struct metric *next; /* in the order they were registered */
	enum kind kind;
	char name[TEXT], labels[TEXT];
	const char *help;
	struct ward_counter counter;
	struct ward_histogram histogram;
	ward_gauge_fn fn;
	void *context;
};

struct ward_metrics {
	pthread_mutex_t lock; /* of the list; values are atomic */
	struct metric *first;
};

struct ward_metrics *
ward_metrics_new(void)
{
	struct ward_metrics *m = calloc(1, sizeof(*m));

	if (m)
		pthread_mutex_init(&m->lock, NULL);
	return m;
}

struct ward_metrics *
ward_metrics_free(struct ward_metrics *m)
{
	if (!m)
		return NULL;
	while (m->first) {
		struct metric *next = m->first->next;

		free(m->first);
		m->first = next;
	}
	pthread_mutex_destroy(&m->lock);
	free(m);
	return NULL;
}

static struct metric *
find_or_add(struct ward_metrics *m, const char *name, const char *labels)
{
	struct metric **at = &m->first;

	for (; *at; at = &(*at)->next)
		if (strcmp((*at)->name, name) == 0 && strcmp((*at)->labels, labels) == 0)
			return *at;
	*at = calloc(1, sizeof(**at));
	if (*at) {
		(void)snprintf((*at)->name, TEXT, "%s", name);
		(void)snprintf((*at)->labels, TEXT, "%s", labels);
	}
	return *at;
}

static struct metric *
registered(struct ward_metrics *m, enum kind kind, const char *name, const char *help,
	   const char *labels)
{
	struct metric *metric;

	pthread_mutex_lock(&m->lock);
	metric = find_or_add(m, name, labels ? labels : "");
	if (metric) {
		metric->kind = kind;
		metric->help = help;
	}
	pthread_mutex_unlock(&m->lock);
	return metric;
}

struct ward_counter *
ward_metrics_counter(struct ward_metrics *m, const char *name, const char *help, const char *labels)
{
	static struct ward_counter nowhere;
	struct metric *metric = registered(m, COUNTER, name, help, labels);

	return metric ? &metric->counter : &nowhere;
}

void
ward_counter_add(struct ward_counter *counter, uint64_t n)
{
	atomic_fetch_add_explicit(&counter->value, n, memory_order_relaxed);
}

uint64_t
ward_counter_value(const struct ward_counter *counter)
{
	return atomic_load_explicit(&counter->value, memory_order_relaxed);
}

struct ward_histogram *
ward_metrics_histogram(struct ward_metrics *m, const char *name, const char *help,
		       const char *labels)
{
	static struct ward_histogram nowhere;
	struct metric *metric = registered(m, HISTOGRAM, name, help, labels);

	return metric ? &metric->histogram : &nowhere;
}

void
ward_histogram_add(struct ward_histogram *histogram, uint64_t usec)
{
	size_t low = 0, high = BOUNDS;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (usec <= bounds[middle])
			high = middle;
		else
			low = middle + 1;
	}
	atomic_fetch_add_explicit(&histogram->buckets[low], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&histogram->usec, usec, memory_order_relaxed);
}

static void
set_fn(struct metric *metric, ward_gauge_fn fn, void *context)
{
	if (metric) {
		metric->context = context;
		metric->fn = fn;
	}
}

void
ward_metrics_gauge(struct ward_metrics *m, const char *name, const char *help, const char *labels,
		   ward_gauge_fn fn, void *context)
{
	set_fn(registered(m, GAUGE, name, help, labels), fn, context);
}

void
ward_metrics_total(struct ward_metrics *m, const char *name, const char *help, const char *labels,
		   ward_gauge_fn fn, void *context)
{
	set_fn(registered(m, TOTAL, name, help, labels), fn, context);
}

/* --- the text --- */

static enum ward_rc
write_head(const struct metric *m, struct ward_buf *out)
{
	static const char *const types[] = {"counter", "histogram", "gauge", "counter"};

	return ward_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name,
			       types[m->kind]);
}

static enum ward_rc
write_value(const struct metric *m, struct ward_buf *out, double value)
{
	const char *open = m->labels[0] ? "{" : "", *close = m->labels[0] ? "}" : "";

	return ward_buf_printf(out, "%s%s%s%s %.17g\n", m->name, open, m->labels, close, value);
}

static enum ward_rc
write_histogram(struct metric *m, struct ward_buf *out)
{
	const char *comma = m->labels[0] ? "," : "";
	const char *open = m->labels[0] ? "{" : "", *close = m->labels[0] ? "}" : "";
	uint64_t sum = 0;
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < BOUNDS && !rc; i++) {
		sum += atomic_load(&m->histogram.buckets[i]);
		rc = ward_buf_printf(out, "%s_bucket{%s%sle=\"%g\"} %llu\n", m->name, m->labels,
				     comma, (double)bounds[i] / 1e6, (unsigned long long)sum);
	}
	sum += atomic_load(&m->histogram.buckets[BOUNDS]);
	if (!rc)
		rc = ward_buf_printf(out, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", m->name, m->labels,
				     comma, (unsigned long long)sum);
	if (!rc)
		rc = ward_buf_printf(out, "%s_sum%s%s%s %.6f\n%s_count%s%s%s %llu\n", m->name, open,
				     m->labels, close,
				     (double)atomic_load(&m->histogram.usec) / 1e6, m->name, open,
				     m->labels, close, (unsigned long long)sum);
	return rc;
}

static enum ward_rc
write_metric(struct metric *m, struct ward_buf *out)
{
	if (m->kind == HISTOGRAM)
		return write_histogram(m, out);
	if (m->kind == COUNTER)
		return write_value(m, out, (double)ward_counter_value(&m->counter));
	return write_value(m, out, m->fn(m->context));
}

/* The format wants all lines of a name together. */
static enum ward_rc
write_family(struct metric *first, struct ward_buf *out)
{
	enum ward_rc rc = write_head(first, out);

	for (struct metric *m = first; m && !rc; m = m->next)
		if (strcmp(m->name, first->name) == 0)
			rc = write_metric(m, out);
	return rc;
}

static bool
is_first_of_its_name(const struct ward_metrics *all, const struct metric *m)
{
	const struct metric *other = all->first;

	while (other != m && strcmp(other->name, m->name) != 0)
		other = other->next;
	return other == m;
}

enum ward_rc
ward_metrics_write(struct ward_metrics *metrics, struct ward_buf *out)
{
	enum ward_rc rc = WARD_OK;

	pthread_mutex_lock(&metrics->lock);
	for (struct metric *m = metrics->first; m && !rc; m = m->next)
		if (is_first_of_its_name(metrics, m))
			rc = write_family(m, out);
	pthread_mutex_unlock(&metrics->lock);
	return rc;
}
