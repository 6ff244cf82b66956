/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/figures.h"

#include <stdlib.h>

static int
by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void
fleet_quantiles_of(uint64_t *values, size_t count, struct fleet_quantiles *ret)
{
	*ret = (struct fleet_quantiles){0};
	if (count == 0)
		return;
	qsort(values, count, sizeof(*values), by_value);
	ret->p50 = values[(count * 50 + 99) / 100 - 1];
	ret->p99 = values[(count * 99 + 99) / 100 - 1];
	ret->max = values[count - 1];
}

void
fleet_series_add(struct fleet_series *s, uint64_t value)
{
	if (s->count == s->room) {
		size_t room = s->room ? 2 * s->room : 256;
		uint64_t *values = reallocarray(s->values, room, sizeof(*values));

		if (!values) {
			s->lost++;
			return;
		}
		s->values = values;
		s->room = room;
	}
	s->values[s->count++] = value;
}

struct fleet_quantiles
fleet_series_quantiles(struct fleet_series *s)
{
	struct fleet_quantiles q;

	fleet_quantiles_of(s->values, s->count, &q);
	return q;
}

void
fleet_series_done(struct fleet_series *s)
{
	free(s->values);
	*s = (struct fleet_series){0};
}
