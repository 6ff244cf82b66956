/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/elf/elf.h"

#include "formats/elf/elf-priv.h"

enum {
	SHN_XINDEX = 0xffff,
	PN_XNUM = 0xffff,
	MODULE_SIGNATURE = 12, /* struct module_signature of Linux, before the magic */
};

static const char module_magic[] = "~Module signature appended~\n";

static void
read_header(struct ward_elf *elf, struct ward_cursor *c)
{
	struct ward_elf_header *h = &elf->header;

	h->e_type = half(elf, c);
	h->e_machine = half(elf, c);
	h->e_version = word(elf, c);
	h->e_entry = native(elf, c);
	h->e_phoff = native(elf, c);
	h->e_shoff = native(elf, c);
	h->e_flags = word(elf, c);
	h->e_ehsize = half(elf, c);
	h->e_phentsize = half(elf, c);
	h->e_phnum = half(elf, c);
	h->e_shentsize = half(elf, c);
	h->e_shnum = half(elf, c);
	h->e_shstrndx = half(elf, c);
}

static void
read_section(const struct ward_elf *elf, struct ward_cursor *c, struct ward_elf_section *s)
{
	s->sh_name = word(elf, c);
	s->sh_type = word(elf, c);
	s->sh_flags = native(elf, c);
	s->sh_addr = native(elf, c);
	s->sh_offset = native(elf, c);
	s->sh_size = native(elf, c);
	s->sh_link = word(elf, c);
	s->sh_info = word(elf, c);
	s->sh_addralign = native(elf, c);
	s->sh_entsize = native(elf, c);
}

static void
read_segment(const struct ward_elf *elf, struct ward_cursor *c, struct ward_elf_segment *s)
{
	s->p_type = word(elf, c);
	if (elf->is64)
		s->p_flags = word(elf, c);
	s->p_offset = native(elf, c);
	s->p_vaddr = native(elf, c);
	s->p_paddr = native(elf, c);
	s->p_filesz = native(elf, c);
	s->p_memsz = native(elf, c);
	if (!elf->is64)
		s->p_flags = word(elf, c);
	s->p_align = native(elf, c);
}

/* How many entries of a header table lie in the file, at most `max`; fewer than `total` is a
   contradiction. */
static size_t
table_count(struct ward_elf *elf, uint64_t offset, uint64_t total, uint64_t stride, uint64_t max)
{
	uint64_t room = offset < elf->in.len && stride ? (elf->in.len - offset) / stride : 0;

	if (room > max)
		room = max;
	if (total > room)
		elf->malformed = true;
	return (size_t)(total < room ? total : room);
}

static void
name_sections(struct ward_elf *elf, struct ward_elf_section *sections)
{
	uint64_t index = elf->header.e_shstrndx;
	struct ward_span names;
	size_t i;

	if (index == SHN_XINDEX && elf->section_count)
		index = sections[0].sh_link;
	if (index >= elf->section_count) {
		elf->malformed = elf->malformed || elf->section_count > 0;
		return;
	}
	names = ward_elf_section_bytes(elf, &sections[index]);
	for (i = 0; i < elf->section_count; i++)
		sections[i].name = ward_elf_string(names, sections[i].sh_name);
}

/* Zero sections with a table means that section 0 holds the number. */
static enum ward_rc
read_sections(struct ward_elf *elf, struct ward_arena *arena)
{
	const struct ward_elf_header *h = &elf->header;
	uint64_t least = elf->is64 ? 64 : 40;
	struct ward_elf_section *sections, first = {.sh_name = 0};
	struct ward_cursor c = ward_cursor_at(elf->in, h->e_shoff);
	size_t i;

	if (h->e_shoff == 0)
		return WARD_OK;
	read_section(elf, &c, &first);
	elf->section_total = h->e_shnum ? h->e_shnum : first.sh_size;
	if (h->e_shentsize < least) {
		elf->malformed = elf->malformed || elf->section_total;
		return WARD_OK;
	}
	elf->section_count = table_count(elf, h->e_shoff, elf->section_total, h->e_shentsize,
					 WARD_ELF_SECTIONS_MAX);
	sections = ward_arena_array(arena, elf->section_count, sizeof(*sections));
	if (!sections)
		return WARD_E_LIMIT;
	for (i = 0; i < elf->section_count; i++) {
		c = ward_cursor_at(elf->in, h->e_shoff + (uint64_t)i * h->e_shentsize);
		read_section(elf, &c, &sections[i]);
	}
	elf->sections = sections;
	name_sections(elf, sections);
	return WARD_OK;
}

static enum ward_rc
read_segments(struct ward_elf *elf, struct ward_arena *arena)
{
	const struct ward_elf_header *h = &elf->header;
	uint64_t least = elf->is64 ? 56 : 32;
	struct ward_elf_segment *segments;
	size_t i;

	elf->segment_total = h->e_phnum;
	if (h->e_phnum == PN_XNUM && elf->section_count)
		elf->segment_total = elf->sections[0].sh_info;
	if (elf->segment_total == 0)
		return WARD_OK;
	if (h->e_phentsize < least) {
		elf->malformed = true;
		return WARD_OK;
	}
	elf->segment_count = table_count(elf, h->e_phoff, elf->segment_total, h->e_phentsize,
					 WARD_ELF_SEGMENTS_MAX);
	segments = ward_arena_array(arena, elf->segment_count, sizeof(*segments));
	if (!segments)
		return WARD_E_LIMIT;
	for (i = 0; i < elf->segment_count; i++) {
		struct ward_cursor c =
			ward_cursor_at(elf->in, h->e_phoff + (uint64_t)i * h->e_phentsize);

		read_segment(elf, &c, &segments[i]);
	}
	elf->segments = segments;
	return WARD_OK;
}

/* Moves `end` to offset + size when that lies in the file; false when it does not. */
static bool
extend(const struct ward_elf *elf, uint64_t *end, uint64_t offset, uint64_t size)
{
	if (size == 0)
		return true;
	if (!ward_span_has(elf->in, offset, size))
		return false;
	if (offset + size > *end)
		*end = offset + size;
	return true;
}

/* Files with separate debugging information keep the headers of what was taken out: there only
   sections count. */
static bool
is_debug_file(const struct ward_elf *elf)
{
	size_t i;

	for (i = 0; i < elf->section_count; i++)
		if (elf->sections[i].sh_type == WARD_ELF_SHT_PROGBITS &&
		    (elf->sections[i].sh_flags & WARD_ELF_SHF_EXECINSTR))
			return false;
	return elf->section_count > 0;
}

static uint64_t
described_end(struct ward_elf *elf)
{
	const struct ward_elf_header *h = &elf->header;
	uint64_t end = h->e_ehsize <= elf->in.len ? h->e_ehsize : elf->in.len;
	bool debug = is_debug_file(elf);
	bool whole = true;
	size_t i;

	whole &= extend(elf, &end, h->e_phoff, (uint64_t)elf->segment_count * h->e_phentsize);
	whole &= extend(elf, &end, h->e_shoff, (uint64_t)elf->section_count * h->e_shentsize);
	for (i = 0; i < elf->section_count; i++) {
		const struct ward_elf_section *s = &elf->sections[i];

		if (s->sh_type != WARD_ELF_SHT_NOBITS && s->sh_type != 0)
			whole &= extend(elf, &end, s->sh_offset, s->sh_size);
	}
	for (i = 0; i < elf->segment_count; i++) {
		const struct ward_elf_segment *s = &elf->segments[i];

		whole &= extend(elf, &end, s->p_offset, s->p_filesz) || debug;
	}
	elf->malformed = elf->malformed || !whole;
	return end;
}

/* Linux appends the signature of a module: PKCS#7, struct module_signature, a magic line. */
static bool
is_module_signature(struct ward_span tail)
{
	size_t magic = sizeof(module_magic) - 1;
	uint64_t signer, key, length;
	struct ward_cursor c;

	if (tail.len < magic + MODULE_SIGNATURE)
		return false;
	c = ward_cursor_at(tail, tail.len - magic - MODULE_SIGNATURE);
	ward_cursor_skip(&c, 3);
	signer = ward_cursor_u8(&c);
	key = ward_cursor_u8(&c);
	ward_cursor_skip(&c, 3);
	length = ward_cursor_u32be(&c);
	return ward_span_eq(ward_cursor_bytes(&c, magic), ward_span_str(module_magic)) &&
	       signer + key + length + magic + MODULE_SIGNATURE == tail.len;
}

static void
find_overlay(struct ward_elf *elf)
{
	struct ward_span tail = ward_span_cut(elf->in, described_end(elf), UINT64_MAX);

	/* A lone identification, as tables inside loaders and linkers hold many: it describes
	   nothing, so that nothing can lie after what it describes. */
	if (elf->section_count == 0 && elf->segment_count == 0)
		return;
	if (is_module_signature(tail))
		elf->module_signature = tail;
	else
		elf->overlay = tail;
}

enum ward_rc
ward_elf_parse(struct ward_span in, struct ward_arena *arena, struct ward_elf **ret_elf)
{
	struct ward_cursor c = ward_cursor_of(in);
	struct ward_elf *elf = ward_arena_alloc(arena, sizeof(*elf));
	struct ward_span ident = ward_cursor_bytes(&c, 16);
	enum ward_rc rc;

	if (!elf)
		return WARD_E_LIMIT;
	if (!ward_span_starts(ident, "\177ELF", 4))
		return WARD_E_FORMAT;
	elf->in = in;
	memcpy(elf->header.e_ident, ident.data, 16);
	if (ident.data[4] < 1 || ident.data[4] > 2 || ident.data[5] < 1 || ident.data[5] > 2)
		return WARD_E_FORMAT;
	elf->is64 = ident.data[4] == 2;
	elf->big = ident.data[5] == 2;
	read_header(elf, &c);
	elf->malformed = !ward_cursor_ok(&c);
	rc = read_sections(elf, arena);
	if (rc == WARD_OK)
		rc = read_segments(elf, arena);
	if (rc)
		return rc;
	find_overlay(elf);
	*ret_elf = elf;
	return WARD_OK;
}
