/* SPDX-License-Identifier: Apache-2.0 */
/* Quantiles of what was measured. */
#ifndef WARD_FLEET_FIGURES_H
#define WARD_FLEET_FIGURES_H

#include <stddef.h>
#include <stdint.h>

struct fleet_quantiles {
	uint64_t p50, p99, max;
};

/* Sorts them. Each quantile is the smallest value that this share of them does not exceed; none: 0. */
void fleet_quantiles_of(uint64_t *values, size_t count, struct fleet_quantiles *ret);

/* Values one after the other; starts as zeros. */
struct fleet_series {
	uint64_t *values;
	size_t count, room;
	size_t lost; /* there was no memory for them */
};

void fleet_series_add(struct fleet_series *series, uint64_t value);
/* Of its values, which are sorted then. */
struct fleet_quantiles fleet_series_quantiles(struct fleet_series *series);
void fleet_series_done(struct fleet_series *series);

#endif
