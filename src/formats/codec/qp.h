/* SPDX-License-Identifier: Apache-2.0 */
/* Quoted-printable (RFC 2045 section 6.7) and the Q encoding of header words
 * (RFC 2047 section 4.2). */
#ifndef WARD_FORMATS_CODEC_QP_H
#define WARD_FORMATS_CODEC_QP_H

#include "formats/codec/out.h"

/* A "=" that starts no valid escape stays as it is; white space at a line's end
 * is dropped; lower-case digits count. */
void ward_codec_qp(struct ward_span in, struct ward_codec_out *out);
/* "_" is a space; there are no lines. */
void ward_codec_q_word(struct ward_span in, struct ward_codec_out *out);

#endif
