/* SPDX-License-Identifier: Apache-2.0 */
/* One line on a terminal: how far, how fast, how long still. Silent when stderr is no terminal. */
#ifndef WARD_CLI_PROGRESS_H
#define WARD_CLI_PROGRESS_H

#include <stdio.h>

#include "base/span.h"

struct ward_progress {
	bool on;
	bool shown; /* a line stands on the terminal */
	uint64_t start_ns;
	uint64_t last_ns;
	uint64_t total_files; /* 0: not known */
	uint64_t total_bytes;
	uint64_t files;
	uint64_t bytes;
	uint64_t found;
};

/* Monotonic clock, nanoseconds. */
uint64_t ward_progress_now(void);

void ward_progress_init(struct ward_progress *p, bool wanted);
/* Draws at most ten times a second; `path` is what was just scanned. */
void ward_progress_step(struct ward_progress *p, const char *path);
/* Takes the line away, so that something else can be printed. */
void ward_progress_clear(struct ward_progress *p);
/* The line itself, without control characters: "42 % 1,200/3,000 files…". At most `width` columns. */
void ward_progress_line(const struct ward_progress *p, uint64_t now_ns, const char *path,
			size_t width, FILE *out);

#endif
