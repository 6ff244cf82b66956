/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARD_GUARD_MEMEXEC_WITNESS_PRIV_H
#define WARD_GUARD_MEMEXEC_WITNESS_PRIV_H

#include "guard/memexec/witness.h"

enum ward_witness_lack {
	WARD_WITNESS_NOT_BUILT,
	WARD_WITNESS_NOT_WANTED,
	WARD_WITNESS_NO_BTF,
	WARD_WITNESS_NOT_PERMITTED,
	WARD_WITNESS_NOT_POSSIBLE,
};

/* Why nothing is attached, when nothing is. */
enum ward_witness_lack ward_witness_lack(const struct ward_witness *w);

#endif
