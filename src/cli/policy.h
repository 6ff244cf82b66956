/* SPDX-License-Identifier: Apache-2.0 */
/* Where a command's policy comes from. The only place that decides it: today files, and what the
 * guard has in force once it is there to be asked. */
#ifndef WARD_CLI_POLICY_H
#define WARD_CLI_POLICY_H

#include <stdio.h>

#include "policy/json/mistake.h"
#include "policy/merge.h"

#define WARD_POLICY_FILE "/etc/ward/policy.json"

struct ward_policy_files {
	const char *local; /* NULL: WARD_POLICY_FILE, and it need not be there */
	const char
		*organisation; /* an unsigned document, to see what the two add up to; NULL: none */
};

/* NULL after printing to stderr what is wrong, mistakes as FILE:LINE:COLUMN. */
struct ward_policy_effective *ward_policy_load(const struct ward_policy_files *files);

/* Reads and checks one document; false after printing its mistakes to `out`. */
bool ward_policy_check_file(const char *path, enum ward_policy_author author, FILE *out);

#endif
