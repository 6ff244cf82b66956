/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/identity/token.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "sys/digest.h"

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char prefix[] = "ward-";

enum { PREFIX = sizeof(prefix) - 1 };

enum ward_rc
ward_token_new(struct ward_token *ret)
{
	return RAND_bytes(ret->id, sizeof(ret->id)) == 1 &&
			       RAND_bytes(ret->secret, sizeof(ret->secret)) == 1
		       ? WARD_OK
		       : WARD_E_IO;
}

static char *
put_base32(char *at, const uint8_t *data, size_t len)
{
	unsigned bits = 0, have = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | data[i];
		for (have += 8; have >= 5; have -= 5)
			*at++ = alphabet[bits >> (have - 5) & 31];
	}
	if (have > 0)
		*at++ = alphabet[bits << (5 - have) & 31];
	return at;
}

void
ward_token_text(const struct ward_token *token, char ret[WARD_TOKEN_TEXT])
{
	char *at = ret + PREFIX;

	memcpy(ret, prefix, PREFIX);
	at = put_base32(at, token->id, sizeof(token->id));
	*at++ = '-';
	at = put_base32(at, token->secret, sizeof(token->secret));
	*at = 0;
}

/* Exactly `len` bytes; the bits left over must be 0, so that each token has one text. */
static bool
get_base32(struct ward_span text, uint8_t *ret, size_t len)
{
	unsigned bits = 0, have = 0;
	size_t n = 0;

	if (text.len != (len * 8 + 4) / 5)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		const char *letter = text.data[i] ? strchr(alphabet, text.data[i]) : NULL;

		if (!letter)
			return false;
		bits = bits << 5 | (unsigned)(letter - alphabet);
		have += 5;
		if (have >= 8 && n < len) {
			ret[n++] = (uint8_t)(bits >> (have - 8));
			have -= 8;
		}
		bits &= (1U << have) - 1;
	}
	return n == len && bits == 0;
}

enum ward_rc
ward_token_parse(struct ward_span text, struct ward_token *ret)
{
	struct ward_token token = {0};

	if (text.len != WARD_TOKEN_TEXT - 1 || !ward_span_starts(text, prefix, PREFIX) ||
	    text.data[PREFIX + 13] != '-' ||
	    !get_base32(ward_span_cut(text, PREFIX, 13), token.id, sizeof(token.id)) ||
	    !get_base32(ward_span_cut(text, PREFIX + 14, 26), token.secret, sizeof(token.secret)))
		return WARD_E_FORMAT;
	*ret = token;
	return WARD_OK;
}

enum ward_rc
ward_token_digest(const struct ward_token *token, uint8_t ret[32])
{
	return ward_digest(WARD_SHA256, ward_span_of(token->secret, sizeof(token->secret)), ret);
}

bool
ward_token_proves(const struct ward_token *token, const uint8_t digest[32])
{
	uint8_t mine[32];

	return !ward_token_digest(token, mine) && CRYPTO_memcmp(mine, digest, sizeof(mine)) == 0;
}
