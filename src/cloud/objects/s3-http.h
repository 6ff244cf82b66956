/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to the S3 server, signed, bounded and tried again. Any thread. */
#ifndef WARD_CLOUD_OBJECTS_S3_HTTP_H
#define WARD_CLOUD_OBJECTS_S3_HTTP_H

#include "base/buf.h"
#include "cloud/objects/s3.h"

struct ward_s3_http;

/* Fails as ward_objects_open_s3, but asks the server nothing. NULL is fine for _close. */
enum ward_rc ward_s3_http_open(const struct ward_objects_s3_options *options,
			       struct ward_s3_http **ret, char why[512]) WARD_MUST_CHECK;
struct ward_s3_http *ward_s3_http_close(struct ward_s3_http *http);

struct ward_s3_call {
	const char *method; /* GET, HEAD, PUT, DELETE */
	const char *key;    /* below the prefix; "": the bucket */
	const char *query;  /* encoded and sorted, "" if none */
	int body;	    /* PUT: all of this file, from its beginning; -1: none */
	int into; /* an answer with status 200 goes to this empty file; -1: into `answer` */
	uint64_t into_max; /* bytes of it */
};

struct ward_s3_result {
	long status;		/* of HTTP; 0: there was no answer */
	uint64_t length;	/* Content-Length, of HEAD too */
	struct ward_buf answer; /* at most 4 MiB; the caller's _done */
	char code[64];		/* S3's own name of the error, or curl's words */
};

/*
 * WARD_OK: status 2xx. WARD_E_NOENT: 404. WARD_E_PERM: 401, 403. WARD_E_LIMIT: more than into_max, or the
 * server has no room (413, 507). WARD_E_IO: anything else, after all tries. The result is filled in
 * every case.
 */
enum ward_rc ward_s3_http_call(struct ward_s3_http *http, const struct ward_s3_call *call,
			       struct ward_s3_result *ret_result) WARD_MUST_CHECK;

#endif
