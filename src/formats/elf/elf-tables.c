/* SPDX-License-Identifier: Apache-2.0 */
/* What headers point to: sections, addresses, notes, symbols, dynamic entries. */
#include "formats/elf/elf.h"

#include "formats/elf/elf-priv.h"

enum { NT_GNU_BUILD_ID = 3, NOTES_MAX = 4096 };

struct ward_span
ward_elf_string(struct ward_span table, uint64_t offset)
{
	struct ward_span s = ward_span_cut(table, offset, UINT64_MAX);
	const uint8_t *nul = s.len ? memchr(s.data, 0, s.len) : NULL;

	if (nul)
		s.len = (size_t)(nul - s.data);
	return s;
}

struct ward_span
ward_elf_section_bytes(const struct ward_elf *elf, const struct ward_elf_section *section)
{
	if (section->sh_type == WARD_ELF_SHT_NOBITS)
		return ward_span_of(NULL, 0);
	return ward_span_cut(elf->in, section->sh_offset, section->sh_size);
}

const struct ward_elf_section *
ward_elf_section_named(const struct ward_elf *elf, const char *name)
{
	size_t i;

	for (i = 0; i < elf->section_count; i++)
		if (ward_span_eq(elf->sections[i].name, ward_span_str(name)))
			return &elf->sections[i];
	return NULL;
}

const struct ward_elf_section *
ward_elf_section_typed(const struct ward_elf *elf, uint32_t type)
{
	size_t i;

	for (i = 0; i < elf->section_count; i++)
		if (elf->sections[i].sh_type == type)
			return &elf->sections[i];
	return NULL;
}

const struct ward_elf_segment *
ward_elf_segment_typed(const struct ward_elf *elf, uint32_t type)
{
	size_t i;

	for (i = 0; i < elf->segment_count; i++)
		if (elf->segments[i].p_type == type)
			return &elf->segments[i];
	return NULL;
}

static bool
offset_in(const struct ward_elf *elf, uint64_t delta, uint64_t size, uint64_t offset,
	  uint64_t *ret_offset)
{
	if (delta >= size || offset >= elf->in.len || delta >= elf->in.len - offset)
		return false;
	*ret_offset = offset + delta;
	return true;
}

bool
ward_elf_offset(const struct ward_elf *elf, uint64_t address, uint64_t *ret_offset)
{
	bool any = false;
	size_t i;

	for (i = 0; i < elf->segment_count; i++) {
		const struct ward_elf_segment *s = &elf->segments[i];

		any = any || s->p_type == WARD_ELF_PT_LOAD;
		if (s->p_type == WARD_ELF_PT_LOAD &&
		    offset_in(elf, address - s->p_vaddr, s->p_filesz, s->p_offset, ret_offset))
			return true;
	}
	for (i = 0; !any && i < elf->section_count; i++) {
		const struct ward_elf_section *s = &elf->sections[i];

		if ((s->sh_flags & WARD_ELF_SHF_ALLOC) && s->sh_type != WARD_ELF_SHT_NOBITS &&
		    offset_in(elf, address - s->sh_addr, s->sh_size, s->sh_offset, ret_offset))
			return true;
	}
	return false;
}

static struct ward_span
segment_bytes(const struct ward_elf *elf, const struct ward_elf_segment *segment)
{
	return ward_span_cut(elf->in, segment->p_offset, segment->p_filesz);
}

struct ward_span
ward_elf_interpreter(const struct ward_elf *elf)
{
	const struct ward_elf_segment *s = ward_elf_segment_typed(elf, WARD_ELF_PT_INTERP);

	return s ? ward_elf_string(segment_bytes(elf, s), 0) : ward_span_of(NULL, 0);
}

/* Contents of the build-id among the notes of one run of bytes. */
static struct ward_span
find_build_id(const struct ward_elf *elf, struct ward_span notes, uint64_t align)
{
	struct ward_cursor c = ward_cursor_of(notes);
	uint64_t mask = align == 8 ? 7 : 3;
	size_t i;

	for (i = 0; i < NOTES_MAX && ward_cursor_left(&c) >= 12; i++) {
		uint64_t name_size = word(elf, &c), size = word(elf, &c);
		uint32_t type = word(elf, &c);
		struct ward_span name = ward_cursor_bytes(&c, name_size), bytes;

		ward_cursor_seek(&c, (c.pos + mask) & ~mask);
		bytes = ward_cursor_bytes(&c, size);
		if (type == NT_GNU_BUILD_ID && ward_span_eq(name, ward_span_of("GNU", 4)))
			return bytes;
		if (c.pos < notes.len)
			ward_cursor_seek(&c, (c.pos + mask) & ~mask);
	}
	return ward_span_of(NULL, 0);
}

struct ward_span
ward_elf_build_id(const struct ward_elf *elf)
{
	struct ward_span id = {NULL, 0};
	size_t i;

	for (i = 0; id.len == 0 && i < elf->section_count; i++) {
		const struct ward_elf_section *s = &elf->sections[i];

		if (s->sh_type == WARD_ELF_SHT_NOTE)
			id = find_build_id(elf, ward_elf_section_bytes(elf, s), s->sh_addralign);
	}
	for (i = 0; id.len == 0 && i < elf->segment_count; i++) {
		const struct ward_elf_segment *s = &elf->segments[i];

		if (s->p_type == WARD_ELF_PT_NOTE)
			id = find_build_id(elf, segment_bytes(elf, s), s->p_align);
	}
	return id;
}

static struct ward_span
linked_strings(const struct ward_elf *elf, const struct ward_elf_section *section)
{
	if (section->sh_link >= elf->section_count)
		return ward_span_of(NULL, 0);
	return ward_elf_section_bytes(elf, &elf->sections[section->sh_link]);
}

bool
ward_elf_symbols_init(struct ward_elf_symbols *it, const struct ward_elf *elf,
		      const struct ward_elf_section *section)
{
	uint64_t least = elf->is64 ? 24 : 16;

	if (section->sh_type != WARD_ELF_SHT_SYMTAB && section->sh_type != WARD_ELF_SHT_DYNSYM &&
	    section->sh_type != WARD_ELF_SHT_SUNW_LDYNSYM)
		return false;
	if (section->sh_entsize < least)
		return false;
	*it = (struct ward_elf_symbols){
		.elf = elf,
		.table = ward_elf_section_bytes(elf, section),
		.strings = linked_strings(elf, section),
		.entry_size = section->sh_entsize,
	};
	return true;
}

bool
ward_elf_symbols_next(struct ward_elf_symbols *it, struct ward_elf_symbol *ret_symbol)
{
	struct ward_cursor c = ward_cursor_at(it->table, it->next);
	struct ward_elf_symbol s;

	s.st_name = word(it->elf, &c);
	if (!it->elf->is64) {
		s.st_value = word(it->elf, &c);
		s.st_size = word(it->elf, &c);
	}
	s.st_info = ward_cursor_u8(&c);
	s.st_other = ward_cursor_u8(&c);
	s.st_shndx = half(it->elf, &c);
	if (it->elf->is64) {
		s.st_value = xword(it->elf, &c);
		s.st_size = xword(it->elf, &c);
	}
	if (!ward_cursor_ok(&c))
		return false;
	it->next = it->table.len - it->next > it->entry_size ? it->next + it->entry_size
							     : it->table.len;
	*ret_symbol = s;
	return true;
}

struct ward_span
ward_elf_symbol_name(const struct ward_elf_symbols *it, const struct ward_elf_symbol *symbol)
{
	return ward_elf_string(it->strings, symbol->st_name);
}

void
ward_elf_dynamic_of(struct ward_elf_dynamic *it, const struct ward_elf *elf,
		    const struct ward_elf_section *section)
{
	*it = (struct ward_elf_dynamic){
		.elf = elf,
		.table = ward_span_cut(elf->in, section->sh_offset, UINT64_MAX),
		.strings = linked_strings(elf, section),
	};
}

/* The loader finds the strings by address, in the table itself. */
static struct ward_span
loaded_strings(struct ward_elf_dynamic it)
{
	uint64_t tag, value, address = 0, offset = 0, size = 0;

	while (ward_elf_dynamic_next(&it, &tag, &value)) {
		if (tag == WARD_ELF_DT_STRTAB)
			address = value;
		else if (tag == WARD_ELF_DT_STRSZ)
			size = value;
	}
	if (address == 0 || !ward_elf_offset(it.elf, address, &offset))
		return ward_span_of(NULL, 0);
	return ward_span_cut(it.elf->in, offset, size);
}

bool
ward_elf_dynamic_init(struct ward_elf_dynamic *it, const struct ward_elf *elf)
{
	const struct ward_elf_segment *segment = ward_elf_segment_typed(elf, WARD_ELF_PT_DYNAMIC);
	const struct ward_elf_section *section = ward_elf_section_typed(elf, WARD_ELF_SHT_DYNAMIC);

	if (segment && segment_bytes(elf, segment).len) {
		*it = (struct ward_elf_dynamic){.elf = elf, .table = segment_bytes(elf, segment)};
		it->strings = loaded_strings(*it);
		if (it->strings.len == 0 && section)
			it->strings = linked_strings(elf, section);
		return true;
	}
	if (section)
		ward_elf_dynamic_of(it, elf, section);
	return section != NULL;
}

bool
ward_elf_dynamic_next(struct ward_elf_dynamic *it, uint64_t *ret_tag, uint64_t *ret_value)
{
	struct ward_cursor c = ward_cursor_at(it->table, it->next);
	uint64_t tag = native(it->elf, &c), value = native(it->elf, &c);

	if (it->ended || !ward_cursor_ok(&c))
		return false;
	it->next = c.pos;
	it->ended = tag == WARD_ELF_DT_NULL;
	*ret_tag = tag;
	*ret_value = value;
	return true;
}

struct ward_span
ward_elf_dynamic_string(const struct ward_elf_dynamic *it, uint64_t offset)
{
	return ward_elf_string(it->strings, offset);
}
