/* SPDX-License-Identifier: Apache-2.0 */
/* The runs of an outbreak as pictures, SVG. All sort the series and append to `out`; WARD_E_LIMIT: it is too
 * small for them (1 MiB always does), WARD_E_NOMEM. */
#ifndef WARD_FLEET_PLOT_H
#define WARD_FLEET_PLOT_H

#include "base/buf.h"
#include "fleet/outbreak.h"

/* Infected devices over simulated time, a line for each mode that ran. */
enum ward_rc fleet_plot_infected(const struct fleet_outbreak_options *options,
				 struct fleet_tally *tallies, struct ward_buf *out) WARD_MUST_CHECK;
/* Share of the connected devices that have a record over the time since it was published; logarithmic. */
enum ward_rc fleet_plot_reach(const struct fleet_outbreak_options *options,
			      struct fleet_tally *tallies, struct ward_buf *out) WARD_MUST_CHECK;
/* Devices that were infected before they were protected, a bar for each mode. */
enum ward_rc fleet_plot_bars(const struct fleet_outbreak_options *options,
			     struct fleet_tally *tallies, struct ward_buf *out) WARD_MUST_CHECK;

#endif
