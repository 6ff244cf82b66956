/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648 sections 4 and 5, RFC 2045 section 6.8), read as mail
 * clients and script interpreters read it: tolerantly. */
#ifndef WARD_FORMATS_CODEC_BASE64_H
#define WARD_FORMATS_CODEC_BASE64_H

#include "formats/codec/out.h"

/* Value 0…63 of a byte of the standard or URL-safe alphabet, or -1. */
int ward_codec_base64_value(uint8_t c);

/*
 * Decodes all of `in`. Bytes outside the alphabet are skipped; "=" ends a group
 * of four, and another run may follow (clients read such joined runs); an
 * incomplete last group gives the whole bytes it holds.
 */
void ward_codec_base64(struct ward_span in, struct ward_codec_out *out);

#endif
