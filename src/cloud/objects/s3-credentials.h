/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys for S3: a file as AWS's tools have it,
 *
 *	[default]
 *	aws_access_key_id = …
 *	aws_secret_access_key = …
 *	aws_session_token = …		(may be missing)
 *
 * of which the first section counts, readable by its owner alone, who is root or this process's user (as
 * systemd's LoadCredential= makes it).
 */
#ifndef WARD_CLOUD_OBJECTS_S3_CREDENTIALS_H
#define WARD_CLOUD_OBJECTS_S3_CREDENTIALS_H

#include "base/rc.h"
#include "base/span.h"

struct ward_s3_credentials {
	char key_id[129], secret[257], token[4097];
};

/* WARD_E_PERM: others may read it; WARD_E_FORMAT: a key is missing or too long; WARD_E_NOENT. */
enum ward_rc ward_s3_credentials_read(const char *file,
				      struct ward_s3_credentials *ret) WARD_MUST_CHECK;
enum ward_rc ward_s3_credentials_parse(struct ward_span text,
				       struct ward_s3_credentials *ret) WARD_MUST_CHECK;
/* Forgets them. */
void ward_s3_credentials_wipe(struct ward_s3_credentials *c);

#endif
