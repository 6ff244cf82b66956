/* SPDX-License-Identifier: Apache-2.0 */
/* The host of an address that somebody wrote to an attribute: any bytes at all. */
#ifndef WARD_GUARD_ORIGIN_ADDRESS_H
#define WARD_GUARD_ORIGIN_ADDRESS_H

#include "base/rc.h"
#include "base/span.h"

/* Names have at most 253 characters (RFC 1035); IPv6 addresses keep their brackets. */
enum { WARD_HOST_ROOM = 256, WARD_ADDRESS_MAX = 4096 };

/*
 * The host of an http, https, ftp or ftps URL (RFC 3986), lower case, with neither user nor port.
 * WARD_E_FORMAT: it is none, or the host has characters that no host has (only letters, digits, ".",
 * "-", "_", and hex digits, ":" and "." in brackets). Path and query are not looked at.
 */
enum ward_rc ward_address_host(struct ward_span address,
			       char ret_host[WARD_HOST_ROOM]) WARD_MUST_CHECK;

#endif
