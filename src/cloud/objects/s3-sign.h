/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS Signature Version 4 in the Authorization header ("Authenticating Requests (AWS Signature Version
 * 4)", Amazon S3 API Reference). Our own, and not libcurl's CURLOPT_AWS_SIGV4: that of 7.88 (Debian 12)
 * signs query strings as they come, neither sorted nor encoded, and knows no digest of a body it has not
 * in memory. The tests are AWS's published examples.
 */
#ifndef WARD_CLOUD_OBJECTS_S3_SIGN_H
#define WARD_CLOUD_OBJECTS_S3_SIGN_H

#include "base/buf.h"
#include "cloud/objects/s3-credentials.h"

struct ward_s3_header {
	const char *name, *value; /* lower case; without white space at the ends */
};

enum { WARD_S3_HEADERS_MAX = 16, WARD_S3_AUTHORIZATION = 2048 };

struct ward_s3_request {
	const char *method, *region;
	const char *path;		     /* encoded, begins with a slash */
	const char *query;		     /* encoded, "name=value&…" sorted; "" if none */
	const char *payload;		     /* SHA-256 of the body in hex */
	const char *time;		     /* "20130524T000000Z", as in x-amz-date */
	const struct ward_s3_header *header; /* all that is signed, host too, sorted by name */
	size_t header_count;
};

/* The header's value. WARD_E_LIMIT: something is too long for it. */
enum ward_rc ward_s3_sign(const struct ward_s3_request *request,
			  const struct ward_s3_credentials *credentials,
			  char ret_value[WARD_S3_AUTHORIZATION]) WARD_MUST_CHECK;

/* Appends `text` with all but A-Z a-z 0-9 - . _ ~ as %XX; slashes stay when `path`. */
enum ward_rc ward_s3_encode(struct ward_buf *out, struct ward_span text, bool path) WARD_MUST_CHECK;

#endif
