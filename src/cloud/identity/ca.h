/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The organisation's certification authority: P-256, in a directory of mode 0700 with ca.pem, ca.key,
 * server.pem and server.key. Devices get certificates with one name,
 * "spiffe://<organisation>/device/<uuid>" (SPIFFE ID specification §2), for client authentication
 * only; nothing a request for a certificate says but its public key is taken over (RFC 2986).
 */
#ifndef WARD_CLOUD_IDENTITY_CA_H
#define WARD_CLOUD_IDENTITY_CA_H

#include "base/buf.h"

enum { WARD_CA_DEVICE_DAYS = 30, WARD_CA_SERVER_DAYS = 365, WARD_CA_YEARS = 10 };

struct ward_ca;

/* Letters, digits, dots and dashes, 1 to 63. */
bool ward_ca_organisation_valid(const char *organisation);

/* Makes the directory's CA and the server's certificate for these names (DNS names or addresses).
 * WARD_E_INVAL: a name; WARD_E_PERM: there is one already, or the place cannot be written. */
enum ward_rc ward_ca_create(const char *directory, const char *organisation,
			    const char *const *hosts, size_t host_count) WARD_MUST_CHECK;
/* WARD_E_NOENT, WARD_E_FORMAT. */
enum ward_rc ward_ca_open(const char *directory, const char *organisation,
			  struct ward_ca **ret) WARD_MUST_CHECK;
struct ward_ca *ward_ca_free(struct ward_ca *ca);

struct ward_issued {
	uint8_t serial[16];
	uint64_t not_before_ms, not_after_ms;
};

/* A device's certificate (DER, appended) for the key of a request (PKCS#10, DER). WARD_E_FORMAT: no
 * request, or its signature is wrong. WARD_E_UNSUPPORTED: not a P-256, P-384 or Ed25519 key. Any
 * thread. */
enum ward_rc ward_ca_issue(struct ward_ca *ca, struct ward_span request, const uint8_t device[16],
			   struct ward_buf *out, struct ward_issued *ret) WARD_MUST_CHECK;
/* The CA's own certificate, DER; lives as long as the CA. */
struct ward_span ward_ca_certificate(const struct ward_ca *ca);
/* SHA-256 of it: what a person compares. */
enum ward_rc ward_ca_fingerprint(const struct ward_ca *ca, uint8_t ret[32]) WARD_MUST_CHECK;

#endif
