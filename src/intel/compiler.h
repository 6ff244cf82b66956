/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules and signatures from files into a pack, in a child process without privileges. The files are
 * opened here, with the caller's rights, and parsed there: as root, YARA's include works for files
 * that everybody may read only. For programs with one thread.
 */
#ifndef WARD_INTEL_COMPILER_H
#define WARD_INTEL_COMPILER_H

#include "intel/compile.h"

struct ward_compiler {
	const char *const *paths; /* files, or directories of them */
	size_t count;
	const char *extra;		    /* name of one more file; NULL: none */
	int extra_fd;			    /* the file, borrowed */
	const char *created;		    /* for the manifest; NULL: now */
	const struct ward_edition *edition; /* NULL: of no series */
	bool lenient;			    /* leave out YARA files that do not compile */
	/* What is wrong with a file before it is parsed; in the caller or in the child. */
	void (*complain)(void *ctx, const char *path, const char *what);
	ward_match_notice notice; /* in the child */
	void *ctx;		  /* of both */
};

/*
 * The pack as a sealed file in memory; the descriptor is the caller's. WARD_E_NOENT: there is nothing to
 * compile. WARD_E_IO: not all of it could be opened, as was told. WARD_E_GONE: the child crashed.
 */
enum ward_rc ward_compiler_run(const struct ward_compiler *job, int *ret_fd,
			       struct ward_intel_result *ret_result) WARD_MUST_CHECK;

#endif
