/* SPDX-License-Identifier: Apache-2.0 */
/* Modular exponentiation of large numbers, for checking RSA signatures of other
 * people's formats. Not constant-time: public values only. */
#ifndef WARD_SYS_MODEXP_H
#define WARD_SYS_MODEXP_H

#include "base/rc.h"
#include "base/span.h"

/*
 * base ^ exponent mod modulus; all big-endian. `ret` gets exactly `len` bytes,
 * padded with zeros in front. WARD_E_INVAL when the modulus is not odd and
 * above 1, the base is not below it, or the result does not fit.
 */
enum ward_rc ward_modexp(struct ward_span base, struct ward_span exponent, struct ward_span modulus,
			 uint8_t *ret, size_t len) WARD_MUST_CHECK;

#endif
