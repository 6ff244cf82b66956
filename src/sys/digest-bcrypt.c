/* SPDX-License-Identifier: Apache-2.0 */
/* Windows: Cryptography API, Next Generation (bcrypt.dll). */
#include "sys/digest.h"

#include <windows.h>

#include <bcrypt.h>

size_t
ward_digest_len(enum ward_digest_kind kind)
{
	static const size_t lengths[WARD_DIGEST_KINDS] = {WARD_MD5_LEN, WARD_SHA1_LEN,
							  WARD_SHA256_LEN};
	return lengths[kind];
}

static BCRYPT_ALG_HANDLE
algorithm(enum ward_digest_kind kind)
{
	static const wchar_t *const names[WARD_DIGEST_KINDS] = {L"MD5", L"SHA1", L"SHA256"};
	static BCRYPT_ALG_HANDLE opened[WARD_DIGEST_KINDS];

	if (!opened[kind] && BCryptOpenAlgorithmProvider(&opened[kind], names[kind], NULL, 0) != 0)
		opened[kind] = NULL;
	return opened[kind];
}

/* BCryptHashData takes 32-bit lengths and non-const data. */
static bool
update(BCRYPT_HASH_HANDLE hash, struct ward_span in)
{
	while (in.len) {
		ULONG n = in.len > 0x40000000 ? 0x40000000 : (ULONG)in.len;

		if (BCryptHashData(hash, (PUCHAR)(uintptr_t)in.data, n, 0) != 0)
			return false;
		in = ward_span_cut(in, n, in.len);
	}
	return true;
}

enum ward_rc
ward_digest_runs(enum ward_digest_kind kind, const struct ward_span *runs, size_t n,
		 uint8_t *ret_digest)
{
	BCRYPT_ALG_HANDLE alg = algorithm(kind);
	BCRYPT_HASH_HANDLE hash = NULL;
	bool ok = alg && BCryptCreateHash(alg, &hash, NULL, 0, NULL, 0, 0) == 0;

	for (size_t i = 0; ok && i < n; i++)
		ok = update(hash, runs[i]);
	ok = ok && BCryptFinishHash(hash, ret_digest, (ULONG)ward_digest_len(kind), 0) == 0;
	if (hash)
		BCryptDestroyHash(hash);
	return ok ? WARD_OK : WARD_E_NOMEM;
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
