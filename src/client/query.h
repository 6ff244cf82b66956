/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a file when the cloud is asked about it, as the privacy classes of ward.proto and
 * the policy allow: never its path. */
#ifndef WARD_CLIENT_QUERY_H
#define WARD_CLIENT_QUERY_H

#include "formats/type.h"
#include "proto/place.h"

/* One file, as the endpoint knows it. */
struct ward_query_facts {
	const uint8_t *sha256;
	uint64_t size;
	enum ward_type type;
	unsigned traits; /* formats/sink.h's */
	bool packed;
	Ward__V1__PathClass place;
	const char *name; /* last part of its path, raw bytes; NULL: none */
};

/* A query with what it points to; to be kept where it is while it is used. */
struct ward_query {
	Ward__V1__FileQuery file;
	Ward__V1__Features features;
	Ward__V1__Context context;
	uint8_t sha256[32];
	char name[256];
};

/* With policy.private_lookup only the digest's first bytes are told, and nothing else. The name only
 * with policy.send_names, and only if it is valid UTF-8 and printable. */
void ward_query_fill(struct ward_query *query, const struct ward_query_facts *facts,
		     const Ward__V1__Policy *policy);
/* Makes it a query by the first `len` bytes of the digest, and by nothing else. */
void ward_query_hide(struct ward_query *query, size_t len);

/* --- may the sample be sent? --- */

enum ward_consent {
	WARD_CONSENT_YES,
	WARD_CONSENT_NO,  /* policy says no, or not for this type */
	WARD_CONSENT_ASK, /* a person has to say */
};

/* "safe": what runs code and is no document; archives, mail, documents and data can hold personal
 * data. */
bool ward_consent_is_safe(enum ward_type type);
/* Unspecified is as "safe". */
enum ward_consent ward_consent_of(Ward__V1__Samples samples, enum ward_type type);

#endif
