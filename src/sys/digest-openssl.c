/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/digest.h"

#include <openssl/evp.h>

/* EVP_MD_fetch costs more than hashing a small file, so each algorithm is
 * fetched once. */
static const EVP_MD *
algorithm(enum ward_digest_kind kind)
{
	static const char *const names[WARD_DIGEST_KINDS] = {"MD5", "SHA1", "SHA256"};
	static const EVP_MD *fetched[WARD_DIGEST_KINDS];
	const EVP_MD *md = __atomic_load_n(&fetched[kind], __ATOMIC_ACQUIRE);

	if (!md) {
		md = EVP_MD_fetch(NULL, names[kind], NULL);
		__atomic_store_n(&fetched[kind], md, __ATOMIC_RELEASE);
	}
	return md;
}

size_t
ward_digest_len(enum ward_digest_kind kind)
{
	static const size_t lengths[WARD_DIGEST_KINDS] = {WARD_MD5_LEN, WARD_SHA1_LEN,
							  WARD_SHA256_LEN};
	return lengths[kind];
}

static void
context_freep(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

enum ward_rc
ward_digest_runs(enum ward_digest_kind kind, const struct ward_span *runs, size_t n,
		 uint8_t *ret_digest)
{
	WARD_AUTO(context_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const EVP_MD *md = algorithm(kind);

	if (!ctx || !md || EVP_DigestInit_ex2(ctx, md, NULL) != 1)
		return WARD_E_NOMEM;
	for (size_t i = 0; i < n; i++)
		if (runs[i].len && EVP_DigestUpdate(ctx, runs[i].data, runs[i].len) != 1)
			return WARD_E_NOMEM;
	if (EVP_DigestFinal_ex(ctx, ret_digest, NULL) != 1)
		return WARD_E_NOMEM;
	return WARD_OK;
}

enum ward_rc
ward_digest(enum ward_digest_kind kind, struct ward_span in, uint8_t *ret_digest)
{
	return ward_digest_runs(kind, &in, 1, ret_digest);
}

const uint8_t *
ward_digests_get(struct ward_digests *d, enum ward_digest_kind kind)
{
	if (!(d->have & 1u << kind)) {
		if (ward_digest(kind, d->bytes, d->value[kind]) != WARD_OK)
			return NULL;
		d->have |= 1u << kind;
	}
	return d->value[kind];
}
