/* SPDX-License-Identifier: Apache-2.0 */
/* The organisation's policy: from what the network's side left to what the guard keeps. */
#ifndef WARD_GUARD_POLICY_ORGANISATION_H
#define WARD_GUARD_POLICY_ORGANISATION_H

#include "guard/policy/source.h"

/*
 * Takes over what is new in the enrolment's directory. WARD_OK: there was nothing new, or it was taken
 * over (*ret_version: of the envelope that is kept then; 0: none). Otherwise `why` says what was
 * refused and why, and what is kept stays. The directory `kept` is made when it is needed.
 */
enum ward_rc ward_organisation_take(const struct ward_policy_places *places, struct ward_buf *why,
				    uint64_t *ret_version) WARD_MUST_CHECK;

/* The document that is kept; NULL: none. */
enum ward_rc ward_organisation_read(const struct ward_policy_places *places, struct ward_buf *why,
				    struct ward_policy_document **ret) WARD_MUST_CHECK;

/* Changes whenever one of the two files that the enrolment has of it does. */
int64_t ward_organisation_stamp(const struct ward_policy_places *places);

#endif
