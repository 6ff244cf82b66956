/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/entropy.h"

#include <math.h>

/* Four tables, so that runs of one value do not wait for their own last increment. */
static void
count_bytes(struct ward_span in, size_t counts[4][256])
{
	size_t i = 0;

	for (; i + 4 <= in.len; i += 4) {
		counts[0][in.data[i]]++;
		counts[1][in.data[i + 1]]++;
		counts[2][in.data[i + 2]]++;
		counts[3][in.data[i + 3]]++;
	}
	for (; i < in.len; i++)
		counts[0][in.data[i]]++;
}

double
ward_entropy(struct ward_span in)
{
	size_t counts[4][256] = {{0}};
	double sum = 0;
	size_t i;

	if (in.len == 0)
		return 0;
	count_bytes(in, counts);
	for (i = 0; i < 256; i++) {
		size_t n = counts[0][i] + counts[1][i] + counts[2][i] + counts[3][i];
		double p = (double)n / (double)in.len;

		if (n)
			sum -= p * log2(p);
	}
	return sum > 0 ? sum : 0;
}
