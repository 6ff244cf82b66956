/* SPDX-License-Identifier: Apache-2.0 */
/* Rules and signatures into a pack (intel/compiler.h), with what there is to say on the terminal. */
#ifndef WARD_CLI_COMPILE_H
#define WARD_CLI_COMPILE_H

#include "cli/options.h"

struct ward_compile {
	const struct ward_strings *paths; /* files, or directories of them */
	const char *created;		  /* for the manifest; NULL: now */
	bool lenient;			  /* leave out YARA files that do not compile */
	bool quiet;			  /* no counts, no notes about what is not supported */
};

/* The pack as a sealed file in memory; the descriptor is the caller's. What is wrong was said on
 * stderr (file, line, reason) when it is not WARD_OK. */
enum ward_rc ward_compile(const struct ward_compile *job, int *ret_fd) WARD_MUST_CHECK;

#endif
