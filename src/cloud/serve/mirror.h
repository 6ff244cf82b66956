/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed updates by plain GET, for endpoints that poll, through any cache or mirror: everything is signed, so
 * nobody in between has to be believed, and nobody is asked who he is.
 *
 *	/v1/updates/AFTER		as FetchUpdates: a message Updates (proto/ward.proto)
 *	/v1/metadata/ROLE/VERSION	root, targets, snapshot: an envelope, for ever the same
 *	/v1/metadata/timestamp		the newest one
 */
#ifndef WARD_CLOUD_SERVE_MIRROR_H
#define WARD_CLOUD_SERVE_MIRROR_H

#include "cloud/service/service.h"

struct ward_mirror;

/* `listen` as ward_http_start's; the service outlives it. */
enum ward_rc ward_mirror_start(const char *listen, struct ward_service *service,
			       struct ward_mirror **ret) WARD_MUST_CHECK;
/* The port in use. */
uint16_t ward_mirror_port(const struct ward_mirror *mirror);
struct ward_mirror *ward_mirror_stop(struct ward_mirror *mirror);

#endif
