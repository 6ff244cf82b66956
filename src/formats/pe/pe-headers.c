/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pe/pe.h"

#include <stdlib.h>

#include "base/cursor.h"
#include "formats/pe/pe-priv.h"

enum {
	SECTION_HEADER = 40,
	COFF_SYMBOL = 18,
	HUGE_RVA = 0x10000000, /* 256 MiB, where pefile starts to doubt */
	SECTOR = 0x200,
	PAGE = 0x1000,
};

static void
read_dos(struct ward_cursor *c, struct ward_pe_dos *dos)
{
	uint16_t *const first[] = {
		&dos->e_magic,	  &dos->e_cblp,	    &dos->e_cp,	    &dos->e_crlc, &dos->e_cparhdr,
		&dos->e_minalloc, &dos->e_maxalloc, &dos->e_ss,	    &dos->e_sp,	  &dos->e_csum,
		&dos->e_ip,	  &dos->e_cs,	    &dos->e_lfarlc, &dos->e_ovno,
	};
	size_t i;

	for (i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		*first[i] = ward_cursor_u16le(c);
	for (i = 0; i < 4; i++)
		dos->e_res[i] = ward_cursor_u16le(c);
	dos->e_oemid = ward_cursor_u16le(c);
	dos->e_oeminfo = ward_cursor_u16le(c);
	for (i = 0; i < 10; i++)
		dos->e_res2[i] = ward_cursor_u16le(c);
	dos->e_lfanew = ward_cursor_u32le(c);
}

static void
read_coff(struct ward_cursor *c, struct ward_pe_coff *coff)
{
	coff->machine = ward_cursor_u16le(c);
	coff->number_of_sections = ward_cursor_u16le(c);
	coff->time_date_stamp = ward_cursor_u32le(c);
	coff->pointer_to_symbol_table = ward_cursor_u32le(c);
	coff->number_of_symbols = ward_cursor_u32le(c);
	coff->size_of_optional_header = ward_cursor_u16le(c);
	coff->characteristics = ward_cursor_u16le(c);
}

static uint64_t
read_word(struct ward_cursor *c, bool plus)
{
	return plus ? ward_cursor_u64le(c) : ward_cursor_u32le(c);
}

static void
read_optional_start(struct ward_cursor *c, struct ward_pe_optional *o, bool *ret_plus)
{
	o->magic = ward_cursor_u16le(c);
	*ret_plus = o->magic == WARD_PE_MAGIC_PE32_PLUS;
	o->major_linker_version = ward_cursor_u8(c);
	o->minor_linker_version = ward_cursor_u8(c);
	o->size_of_code = ward_cursor_u32le(c);
	o->size_of_initialized_data = ward_cursor_u32le(c);
	o->size_of_uninitialized_data = ward_cursor_u32le(c);
	o->address_of_entry_point = ward_cursor_u32le(c);
	o->base_of_code = ward_cursor_u32le(c);
	if (!*ret_plus)
		o->base_of_data = ward_cursor_u32le(c);
	o->image_base = read_word(c, *ret_plus);
	o->section_alignment = ward_cursor_u32le(c);
	o->file_alignment = ward_cursor_u32le(c);
}

static void
read_optional_rest(struct ward_cursor *c, struct ward_pe_optional *o, bool plus)
{
	o->major_operating_system_version = ward_cursor_u16le(c);
	o->minor_operating_system_version = ward_cursor_u16le(c);
	o->major_image_version = ward_cursor_u16le(c);
	o->minor_image_version = ward_cursor_u16le(c);
	o->major_subsystem_version = ward_cursor_u16le(c);
	o->minor_subsystem_version = ward_cursor_u16le(c);
	o->win32_version_value = ward_cursor_u32le(c);
	o->size_of_image = ward_cursor_u32le(c);
	o->size_of_headers = ward_cursor_u32le(c);
	o->check_sum = ward_cursor_u32le(c);
	o->subsystem = ward_cursor_u16le(c);
	o->dll_characteristics = ward_cursor_u16le(c);
	o->size_of_stack_reserve = read_word(c, plus);
	o->size_of_stack_commit = read_word(c, plus);
	o->size_of_heap_reserve = read_word(c, plus);
	o->size_of_heap_commit = read_word(c, plus);
	o->loader_flags = ward_cursor_u32le(c);
	o->number_of_rva_and_sizes = ward_cursor_u32le(c);
}

static void
read_directories(struct ward_cursor *c, struct ward_pe *pe)
{
	size_t n = pe->optional.number_of_rva_and_sizes;

	if (n > WARD_PE_DIRECTORIES)
		n = WARD_PE_DIRECTORIES;
	while (pe->directory_count < n && ward_cursor_left(c) >= 8) {
		struct ward_pe_directory *d = &pe->directories[pe->directory_count++];

		d->virtual_address = ward_cursor_u32le(c);
		d->size = ward_cursor_u32le(c);
	}
}

static void
read_section(struct ward_cursor *c, struct ward_pe_section *s)
{
	struct ward_span name = ward_cursor_bytes(c, 8);

	if (name.len)
		memcpy(s->name, name.data, name.len);
	s->virtual_size = ward_cursor_u32le(c);
	s->virtual_address = ward_cursor_u32le(c);
	s->size_of_raw_data = ward_cursor_u32le(c);
	s->pointer_to_raw_data = ward_cursor_u32le(c);
	s->pointer_to_relocations = ward_cursor_u32le(c);
	s->pointer_to_linenumbers = ward_cursor_u32le(c);
	s->number_of_relocations = ward_cursor_u16le(c);
	s->number_of_linenumbers = ward_cursor_u16le(c);
	s->characteristics = ward_cursor_u32le(c);
}

static uint32_t
aligned_address(const struct ward_pe *pe, uint32_t address)
{
	uint32_t by = pe->optional.section_alignment;

	if (by < PAGE)
		by = pe->optional.file_alignment;
	return by && address % by ? address - address % by : address;
}

uint64_t
ward_pe_section_offset(const struct ward_pe *pe, const struct ward_pe_section *section)
{
	if (pe->optional.file_alignment < SECTOR)
		return section->pointer_to_raw_data;
	return section->pointer_to_raw_data & ~(uint64_t)(SECTOR - 1);
}

/* How many things about a header look wrong at once; pefile stops at three. */
static unsigned
section_errors(const struct ward_pe *pe, const struct ward_pe_section *s)
{
	uint32_t by = pe->optional.file_alignment;
	uint64_t end = (uint64_t)s->pointer_to_raw_data + s->size_of_raw_data;

	return (end > pe->in.len ? 1u : 0u) +
	       (ward_pe_section_offset(pe, s) > pe->in.len ? 1u : 0u) +
	       (s->virtual_size > HUGE_RVA ? 1u : 0u) +
	       (aligned_address(pe, s->virtual_address) > HUGE_RVA ? 1u : 0u) +
	       (by && s->pointer_to_raw_data % by ? 1u : 0u);
}

static bool
is_zero(struct ward_span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.data[i])
			return false;
	return true;
}

/* Accepts headers as pefile does: up to an all-zero one, the end of the file, or one with three
   faults at once. What Windows would refuse to load is still read. */
static enum ward_rc
read_sections(struct ward_pe *pe, struct ward_arena *arena)
{
	uint64_t at = pe->optional_offset + pe->coff.size_of_optional_header;
	size_t n = pe->coff.number_of_sections;
	struct ward_pe_section *sections;

	if (n > WARD_PE_SECTIONS_MAX)
		n = WARD_PE_SECTIONS_MAX;
	sections = ward_arena_array(arena, n, sizeof(*sections));
	if (!sections)
		return WARD_E_LIMIT;
	pe->sections = sections;
	for (; pe->section_count < n; at += SECTION_HEADER) {
		struct ward_span header = ward_span_cut(pe->in, at, SECTION_HEADER);
		struct ward_cursor c = ward_cursor_of(header);
		struct ward_pe_section s = {.name = ""};

		if (header.len < SECTION_HEADER || is_zero(header))
			break;
		read_section(&c, &s);
		if (section_errors(pe, &s))
			pe->malformed = true;
		if (section_errors(pe, &s) >= 3)
			break;
		sections[pe->section_count++] = s;
	}
	if (pe->section_count < pe->coff.number_of_sections)
		pe->malformed = true;
	return WARD_OK;
}

/* By address; equal ones stay in the order of their headers, which lie in one array. */
static int
compare_mappings(const void *a, const void *b)
{
	const struct ward_pe_section *x = ((const struct ward_pe_mapping *)a)->section;
	const struct ward_pe_section *y = ((const struct ward_pe_mapping *)b)->section;

	if (x->virtual_address != y->virtual_address)
		return x->virtual_address < y->virtual_address ? -1 : 1;
	return x < y ? -1 : x > y;
}

static void
map_section(const struct ward_pe *pe, struct ward_pe_mapping *m, const struct ward_pe_section *next)
{
	const struct ward_pe_section *s = m->section;
	uint64_t size = s->virtual_size;

	m->start = aligned_address(pe, s->virtual_address);
	m->raw = ward_pe_section_offset(pe, s);
	m->raw_end = (uint64_t)s->pointer_to_raw_data + s->size_of_raw_data;
	/* A raw size larger than the file lies; otherwise the larger of both counts. */
	if (ward_span_has(pe->in, m->raw, s->size_of_raw_data) && s->size_of_raw_data > size)
		size = s->size_of_raw_data;
	m->end = m->start + size;
	if (next && next->virtual_address > s->virtual_address && m->end > next->virtual_address)
		m->end = next->virtual_address;
}

static enum ward_rc
map_sections(struct ward_pe *pe, struct ward_arena *arena)
{
	size_t n = pe->section_count;
	struct ward_pe_mapping *maps = ward_arena_array(arena, n, sizeof(*maps));
	size_t i;

	if (!maps)
		return WARD_E_LIMIT;
	for (i = 0; i < n; i++)
		maps[i].section = &pe->sections[i];
	if (n > 1)
		qsort(maps, n, sizeof(*maps), compare_mappings);
	for (i = 0; i < n; i++)
		map_section(pe, &maps[i], i + 1 < n ? maps[i + 1].section : NULL);
	pe->mappings = maps;
	return WARD_OK;
}

static const struct ward_pe_mapping *
find_mapping(const struct ward_pe *pe, uint64_t rva)
{
	size_t i;

	for (i = 0; i < pe->section_count; i++)
		if (rva >= pe->mappings[i].start && rva < pe->mappings[i].end)
			return &pe->mappings[i];
	return NULL;
}

/* Outside all sections an address is an offset: headers, and images without sections. */
struct ward_span
ward_pe_at(const struct ward_pe *pe, uint64_t rva)
{
	const struct ward_pe_mapping *m = find_mapping(pe, rva);
	uint64_t at;

	if (!m)
		return ward_span_cut(pe->in, rva, UINT64_MAX);
	at = rva - m->start + m->raw;
	return at < m->raw_end ? ward_span_cut(pe->in, at, m->raw_end - at) : ward_span_of(NULL, 0);
}

bool
ward_pe_offset(const struct ward_pe *pe, uint64_t rva, uint64_t *ret_offset)
{
	struct ward_span s = ward_pe_at(pe, rva);

	if (s.len == 0)
		return false;
	*ret_offset = (uint64_t)(s.data - pe->in.data);
	return true;
}

bool
ward_pe_is_mapped(const struct ward_pe *pe, uint64_t rva)
{
	return rva < pe->in.len || find_mapping(pe, rva) != NULL;
}

struct ward_span
ward_pe_section_bytes(const struct ward_pe *pe, const struct ward_pe_section *section)
{
	return ward_span_cut(pe->in, ward_pe_section_offset(pe, section),
			     section->size_of_raw_data);
}

const struct ward_pe_section *
ward_pe_entry_section(const struct ward_pe *pe)
{
	const struct ward_pe_mapping *m = find_mapping(pe, pe->optional.address_of_entry_point);

	return m ? m->section : NULL;
}

static void
find_certificates(struct ward_pe *pe)
{
	const struct ward_pe_directory *d = &pe->directories[WARD_PE_DIR_SECURITY];

	if (d->virtual_address == 0 || d->size == 0)
		return;
	if (ward_span_has(pe->in, d->virtual_address, d->size))
		pe->certificates = ward_span_cut(pe->in, d->virtual_address, d->size);
	else
		pe->malformed = true;
}

/* COFF symbols and their strings, which GNU linkers leave after the last section, are no overlay.
   Only when they really look so: else anything could hide behind two header fields. */
static uint64_t
symbols_end(const struct ward_pe *pe, uint64_t start)
{
	uint64_t at = pe->coff.pointer_to_symbol_table;
	uint64_t strings = at + (uint64_t)pe->coff.number_of_symbols * COFF_SYMBOL;
	struct ward_cursor c = ward_cursor_at(pe->in, strings);
	uint32_t size = ward_cursor_u32le(&c);
	struct ward_span text = ward_cursor_bytes(&c, size > 4 ? size - 4 : 0);
	size_t i;

	if (pe->coff.number_of_symbols == 0 || at < start || !ward_cursor_ok(&c))
		return start;
	for (i = 0; i < text.len; i++)
		if (text.data[i] != 0 && (text.data[i] < 0x20 || text.data[i] == 0x7f))
			return start;
	return at - start < PAGE ? c.pos : start;
}

static void
find_overlay(struct ward_pe *pe)
{
	uint64_t end = pe->optional_offset + pe->coff.size_of_optional_header;
	uint64_t certificates = pe->in.len;
	size_t i;

	if (pe->optional.size_of_headers <= pe->in.len && end < pe->optional.size_of_headers)
		end = pe->optional.size_of_headers;
	for (i = 0; i < pe->section_count; i++) {
		const struct ward_pe_section *s = &pe->sections[i];
		uint64_t to = (uint64_t)s->pointer_to_raw_data + s->size_of_raw_data;

		if (s->size_of_raw_data && to > end && s->pointer_to_raw_data < pe->in.len)
			end = to;
	}
	end = symbols_end(pe, end);
	if (pe->certificates.len) {
		certificates = pe->directories[WARD_PE_DIR_SECURITY].virtual_address;
		pe->overlay2 =
			ward_span_cut(pe->in, certificates + pe->certificates.len, UINT64_MAX);
	}
	if (end < certificates)
		pe->overlay = ward_span_cut(pe->in, end, certificates - end);
}

enum ward_rc
ward_pe_parse(struct ward_span in, struct ward_arena *arena, struct ward_pe **ret_pe)
{
	struct ward_cursor c = ward_cursor_of(in);
	struct ward_pe *pe = ward_arena_alloc(arena, sizeof(*pe));
	enum ward_rc rc;

	if (!pe)
		return WARD_E_LIMIT;
	pe->in = in;
	read_dos(&c, &pe->dos);
	ward_cursor_seek(&c, pe->dos.e_lfanew);
	if (pe->dos.e_magic != 0x5a4d || ward_cursor_u32le(&c) != 0x4550)
		return WARD_E_FORMAT;
	read_coff(&c, &pe->coff);
	pe->optional_offset = (uint64_t)pe->dos.e_lfanew + 24;
	read_optional_start(&c, &pe->optional, &pe->plus);
	read_optional_rest(&c, &pe->optional, pe->plus);
	read_directories(&c, pe);
	if (!ward_cursor_ok(&c) || (!pe->plus && pe->optional.magic != WARD_PE_MAGIC_PE32))
		pe->malformed = true;
	rc = read_sections(pe, arena);
	if (rc == WARD_OK)
		rc = map_sections(pe, arena);
	if (rc)
		return rc;
	find_certificates(pe);
	find_overlay(pe);
	*ret_pe = pe;
	return WARD_OK;
}
