/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples in a bucket of a server that speaks the S3 API (docs.aws.amazon.com/AmazonS3/latest/API):
 * GetObject, PutObject, HeadObject, DeleteObject, ListObjectsV2, signed by AWS Signature Version 4. An
 * object's key is the prefix, two hex digits, a slash, the whole digest and ".zst".
 *
 * A stored sample survives what the server promises when it answers 200. Each request is tried again
 * with growing pauses when the server cannot be reached, is busy (429, 503) or fails (5xx). Answers are
 * bounded; redirections are not followed.
 */
#ifndef WARD_CLOUD_OBJECTS_S3_H
#define WARD_CLOUD_OBJECTS_S3_H

#include "cloud/objects/objects.h"

struct ward_objects_s3_options {
	const char *endpoint;	 /* "https://host[:port]"; http only to this machine itself */
	const char *region;	 /* "" is us-east-1 */
	const char *bucket;	 /* must be there */
	const char *prefix;	 /* of all keys: "" or a text that ends with a slash */
	const char *credentials; /* file, see s3-credentials.h */
	const char *ca;		 /* PEM file to trust instead of the system's; "": the system's */
	const char *spool;	 /* directory for what is on its way */
	bool path_style;	 /* bucket in the path instead of the host's name */
	uint64_t timeout_ms;	 /* without any progress; 0: 30 s */
	uint64_t quota;		 /* as in ward_objects_dir_options */
};

/*
 * Lists the bucket to count what is there. WARD_E_PERM: the server refuses the credentials, or their
 * file is open to others; WARD_E_NOENT: no such bucket; WARD_E_INVAL: an option; WARD_E_IO: it cannot be
 * reached. `why` says more. Secrets are neither logged nor in `why`.
 */
enum ward_rc ward_objects_open_s3(const struct ward_objects_s3_options *options,
				  struct ward_objects **ret, char why[512]) WARD_MUST_CHECK;

#endif
