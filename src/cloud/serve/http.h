/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /metrics (Prometheus) and /healthz for the operator's tools, over plain HTTP on an address of its
 * own, by libmicrohttpd. GET only, no parameters, at most 64 connections.
 */
#ifndef WARD_CLOUD_SERVE_HTTP_H
#define WARD_CLOUD_SERVE_HTTP_H

#include "cloud/ops/metrics.h"

struct ward_http;

/* True: the service is well; else `why` says what it lacks. From the HTTP thread. */
typedef bool (*ward_health_fn)(void *context, char why[256]);

/* `listen`: "127.0.0.1:7480", "[::1]:7480"; port 0: any. The metrics outlive it. WARD_E_INVAL: no
 * such address, WARD_E_IO: it is taken. */
enum ward_rc ward_http_start(const char *listen, struct ward_metrics *metrics,
			     ward_health_fn health, void *context,
			     struct ward_http **ret) WARD_MUST_CHECK;
uint16_t ward_http_port(const struct ward_http *http);
struct ward_http *ward_http_stop(struct ward_http *http);

#endif
