/* SPDX-License-Identifier: Apache-2.0 */
/* What an external relationship (ECMA-376 part 2, 9.3) does when the document is
 * opened. No state, any thread. */
#ifndef WARD_FORMATS_OOXML_RELATION_H
#define WARD_FORMATS_OOXML_RELATION_H

#include "base/span.h"

/* Its target is fetched without a click (a template, frame, object …), judged by
 * the last part of the relationship's type; or its scheme runs something even on
 * a click (ms-msdt:, script: …). */
bool ward_relation_is_loaded(struct ward_span type, struct ward_span target);
/* The target (entities replaced) is on another machine, or a scheme that runs
 * something. */
bool ward_relation_is_remote(struct ward_span target);

#endif
