/* SPDX-License-Identifier: Apache-2.0 */
/* Plain text as a carrier of files: blocks (inline.h) and literals (blob.h). */
#ifndef WARD_FORMATS_CODEC_PLAIN_H
#define WARD_FORMATS_CODEC_PLAIN_H

#include "formats/sink.h"

/* Of type ward_reader. Cheap on large logs: looks at line starts and at every
 * 60th byte. */
enum ward_rc ward_codec_plain_read(struct ward_span in, struct ward_arena *arena,
				   const struct ward_sink *sink) WARD_MUST_CHECK;

#endif
