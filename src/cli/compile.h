/* SPDX-License-Identifier: Apache-2.0 */
/* Rules and signatures into a pack, in a child process without privileges. */
#ifndef WARD_CLI_COMPILE_H
#define WARD_CLI_COMPILE_H

#include "cli/options.h"

struct ward_compile {
	const struct ward_strings *paths; /* files, or directories of them */
	const char *created;		  /* for the manifest; NULL: now */
	bool lenient;			  /* leave out YARA files that do not compile */
	bool quiet;			  /* no counts, no notes about what is not supported */
};

/*
 * The pack as a sealed file in memory; the descriptor is the caller's. What is wrong was said on
 * stderr (file, line, reason) when it is not WARD_OK.
 *
 * The files are opened here and parsed in a child that has no privileges: as root, YARA's include
 * works for files that everybody may read only.
 */
enum ward_rc ward_compile(const struct ward_compile *job, int *ret_fd) WARD_MUST_CHECK;

#endif
