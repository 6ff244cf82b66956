/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that reads what came from elsewhere: it gives up root and all the rest, as a scanner's
 * worker does, and only then looks at a byte of a pack, a delta or a rule. Descriptors: 3 the channel, 4 the file,
 * 5 the base of a delta. Each message begins with a letter.
 */
#ifndef WARD_GUARD_UPDATES_CHILD_H
#define WARD_GUARD_UPDATES_CHILD_H

#include "base/rc.h"
#include "base/span.h"

/* The first argument by which a program's main knows that it is to be this; then "look", "apply"
 * or "compile", and the longest result in bytes. */
#define WARD_UPDATES_CHILD "--read-update"

enum {
	WARD_UPDATES_CHANNEL = 3,
	WARD_UPDATES_FILE,
	WARD_UPDATES_BASE,
	/* Messages: what the file is (struct ward_updates_look), bytes of a result, its end, why not (a
	 * negative enum ward_rc as int32_t). */
	WARD_UPDATES_LOOK = 'l',
	WARD_UPDATES_DATA = 'd',
	WARD_UPDATES_END = 'e',
	WARD_UPDATES_FAILED = 'x',
	/* Of rules: the record (uint64_t) whose turn it is; one that is left out, with why. */
	WARD_UPDATES_TRIES = 't',
	WARD_UPDATES_BAD = 'b',
	/* Before each rule in the file: number (8), format (4, ward_rules_format), length (4),
	 * little-endian. */
	WARD_UPDATES_RULE_HEAD = 16,
	WARD_UPDATES_WHY_MAX = 400,
};

/* Between one program and itself: as it lies in memory. */
struct ward_updates_look {
	uint64_t number, made_s; /* of a pack */
	uint8_t id[32];		 /* of a pack, of what a delta makes */
	uint8_t base[32];	 /* of a delta's base */
	uint32_t is_delta;	 /* else a pack, of which every byte is right */
	uint32_t zero;
};

/* "yar" … by the number in the file; NULL: there is no such. Static. */
const char *ward_rules_format(uint32_t number);

/* For main; the exit code. */
int ward_updates_child(int argc, char **argv);

#endif
