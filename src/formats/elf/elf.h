/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ELF, the executables of Linux: 32 and 64 bits, both byte orders. Source: System V ABI ("gABI"),
 * chapters 4 and 5, and the Linux Standard Base for GNU's extensions; field names are theirs.
 *
 * The loader reads segments and never section headers, tools the other way round; both are read
 * here, and broken ones of one kind do not keep the other from being read. Everything is borrowed
 * from the input and the arena.
 */
#ifndef WARD_FORMATS_ELF_H
#define WARD_FORMATS_ELF_H

#include "formats/sink.h"

enum {
	WARD_ELF_SECTIONS_MAX = 262144, /* headers read */
	WARD_ELF_SEGMENTS_MAX = 65536,
};

enum { WARD_ELF_REL = 1, WARD_ELF_EXEC = 2, WARD_ELF_DYN = 3, WARD_ELF_CORE = 4 };

enum {
	WARD_ELF_SHT_PROGBITS = 1,
	WARD_ELF_SHT_SYMTAB = 2,
	WARD_ELF_SHT_STRTAB = 3,
	WARD_ELF_SHT_RELA = 4,
	WARD_ELF_SHT_DYNAMIC = 6,
	WARD_ELF_SHT_NOTE = 7,
	WARD_ELF_SHT_NOBITS = 8,
	WARD_ELF_SHT_REL = 9,
	WARD_ELF_SHT_DYNSYM = 11,
	WARD_ELF_SHT_SUNW_LDYNSYM = 0x6ffffff3,
};

enum { WARD_ELF_SHF_WRITE = 1, WARD_ELF_SHF_ALLOC = 2, WARD_ELF_SHF_EXECINSTR = 4 };

enum {
	WARD_ELF_PT_LOAD = 1,
	WARD_ELF_PT_DYNAMIC = 2,
	WARD_ELF_PT_INTERP = 3,
	WARD_ELF_PT_NOTE = 4,
	WARD_ELF_PT_GNU_STACK = 0x6474e551,
	WARD_ELF_PT_GNU_RELRO = 0x6474e552,
};

enum { WARD_ELF_PF_X = 1, WARD_ELF_PF_W = 2, WARD_ELF_PF_R = 4 };

enum {
	WARD_ELF_DT_NULL = 0,
	WARD_ELF_DT_NEEDED = 1,
	WARD_ELF_DT_STRTAB = 5,
	WARD_ELF_DT_STRSZ = 10,
	WARD_ELF_DT_SONAME = 14,
	WARD_ELF_DT_RPATH = 15,
	WARD_ELF_DT_RUNPATH = 29,
};

struct ward_elf_header {
	uint8_t e_ident[16];
	uint16_t e_type, e_machine;
	uint32_t e_version;
	uint64_t e_entry, e_phoff, e_shoff;
	uint32_t e_flags;
	uint16_t e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
};

struct ward_elf_section {
	struct ward_span name; /* empty when the name table is broken */
	uint32_t sh_name, sh_type;
	uint64_t sh_flags, sh_addr, sh_offset, sh_size;
	uint32_t sh_link, sh_info;
	uint64_t sh_addralign, sh_entsize;
};

struct ward_elf_segment {
	uint32_t p_type, p_flags;
	uint64_t p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
};

struct ward_elf {
	struct ward_span in;
	bool is64, big;
	struct ward_elf_header header;
	const struct ward_elf_section *sections;
	size_t section_count;	/* headers read */
	uint64_t section_total; /* headers the file claims (gABI: in section 0 when too many) */
	const struct ward_elf_segment *segments;
	size_t segment_count;
	uint64_t segment_total;
	bool malformed;			   /* headers contradict themselves or the file */
	struct ward_span overlay;	   /* after everything the headers describe */
	struct ward_span module_signature; /* of a signed kernel module, instead of an overlay */
};

/*
 * Reads the headers. WARD_E_FORMAT: no ELF identification, or a class or byte order that does not
 * exist; WARD_E_LIMIT: the arena is full. Everything else that is wrong sets `malformed`; fields
 * past the end of the file are zero.
 */
enum ward_rc ward_elf_parse(struct ward_span in, struct ward_arena *arena,
			    struct ward_elf **ret_elf) WARD_MUST_CHECK;

/* Bytes of a section in the file, cut to the file; empty for NOBITS. */
struct ward_span ward_elf_section_bytes(const struct ward_elf *elf,
					const struct ward_elf_section *section);
/* The first section of that name or of that type; NULL when there is none. */
const struct ward_elf_section *ward_elf_section_named(const struct ward_elf *elf, const char *name);
const struct ward_elf_section *ward_elf_section_typed(const struct ward_elf *elf, uint32_t type);
const struct ward_elf_segment *ward_elf_segment_typed(const struct ward_elf *elf, uint32_t type);
/* Where a virtual address lies in the file: by segments, in their absence by sections. */
bool ward_elf_offset(const struct ward_elf *elf, uint64_t address, uint64_t *ret_offset);
/* The program interpreter without its NUL; empty when there is none. */
struct ward_span ward_elf_interpreter(const struct ward_elf *elf);
/* Contents of the NT_GNU_BUILD_ID note; empty when there is none. */
struct ward_span ward_elf_build_id(const struct ward_elf *elf);

struct ward_elf_symbol {
	uint32_t st_name;
	uint8_t st_info, st_other;
	uint16_t st_shndx;
	uint64_t st_value, st_size;
};

/* Walks one symbol table: init, then next until false. */
struct ward_elf_symbols {
	const struct ward_elf *elf;
	struct ward_span table, strings;
	uint64_t entry_size, next;
};

/* False: the section is no symbol table, or its entries are too small. */
bool ward_elf_symbols_init(struct ward_elf_symbols *it, const struct ward_elf *elf,
			   const struct ward_elf_section *section) WARD_MUST_CHECK;
bool ward_elf_symbols_next(struct ward_elf_symbols *it, struct ward_elf_symbol *ret_symbol);
struct ward_span ward_elf_symbol_name(const struct ward_elf_symbols *it,
				      const struct ward_elf_symbol *symbol);

/* Walks dynamic entries up to and including DT_NULL. */
struct ward_elf_dynamic {
	const struct ward_elf *elf;
	struct ward_span table, strings;
	uint64_t next;
	bool ended;
};

/* The loader's table (PT_DYNAMIC), or a SHT_DYNAMIC section in its absence. False: none. */
bool ward_elf_dynamic_init(struct ward_elf_dynamic *it, const struct ward_elf *elf) WARD_MUST_CHECK;
/* The table at a SHT_DYNAMIC section; it is walked past the section's size, as pyelftools does. */
void ward_elf_dynamic_of(struct ward_elf_dynamic *it, const struct ward_elf *elf,
			 const struct ward_elf_section *section);
bool ward_elf_dynamic_next(struct ward_elf_dynamic *it, uint64_t *ret_tag, uint64_t *ret_value);
/* A string of the table's string table (the value of DT_NEEDED and the like). */
struct ward_span ward_elf_dynamic_string(const struct ward_elf_dynamic *it, uint64_t offset);

/* The sink's reader (formats/sink.h): layout, facts "elf.*", traits; overlay and sections that hold
 * a file become children. */
enum ward_rc ward_elf_read(struct ward_span in, struct ward_arena *arena,
			   const struct ward_sink *sink) WARD_MUST_CHECK;

#endif
