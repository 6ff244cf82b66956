/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `ward intel compile`, `show` and `verify` do, without files: the caller
 * reads and writes (and replaces the old pack only when all went well).
 */
#ifndef WARD_INTEL_COMPILE_H
#define WARD_INTEL_COMPILE_H

#include "intel/builder.h"

struct ward_intel_files {
	/* The bytes of a file, borrowed until `release`. A failure is told by the caller itself. */
	enum ward_rc (*read)(void *ctx, const char *path, struct ward_span *ret);
	void (*release)(void *ctx, struct ward_span bytes);
	void *ctx;
};

struct ward_intel_result {
	struct ward_pack_counts counts;
	uint8_t id[WARD_PACK_ID_LEN];
};

struct ward_intel_job {
	const char *const *paths; /* as the user gave them: the names in notices and manifest */
	size_t count;
	const struct ward_intel_files *files;
	const char *created;	  /* for the manifest; the library has no clock */
	ward_match_notice notice; /* may be NULL */
	void *notice_ctx;
	bool lenient;			    /* ward_pack_config.lenient */
	const struct ward_edition *edition; /* the same */
};

/*
 * Compiles the job's files into one pack, handed to `write` front to back. YARA
 * includes are resolved against the including file's directory through `files`.
 * Every file is tried, so that all errors are told at once; the first failure is
 * returned, and `write` is not called then.
 */
enum ward_rc ward_intel_compile(const struct ward_intel_job *job, ward_pack_write write,
				void *write_ctx, struct ward_intel_result *ret) WARD_MUST_CHECK;

#endif
