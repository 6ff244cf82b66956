/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/sign.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

enum ward_rc
ward_sign_secret_new(uint8_t ret_secret[WARD_SIGN_SECRET])
{
	return RAND_priv_bytes(ret_secret, WARD_SIGN_SECRET) == 1 ? WARD_OK : WARD_E_IO;
}

enum ward_rc
ward_sign_public(const uint8_t secret[WARD_SIGN_SECRET], uint8_t ret_public[WARD_SIGN_PUBLIC])
{
	EVP_PKEY *key =
		EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, WARD_SIGN_SECRET);
	size_t len = WARD_SIGN_PUBLIC;
	int ok = key && EVP_PKEY_get_raw_public_key(key, ret_public, &len);

	EVP_PKEY_free(key);
	return ok ? WARD_OK : WARD_E_NOMEM;
}

enum ward_rc
ward_sign(const uint8_t secret[WARD_SIGN_SECRET], struct ward_span message,
	  uint8_t ret_signature[WARD_SIGN_SIZE])
{
	EVP_PKEY *key =
		EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, WARD_SIGN_SECRET);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = WARD_SIGN_SIZE;
	int ok = key && ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
		 EVP_DigestSign(ctx, ret_signature, &len, message.data, message.len) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok ? WARD_OK : WARD_E_NOMEM;
}

enum ward_rc
ward_sign_verify(const uint8_t public_key[WARD_SIGN_PUBLIC], struct ward_span message,
		 const uint8_t signature[WARD_SIGN_SIZE])
{
	EVP_PKEY *key =
		EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, WARD_SIGN_PUBLIC);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = key && ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
		 EVP_DigestVerify(ctx, signature, WARD_SIGN_SIZE, message.data, message.len) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok ? WARD_OK : WARD_E_FORMAT;
}

void
ward_sign_forget(uint8_t secret[WARD_SIGN_SECRET])
{
	OPENSSL_cleanse(secret, WARD_SIGN_SECRET);
}
