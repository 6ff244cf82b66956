/* SPDX-License-Identifier: Apache-2.0 */
/* Shannon entropy of byte values: high (above about 7) for compressed or encrypted bytes. */
#ifndef WARD_FORMATS_ENTROPY_H
#define WARD_FORMATS_ENTROPY_H

#include "base/span.h"

/* Bits per byte, 0 to 8; 0 for no bytes. */
double ward_entropy(struct ward_span in);

#endif
