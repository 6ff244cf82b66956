/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "ml/features/elf-row.h"

#include <math.h>

enum { NAMES = 16, NAMES_ENTROPY = 8, BUCKETS = 32 };

static const float dense = 7;

/* As elf.def says. */
static const char *const names[NAMES] = {
	".text",       ".rodata", ".data",     ".bss",	   ".init",
	".init_array", ".plt",	  ".got",      ".dynstr",  ".dynsym",
	".symtab",     ".strtab", ".eh_frame", ".comment", ".note.gnu.build-id",
	".gnu.hash",
};

static void
describe_named(const struct ward_elf *elf, struct ward_feature_work *work, struct ward_elf_row *row)
{
	size_t i;

	for (i = 0; i < NAMES; i++) {
		const struct ward_elf_section *s = ward_elf_section_named(elf, names[i]);
		struct ward_span bytes = {0};

		if (s)
			bytes = ward_elf_section_bytes(elf, s);
		row->named_present[i] = s != NULL;
		row->named_share[i] = s ? (float)((double)bytes.len / (double)elf->in.len) : NAN;
		if (i < NAMES_ENTROPY)
			row->named_entropy[i] = ward_feature_entropy(work, bytes);
	}
}

static double
size_of(const struct ward_elf *elf, const char *name)
{
	const struct ward_elf_section *s = ward_elf_section_named(elf, name);

	return s ? (double)s->sh_size : 0;
}

static void
describe_sizes(const struct ward_elf *elf, struct ward_elf_row *row)
{
	double data = size_of(elf, ".data") + size_of(elf, ".rodata");

	row->code_to_data[0] = data > 0 ? (float)(size_of(elf, ".text") / data) : 0;
	row->bss_size[0] = (float)size_of(elf, ".bss");
}

static bool
is_packer_name(struct ward_span name)
{
	static const char *const packers[] = {".upx",	 "UPX",	    ".packed",
					      ".aspack", ".petite", ".mpress"};
	size_t i;

	for (i = 0; i < sizeof(packers) / sizeof(packers[0]); i++)
		if (ward_text_starts_nocase(name, packers[i]))
			return true;
	return false;
}

static bool
is_go_name(struct ward_span name)
{
	return ward_text_eq_nocase(name, ".go.buildinfo") ||
	       ward_text_eq_nocase(name, ".gopclntab") ||
	       ward_text_eq_nocase(name, ".note.go.buildid");
}

static void
count_section(const struct ward_elf *elf, const struct ward_elf_section *s,
	      struct ward_elf_row *row)
{
	const unsigned both = WARD_ELF_SHF_WRITE | WARD_ELF_SHF_EXECINSTR;

	row->sections_hash[ward_word_bucket(s->name, BUCKETS)]++;
	row->sections_nameless[0] += s->name.len == 0;
	row->sections_writable_code[0] += (s->sh_flags & both) == both;
	row->sections_outside[0] += s->sh_type != WARD_ELF_SHT_NOBITS &&
				    !ward_span_has(elf->in, s->sh_offset, s->sh_size);
	if (is_packer_name(s->name))
		row->packer_name[0] = 1;
	if (is_go_name(s->name))
		row->is_go[0] = 1;
}

void
ward_elf_row_sections(const struct ward_elf *elf, struct ward_feature_work *work,
		      struct ward_elf_row *row)
{
	struct ward_feature_moments m = {.n = 0};
	size_t i;

	describe_named(elf, work, row);
	describe_sizes(elf, row);
	for (i = 1; i < elf->section_count; i++) {
		const struct ward_elf_section *s = &elf->sections[i];
		float entropy = ward_feature_entropy(work, ward_elf_section_bytes(elf, s));

		count_section(elf, s, row);
		ward_moments_add(&m, entropy);
		row->sections_dense[0] += entropy > dense;
	}
	row->section_entropy_mean[0] = (float)ward_moments_mean(&m);
	row->section_entropy_max[0] = m.n ? (float)m.max : NAN;
	row->section_entropy_std[0] = (float)ward_moments_std(&m);
}
