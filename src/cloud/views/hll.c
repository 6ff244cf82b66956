/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/views/hll.h"

#include <math.h>

enum { BITS = 12 };

void
ward_hll_add(uint8_t registers[WARD_HLL_REGISTERS], uint64_t random)
{
	uint8_t *at = &registers[random >> (64 - BITS)];
	uint64_t rest = random << BITS | UINT64_C(1) << (BITS - 1);
	uint8_t rank = (uint8_t)(__builtin_clzll(rest) + 1);

	if (rank > *at)
		*at = rank;
}

uint64_t
ward_hll_count(const uint8_t registers[WARD_HLL_REGISTERS])
{
	const double m = WARD_HLL_REGISTERS, alpha = 0.7213 / (1 + 1.079 / m);
	double sum = 0, estimate;
	unsigned zeros = 0;

	for (unsigned i = 0; i < WARD_HLL_REGISTERS; i++) {
		sum += ldexp(1, -registers[i]);
		zeros += registers[i] == 0;
	}
	estimate = alpha * m * m / sum;
	if (estimate <= 2.5 * m && zeros > 0)
		estimate = m * log(m / zeros);
	return (uint64_t)(estimate + 0.5);
}

uint64_t
ward_hll_mix(const uint8_t id[16])
{
	uint64_t a, b;

	memcpy(&a, id, 8);
	memcpy(&b, id + 8, 8);
	a ^= b * UINT64_C(0x9e3779b97f4a7c15);
	a = (a ^ a >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	a = (a ^ a >> 27) * UINT64_C(0x94d049bb133111eb);
	return a ^ a >> 31;
}
