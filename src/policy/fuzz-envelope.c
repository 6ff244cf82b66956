/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing that was not sealed with the key may open; what was, opens whatever the document is. */
#include <stdlib.h>

#include "policy/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t secret[WARD_SIGN_SECRET] = {1};
	WARD_AUTO(ward_buf_done) struct ward_buf sealed = {0};
	const struct ward_envelope_known known = {.version = 0};
	struct ward_envelope e;
	uint8_t key[WARD_SIGN_PUBLIC];
	const char *why = NULL;

	if (ward_sign_public(secret, key) != WARD_OK)
		return 0;
	if (ward_envelope_open(ward_span_of(data, size), ward_span_of(key, sizeof(key)), &known, &e,
			       &why) == WARD_OK)
		abort();
	ward_buf_init(&sealed, WARD_ENVELOPE_MAX, NULL);
	if (ward_envelope_seal(secret, 1, 0, ward_span_of(data, size), &sealed) == WARD_OK &&
	    ward_envelope_open(ward_buf_span(&sealed), ward_span_of(key, sizeof(key)), &known, &e,
			       &why) != WARD_OK)
		abort();
	return 0;
}
