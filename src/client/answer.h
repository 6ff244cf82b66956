/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an answer fits its question: what proto/wire.h, which sees one message, cannot say. */
#ifndef WARD_CLIENT_ANSWER_H
#define WARD_CLIENT_ANSWER_H

#include "proto/wire.h"

/*
 * NULL, or what is wrong (static). Every answer names a query that was asked; a query by digest has at
 * most one, without a digest; one by prefix only digests that begin so, and no verdict but a known one.
 */
const char *ward_answer_refuse(const Ward__V1__LookupRequest *request,
			       const Ward__V1__LookupReply *reply);

/*
 * What was said of query `index`: by digest, or among the answers to its prefix the one for `sha256`.
 * NULL: nothing. *ret_cut (may be NULL): the answers to the prefix were cut, nothing proves nothing.
 */
const Ward__V1__FileVerdict *ward_answer_find(const Ward__V1__LookupReply *reply, uint32_t index,
					      const uint8_t sha256[32], bool *ret_cut);

#endif
