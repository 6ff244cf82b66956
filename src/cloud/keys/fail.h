/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong with files and keys, told in the same place as refusals. */
#ifndef WARD_CLOUD_KEYS_FAIL_H
#define WARD_CLOUD_KEYS_FAIL_H

#include "trust/refusal.h"

/* Notes a text for people, and is `rc`; the code says that nothing was refused. */
#define WARD_KEYS_FAIL(why, rc, ...)                                                               \
	(ward_refusal_note((why), WARD_REFUSED_NOT, __VA_ARGS__), (enum ward_rc)(rc))

#endif
