/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Portable Executable: programs, libraries and drivers of Windows, and EFI programs. Source:
 * Microsoft, "PE Format" (the PE and COFF specification); field names are its names. Where the
 * specification is silent, what pefile does is followed, because published import hashes and
 * features were computed with it.
 *
 * Everything is borrowed from the input and from the arena; nothing here is thread-aware.
 */
#ifndef WARD_FORMATS_PE_H
#define WARD_FORMATS_PE_H

#include "formats/sink.h"
#include "sys/digest.h"

enum {
	WARD_PE_DIRECTORIES = 16,
	WARD_PE_SECTIONS_MAX = 2048, /* headers read; Windows itself loads at most 96 */
	WARD_PE_SYMBOLS_MAX = 8192,  /* thunks walked over all import tables, as in pefile */
	WARD_PE_RESOURCES_MAX = 4096,
	WARD_PE_EXPORT_NAMES_MAX = 8192,
};

enum ward_pe_directory_index {
	WARD_PE_DIR_EXPORT = 0,
	WARD_PE_DIR_IMPORT = 1,
	WARD_PE_DIR_RESOURCE = 2,
	WARD_PE_DIR_SECURITY = 4, /* its address is a file offset */
	WARD_PE_DIR_DELAY_IMPORT = 13,
	WARD_PE_DIR_CLR = 14,
};

enum {
	WARD_PE_MAGIC_PE32 = 0x10b,
	WARD_PE_MAGIC_PE32_PLUS = 0x20b,
	WARD_PE_SCN_CODE = 0x20,
	WARD_PE_SCN_EXECUTE = 0x20000000,
};

struct ward_pe_dos {
	uint16_t e_magic, e_cblp, e_cp, e_crlc, e_cparhdr, e_minalloc, e_maxalloc, e_ss, e_sp;
	uint16_t e_csum, e_ip, e_cs, e_lfarlc, e_ovno, e_res[4], e_oemid, e_oeminfo, e_res2[10];
	uint32_t e_lfanew;
};

struct ward_pe_coff {
	uint16_t machine, number_of_sections;
	uint32_t time_date_stamp, pointer_to_symbol_table, number_of_symbols;
	uint16_t size_of_optional_header, characteristics;
};

struct ward_pe_optional {
	uint16_t magic;
	uint8_t major_linker_version, minor_linker_version;
	uint32_t size_of_code, size_of_initialized_data, size_of_uninitialized_data;
	uint32_t address_of_entry_point, base_of_code;
	uint32_t base_of_data; /* 0 in PE32+, which has none */
	uint64_t image_base;
	uint32_t section_alignment, file_alignment;
	uint16_t major_operating_system_version, minor_operating_system_version;
	uint16_t major_image_version, minor_image_version;
	uint16_t major_subsystem_version, minor_subsystem_version;
	uint32_t win32_version_value; /* "Reserved1" in older texts */
	uint32_t size_of_image, size_of_headers, check_sum;
	uint16_t subsystem, dll_characteristics;
	uint64_t size_of_stack_reserve, size_of_stack_commit;
	uint64_t size_of_heap_reserve, size_of_heap_commit;
	uint32_t loader_flags, number_of_rva_and_sizes;
};

struct ward_pe_directory {
	uint32_t virtual_address, size;
};

struct ward_pe_section {
	char name[9]; /* raw, NUL-terminated */
	uint32_t virtual_size, virtual_address, size_of_raw_data, pointer_to_raw_data;
	uint32_t pointer_to_relocations, pointer_to_linenumbers;
	uint16_t number_of_relocations, number_of_linenumbers;
	uint32_t characteristics;
};

/* What of the address space one section covers; sorted by address. */
struct ward_pe_mapping {
	uint64_t start, end;   /* relative virtual addresses, end exclusive */
	uint64_t raw, raw_end; /* file offsets */
	const struct ward_pe_section *section;
};

struct ward_pe {
	struct ward_span in;
	struct ward_pe_dos dos;
	struct ward_pe_coff coff;
	struct ward_pe_optional optional;
	struct ward_pe_directory directories[WARD_PE_DIRECTORIES];
	size_t directory_count;			/* read from the file; the others are zero */
	const struct ward_pe_section *sections; /* in the order of their headers */
	size_t section_count;			/* headers accepted; see pe-headers.c */
	const struct ward_pe_mapping *mappings; /* section_count of them */
	uint64_t optional_offset;		/* where the optional header starts */
	bool plus;				/* PE32+ */
	bool malformed;				/* headers contradict themselves or the file */
	struct ward_span certificates;		/* attribute certificate table; may be empty */
	struct ward_span overlay;  /* after all that the headers describe, before the table */
	struct ward_span overlay2; /* after the certificate table */
};

/*
 * Reads the headers and the section table. WARD_E_FORMAT: no "MZ" with a "PE" signature where it
 * points; WARD_E_LIMIT: the arena is full. Everything else that is wrong sets `malformed`, fields
 * past the end of the file are zero.
 */
enum ward_rc ward_pe_parse(struct ward_span in, struct ward_arena *arena,
			   struct ward_pe **ret_pe) WARD_MUST_CHECK;

/* The bytes in the file from a relative virtual address to the end of its section's raw data (or
 * of the file, outside all sections); empty when there are none. */
struct ward_span ward_pe_at(const struct ward_pe *pe, uint64_t rva);
/* False when the address is not backed by the file. */
bool ward_pe_offset(const struct ward_pe *pe, uint64_t rva, uint64_t *ret_offset);
/* The section's raw data as loaded, cut to the file. */
struct ward_span ward_pe_section_bytes(const struct ward_pe *pe,
				       const struct ward_pe_section *section);
/* Where those start: PointerToRawData rounded down to 512 when FileAlignment is at least that. */
uint64_t ward_pe_section_offset(const struct ward_pe *pe, const struct ward_pe_section *section);
/* The section of the entry point, or NULL. */
const struct ward_pe_section *ward_pe_entry_section(const struct ward_pe *pe);

struct ward_pe_symbol {
	struct ward_span name; /* empty when imported by ordinal */
	uint16_t ordinal, hint;
};

struct ward_pe_import {
	struct ward_span dll; /* "*invalid*" when it cannot be a file name, as in pefile */
	const struct ward_pe_symbol *symbols;
	size_t count;
};

struct ward_pe_imports {
	const struct ward_pe_import *dlls;
	size_t count;
	size_t symbol_count; /* over all of them */
	bool malformed;	     /* a table was cut short or makes no sense */
};

/* Imports of directory 1 and, apart from them, delay imports of directory 13. WARD_E_LIMIT: arena.
 */
enum ward_rc ward_pe_imports_read(const struct ward_pe *pe, struct ward_arena *arena,
				  struct ward_pe_imports *ret_imports,
				  struct ward_pe_imports *ret_delayed) WARD_MUST_CHECK;
/*
 * MD5 of "dll.function,…" in lower case, without .dll, .ocx, .sys ("imphash", Mandiant 2014), equal
 * to pefile's. WARD_E_NOENT without imports. Uses the arena for the text.
 */
enum ward_rc ward_pe_imphash(const struct ward_pe_imports *imports, struct ward_arena *arena,
			     uint8_t ret_md5[WARD_MD5_LEN]) WARD_MUST_CHECK;
/* Lower-case name of an ordinal of ws2_32, wsock32 or oleaut32, or NULL. */
const char *ward_pe_ordinal_name(struct ward_span dll, uint16_t ordinal);

struct ward_pe_exports {
	struct ward_span dll;
	uint32_t time_date_stamp, base, function_count, name_count; /* as the table says */
	const struct ward_span *names;
	size_t count; /* names read */
	bool malformed;
};

/* WARD_E_NOENT: no export table; WARD_E_LIMIT: arena. */
enum ward_rc ward_pe_exports_read(const struct ward_pe *pe, struct ward_arena *arena,
				  struct ward_pe_exports *ret_exports) WARD_MUST_CHECK;

/* One level of a resource's path: a number, or a name (UTF-16LE, borrowed). */
struct ward_pe_resource_id {
	uint32_t number; /* when `name` is empty */
	struct ward_span name;
};

struct ward_pe_resource {
	struct ward_pe_resource_id type, name, lang;
	uint32_t rva, size, code_page;
	uint64_t offset;	/* in the file; 0 when `bytes` is empty */
	struct ward_span bytes; /* cut to what the file has */
};

struct ward_pe_resources {
	const struct ward_pe_resource *items;
	size_t count;
	bool malformed; /* cycle, broken directory, or more than WARD_PE_RESOURCES_MAX */
};

/* WARD_E_NOENT: no resource directory; WARD_E_LIMIT: arena. */
enum ward_rc ward_pe_resources_read(const struct ward_pe *pe, struct ward_arena *arena,
				    struct ward_pe_resources *ret_resources) WARD_MUST_CHECK;
/* "RCDATA" and the like for the numbers of winuser.h; NULL for others. */
const char *ward_pe_resource_type_name(uint32_t number);

/*
 * The digest Authenticode signs ("Windows Authenticode Portable Executable Signature Format",
 * Microsoft 2008): the file without CheckSum, the certificate directory entry and the certificate
 * table. WARD_SHA1 or WARD_SHA256; WARD_E_FORMAT when the optional header is cut off.
 */
enum ward_rc ward_pe_authentihash(const struct ward_pe *pe, enum ward_digest_kind kind,
				  uint8_t *ret_digest) WARD_MUST_CHECK;

/* The sink's reader (formats/sink.h): layout, facts "pe.*", traits; resources and overlay become
 * children. */
enum ward_rc ward_pe_read(struct ward_span in, struct ward_arena *arena,
			  const struct ward_sink *sink) WARD_MUST_CHECK;

#endif
