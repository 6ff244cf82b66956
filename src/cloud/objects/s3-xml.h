/* SPDX-License-Identifier: Apache-2.0 */
/* The server's answers that are XML: pages of ListObjectsV2, and errors. Only the elements named here
 * are looked for; bytes are the server's. */
#ifndef WARD_CLOUD_OBJECTS_S3_XML_H
#define WARD_CLOUD_OBJECTS_S3_XML_H

#include "base/buf.h"
#include "cloud/objects/objects.h"

/* Calls `fn` for each object whose key ends like a sample's ("ab/ab….zst"); others are not ours.
 * *ret_token: what the next page is asked with, empty after the last one (1024 bytes at most).
 * WARD_E_FORMAT: not such a page. What `fn` says otherwise. */
enum ward_rc ward_s3_list_parse(struct ward_span page, ward_object_fn fn, void *context,
				struct ward_buf *ret_token) WARD_MUST_CHECK;

/* "AccessDenied" and so on, of letters and digits only; "" when there is none. */
void ward_s3_error_parse(struct ward_span body, char ret_code[64]);

#endif
