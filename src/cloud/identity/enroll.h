/* SPDX-License-Identifier: Apache-2.0 */
/* The methods of the service Enrollment (proto/ward.proto). */
#ifndef WARD_CLOUD_IDENTITY_ENROLL_H
#define WARD_CLOUD_IDENTITY_ENROLL_H

#include "cloud/edge/edge.h"
#include "cloud/identity/ca.h"
#include "cloud/keys/authority.h"
#include "cloud/views/applier.h"

struct ward_enroll;

struct ward_enroll_options {
	struct ward_log *log;
	struct ward_views *views;
	struct ward_applier *applier;
	struct ward_ca *ca;
	const uint8_t *policy_key; /* 32 bytes: what proves policies */
	struct ward_authority
		*authority; /* whose newest root devices start from; NULL: there is none */
	uint64_t address_rate, all_rate; /* attempts a minute, from one address and by all */
};

enum { WARD_ENROLL_METHODS = 3 };

/* All members of the options outlive it. */
enum ward_rc ward_enroll_new(const struct ward_enroll_options *options,
			     struct ward_enroll **ret) WARD_MUST_CHECK;
/* After the edge is gone. */
struct ward_enroll *ward_enroll_free(struct ward_enroll *enroll);
void ward_enroll_methods(struct ward_enroll *enroll, struct ward_method ret[WARD_ENROLL_METHODS]);

#endif
