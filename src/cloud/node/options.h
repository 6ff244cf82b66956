/* SPDX-License-Identifier: Apache-2.0 */
/* Options that serve and replay share: --config FILE, --set SECTION.KEY=VALUE, --check-config… */
#ifndef WARD_CLOUD_NODE_OPTIONS_H
#define WARD_CLOUD_NODE_OPTIONS_H

#include "cloud/ops/config.h"

enum { WARD_SERVE_SETS = 64 };

struct ward_serve_options {
	const char *file; /* NULL: none; borrowed from argv */
	const char *sets[WARD_SERVE_SETS];
	size_t set_count;
	bool check, compare, help;
	struct ward_config config;
};

/* Parses and reads the configuration. False after printing what is wrong (or the usage). */
bool ward_serve_options(int argc, char **argv, const char *usage,
			struct ward_serve_options *ret) WARD_MUST_CHECK;
/* The configuration again, from the same places (SIGHUP). */
enum ward_rc ward_serve_reread(struct ward_serve_options *options,
			       struct ward_buf *why) WARD_MUST_CHECK;

#endif
