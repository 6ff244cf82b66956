/* SPDX-License-Identifier: Apache-2.0 */
/* Between merkle.c, which checks, and tree.c, which has the whole tree. */
#ifndef WARD_TRUST_MERKLE_PRIV_H
#define WARD_TRUST_MERKLE_PRIV_H

#include "trust/merkle.h"

/* H(0x01 || left || right); ret may be either of them. */
enum ward_rc ward_merkle_node(const struct ward_hash *left, const struct ward_hash *right,
			      struct ward_hash *ret) WARD_MUST_CHECK;

#endif
