/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pack's place in a series: number, date and what its maker says about it. An optional section:
 * u64 number, u64 seconds since 1970, the notes (UTF-8, at most WARD_EDITION_NOTES).
 */
#ifndef WARD_INTEL_EDITION_H
#define WARD_INTEL_EDITION_H

#include "base/buf.h"

enum { WARD_EDITION_NOTES = 4096 };

struct ward_edition {
	uint64_t number; /* grows within a series; 0: of none */
	uint64_t made_s; /* since 1970; 0: not known */
	struct ward_span notes;
};

/* An empty section is none: all zero. WARD_E_FORMAT. The notes are borrowed. */
enum ward_rc ward_edition_read(struct ward_span section,
			       struct ward_edition *ret_edition) WARD_MUST_CHECK;
/* Appends the section. WARD_E_LIMIT: the notes are too long. WARD_E_FORMAT: they are not UTF-8. */
enum ward_rc ward_edition_write(const struct ward_edition *edition,
				struct ward_buf *out) WARD_MUST_CHECK;

#endif
