/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters, gauges and histograms for Prometheus (text exposition format 0.0.4). Updating is one
 * relaxed atomic addition, from any thread. Registered once at start; nothing is ever removed.
 */
#ifndef WARD_CLOUD_OPS_METRICS_H
#define WARD_CLOUD_OPS_METRICS_H

#include "base/buf.h"

struct ward_metrics;
struct ward_counter;
struct ward_histogram;

/* NULL when there is no memory; freed when nobody updates or writes any more. */
struct ward_metrics *ward_metrics_new(void) WARD_MUST_CHECK;
struct ward_metrics *ward_metrics_free(struct ward_metrics *metrics);

/* `labels` as they stand between the braces ("method=\"lookup\"") or NULL. The same name and labels
 * give the same one. Never NULL: without memory a shared one that goes nowhere. */
struct ward_counter *ward_metrics_counter(struct ward_metrics *metrics, const char *name,
					  const char *help, const char *labels);
void ward_counter_add(struct ward_counter *counter, uint64_t n);
uint64_t ward_counter_value(const struct ward_counter *counter);

/* Latency in seconds from 1 µs to 60 s, four buckets a decade. */
struct ward_histogram *ward_metrics_histogram(struct ward_metrics *metrics, const char *name,
					      const char *help, const char *labels);
void ward_histogram_add(struct ward_histogram *histogram, uint64_t usec);

/* A value that is read when asked; from the thread that writes the text. */
typedef double (*ward_gauge_fn)(void *context);
void ward_metrics_gauge(struct ward_metrics *metrics, const char *name, const char *help,
			const char *labels, ward_gauge_fn fn, void *context);
/* The same, but typed counter: for figures that only grow and are kept elsewhere. */
void ward_metrics_total(struct ward_metrics *metrics, const char *name, const char *help,
			const char *labels, ward_gauge_fn fn, void *context);

/* The whole text. */
enum ward_rc ward_metrics_write(struct ward_metrics *metrics, struct ward_buf *out) WARD_MUST_CHECK;

#endif
