/* SPDX-License-Identifier: Apache-2.0 */
#include "ml/features/entropy.h"

#include <math.h>

#include "formats/entropy.h"

float
ward_feature_entropy(struct ward_feature_work *work, struct ward_span in)
{
	if (in.len == 0 || in.len > work->left)
		return NAN;
	work->left -= in.len;
	return (float)ward_entropy(in);
}

void
ward_moments_add(struct ward_feature_moments *m, double value)
{
	if (isnan(value))
		return;
	m->min = m->n == 0 || value < m->min ? value : m->min;
	m->max = m->n == 0 || value > m->max ? value : m->max;
	m->sum += value;
	m->squares += value * value;
	m->n++;
}

double
ward_moments_mean(const struct ward_feature_moments *m)
{
	return m->n ? m->sum / (double)m->n : NAN;
}

double
ward_moments_std(const struct ward_feature_moments *m)
{
	double mean = ward_moments_mean(m);
	double variance = m->n ? m->squares / (double)m->n - mean * mean : NAN;

	return variance < 0 ? 0 : sqrt(variance);
}

void
ward_feature_missing(float *values, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		values[i] = NAN;
}

void
ward_feature_sixteenth(struct ward_span in, float ret_shares[16])
{
	uint32_t counts[16] = {0};
	size_t i;

	for (i = 0; i < in.len; i++)
		counts[in.data[i] >> 4]++;
	for (i = 0; i < 16; i++)
		ret_shares[i] = in.len ? (float)counts[i] / (float)in.len : NAN;
}
