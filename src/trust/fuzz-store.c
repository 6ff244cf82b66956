/* SPDX-License-Identifier: Apache-2.0 */
/* The stored state, with a digest that is right: whatever is in it, reading it ends, and what is read is
 * written again the same. */
#include <stdlib.h>

#include "sys/digest.h"
#include "trust/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	WARD_AUTO(ward_buf_done) struct ward_buf file = {0}, again = {0};
	WARD_AUTO(ward_trust_freep) struct ward_trust *t = NULL;
	struct ward_refusal why;
	uint8_t digest[32];

	ward_buf_init(&file, WARD_STATE_MAX, NULL);
	ward_buf_init(&again, WARD_STATE_MAX, NULL);
	if (ward_buf_append(&file, "WARDTRU1", 8) || ward_buf_append(&file, data, size) ||
	    ward_digest(WARD_SHA256, ward_buf_span(&file), digest) ||
	    ward_buf_append(&file, digest, sizeof(digest)))
		return 0;
	if (ward_trust_load(ward_buf_span(&file), &t, &why) != WARD_OK)
		return 0;
	if (ward_trust_save(t, &again) ||
	    !ward_span_eq(ward_buf_span(&again), ward_buf_span(&file)))
		abort();
	return 0;
}
