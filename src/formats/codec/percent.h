/* SPDX-License-Identifier: Apache-2.0 */
/* Percent encoding of URLs (RFC 3986 section 2.1) and ECMAScript's escape()
 * (%uXXXX, ECMA-262 annex B.2.1). */
#ifndef WARD_FORMATS_CODEC_PERCENT_H
#define WARD_FORMATS_CODEC_PERCENT_H

#include "formats/codec/out.h"

/* A "%" that starts no escape stays; %uXXXX becomes UTF-8. */
void ward_codec_percent(struct ward_span in, struct ward_codec_out *out);

#endif
