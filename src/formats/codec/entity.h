/* SPDX-License-Identifier: Apache-2.0 */
/* Character references of HTML (HTML Living Standard, section 13.5; the names
 * that matter to markup, URLs and script only). */
#ifndef WARD_FORMATS_CODEC_ENTITY_H
#define WARD_FORMATS_CODEC_ENTITY_H

#include "formats/codec/out.h"

/* Unknown references stay; the semicolon of a numeric one may be missing. */
void ward_codec_entities(struct ward_span in, struct ward_codec_out *out);

#endif
