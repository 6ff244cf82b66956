/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/modexp.h"

#include <openssl/bn.h>

static BIGNUM *
number(struct ward_span s)
{
	return s.len <= 4096 ? BN_bin2bn(s.data, (int)s.len, NULL) : NULL;
}

static enum ward_rc
compute(BIGNUM *r, const BIGNUM *b, const BIGNUM *e, const BIGNUM *m)
{
	BN_CTX *ctx = BN_CTX_new();
	int ok;

	if (!ctx)
		return WARD_E_NOMEM;
	ok = BN_mod_exp(r, b, e, m, ctx);
	BN_CTX_free(ctx);
	return ok ? WARD_OK : WARD_E_INVAL;
}

enum ward_rc
ward_modexp(struct ward_span base, struct ward_span exponent, struct ward_span modulus,
	    uint8_t *ret, size_t len)
{
	BIGNUM *b = number(base), *e = number(exponent), *m = number(modulus), *r = BN_new();
	enum ward_rc rc = WARD_E_INVAL;

	if (!b || !e || !m || !r)
		rc = WARD_E_NOMEM;
	else if (BN_is_odd(m) && !BN_is_one(m) && BN_cmp(b, m) < 0)
		rc = compute(r, b, e, m);
	if (rc == WARD_OK && BN_bn2binpad(r, ret, (int)len) < 0)
		rc = WARD_E_INVAL;
	BN_free(b);
	BN_free(e);
	BN_free(m);
	BN_free(r);
	return rc;
}
