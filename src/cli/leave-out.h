/* SPDX-License-Identifier: Apache-2.0 */
/* What a scan leaves out because the policy says so: told and counted, never "clean". */
#ifndef WARD_CLI_LEAVE_OUT_H
#define WARD_CLI_LEAVE_OUT_H

#include "cli/policy.h"
#include "cli/report.h"

struct ward_leave_out {
	struct ward_policy_effective *policy; /* owned; NULL: nothing is left out */
	bool nothing;			      /* leave nothing out, whatever it says */
};

/* Frees the policy; usable with WARD_AUTO. */
void ward_leave_out_done(struct ward_leave_out *l);

/* The exclusion that leaves this open file out (path, glob, extension), or NULL. */
const struct ward_exclusion *ward_leave_out_file(const struct ward_leave_out *l, int fd);
/* The exclusion that allows what was found, when all of it is allowed (hash, threat), or NULL. */
const struct ward_exclusion *ward_leave_out_findings(const struct ward_leave_out *l,
						     const struct ward_report *report);

/* The policy convicts this content itself (blocked.hashes): the report becomes one of a malicious file,
 * with *ret_finding (to be kept as long as the report) as what was found. No exclusion by hash or threat
 * changes that. False: it does not. */
bool ward_leave_out_convict(const struct ward_leave_out *l, struct ward_report *report,
			    struct ward_finding *ret_finding);

/* One line about a file that is left out. */
void ward_leave_out_print(const char *path, const struct ward_exclusion *e, FILE *out);
/* The same as JSON (docs/json.md). */
void ward_leave_out_print_json(const char *path, const struct ward_exclusion *e, FILE *out);

#endif
