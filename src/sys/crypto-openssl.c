/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/crypto.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdlib.h>

enum ward_rc
ward_crypto_random(void *into, size_t len)
{
	if (len > INT_MAX)
		return WARD_E_INVAL;
	return RAND_bytes(into, (int)len) == 1 ? WARD_OK : WARD_E_IO;
}

static OSSL_PARAM
octets(const char *name, struct ward_span bytes)
{
	/* Nothing must still be somewhere. */
	const void *data = bytes.len ? (const void *)bytes.data : "";

	return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)data, bytes.len);
}

enum ward_rc
ward_crypto_hkdf(struct ward_span key, struct ward_span salt, struct ward_span info, uint8_t *ret,
		 size_t len)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		octets(OSSL_KDF_PARAM_KEY, key),
		octets(OSSL_KDF_PARAM_SALT, salt),
		octets(OSSL_KDF_PARAM_INFO, info),
		OSSL_PARAM_construct_end(),
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	bool ok = ctx && EVP_KDF_derive(ctx, ret, len, params) == 1;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok ? WARD_OK : WARD_E_NOMEM;
}

void
ward_crypto_wipe(void *secret, size_t len)
{
	OPENSSL_cleanse(secret, len);
}

bool
ward_crypto_equal(struct ward_span a, struct ward_span b)
{
	return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.data, b.data, a.len) == 0);
}

/* --- sealing --- */

struct ward_aead {
	EVP_CIPHER_CTX *ctx;
	EVP_CIPHER *cipher;
	uint8_t key[WARD_KEY_LEN];
};

void
ward_aead_freep(struct ward_aead **aead)
{
	struct ward_aead *a = *aead;

	*aead = NULL;
	if (!a)
		return;
	EVP_CIPHER_CTX_free(a->ctx);
	EVP_CIPHER_free(a->cipher);
	ward_crypto_wipe(a->key, sizeof(a->key));
	free(a);
}

enum ward_rc
ward_aead_new(const uint8_t key[WARD_KEY_LEN], struct ward_aead **ret_aead)
{
	struct ward_aead *a = calloc(1, sizeof(*a));

	if (!a)
		return WARD_E_NOMEM;
	memcpy(a->key, key, sizeof(a->key));
	a->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	a->ctx = EVP_CIPHER_CTX_new();
	if (!a->cipher || !a->ctx) {
		ward_aead_freep(&a);
		return WARD_E_NOMEM;
	}
	*ret_aead = a;
	return WARD_OK;
}

/* One direction of the cipher up to its tag. */
static bool
run_cipher(struct ward_aead *a, const uint8_t *nonce, struct ward_span aad, struct ward_span in,
	   uint8_t *out, bool seal)
{
	int n = 0;

	if (in.len > INT_MAX || aad.len > INT_MAX ||
	    EVP_CipherInit_ex2(a->ctx, a->cipher, a->key, nonce, seal ? 1 : 0, NULL) != 1)
		return false;
	if (aad.len && EVP_CipherUpdate(a->ctx, NULL, &n, aad.data, (int)aad.len) != 1)
		return false;
	return in.len == 0 || EVP_CipherUpdate(a->ctx, out, &n, in.data, (int)in.len) == 1;
}

enum ward_rc
ward_aead_seal(struct ward_aead *aead, const uint8_t nonce[WARD_AEAD_NONCE], struct ward_span aad,
	       struct ward_span plain, uint8_t *ret_sealed)
{
	uint8_t none[WARD_AEAD_TAG];
	int n = 0;

	if (!run_cipher(aead, nonce, aad, plain, ret_sealed, true) ||
	    EVP_CipherFinal_ex(aead->ctx, none, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(aead->ctx, EVP_CTRL_AEAD_GET_TAG, WARD_AEAD_TAG,
				ret_sealed + plain.len) != 1)
		return WARD_E_NOMEM;
	return WARD_OK;
}

enum ward_rc
ward_aead_open(struct ward_aead *aead, const uint8_t nonce[WARD_AEAD_NONCE], struct ward_span aad,
	       struct ward_span sealed, uint8_t *ret_plain)
{
	uint8_t tag[WARD_AEAD_TAG], none[WARD_AEAD_TAG];
	struct ward_span body;
	int n = 0;

	if (sealed.len < WARD_AEAD_TAG)
		return WARD_E_FORMAT;
	body = ward_span_of(sealed.data, sealed.len - WARD_AEAD_TAG);
	memcpy(tag, sealed.data + body.len, sizeof(tag));
	if (!run_cipher(aead, nonce, aad, body, ret_plain, false) ||
	    EVP_CIPHER_CTX_ctrl(aead->ctx, EVP_CTRL_AEAD_SET_TAG, WARD_AEAD_TAG, tag) != 1)
		return WARD_E_NOMEM;
	return EVP_CipherFinal_ex(aead->ctx, none, &n) == 1 ? WARD_OK : WARD_E_FORMAT;
}

/* --- hashing --- */

struct ward_hasher {
	EVP_MD_CTX *ctx;
};

void
ward_hasher_freep(struct ward_hasher **hasher)
{
	struct ward_hasher *h = *hasher;

	*hasher = NULL;
	if (!h)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

static enum ward_rc
new_hasher(const EVP_MD *md, struct ward_hasher **ret_hasher)
{
	struct ward_hasher *h = calloc(1, sizeof(*h));

	if (!h)
		return WARD_E_NOMEM;
	h->ctx = EVP_MD_CTX_new();
	if (!h->ctx || EVP_DigestInit_ex2(h->ctx, md, NULL) != 1) {
		ward_hasher_freep(&h);
		return WARD_E_NOMEM;
	}
	*ret_hasher = h;
	return WARD_OK;
}

enum ward_rc
ward_hasher_new(struct ward_hasher **ret_hasher)
{
	return new_hasher(EVP_sha256(), ret_hasher);
}

enum ward_rc
ward_hasher_new_md5(struct ward_hasher **ret_hasher)
{
	return new_hasher(EVP_md5(), ret_hasher);
}

enum ward_rc
ward_hasher_add(struct ward_hasher *hasher, struct ward_span bytes)
{
	if (bytes.len && EVP_DigestUpdate(hasher->ctx, bytes.data, bytes.len) != 1)
		return WARD_E_NOMEM;
	return WARD_OK;
}

enum ward_rc
ward_hasher_end(struct ward_hasher *hasher, uint8_t *ret_digest)
{
	return EVP_DigestFinal_ex(hasher->ctx, ret_digest, NULL) == 1 ? WARD_OK : WARD_E_NOMEM;
}
