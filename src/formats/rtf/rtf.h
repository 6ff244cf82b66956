/* SPDX-License-Identifier: Apache-2.0 */
/* Rich Text Format: the objects in it, and what it loads. */
#ifndef WARD_FORMATS_RTF_RTF_H
#define WARD_FORMATS_RTF_RTF_H

#include "formats/sink.h"

/*
 * A ward_reader. Children: each \objdata and \datastore decoded from its hex
 * digits ("object1" …, or a package's own file name), bytes after the
 * document's end ("trailing"). Facts: rtf.class, rtf.link, rtf.template,
 * rtf.field, rtf.update; traits EXTERNAL, OVERLAY, AUTOEXEC (\objupdate). Gaps:
 * "size" for an object over the sink's limit. Errors: WARD_E_FORMAT when it does
 * not begin with "{\rt"; else as sink and arena say.
 */
enum ward_rc ward_rtf_read(struct ward_span in, struct ward_arena *arena,
			   const struct ward_sink *sink) WARD_MUST_CHECK;

#endif
