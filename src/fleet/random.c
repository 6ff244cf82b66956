/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/random.h"

#include <math.h>
#include <stdlib.h>

static uint64_t
mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

uint64_t
fleet_random(uint64_t seed, uint64_t stream, uint64_t who, uint64_t index)
{
	return mix(mix(mix(mix(seed) ^ stream) ^ who) ^ index);
}

double
fleet_random_unit(uint64_t number)
{
	return (double)((number >> 11) + 1) * 0x1p-53;
}

uint64_t
fleet_random_gap(uint64_t number, double mean)
{
	return 1 + (uint64_t)(-log(fleet_random_unit(number)) * mean);
}

uint32_t
fleet_random_below(uint64_t number, uint32_t count)
{
	return (uint32_t)(((number >> 32) * count) >> 32);
}

enum ward_rc
fleet_zipf_init(struct fleet_zipf *z, uint32_t count, double exponent)
{
	double sum = 0;

	*z = (struct fleet_zipf){0};
	if (count == 0)
		return WARD_E_INVAL;
	z->up_to = calloc(count, sizeof(*z->up_to));
	if (!z->up_to)
		return WARD_E_NOMEM;
	z->count = count;
	for (uint32_t k = 0; k < count; k++) {
		sum += pow((double)k + 1, -exponent);
		z->up_to[k] = sum;
	}
	return WARD_OK;
}

void
fleet_zipf_done(struct fleet_zipf *z)
{
	free(z->up_to);
	*z = (struct fleet_zipf){0};
}

uint32_t
fleet_zipf_pick(const struct fleet_zipf *z, uint64_t number)
{
	double wanted = fleet_random_unit(number) * z->up_to[z->count - 1];
	uint32_t low = 0, high = z->count - 1;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (z->up_to[middle] < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
