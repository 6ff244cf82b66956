/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARD_INTEL_DELTA_DELTA_PRIV_H
#define WARD_INTEL_DELTA_DELTA_PRIV_H

#include "intel/delta/delta.h"

#define WARD_DELTA_MAGIC "WARDDELT"
enum { WARD_DELTA_VERSION = 1 };

#endif
