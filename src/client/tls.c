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

/* What the other end chose, as soon as it is known. */
static void
on_info(const SSL *ssl, int where, int ret)
{
	struct client_conn *c = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	const unsigned char *chosen = NULL;
	unsigned len = 0;

	(void)ret;
	if (!(where & SSL_CB_HANDSHAKE_DONE) || c->stage != CONN_SHAKING)
		return;
	SSL_get0_alpn_selected(ssl, &chosen, &len);
	c->speaks_h2 = len == 2 && memcmp(chosen, "h2", 2) == 0;
}

/*
 * Called as a TLS handshake begins, an HTTPS proxy's first. ALPN (RFC 7301) is ours: libcurl, told to
 * speak HTTP/2, would begin to.
 */
static CURLcode
on_context(CURL *easy, void *tls, void *context)
{
	static const unsigned char h2[] = {2, 'h', '2'};
	struct client_conn *c = context;
	struct ward_channel *ch = c->channel;

	(void)easy;
	if (strncmp(ch->proxy, "https:", 6) == 0 && !c->proxy_shaken) {
		c->proxy_shaken = true;
		return CURLE_OK;
	}
	c->stage = CONN_SHAKING;
	(void)SSL_CTX_set_app_data(tls, c);
	SSL_CTX_set_info_callback(tls, on_info);
	if (ch->ca_len == 0)
		SSL_CTX_set_cert_verify_callback(tls, verify_pinned, ch);
	return SSL_CTX_set_alpn_protos(tls, h2, sizeof(h2)) == 0 ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

bool
conn_set_tls(struct client_conn *c)
{
	struct ward_channel *ch = c->channel;
	CURL *e = c->easy;
	struct curl_blob ca = {ch->ca, ch->ca_len, CURL_BLOB_NOCOPY};
	struct curl_blob identity = {ch->identity, ch->identity_len, CURL_BLOB_NOCOPY};

	if (curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3) ||
	    curl_easy_setopt(e, CURLOPT_SSL_ENABLE_ALPN, 0L) ||
	    curl_easy_setopt(e, CURLOPT_CAINFO, NULL) ||
	    curl_easy_setopt(e, CURLOPT_CAPATH, NULL) ||
	    curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L) ||
	    curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L) ||
	    curl_easy_setopt(e, CURLOPT_SSL_CTX_FUNCTION, on_context) ||
	    curl_easy_setopt(e, CURLOPT_SSL_CTX_DATA, c))
		return false;
	if (ch->ca_len > 0 && curl_easy_setopt(e, CURLOPT_CAINFO_BLOB, &ca))
		return false;
	return ch->identity_len == 0 || (!curl_easy_setopt(e, CURLOPT_SSLCERT_BLOB, &identity) &&
					 !curl_easy_setopt(e, CURLOPT_SSLKEY_BLOB, &identity));
}
