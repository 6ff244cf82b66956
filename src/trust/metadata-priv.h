/* SPDX-License-Identifier: Apache-2.0 */
/* Parts that several kinds of metadata have. */
#ifndef WARD_TRUST_METADATA_PRIV_H
#define WARD_TRUST_METADATA_PRIV_H

#include "trust/metadata.h"
#include "trust/record-priv.h"

/* What a decoder returns when it cannot go on: `rc`, or a refusal that says "it is no <what>". */
enum ward_rc ward_trust_malformed(enum ward_rc rc, const char *what,
				  struct ward_refusal *ret_refusal) WARD_MUST_CHECK;
/* NULL, or what is wrong with them. */
const char *ward_trust_dates_wrong(uint64_t version, uint64_t expires_ms);
/* Between values and messages, which borrow; false: not complete. */
bool ward_trust_reference_take(const Ward__Trust__V1__Reference *m,
			       struct ward_trust_reference *ret);
/* The other way. */
void ward_trust_reference_put(const struct ward_trust_reference *r, Ward__Trust__V1__Reference *m);
/* As references. */
bool ward_trust_head_take(const Ward__Trust__V1__TreeHead *m, struct ward_head *ret);
/* The other way. */
void ward_trust_head_put(const struct ward_head *h, Ward__Trust__V1__TreeHead *m);

#endif
