/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom we believe. Once enrolled: the CA in the state directory. At enrolment with a fingerprint: the
 * certificate in the server's chain that has this digest, as if it had been given as a file; the rest
 * of the path (signatures, validity, the server's name) is checked as ever. No other CA in either case.
 */
#include <openssl/ssl.h>

#include "client/channel-priv.h"
#include "sys/digest.h"

/* The certificate with the digest in the chain the server sent, or NULL. */
static X509 *
find_pinned(const STACK_OF(X509) * chain, const uint8_t digest[32])
{
	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *certificate = sk_X509_value(chain, i);
		uint8_t of_this[EVP_MAX_MD_SIZE];
		unsigned len = 0;

		if (X509_digest(certificate, EVP_sha256(), of_this, &len) == 1 && len == 32 &&
		    CRYPTO_memcmp(of_this, digest, 32) == 0)
			return certificate;
	}
	return NULL;
}

static int
verify_pinned(X509_STORE_CTX *store, void *context)
{
	const struct ward_channel *ch = context;
	X509 *pinned = find_pinned(X509_STORE_CTX_get0_untrusted(store), ch->ca_sha256);
	STACK_OF(X509) *trusted = sk_X509_new_null();
	int good = 0;

	if (pinned && trusted && sk_X509_push(trusted, pinned) > 0) {
		X509_STORE_CTX_set0_trusted_stack(store, trusted);
		good = X509_verify_cert(store);
	} else {
		X509_STORE_CTX_set_error(store, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN);
	}
	sk_X509_free(trusted);
	return good;
}

/* Called as a TLS handshake begins: an HTTPS proxy's first. */
static CURLcode
on_context(CURL *easy, void *tls, void *context)
{
	struct ward_rpc *rpc = context;
	struct ward_channel *ch = rpc->channel;
	bool of_proxy = !rpc->shaking && strncmp(ch->proxy, "https:", 6) == 0 &&
			rpc->stage == RPC_CONNECTING;

	(void)easy;
	if (of_proxy) {
		rpc->shaking = true;
		return CURLE_OK;
	}
	rpc->stage = RPC_SHAKING;
	if (ch->ca_len == 0)
		SSL_CTX_set_cert_verify_callback(tls, verify_pinned, ch);
	return CURLE_OK;
}

bool
rpc_set_tls(struct ward_rpc *rpc)
{
	struct ward_channel *ch = rpc->channel;
	CURL *e = rpc->easy;
	struct curl_blob ca = {ch->ca, ch->ca_len, CURL_BLOB_NOCOPY};
	struct curl_blob identity = {ch->identity, ch->identity_len, CURL_BLOB_NOCOPY};

	if (curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3) ||
	    curl_easy_setopt(e, CURLOPT_CAINFO, NULL) ||
	    curl_easy_setopt(e, CURLOPT_CAPATH, NULL) ||
	    curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L) ||
	    curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L))
		return false;
	if (ch->ca_len > 0 && curl_easy_setopt(e, CURLOPT_CAINFO_BLOB, &ca))
		return false;
	if (curl_easy_setopt(e, CURLOPT_SSL_CTX_FUNCTION, on_context) ||
	    curl_easy_setopt(e, CURLOPT_SSL_CTX_DATA, rpc))
		return false;
	return ch->identity_len == 0 || (!curl_easy_setopt(e, CURLOPT_SSLCERT_BLOB, &identity) &&
					 !curl_easy_setopt(e, CURLOPT_SSLKEY_BLOB, &identity));
}
