/* SPDX-License-Identifier: Apache-2.0 */
/* What the service's two HTTP servers (http.c, mirror.c) share. */
#ifndef WARD_CLOUD_SERVE_HTTP_PRIV_H
#define WARD_CLOUD_SERVE_HTTP_PRIV_H

#include <microhttpd.h>
#include <stdint.h>

#include "base/rc.h"

/* One thread, at most 64 connections, ten seconds of silence each. WARD_E_INVAL: no such address, WARD_E_IO: it is
 * taken. MHD_stop_daemon it. */
enum ward_rc ward_http_listen(const char *listen, MHD_AccessHandlerCallback handler, void *context,
			      struct MHD_Daemon **ret) WARD_MUST_CHECK;
/* The port in use. */
uint16_t ward_http_daemon_port(struct MHD_Daemon *daemon);

#endif
