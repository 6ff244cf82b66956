/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes: what is read is written again the same; no key has signed what it has not seen. */
#include <stdlib.h>

#include "trust/dsse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t secret[WARD_SIGN_SECRET] = {1};
	WARD_AUTO(ward_buf_done) struct ward_buf again = {0};
	struct ward_budget budget = {.cap = 128 * size + 65536};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_refusal refusal;
	struct ward_dsse d;
	struct ward_trust_key key;
	const struct ward_trust_key *keys = &key;
	uint8_t public_key[WARD_SIGN_PUBLIC];
	size_t good = 0;
	enum ward_rc rc;

	if (!arena || ward_sign_public(secret, public_key) || ward_trust_key_of(public_key, &key))
		return 0;
	rc = ward_dsse_read_any(ward_span_of(data, size), arena, &d, &refusal);
	if (rc == WARD_E_LIMIT)
		abort(); /* the contract says what suffices */
	if (rc)
		return 0;
	if (ward_dsse_count(&d, &keys, 1, &good) || good != 0)
		abort();
	ward_buf_init(&again, size, NULL);
	if (ward_dsse_write(&d, &again) || again.len != size || memcmp(again.data, data, size) != 0)
		abort();
	if (d.signature_count < WARD_DSSE_SIGNATURES_MAX &&
	    (ward_dsse_sign(&d, secret) || ward_dsse_count(&d, &keys, 1, &good) || good != 1))
		abort();
	return 0;
}
