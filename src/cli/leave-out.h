/* SPDX-License-Identifier: Apache-2.0 */
/* What a scan leaves out because the policy says so: told and counted, never "clean". */
#ifndef WARD_CLI_LEAVE_OUT_H
#define WARD_CLI_LEAVE_OUT_H

#include "cli/policy.h"
#include "cli/report.h"

struct ward_leave_out {
	struct ward_policy_effective *policy; /* owned; NULL: nothing is left out */
};

/* Frees the policy; usable with WARD_AUTO. */
void ward_leave_out_done(struct ward_leave_out *l);

/* The exclusion that leaves this open file out (path, glob, extension), or NULL. */
const struct ward_exclusion *ward_leave_out_file(const struct ward_leave_out *l, int fd);
/* The exclusion that allows what was found, when all of it is allowed (hash, threat), or NULL. */
const struct ward_exclusion *ward_leave_out_findings(const struct ward_leave_out *l,
						     const struct ward_report *report);

/* One line about a file that is left out. */
void ward_leave_out_print(const char *path, const struct ward_exclusion *e, FILE *out);
/* The same as JSON (docs/json.md). */
void ward_leave_out_print_json(const char *path, const struct ward_exclusion *e, FILE *out);

#endif
