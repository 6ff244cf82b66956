/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "ml/features/elf-row.h"

#include <math.h>

enum { ENTRY_BYTES = 256 };

/* Mean of entropies, by size. */
struct blend {
	double bits, bytes;
};

static void
blend_add(struct blend *b, struct ward_feature_work *work, struct ward_span bytes)
{
	double entropy = (double)ward_feature_entropy(work, bytes);

	if (isnan(entropy))
		return;
	b->bits += entropy * (double)bytes.len;
	b->bytes += (double)bytes.len;
}

static float
blend_mean(const struct blend *b)
{
	return b->bytes > 0 ? (float)(b->bits / b->bytes) : NAN;
}

static void
measure_memory(const struct ward_elf_segment *s, struct ward_elf_row *row)
{
	float ratio;

	if (s->p_filesz == 0)
		return;
	ratio = (float)((double)s->p_memsz / (double)s->p_filesz);
	if (isnan(row->segment_memory_ratio[0]) || ratio > row->segment_memory_ratio[0])
		row->segment_memory_ratio[0] = ratio;
}

static void
describe_load(const struct ward_elf *elf, struct ward_feature_work *work, struct ward_elf_row *row)
{
	const unsigned both = WARD_ELF_PF_W | WARD_ELF_PF_X;
	struct blend code = {0}, data = {0};
	uint64_t end = 0;
	size_t i;

	row->segment_memory_ratio[0] = NAN;
	for (i = 0; i < elf->segment_count; i++) {
		const struct ward_elf_segment *s = &elf->segments[i];

		row->segments_outside[0] += !ward_span_has(elf->in, s->p_offset, s->p_filesz);
		if (s->p_type != WARD_ELF_PT_LOAD)
			continue;
		row->segments_writable_code[0] += (s->p_flags & both) == both;
		row->segments_overlapping[0] += s->p_vaddr < end;
		end = s->p_vaddr + s->p_memsz;
		measure_memory(s, row);
		blend_add(s->p_flags & WARD_ELF_PF_X ? &code : &data, work,
			  ward_span_cut(elf->in, s->p_offset, s->p_filesz));
	}
	row->segment_code_entropy[0] = blend_mean(&code);
	row->segment_data_entropy[0] = blend_mean(&data);
}

static void
describe_kinds(const struct ward_elf *elf, struct ward_elf_row *row)
{
	const struct ward_elf_segment *stack = ward_elf_segment_typed(elf, WARD_ELF_PT_GNU_STACK);
	bool interp = ward_elf_segment_typed(elf, WARD_ELF_PT_INTERP) != NULL;
	bool dynamic = ward_elf_segment_typed(elf, WARD_ELF_PT_DYNAMIC) != NULL;
	unsigned type = elf->header.e_type;

	row->stack_executable[0] = stack ? (stack->p_flags & WARD_ELF_PF_X) != 0 : NAN;
	row->is_pie[0] = type == WARD_ELF_DYN && interp;
	row->is_static[0] = (type == WARD_ELF_EXEC || type == WARD_ELF_DYN) && !dynamic;
	row->interpreter_usual[0] =
		interp ? ward_text_starts_nocase(ward_elf_interpreter(elf), "/lib") : NAN;
}

/* ---- the entry point ---- */

static const struct ward_elf_segment *
entry_segment(const struct ward_elf *elf, bool *ret_last)
{
	const struct ward_elf_segment *found = NULL, *last = NULL;
	uint64_t entry = elf->header.e_entry;
	size_t i;

	for (i = 0; i < elf->segment_count; i++) {
		const struct ward_elf_segment *s = &elf->segments[i];

		if (s->p_type != WARD_ELF_PT_LOAD)
			continue;
		last = s;
		if (!found && entry >= s->p_vaddr && entry - s->p_vaddr < s->p_memsz)
			found = s;
	}
	*ret_last = found && found == last;
	return found;
}

static void
place_entry(const struct ward_elf *elf, struct ward_elf_row *row)
{
	const struct ward_elf_section *text = ward_elf_section_named(elf, ".text");
	uint64_t entry = elf->header.e_entry;
	bool last;
	const struct ward_elf_segment *s = entry_segment(elf, &last);

	row->entry_in_code[0] = s && (s->p_flags & WARD_ELF_PF_X);
	row->entry_in_writable[0] = s && (s->p_flags & WARD_ELF_PF_W);
	row->entry_in_last[0] = last;
	row->entry_position[0] =
		s ? (float)((double)(entry - s->p_vaddr) / (double)s->p_memsz) : NAN;
	row->entry_in_text[0] =
		text ? entry >= text->sh_addr && entry - text->sh_addr < text->sh_size : NAN;
}

static void
describe_entry(const struct ward_elf *elf, struct ward_feature_work *work, struct ward_elf_row *row)
{
	struct ward_span there = {0};
	uint64_t offset;

	ward_feature_missing(row->entry_in_file, 1);
	ward_feature_missing(row->entry_in_code, 1);
	ward_feature_missing(row->entry_in_writable, 1);
	ward_feature_missing(row->entry_in_last, 1);
	ward_feature_missing(row->entry_position, 1);
	ward_feature_missing(row->entry_in_text, 1);
	if (elf->header.e_entry) {
		if (ward_elf_offset(elf, elf->header.e_entry, &offset))
			there = ward_span_cut(elf->in, offset, ENTRY_BYTES);
		row->entry_in_file[0] = there.len > 0;
		place_entry(elf, row);
	}
	row->entry_entropy[0] = ward_feature_entropy(work, there);
	ward_feature_sixteenth(there, row->entry_sixteenth);
}

void
ward_elf_row_segments(const struct ward_elf *elf, struct ward_feature_work *work,
		      struct ward_elf_row *row)
{
	describe_load(elf, work, row);
	describe_kinds(elf, row);
	describe_entry(elf, work, row);
}
