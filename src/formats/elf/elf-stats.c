/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/elf/elf-stats.h"

enum { STT_OBJECT = 1, STT_FUNC = 2, STB_LOCAL = 0, STB_GLOBAL = 1, STB_WEAK = 2 };

static void
count_header(const struct ward_elf *elf, struct ward_elf_stats *s)
{
	const struct ward_elf_header *h = &elf->header;

	s->e_type = h->e_type;
	s->e_machine = h->e_machine;
	s->e_version = h->e_version;
	s->e_entry = (double)h->e_entry;
	s->e_phoff = (double)h->e_phoff;
	s->e_shoff = (double)h->e_shoff;
	s->e_flags = h->e_flags;
	s->e_ehsize = h->e_ehsize;
	s->e_phentsize = h->e_phentsize;
	s->e_phnum = h->e_phnum;
	s->e_shentsize = h->e_shentsize;
	s->e_shnum = h->e_shnum;
	s->e_shstrndx = h->e_shstrndx;
	s->num_sections = (double)elf->section_total;
	s->num_segments = (double)elf->segment_total;
	s->file_size = (double)elf->in.len;
}

static void
count_section(const struct ward_elf_section *h, struct ward_elf_stats *s)
{
	s->sections_executable += !!(h->sh_flags & WARD_ELF_SHF_EXECINSTR);
	s->sections_writable += !!(h->sh_flags & WARD_ELF_SHF_WRITE);
	s->sections_allocatable += !!(h->sh_flags & WARD_ELF_SHF_ALLOC);
	s->sections_progbits += h->sh_type == WARD_ELF_SHT_PROGBITS;
	s->sections_nobits += h->sh_type == WARD_ELF_SHT_NOBITS;
	s->sections_symtab += h->sh_type == WARD_ELF_SHT_SYMTAB;
	s->sections_dynsym += h->sh_type == WARD_ELF_SHT_DYNSYM;
	s->sections_strtab += h->sh_type == WARD_ELF_SHT_STRTAB;
	s->sections_rela += h->sh_type == WARD_ELF_SHT_RELA;
	s->sections_rel += h->sh_type == WARD_ELF_SHT_REL;
	s->sections_dynamic += h->sh_type == WARD_ELF_SHT_DYNAMIC;
	s->sections_note += h->sh_type == WARD_ELF_SHT_NOTE;
}

static void
count_sizes(const struct ward_elf *elf, struct ward_elf_stats *s)
{
	size_t i;

	for (i = 0; i < elf->section_count; i++) {
		double size = (double)elf->sections[i].sh_size;

		if (i == 0 || size < s->section_size_min)
			s->section_size_min = size;
		if (size > s->section_size_max)
			s->section_size_max = size;
		s->section_size_total += size;
	}
	if (elf->section_count)
		s->section_size_mean = s->section_size_total / (double)elf->section_count;
}

static void
count_segment(const struct ward_elf_segment *h, struct ward_elf_stats *s)
{
	s->segments_executable += !!(h->p_flags & WARD_ELF_PF_X);
	s->segments_writable += !!(h->p_flags & WARD_ELF_PF_W);
	s->segments_readable += !!(h->p_flags & WARD_ELF_PF_R);
	s->segments_load += h->p_type == WARD_ELF_PT_LOAD;
	s->segments_dynamic += h->p_type == WARD_ELF_PT_DYNAMIC;
	s->segments_interp += h->p_type == WARD_ELF_PT_INTERP;
	s->segments_note += h->p_type == WARD_ELF_PT_NOTE;
	s->segments_gnu_stack += h->p_type == WARD_ELF_PT_GNU_STACK;
	s->segments_gnu_relro += h->p_type == WARD_ELF_PT_GNU_RELRO;
}

static void
count_symbols(struct ward_elf_symbols *it, struct ward_elf_stats *s)
{
	struct ward_elf_symbol symbol;

	while (ward_elf_symbols_next(it, &symbol)) {
		unsigned type = symbol.st_info & 15u, binding = symbol.st_info >> 4;

		s->num_functions += type == STT_FUNC;
		s->num_objects += type == STT_OBJECT;
		s->num_local_symbols += binding == STB_LOCAL;
		s->num_global_symbols += binding == STB_GLOBAL;
		s->num_weak_symbols += binding == STB_WEAK;
		s->num_undefined_symbols += symbol.st_shndx == 0;
	}
}

static void
count_dynamic(struct ward_elf_dynamic *it, struct ward_elf_stats *s)
{
	uint64_t tag, value;

	while (ward_elf_dynamic_next(it, &tag, &value)) {
		s->num_dynamic_entries++;
		s->num_libraries_needed += tag == WARD_ELF_DT_NEEDED;
		if (tag == WARD_ELF_DT_RPATH)
			s->has_rpath = 1;
		else if (tag == WARD_ELF_DT_RUNPATH)
			s->has_runpath = 1;
		else if (tag == WARD_ELF_DT_SONAME)
			s->has_soname = 1;
	}
}

/* A hostile file can name the same table in every section; `seen` bounds the work to a few times
   the file. */
static void
count_tables(const struct ward_elf *elf, struct ward_elf_stats *s)
{
	uint64_t seen = 0;
	size_t i;

	for (i = 0; i < elf->section_count && seen <= 4 * (uint64_t)elf->in.len; i++) {
		const struct ward_elf_section *section = &elf->sections[i];
		struct ward_elf_symbols symbols;
		struct ward_elf_dynamic dynamic;

		if (ward_elf_symbols_init(&symbols, elf, section)) {
			uint64_t whole = section->sh_size / section->sh_entsize;

			s->num_symbols += (double)whole;
			count_symbols(&symbols, s);
			seen += symbols.table.len;
		} else if (section->sh_type == WARD_ELF_SHT_DYNAMIC) {
			ward_elf_dynamic_of(&dynamic, elf, section);
			count_dynamic(&dynamic, s);
			seen += dynamic.next;
		}
	}
}

void
ward_elf_stats_make(const struct ward_elf *elf, struct ward_elf_stats *ret_stats)
{
	struct ward_elf_stats s = {.e_type = 0};
	size_t i;

	count_header(elf, &s);
	for (i = 0; i < elf->section_count; i++)
		count_section(&elf->sections[i], &s);
	count_sizes(elf, &s);
	for (i = 0; i < elf->segment_count; i++)
		count_segment(&elf->segments[i], &s);
	count_tables(elf, &s);
	*ret_stats = s;
}

void
ward_elf_stats_values(const struct ward_elf_stats *stats, double ret_values[WARD_ELF_STATS])
{
	size_t i = 0;

#define X(name) ret_values[i++] = stats->name;
	WARD_ELF_STATS_LIST(X)
#undef X
}

const char *
ward_elf_stats_name(size_t i)
{
	static const char *const names[] = {
#define X(name) #name,
		WARD_ELF_STATS_LIST(X)
#undef X
	};

	_Static_assert(sizeof(names) / sizeof(names[0]) == WARD_ELF_STATS, "one name per column");
	return i < WARD_ELF_STATS ? names[i] : NULL;
}
