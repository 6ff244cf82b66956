/* SPDX-License-Identifier: Apache-2.0 */
/* Where a command's policy comes from: files, or what the guard has in force. The only place that
 * decides it. */
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

/*
 * The exclusions that the running guard has in force, as a policy without anything else; where they
 * stand in their documents (line) means nothing then. *ret_gone: no guard runs. NULL otherwise after
 * printing to stderr what is wrong. `socket`: its control socket; NULL: the usual one.
 */
struct ward_policy_effective *ward_policy_exclusions_in_force(const char *socket, bool *ret_gone);

/* The same with what else counts in scans on demand: what the policy blocks, and what administrators have allowed as
 * far as the guard tells the caller (only administrators are told). */
struct ward_policy_effective *ward_policy_in_force_for_scans(const char *socket, bool *ret_gone);

/* Reads and checks one document; false after printing its mistakes to `out`. */
bool ward_policy_check_file(const char *path, enum ward_policy_author author, FILE *out);

#endif
