/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints what published feature tables hold of ELF and PE files, one line a file named on standard
 * input: "elf" or "pe", the numbers, the path. In doubles: rows for models are floats, too short to
 * compare addresses with.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/elf/elf-stats.h"
#include "formats/pe/pe.h"

enum { FILE_MAX = 64 << 20, PATH_LEN = 4096 };

static uint8_t bytes[FILE_MAX];

/* In the order of debian_benign_pe_headers. */
static void
print_pe(const struct ward_pe *pe, const char *path)
{
#define FIELD(member) (void)printf(",%llu", (unsigned long long)pe->member)
	(void)printf("pe");
	FIELD(dos.e_magic);
	FIELD(dos.e_cblp);
	FIELD(dos.e_cp);
	FIELD(dos.e_crlc);
	FIELD(dos.e_cparhdr);
	FIELD(dos.e_minalloc);
	FIELD(dos.e_maxalloc);
	FIELD(dos.e_ss);
	FIELD(dos.e_sp);
	FIELD(dos.e_csum);
	FIELD(dos.e_ip);
	FIELD(dos.e_cs);
	FIELD(dos.e_lfarlc);
	FIELD(dos.e_ovno);
	FIELD(dos.e_oemid);
	FIELD(dos.e_oeminfo);
	FIELD(dos.e_lfanew);
	FIELD(coff.number_of_sections);
	FIELD(coff.pointer_to_symbol_table);
	FIELD(coff.number_of_symbols);
	FIELD(coff.size_of_optional_header);
	FIELD(coff.characteristics);
	FIELD(coff.time_date_stamp);
	FIELD(coff.machine);
	FIELD(optional.magic);
	FIELD(optional.major_linker_version);
	FIELD(optional.minor_linker_version);
	FIELD(optional.size_of_code);
	FIELD(optional.size_of_initialized_data);
	FIELD(optional.size_of_uninitialized_data);
	FIELD(optional.address_of_entry_point);
	FIELD(optional.base_of_code);
	FIELD(optional.image_base);
	FIELD(optional.section_alignment);
	FIELD(optional.file_alignment);
	FIELD(optional.major_operating_system_version);
	FIELD(optional.minor_operating_system_version);
	FIELD(optional.major_image_version);
	FIELD(optional.minor_image_version);
	FIELD(optional.major_subsystem_version);
	FIELD(optional.minor_subsystem_version);
	FIELD(optional.win32_version_value);
	FIELD(optional.size_of_image);
	FIELD(optional.size_of_headers);
	FIELD(optional.check_sum);
	FIELD(optional.subsystem);
	FIELD(optional.dll_characteristics);
	FIELD(optional.size_of_stack_reserve);
	FIELD(optional.size_of_stack_commit);
	FIELD(optional.size_of_heap_reserve);
	FIELD(optional.size_of_heap_commit);
	FIELD(optional.loader_flags);
	FIELD(optional.number_of_rva_and_sizes);
#undef FIELD
	(void)printf(",%s\n", path);
}

static void
print_elf(const struct ward_elf *elf, const char *path)
{
	struct ward_elf_stats stats;
	double values[WARD_ELF_STATS];

	ward_elf_stats_make(elf, &stats);
	ward_elf_stats_values(&stats, values);
	(void)printf("elf");
	for (size_t i = 0; i < WARD_ELF_STATS; i++)
		(void)printf(",%.17g", values[i]);
	(void)printf(",%s\n", path);
}

static void
print_file(const char *path)
{
	struct ward_budget budget = {.cap = 64u << 20};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	FILE *file = fopen(path, "rb");
	struct ward_elf *elf;
	struct ward_span in;
	struct ward_pe *pe;

	if (!file || !arena)
		exit(EXIT_FAILURE);
	in = ward_span_of(bytes, fread(bytes, 1, sizeof(bytes), file));
	(void)fclose(file);
	if (ward_elf_parse(in, arena, &elf) == WARD_OK)
		print_elf(elf, path);
	else if (ward_pe_parse(in, arena, &pe) == WARD_OK)
		print_pe(pe, path);
}

int
main(void)
{
	char path[PATH_LEN];

	while (fgets(path, sizeof(path), stdin)) {
		path[strcspn(path, "\n")] = 0;
		print_file(path);
	}
	return ferror(stdin) ? EXIT_FAILURE : EXIT_SUCCESS;
}
