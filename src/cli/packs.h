/* SPDX-License-Identifier: Apache-2.0 */
/* The intelligence of one run: the pack that ships with Ward, packs the user names, and rule or
   signature files the user names, compiled into a pack of their own in memory. */
#ifndef WARD_CLI_PACKS_H
#define WARD_CLI_PACKS_H

#include "cli/session.h"

enum { WARD_PACKS_MAX = 64 };

struct ward_packs {
	int fds[WARD_PACKS_MAX];
	size_t count;
};

/* False after saying on stderr what is wrong; call ward_packs_close in either case. */
bool ward_packs_open(struct ward_packs *packs,
		     const struct ward_session_options *options) WARD_MUST_CHECK;
void ward_packs_close(struct ward_packs *packs);

#endif
