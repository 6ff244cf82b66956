/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/objects/s3-xml.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum ward_rc
note(void *context, const uint8_t sha256[32], uint64_t bytes, uint64_t stored_ms)
{
	uint64_t *sum = context;

	*sum += sha256[0] + bytes + stored_ms;
	return WARD_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_buf token;
	uint64_t sum = 0;
	char code[64];

	ward_buf_init(&token, 8192, NULL);
	if (!ward_s3_list_parse(ward_span_of(data, size), note, &sum, &token) && token.len > 1024)
		abort();
	ward_buf_done(&token);
	ward_s3_error_parse(ward_span_of(data, size), code);
	return strlen(code) > 63;
}
