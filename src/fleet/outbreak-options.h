/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `ward-fleet outbreak`. */
#ifndef WARD_FLEET_OUTBREAK_OPTIONS_H
#define WARD_FLEET_OUTBREAK_OPTIONS_H

#include "fleet/outbreak.h"

/* What may be set, for people, a line each; static. */
extern const char fleet_outbreak_help[];

/* What they are if not said; the number of devices is not set. */
void fleet_outbreak_standard(struct fleet_outbreak_options *options);
/* Is there such an option? All take a value. */
bool fleet_outbreak_knows(const char *name);
/* Sets one; texts are borrowed. WARD_E_INVAL: no such option, or not such a value. */
enum ward_rc fleet_outbreak_set(struct fleet_outbreak_options *options, const char *name,
				const char *value) WARD_MUST_CHECK;

#endif
