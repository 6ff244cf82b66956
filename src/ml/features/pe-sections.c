/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "ml/features/pe-row.h"

#include <math.h>

enum { BUCKETS = 32, ENTRY_BYTES = 256 };

static const uint32_t scn_write = 0x80000000u;
static const float dense = 7;

static float
mean0(const struct ward_feature_moments *m)
{
	return m->n ? (float)ward_moments_mean(m) : 0;
}

static bool
is_code(const struct ward_pe_section *s)
{
	return (s->characteristics & (WARD_PE_SCN_CODE | WARD_PE_SCN_EXECUTE)) != 0;
}

/* Mean, smallest and largest of a number over all sections. */
#define SUMMARY(row, what, expression)                                                             \
	do {                                                                                       \
		struct ward_feature_moments m = {.n = 0};                                          \
                                                                                                   \
		for (size_t i = 0; i < pe->section_count; i++) {                                   \
			const struct ward_pe_section *s = &pe->sections[i];                        \
                                                                                                   \
			ward_moments_add(&m, expression);                                          \
		}                                                                                  \
		(row)->SectionMean##what[0] = mean0(&m);                                           \
		(row)->SectionMin##what[0] = (float)m.min;                                         \
		(row)->SectionMax##what[0] = (float)m.max;                                         \
	} while (0)

static void
summarise(const struct ward_pe *pe, struct ward_pe_row *row)
{
	SUMMARY(row, Rawsize, s->size_of_raw_data);
	SUMMARY(row, Virtualsize, s->virtual_size);
	SUMMARY(row, VirtualAddress, s->virtual_address);
	SUMMARY(row, PointerData, s->pointer_to_raw_data);
	SUMMARY(row, Char, s->characteristics);
}

static void
measure_entropy(const struct ward_pe *pe, struct ward_feature_work *work, struct ward_pe_row *row)
{
	struct ward_feature_moments all = {.n = 0}, present = all, code = all, data = all;
	size_t i;

	row->resources_section_entropy[0] = NAN;
	for (i = 0; i < pe->section_count; i++) {
		const struct ward_pe_section *s = &pe->sections[i];
		float entropy = ward_feature_entropy(work, ward_pe_section_bytes(pe, s));

		ward_moments_add(&all, isnan(entropy) ? 0 : (double)entropy);
		ward_moments_add(&present, (double)entropy);
		ward_moments_add(is_code(s) ? &code : &data, (double)entropy);
		row->sections_dense[0] += entropy > dense;
		if (strcmp(s->name, ".rsrc") == 0)
			row->resources_section_entropy[0] = entropy;
	}
	row->SectionMeanEntropy[0] = mean0(&all);
	row->SectionMinEntropy[0] = (float)all.min;
	row->SectionMaxEntropy[0] = (float)all.max;
	row->sections_entropy_std[0] = (float)ward_moments_std(&present);
	row->sections_code_entropy[0] = (float)ward_moments_mean(&code);
	row->sections_data_entropy[0] = (float)ward_moments_mean(&data);
}

static void
count_section(const struct ward_pe *pe, const struct ward_pe_section *s, struct ward_pe_row *row)
{
	bool execute = (s->characteristics & WARD_PE_SCN_EXECUTE) != 0;
	bool write = (s->characteristics & scn_write) != 0;

	row->sections_hash[ward_word_bucket(ward_span_str(s->name), BUCKETS)]++;
	row->sections_executable[0] += execute;
	row->sections_writable[0] += write;
	row->sections_writable_code[0] += execute && write;
	row->sections_empty[0] += s->size_of_raw_data == 0 && s->virtual_size != 0;
	row->sections_nameless[0] += s->name[0] == 0;
	row->sections_outside[0] +=
		!ward_span_has(pe->in, s->pointer_to_raw_data, s->size_of_raw_data);
	if (s->size_of_raw_data) {
		float ratio = (float)((double)s->virtual_size / s->size_of_raw_data);

		if (isnan(row->section_memory_ratio[0]) || ratio > row->section_memory_ratio[0])
			row->section_memory_ratio[0] = ratio;
	}
}

void
ward_pe_row_sections(const struct ward_pe *pe, struct ward_feature_work *work,
		     struct ward_pe_row *row)
{
	size_t i;

	row->SectionsLength[0] = (float)pe->section_count;
	row->section_memory_ratio[0] = NAN;
	summarise(pe, row);
	measure_entropy(pe, work, row);
	for (i = 0; i < pe->section_count; i++)
		count_section(pe, &pe->sections[i], row);
}

static void
place_entry(const struct ward_pe *pe, const struct ward_pe_section *s, struct ward_pe_row *row)
{
	double into = (double)pe->optional.address_of_entry_point - s->virtual_address;
	size_t index = (size_t)(s - pe->sections);

	row->entry_section[0] = (float)index;
	row->entry_in_last[0] = index + 1 == pe->section_count;
	row->entry_in_writable[0] = (s->characteristics & scn_write) != 0;
	row->entry_in_code[0] = (s->characteristics & WARD_PE_SCN_EXECUTE) != 0;
	row->entry_position[0] = s->virtual_size ? (float)(into / s->virtual_size) : NAN;
}

void
ward_pe_row_entry(const struct ward_pe *pe, struct ward_feature_work *work, struct ward_pe_row *row)
{
	const struct ward_pe_section *s = ward_pe_entry_section(pe);
	uint32_t entry = pe->optional.address_of_entry_point;
	struct ward_span there = {0};

	ward_feature_missing(row->entry_section, 1);
	ward_feature_missing(row->entry_in_last, 1);
	ward_feature_missing(row->entry_in_writable, 1);
	ward_feature_missing(row->entry_in_code, 1);
	ward_feature_missing(row->entry_position, 1);
	if (entry)
		there = ward_span_cut(ward_pe_at(pe, entry), 0, ENTRY_BYTES);
	if (entry && s)
		place_entry(pe, s, row);
	row->entry_in_file[0] = entry ? there.len > 0 : NAN;
	row->entry_entropy[0] = ward_feature_entropy(work, there);
	ward_feature_sixteenth(there, row->entry_sixteenth);
}
