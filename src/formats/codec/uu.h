/* SPDX-License-Identifier: Apache-2.0 */
/* uuencode (POSIX.1-2017, utility uuencode, historical algorithm). */
#ifndef WARD_FORMATS_CODEC_UU_H
#define WARD_FORMATS_CODEC_UU_H

#include "formats/codec/out.h"

/*
 * `begin MODE NAME`, MODE three or four octal digits, of the line `line`. False
 * when it is none. `ret_base64`: it was "begin-base64". The name is borrowed
 * and trimmed.
 */
bool ward_codec_uu_begin(struct ward_span line, struct ward_span *ret_name, bool *ret_base64);

/* True when `line` can be a data line: its first byte tells a length its rest
 * (give or take stripped blanks and a check character) agrees with. */
bool ward_codec_uu_plausible(struct ward_span line);

/*
 * Decodes data lines from the start of `in` up to "end" or a line that cannot be
 * one. Returns the bytes consumed, the "end" line included. Lines that lost
 * trailing blanks are filled with zero bits.
 */
size_t ward_codec_uu(struct ward_span in, struct ward_codec_out *out);

/* A whole part in transfer encoding x-uuencode: what stands before the "begin"
 * line is skipped; without one, data lines are read from the start. */
void ward_codec_uu_part(struct ward_span in, struct ward_codec_out *out);

#endif
