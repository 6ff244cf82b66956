/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the records in force say, as those who decide ask for it: contents that are blocked or allowed,
 * names of rules and signatures whose findings count no more, rules and signatures to look for. Looking up costs the same however many
 * records there are. Any thread; nobody waits for a disk.
 *
 * Of one content an allowance wins over blocks; of several of a kind the one with the highest number is
 * named. A record counts while it has not ended and no record that counts disables it.
 */
#ifndef WARD_GUARD_INTAKE_OVERLAY_H
#define WARD_GUARD_INTAKE_OVERLAY_H

#include "trust/record.h"

enum {
	WARD_OVERLAY_MAX = 1 << 20, /* records that do something */
	WARD_OVERLAY_TEXT = 127,    /* bytes of a text about a record */
};

struct ward_overlay;

/* What a change is about: bits. */
enum {
	WARD_OVERLAY_CONTENTS = 1, /* blocked or allowed contents */
	WARD_OVERLAY_NAMES = 2,	   /* findings by their names */
	WARD_OVERLAY_RULES = 4,	   /* rules and signatures that records bring */
};

/* NULL without memory. */
struct ward_overlay *ward_overlay_new(void) WARD_MUST_CHECK;
struct ward_overlay *ward_overlay_free(struct ward_overlay *o);

/*
 * A record for this machine, taken at that time. *ret_changed: bits about what something else is said now. Of a number that is not higher than the last one's, or
 * of a kind that does nothing here: passed over. WARD_E_LIMIT, WARD_E_NOMEM: it is not in force.
 */
enum ward_rc ward_overlay_put(struct ward_overlay *o, const struct ward_trust_record *record,
			      uint64_t taken_ms, uint64_t now_ms,
			      unsigned *ret_changed) WARD_MUST_CHECK;
/* A pack is in use: what was to count until this version of it, or an earlier one, has ended. WARD_E_LIMIT:
 * more packs than are remembered. */
enum ward_rc ward_overlay_pack(struct ward_overlay *o, const char *name, uint64_t version,
			       uint64_t now_ms) WARD_MUST_CHECK;
/* What has ended by now does so, and what it disabled counts again. Bits: what has changed. */
unsigned ward_overlay_turn(struct ward_overlay *o, uint64_t now_ms);
/* Both have what the other had, in one step for those who look. */
void ward_overlay_swap(struct ward_overlay *a, struct ward_overlay *b);

enum ward_overlay_says { WARD_OVERLAY_NOTHING, WARD_OVERLAY_BLOCKS, WARD_OVERLAY_ALLOWS };

/* The record that says so. */
struct ward_overlay_word {
	uint64_t number, until_ms; /* until_ms 0: no end of its own */
	char threat[WARD_OVERLAY_TEXT + 1];
	char why[WARD_OVERLAY_TEXT + 1]; /* "record 17 by NAME: REASON", cut if need be */
};

/* About a content, by its SHA-256, SHA-1 or MD5. ret_word may be NULL. */
enum ward_overlay_says ward_overlay_find(struct ward_overlay *o, struct ward_span digest,
					 uint64_t now_ms, struct ward_overlay_word *ret_word);
/* Whether findings of this rule or signature do not count. */
bool ward_overlay_disables(struct ward_overlay *o, enum ward_trust_disabled what, const char *name,
			   uint64_t now_ms);

/* Those that records bring and that are in force, by number: "yar" or ClamAV's formats. The overlay is locked
 * meanwhile. */
void ward_overlay_rules(struct ward_overlay *o, uint64_t now_ms,
			void (*visit)(void *ctx, uint64_t number, const char *format,
				      struct ward_span text),
			void *ctx);

struct ward_overlay_counts {
	uint64_t blocks, allows, disables, rules; /* in force */
	uint64_t ended;				  /* over, or disabled */
};
void ward_overlay_counts(struct ward_overlay *o, struct ward_overlay_counts *ret);

#endif
