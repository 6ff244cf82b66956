/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device's key and certificate. The key (P-256) is made here and never leaves the device: a
 * request for a certificate (PKCS#10, RFC 2986) carries its public half.
 */
#ifndef WARD_CLIENT_KEY_H
#define WARD_CLIENT_KEY_H

#include "base/buf.h"

/* A new private key in PEM (PKCS#8), appended. The caller wipes it (ward_key_wipe). */
enum ward_rc ward_key_new(struct ward_buf *pem) WARD_MUST_CHECK;
/* The request in DER, appended. WARD_E_FORMAT: no key in `pem`. */
enum ward_rc ward_key_request(struct ward_span pem, struct ward_buf *der) WARD_MUST_CHECK;
/* Overwrites and frees. */
void ward_key_wipe(struct ward_buf *pem);

/* What an enrolment brought, as it came. */
struct ward_key_issued {
	struct ward_span certificate;	     /* DER */
	const struct ward_span *authorities; /* DER */
	size_t authority_count;
	const uint8_t *device; /* 16 bytes */
	/* Who is believed: the CA's digest, or NULL with the CA in PEM. */
	const uint8_t *ca_sha256;
	struct ward_span ca;
};

/*
 * Believes it only if the certificate is for this key, names this device ("spiffe://…/device/<uuid>",
 * and no other URI) and is signed by one of the authorities, the pinned CA among them. Appends "certificate" in PEM behind the key to `identity`, the authorities to
 * `ca_pem`. WARD_E_FORMAT otherwise, and *ret_why (static) says what is wrong.
 */
enum ward_rc ward_key_accept(struct ward_span key_pem, const struct ward_key_issued *issued,
			     struct ward_buf *identity, struct ward_buf *ca_pem,
			     const char **ret_why) WARD_MUST_CHECK;

struct ward_key_facts {
	uint8_t device[16];
	uint64_t not_before_ms, not_after_ms; /* since 1970 */
	char subject[128];
	char organisation[128]; /* the authority of its URI: whose device it is */
};
/* Of an identity (key and certificate in PEM); WARD_E_FORMAT: they do not belong together. */
enum ward_rc ward_key_facts(struct ward_span identity, struct ward_key_facts *ret) WARD_MUST_CHECK;

/* SHA-256 of the first certificate of a PEM text (DER). WARD_E_FORMAT: there is none. */
enum ward_rc ward_key_fingerprint(struct ward_span pem, uint8_t ret[32]) WARD_MUST_CHECK;

#endif
