/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/serve/http.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "base/text.h"
#include "cloud/serve/http-priv.h"

enum { TEXT_MAX = 4 * 1024 * 1024, CONNECTIONS = 64, TIMEOUT_SECONDS = 10, HOST_MAX = 64 };

struct ward_http {
	struct MHD_Daemon *daemon;
	struct ward_metrics *metrics;
	ward_health_fn health;
	void *context;
};

static enum MHD_Result
answer(struct MHD_Connection *connection, unsigned status, const char *type, struct ward_span body)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		body.len, (void *)(uintptr_t)body.data, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	result = MHD_add_response_header(response, "Content-Type", type);
	if (result == MHD_YES)
		result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
answer_metrics(struct ward_http *http, struct MHD_Connection *connection)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};

	ward_buf_init(&out, TEXT_MAX, NULL);
	if (ward_metrics_write(http->metrics, &out))
		return answer(connection, 500, "text/plain", ward_span_str("too many metrics\n"));
	return answer(connection, 200, "text/plain; version=0.0.4; charset=utf-8",
		      ward_buf_span(&out));
}

static enum MHD_Result
answer_health(struct ward_http *http, struct MHD_Connection *connection)
{
	char why[256] = "";

	if (http->health(http->context, why))
		return answer(connection, 200, "text/plain", ward_span_str("ok\n"));
	return answer(connection, 503, "text/plain", ward_span_str(why));
}

static enum MHD_Result
on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
	   const char *version, const char *data, size_t *size, void **state)
{
	struct ward_http *http = context;

	(void)version;
	(void)data;
	(void)size;
	(void)state;
	if (strcmp(method, "GET") != 0)
		return answer(connection, 405, "text/plain", ward_span_str("GET only\n"));
	if (strcmp(url, "/metrics") == 0)
		return answer_metrics(http, connection);
	if (strcmp(url, "/healthz") == 0)
		return answer_health(http, connection);
	return answer(connection, 404, "text/plain", ward_span_str("/metrics or /healthz\n"));
}

/* "host:port" or "[v6]:port" to a socket address. */
static bool
parse_address(const char *listen, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
	const char *colon = strrchr(listen, ':');
	char host[HOST_MAX] = "";
	size_t len = colon ? (size_t)(colon - listen) : 0;
	char *end;
	unsigned long port;

	if (!colon || len >= HOST_MAX || colon[1] < '0' || colon[1] > '9')
		return false;
	port = strtoul(colon + 1, &end, 10);
	if (*end || port > UINT16_MAX)
		return false;
	memset(ret, 0, sizeof(*ret));
	if (listen[0] == '[' && len >= 2 && listen[len - 1] == ']') {
		memcpy(host, listen + 1, len - 2);
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		return inet_pton(AF_INET6, host, &v6->sin6_addr) == 1;
	}
	memcpy(host, listen, len);
	v4->sin_family = AF_INET;
	v4->sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, host, &v4->sin_addr) == 1;
}

enum ward_rc
ward_http_listen(const char *listen, MHD_AccessHandlerCallback handler, void *context,
		 struct MHD_Daemon **ret)
{
	struct sockaddr_storage address;
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD;

	if (!parse_address(listen, &address))
		return WARD_E_INVAL;
	if (address.ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	*ret = MHD_start_daemon(flags, 0, NULL, NULL, handler, context, MHD_OPTION_SOCK_ADDR,
				&address, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
				MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_SECONDS,
				MHD_OPTION_END);
	return *ret ? WARD_OK : WARD_E_IO;
}

uint16_t
ward_http_daemon_port(struct MHD_Daemon *daemon)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);

	return info ? info->port : 0;
}

enum ward_rc
ward_http_start(const char *listen, struct ward_metrics *metrics, ward_health_fn health,
		void *context, struct ward_http **ret)
{
	struct ward_http *http = calloc(1, sizeof(*http));
	enum ward_rc rc;

	if (!http)
		return WARD_E_NOMEM;
	http->metrics = metrics;
	http->health = health;
	http->context = context;
	rc = ward_http_listen(listen, on_request, http, &http->daemon);
	if (rc)
		free(http);
	else
		*ret = http;
	return rc;
}

uint16_t
ward_http_port(const struct ward_http *http)
{
	return ward_http_daemon_port(http->daemon);
}

struct ward_http *
ward_http_stop(struct ward_http *http)
{
	if (http) {
		MHD_stop_daemon(http->daemon);
		free(http);
	}
	return NULL;
}
