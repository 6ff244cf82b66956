/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/objects/s3-credentials.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_s3_credentials c;

	if (!ward_s3_credentials_parse(ward_span_of(data, size), &c) &&
	    (!c.key_id[0] || !c.secret[0]))
		abort();
	return 0;
}
