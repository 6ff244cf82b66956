/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that reads what came from elsewhere: it gives up root and all the rest, as a scanner's
 * worker does, and only then looks at a byte of a pack or delta. Descriptors: 3 the channel, 4 the file,
 * 5 the base of a delta. Each message begins with a letter.
 */
#ifndef WARD_GUARD_UPDATES_CHILD_H
#define WARD_GUARD_UPDATES_CHILD_H

#include "base/rc.h"
#include "base/span.h"

/* The first argument by which a program's main knows that it is to be this; then "look" or "apply",
 * and the longest result in bytes. */
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
};

/* Between one program and itself: as it lies in memory. */
struct ward_updates_look {
	uint64_t number, made_s; /* of a pack */
	uint8_t id[32];		 /* of a pack, of what a delta makes */
	uint8_t base[32];	 /* of a delta's base */
	uint32_t is_delta;	 /* else a pack, of which every byte is right */
	uint32_t zero;
};

/* For main; the exit code. */
int ward_updates_child(int argc, char **argv);

#endif
