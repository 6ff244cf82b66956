/* SPDX-License-Identifier: Apache-2.0 */
/* Exclusions that open a door: refused unless whoever writes them says why ("force"). */
#ifndef WARD_POLICY_EXCLUDE_DANGER_H
#define WARD_POLICY_EXCLUDE_DANGER_H

#include "policy/exclude/entry.h"

/* NULL, or why the (normalised) value is dangerous; static, goes on from "it …". */
const char *ward_exclusion_danger(enum ward_exclusion_kind kind, const char *value);

#endif
