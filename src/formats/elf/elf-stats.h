/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers that describe an ELF file's structure, as published feature sets define them: header
 * fields, sections, segments and symbols counted by kind. Symbols and dynamic entries are found
 * through section headers only.
 */
#ifndef WARD_FORMATS_ELF_STATS_H
#define WARD_FORMATS_ELF_STATS_H

#include "formats/elf/elf.h"

/* In the order of the columns. */
#define WARD_ELF_STATS_LIST(X)                                                                     \
	X(e_type)                                                                                  \
	X(e_machine)                                                                               \
	X(e_version)                                                                               \
	X(e_entry)                                                                                 \
	X(e_phoff)                                                                                 \
	X(e_shoff)                                                                                 \
	X(e_flags)                                                                                 \
	X(e_ehsize)                                                                                \
	X(e_phentsize)                                                                             \
	X(e_phnum)                                                                                 \
	X(e_shentsize)                                                                             \
	X(e_shnum)                                                                                 \
	X(e_shstrndx)                                                                              \
	X(num_sections)                                                                            \
	X(sections_executable)                                                                     \
	X(sections_writable)                                                                       \
	X(sections_allocatable)                                                                    \
	X(sections_progbits)                                                                       \
	X(sections_nobits)                                                                         \
	X(sections_symtab)                                                                         \
	X(sections_dynsym)                                                                         \
	X(sections_strtab)                                                                         \
	X(sections_rela)                                                                           \
	X(sections_rel)                                                                            \
	X(sections_dynamic)                                                                        \
	X(sections_note)                                                                           \
	X(section_size_min)                                                                        \
	X(section_size_max)                                                                        \
	X(section_size_mean)                                                                       \
	X(section_size_total)                                                                      \
	X(num_segments)                                                                            \
	X(segments_executable)                                                                     \
	X(segments_writable)                                                                       \
	X(segments_readable)                                                                       \
	X(segments_load)                                                                           \
	X(segments_dynamic)                                                                        \
	X(segments_interp)                                                                         \
	X(segments_note)                                                                           \
	X(segments_gnu_stack)                                                                      \
	X(segments_gnu_relro)                                                                      \
	X(num_symbols)                                                                             \
	X(num_functions)                                                                           \
	X(num_objects)                                                                             \
	X(num_global_symbols)                                                                      \
	X(num_local_symbols)                                                                       \
	X(num_weak_symbols)                                                                        \
	X(num_undefined_symbols)                                                                   \
	X(num_libraries_needed)                                                                    \
	X(num_dynamic_entries)                                                                     \
	X(has_rpath)                                                                               \
	X(has_runpath)                                                                             \
	X(has_soname)                                                                              \
	X(file_size)

enum { WARD_ELF_STATS = 53 };

/* Doubles because section_size_mean is one and models take them: exact up to 2^53. */
struct ward_elf_stats {
#define X(name) double name;
	WARD_ELF_STATS_LIST(X)
#undef X
};

void ward_elf_stats_make(const struct ward_elf *elf, struct ward_elf_stats *ret_stats);
/* The numbers in the order of the list. */
void ward_elf_stats_values(const struct ward_elf_stats *stats, double ret_values[WARD_ELF_STATS]);
/* Name of column `i`; static; NULL past the last. */
const char *ward_elf_stats_name(size_t i);

#endif
