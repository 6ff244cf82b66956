/* SPDX-License-Identifier: Apache-2.0 */
/* Text files in UTF-16 or with a UTF-8 byte order mark. */
#ifndef WARD_FORMATS_CODEC_WIDE_H
#define WARD_FORMATS_CODEC_WIDE_H

#include "base/buf.h"

/*
 * Makes `*text` UTF-8 without a byte order mark: UTF-16 told by its mark is
 * converted into `buf`, which `*text` then borrows; all else stays where it is.
 */
enum ward_rc ward_codec_narrow(struct ward_span *text, struct ward_buf *buf) WARD_MUST_CHECK;

#endif
