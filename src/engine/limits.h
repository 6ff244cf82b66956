/* SPDX-License-Identifier: Apache-2.0 */
/* What one file may cost. Reaching a limit is a gap in the result, never "clean". */
#ifndef WARD_ENGINE_LIMITS_H
#define WARD_ENGINE_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ward_limits {
	uint64_t max_object; /* bytes of one unpacked object; default 256 MiB */
	uint64_t max_bytes;  /* bytes unpacked from one file, all levels; default 1 GiB */
	uint64_t max_files;  /* objects inside one file, all levels; default 100,000 */
	unsigned max_depth;  /* containers within containers; default 24, at most 64 */
	unsigned max_ratio;  /* unpacked to packed size of one container, once more than
				WARD_RATIO_FROM bytes came out of it; default 250 */
	size_t max_memory;   /* bytes of working memory; default 512 MiB */
	bool skip_archives; /* archives (documents are none) are not looked into: unsupported; default false */
};

/* Small files compress well by nature: below this much output no ratio is a bomb. 32 MiB. */
#define WARD_RATIO_FROM (32u << 20)
/* Each level costs stack, so that no setting may exceed this. */
#define WARD_DEPTH_MAX 64u

/* The limits of a scan whose caller sets none. */
void ward_limits_default(struct ward_limits *ret_limits);

#endif
