/* SPDX-License-Identifier: Apache-2.0 */
/* Threat names by small numbers, for the cache. Bounded: when it is full, new names become "". Not
 * thread-safe. */
#ifndef WARD_GUARD_DECIDE_NAMES_H
#define WARD_GUARD_DECIDE_NAMES_H

#include <stdint.h>

enum { WARD_NAMES_MAX = 1024, WARD_NAME_ROOM = 128 };

struct ward_names {
	uint32_t count;
	char (*texts)[WARD_NAME_ROOM]; /* number i + 1 */
};

/* 0 is "". Names are cut to WARD_NAME_ROOM - 1 bytes. */
uint16_t ward_names_number(struct ward_names *names, const char *text);
const char *ward_names_text(const struct ward_names *names, uint16_t number);
void ward_names_done(struct ward_names *names);

#endif
