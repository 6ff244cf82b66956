/* SPDX-License-Identifier: Apache-2.0 */
/* Devices in bulk: Enroll with one token that may be used often, many at a time. */
#ifndef WARD_FLEET_ENROLL_H
#define WARD_FLEET_ENROLL_H

#include "fleet/crowd.h"

struct fleet_enroll_options {
	const char *server, *directory;
	struct ward_span ca; /* PEM */
	const char *ca_file; /* the same */
	const char *token;
	size_t count;
	unsigned threads;
};

/* Enrols `count` devices and adds their identities to the directory's, those too that came before a
 * failure. `why` says what the service said. */
enum ward_rc fleet_enroll(const struct fleet_enroll_options *options,
			  char why[256]) WARD_MUST_CHECK;

#endif
