/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enrolment tokens: "ward-" id "-" secret, both in base32 (RFC 4648 §6, lower case, no padding): 8
 * random bytes that name it, 16 that prove it. Only a digest of the secret is kept.
 */
#ifndef WARD_CLOUD_IDENTITY_TOKEN_H
#define WARD_CLOUD_IDENTITY_TOKEN_H

#include "base/rc.h"
#include "base/span.h"

enum { WARD_TOKEN_ID = 8, WARD_TOKEN_SECRET = 16, WARD_TOKEN_TEXT = 5 + 13 + 1 + 26 + 1 };

struct ward_token {
	uint8_t id[WARD_TOKEN_ID];
	uint8_t secret[WARD_TOKEN_SECRET];
};

enum ward_rc ward_token_new(struct ward_token *ret) WARD_MUST_CHECK;
void ward_token_text(const struct ward_token *token, char ret[WARD_TOKEN_TEXT]);
enum ward_rc ward_token_parse(struct ward_span text, struct ward_token *ret) WARD_MUST_CHECK;
/* What is kept of the secret. */
enum ward_rc ward_token_digest(const struct ward_token *token, uint8_t ret[32]) WARD_MUST_CHECK;
/* In a time that does not depend on where they differ. */
bool ward_token_proves(const struct ward_token *token, const uint8_t digest[32]);

#endif
