/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdicts that changed since the table was built: a small open-addressed table for each 12 bits that
 * digests begin with, so that what has a prefix stands together and sorted lists do no harm. An entry
 * never changes once it is there; another one takes its place. Everything outgrown or replaced is
 * freed with the overlay.
 *
 * Threads: one writer; readers any, without a lock, as long as the overlay lives (views/pins.h).
 */
#ifndef WARD_CLOUD_VIEWS_OVERLAY_H
#define WARD_CLOUD_VIEWS_OVERLAY_H

#include "base/rc.h"
#include "base/span.h"

struct ward_verdict_value {
	uint8_t verdict, source; /* source 0: nothing holds for everybody */
	uint8_t flags, unused;
	uint16_t confidence, unused2;
	uint32_t threat, list; /* numbers of names */
	uint64_t expires_ms;
};

struct ward_verdict_entry {
	uint8_t sha256[32];
	struct ward_verdict_value value;
};

struct ward_overlay;

/* An empty one; NULL without memory. NULL may be freed, and has no entries. */
struct ward_overlay *ward_overlay_new(void) WARD_MUST_CHECK;
struct ward_overlay *ward_overlay_free(struct ward_overlay *overlay);

/* WARD_E_NOMEM. */
enum ward_rc ward_overlay_set(struct ward_overlay *overlay, const uint8_t sha256[32],
			      const struct ward_verdict_value *value) WARD_MUST_CHECK;
/* NULL: not here (or no overlay). */
const struct ward_verdict_value *ward_overlay_find(const struct ward_overlay *overlay,
						   const uint8_t sha256[32]);
/* Has the memory of a later _find on its way. */
void ward_overlay_prefetch(const struct ward_overlay *overlay, const uint8_t sha256[32]);

/* Entries; what was set, each time counted (its memory). */
uint64_t ward_overlay_count(const struct ward_overlay *overlay);
uint64_t ward_overlay_sets(const struct ward_overlay *overlay);

/* Each entry that begins with `prefix` (empty: all), in no order. False from `fn` ends it. */
typedef bool (*ward_overlay_fn)(void *context, const struct ward_verdict_entry *entry);
void ward_overlay_each(const struct ward_overlay *overlay, struct ward_span prefix,
		       ward_overlay_fn fn, void *context);

#endif
