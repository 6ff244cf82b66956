/* SPDX-License-Identifier: Apache-2.0 */
/* What the runs of an outbreak came to, for people and for programs. Both sort the series and append to `out`;
 * WARD_E_LIMIT: it is too small, WARD_E_NOMEM. */
#ifndef WARD_FLEET_REPORT_H
#define WARD_FLEET_REPORT_H

#include "base/buf.h"
#include "fleet/outbreak.h"

/* A table, a column for each mode that ran. */
enum ward_rc fleet_report_text(const struct fleet_outbreak_options *options,
			       struct fleet_tally *tallies, struct ward_buf *out) WARD_MUST_CHECK;
/* One object (docs/fleet.md). */
enum ward_rc fleet_report_json(const struct fleet_outbreak_options *options,
			       struct fleet_tally *tallies, struct ward_buf *out) WARD_MUST_CHECK;

#endif
