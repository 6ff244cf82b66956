/* SPDX-License-Identifier: Apache-2.0 */
/* Figures and names as people read them. Every function returns `buf`. */
#ifndef WARD_CLI_HUMAN_H
#define WARD_CLI_HUMAN_H

#include <stdio.h>

#include "base/span.h"

enum { WARD_HUMAN_MAX = 32 };

/* "812 B", "1.5 MB": powers of 1000, as disks and networks count. */
const char *ward_human_bytes(uint64_t bytes, char buf[WARD_HUMAN_MAX]);
/* "12,345". */
const char *ward_human_count(uint64_t count, char buf[WARD_HUMAN_MAX]);
/* "0.8 s", "4:05", "1:02:03". */
const char *ward_human_seconds(double seconds, char buf[WARD_HUMAN_MAX]);

/* Prints untrusted text so that it cannot move the cursor or forge a line (base/utf.h). */
void ward_human_print(FILE *out, struct ward_span text);

/* Colours only when `out` is a terminal. */
enum ward_colour { WARD_PLAIN, WARD_RED, WARD_YELLOW, WARD_GREEN, WARD_DIM, WARD_BOLD };
/* The escape sequence that starts (or with WARD_PLAIN ends) a colour; "" when `on` is false. */
const char *ward_human_colour(bool on, enum ward_colour colour);

#endif
