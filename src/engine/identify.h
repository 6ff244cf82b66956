/* SPDX-License-Identifier: Apache-2.0 */
/* What an object is, told from its bytes and never from its name. */
#ifndef WARD_ENGINE_IDENTIFY_H
#define WARD_ENGINE_IDENTIFY_H

#include "base/span.h"
#include "formats/type.h"

/*
 * Looks at the first 64 KiB at most (and at fixed later places for tar and ISO 9660). Magic numbers
 * are those of the formats' own specifications, cross-checked with a second field wherever the
 * number alone is short. Linear, no allocation.
 */
enum ward_type ward_identify(struct ward_span in);

/* The same for bytes that have no magic: text kinds, or WARD_TYPE_DATA when they are not text. */
enum ward_type ward_identify_text(struct ward_span in);

#endif
