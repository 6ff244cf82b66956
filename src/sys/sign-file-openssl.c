/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/sign-file.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

/* N, r, p of RFC 7914: 16 MiB, which is within what OpenSSL allows when it reads a key, and the time of
 * eight such runs. */
enum { SCRYPT_N = 1 << 14, SCRYPT_R = 8, SCRYPT_P = 8 };

/* Appends what was written to `bio`, wipes it there, and frees it. */
static enum ward_rc
take_text(BIO *bio, bool good, struct ward_buf *out)
{
	char *data = NULL;
	long len = bio && good ? BIO_get_mem_data(bio, &data) : 0;
	enum ward_rc rc = len > 0 ? ward_buf_append(out, data, (size_t)len) : WARD_E_NOMEM;

	if (len > 0)
		OPENSSL_cleanse(data, (size_t)len);
	BIO_free(bio);
	ERR_clear_error();
	return rc;
}

static BIO *
bio_of(struct ward_span text)
{
	return text.len > 0 && text.len <= WARD_SIGN_FILE_MAX
		       ? BIO_new_mem_buf(text.data, (int)text.len)
		       : NULL;
}

/* --- secret keys --- */

static X509_SIG *
seal(PKCS8_PRIV_KEY_INFO *plain, struct ward_span passphrase)
{
	X509_ALGOR *how = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, 0, NULL, SCRYPT_N,
						SCRYPT_R, SCRYPT_P);
	X509_SIG *sealed =
		how ? PKCS8_set0_pbe((const char *)passphrase.data, (int)passphrase.len, plain, how)
		    : NULL;

	if (!sealed)
		X509_ALGOR_free(how);
	return sealed;
}

enum ward_rc
ward_sign_file_write(const uint8_t secret[WARD_SIGN_SECRET], struct ward_span passphrase,
		     struct ward_buf *out)
{
	EVP_PKEY *key =
		EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, WARD_SIGN_SECRET);
	PKCS8_PRIV_KEY_INFO *plain = key ? EVP_PKEY2PKCS8(key) : NULL;
	X509_SIG *sealed = NULL;
	BIO *bio = BIO_new(BIO_s_mem());
	bool good = false;

	if (plain && bio && passphrase.len > 0 && passphrase.len <= WARD_PASSPHRASE_MAX) {
		sealed = seal(plain, passphrase);
		good = sealed && PEM_write_bio_PKCS8(bio, sealed) == 1;
	} else if (plain && bio && passphrase.len == 0) {
		good = PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, plain) == 1;
	}
	X509_SIG_free(sealed);
	PKCS8_PRIV_KEY_INFO_free(plain);
	EVP_PKEY_free(key);
	return take_text(bio, good, out);
}

/* The key in `plain`, or NULL. */
static enum ward_rc
secret_of(const PKCS8_PRIV_KEY_INFO *plain, uint8_t ret_secret[WARD_SIGN_SECRET])
{
	EVP_PKEY *key = plain ? EVP_PKCS82PKEY(plain) : NULL;
	uint8_t secret[WARD_SIGN_SECRET];
	size_t len = sizeof(secret);
	bool good = key && EVP_PKEY_is_a(key, "ED25519") == 1 &&
		    EVP_PKEY_get_raw_private_key(key, secret, &len) == 1 && len == sizeof(secret);

	if (good)
		memcpy(ret_secret, secret, sizeof(secret));
	ward_sign_forget(secret);
	EVP_PKEY_free(key);
	return good ? WARD_OK : WARD_E_FORMAT;
}

static enum ward_rc
read_sealed(const X509_SIG *sealed, struct ward_span passphrase,
	    uint8_t ret_secret[WARD_SIGN_SECRET])
{
	PKCS8_PRIV_KEY_INFO *plain;
	enum ward_rc rc;

	if (passphrase.len == 0)
		return WARD_E_ENCRYPTED;
	if (passphrase.len > WARD_PASSPHRASE_MAX)
		return WARD_E_PERM;
	plain = PKCS8_decrypt(sealed, (const char *)passphrase.data, (int)passphrase.len);
	rc = plain ? secret_of(plain, ret_secret) : WARD_E_PERM;
	PKCS8_PRIV_KEY_INFO_free(plain);
	return rc;
}

enum ward_rc
ward_sign_file_read(struct ward_span text, struct ward_span passphrase,
		    uint8_t ret_secret[WARD_SIGN_SECRET])
{
	BIO *bio = bio_of(text);
	X509_SIG *sealed = bio ? PEM_read_bio_PKCS8(bio, NULL, NULL, NULL) : NULL;
	PKCS8_PRIV_KEY_INFO *plain = NULL;
	enum ward_rc rc;

	if (sealed) {
		rc = read_sealed(sealed, passphrase, ret_secret);
	} else {
		BIO_free(bio);
		bio = bio_of(text);
		plain = bio ? PEM_read_bio_PKCS8_PRIV_KEY_INFO(bio, NULL, NULL, NULL) : NULL;
		rc = secret_of(plain, ret_secret);
	}
	PKCS8_PRIV_KEY_INFO_free(plain);
	X509_SIG_free(sealed);
	BIO_free(bio);
	ERR_clear_error();
	return rc;
}

/* --- public keys --- */

enum ward_rc
ward_sign_file_write_public(const uint8_t public_key[WARD_SIGN_PUBLIC], struct ward_buf *out)
{
	EVP_PKEY *key =
		EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, WARD_SIGN_PUBLIC);
	BIO *bio = BIO_new(BIO_s_mem());
	bool good = key && bio && PEM_write_bio_PUBKEY(bio, key) == 1;

	EVP_PKEY_free(key);
	return take_text(bio, good, out);
}

enum ward_rc
ward_sign_file_read_public(struct ward_span text, uint8_t ret_public[WARD_SIGN_PUBLIC])
{
	BIO *bio = bio_of(text);
	EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
	uint8_t public_key[WARD_SIGN_PUBLIC];
	size_t len = sizeof(public_key);
	bool good = key && EVP_PKEY_is_a(key, "ED25519") == 1 &&
		    EVP_PKEY_get_raw_public_key(key, public_key, &len) == 1 &&
		    len == sizeof(public_key);

	if (good)
		memcpy(ret_public, public_key, sizeof(public_key));
	EVP_PKEY_free(key);
	BIO_free(bio);
	ERR_clear_error();
	return good ? WARD_OK : WARD_E_FORMAT;
}
