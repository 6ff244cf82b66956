/* SPDX-License-Identifier: Apache-2.0 */
/* TLS 1.3 with HTTP/2, and who is at the other end. */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <time.h>

#include "cloud/edge/edge-priv.h"
#include "proto/wire.h"

enum { READ = 32 * 1024 };

static int
choose_h2(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
	  unsigned in_len, void *context)
{
	static const unsigned char h2[] = {2, 'h', '2'};

	(void)ssl;
	(void)context;
	for (unsigned i = 0; i + 3 <= in_len; i += in[i] + 1U)
		if (memcmp(in + i, h2, 3) == 0) {
			*out = in + i + 1;
			*out_len = 2;
			return SSL_TLSEXT_ERR_OK;
		}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static enum ward_rc
refuse(const char *file, char why[512])
{
	char detail[128] = "";

	ERR_error_string_n(ERR_get_error(), detail, sizeof(detail));
	ERR_clear_error();
	(void)snprintf(why, 512, "%s: %s", file, detail);
	return WARD_E_INVAL;
}

static enum ward_rc
load_files(const struct ward_edge *edge, SSL_CTX *tls, char why[512])
{
	if (SSL_CTX_use_certificate_chain_file(tls, edge->certificate) != 1)
		return refuse(edge->certificate, why);
	if (SSL_CTX_use_PrivateKey_file(tls, edge->key, SSL_FILETYPE_PEM) != 1)
		return refuse(edge->key, why);
	if (SSL_CTX_load_verify_locations(tls, edge->client_ca, NULL) != 1)
		return refuse(edge->client_ca, why);
	return WARD_OK;
}

enum ward_rc
edge_tls_new(const struct ward_edge *edge, SSL_CTX **ret, char why[512])
{
	static const unsigned char name[] = "ward";
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	enum ward_rc rc;

	if (!tls)
		return WARD_E_NOMEM;
	SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
	SSL_CTX_set_options(tls, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	/* one read for all records that are there, not two for each */
	SSL_CTX_set_read_ahead(tls, 1);
	SSL_CTX_set_default_read_buffer_len(tls, READ);
	SSL_CTX_set_alpn_select_cb(tls, choose_h2, NULL);
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_verify_depth(tls, 4);
	SSL_CTX_set_session_id_context(tls, name, sizeof(name) - 1);
	rc = load_files(edge, tls, why);
	if (rc)
		SSL_CTX_free(tls);
	else
		*ret = tls;
	return rc;
}

static long
on_bio(BIO *bio, int what, const char *data, size_t len, int argi, long argl, int result,
       size_t *processed)
{
	bool *drained = (bool *)(void *)BIO_get_callback_arg(bio);

	(void)data;
	(void)argi;
	(void)argl;
	if (what == (BIO_CB_READ | BIO_CB_RETURN))
		*drained = result > 0 && processed && *processed < len;
	return result;
}

void
edge_tls_watch(SSL *ssl, bool *drained)
{
	BIO_set_callback_arg(SSL_get_rbio(ssl), (char *)(void *)drained);
	BIO_set_callback_ex(SSL_get_rbio(ssl), on_bio);
}

/* The UUID of "spiffe://<organisation>/device/<uuid>". */
static bool
parse_uri(struct ward_span uri, const char *organisation, uint8_t ret_device[16])
{
	char prefix[128];
	int len = snprintf(prefix, sizeof(prefix), "spiffe://%s/device/", organisation);

	return len > 0 && len < (int)sizeof(prefix) && ward_span_starts(uri, prefix, (size_t)len) &&
	       !ward_wire_uuid_parse(ward_span_cut(uri, (uint64_t)len, uri.len), ret_device);
}

/* Exactly one URI, and it is a device of ours. */
static bool
device_of(X509 *certificate, const char *organisation, uint8_t ret_device[16])
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	unsigned uris = 0;
	bool good = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(names, i);
		const ASN1_IA5STRING *uri = n->d.uniformResourceIdentifier;

		if (n->type != GEN_URI)
			continue;
		uris++;
		good = parse_uri(
			ward_span_of(ASN1_STRING_get0_data(uri), (size_t)ASN1_STRING_length(uri)),
			organisation, ret_device);
	}
	GENERAL_NAMES_free(names);
	return good && uris == 1;
}

static uint64_t
not_after(const X509 *certificate)
{
	struct tm t;
	time_t end;

	if (!ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &t))
		return 0;
	end = timegm(&t);
	return end < 0 ? 0 : (uint64_t)end * 1000;
}

/* The CAs that the peer sent besides its certificate were needed for the handshake alone; parsed, each
 * is 4 KiB. */
static void
forget_chain(SSL *ssl)
{
	STACK_OF(X509) *sent = SSL_get_peer_cert_chain(ssl);

	while (sk_X509_num(sent) > 0)
		X509_free(sk_X509_pop(sent));
}

void
edge_tls_peer(SSL *ssl, const char *organisation, struct ward_peer *ret)
{
	X509 *certificate = SSL_get0_peer_certificate(ssl);
	const ASN1_INTEGER *serial;

	forget_chain(ssl);
	ret->certified = certificate && SSL_get_verify_result(ssl) == X509_V_OK &&
			 device_of(certificate, organisation, ret->device);
	if (!ret->certified)
		return;
	ret->not_after_ms = not_after(certificate);
	serial = X509_get0_serialNumber(certificate);
	if (serial->length > 0 && serial->length <= 20)
		memcpy(ret->serial + 20 - serial->length, serial->data, (size_t)serial->length);
}
