/* SPDX-License-Identifier: Apache-2.0 */
/* wardd's command line; everything else is the policy's. */
#ifndef WARD_GUARD_SERVE_OPTIONS_H
#define WARD_GUARD_SERVE_OPTIONS_H

#include "base/rc.h"
#include "base/span.h"

enum { WARD_OPTIONS_PACKS = 16, WARD_OPTIONS_ONLY = 16 };

/* Texts are borrowed from argv or static. */
struct ward_guard_options {
	const char *policy;		       /* file; NULL: the installed one, if it is there */
	const char *socket;		       /* of the control channel */
	const char *state;		       /* directory of history and quarantine */
	const char *enrolment;		       /* directory of ward-uplink's (client/state.h) */
	const char *scanner;		       /* NULL: beside the program, or installed */
	const char *uplink;		       /* the network process; the same */
	const char *packs[WARD_OPTIONS_PACKS]; /* none: the one that is installed */
	size_t pack_count;
	const char *only[WARD_OPTIONS_ONLY]; /* watch only what is mounted at or below these */
	size_t only_count;
	const char *scan_root; /* scans of the machine look below this only; NULL: everywhere */
	bool text_log, no_ebpf, help, version;
};

/* False after saying on stderr what is wrong. */
bool ward_guard_options_parse(int argc, char **argv,
			      struct ward_guard_options *ret_options) WARD_MUST_CHECK;
/* The help text, to standard output. */
void ward_guard_options_help(void);

#endif
