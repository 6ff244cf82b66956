/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "formats/elf/elf-priv.h"
#include "formats/entropy.h"

enum {
	CHILD_MIN = 16,	    /* bytes; less holds nothing */
	CHILDREN_MAX = 64,  /* sections handed on */
	SAMPLE = 64 * 1024, /* bytes of code whose entropy is measured */
	AFTER_HEADERS = 64, /* where UPX leaves its mark */
};

static const double packed_entropy = 7.2;

static enum ward_rc
send_layout(const struct ward_elf *elf, struct ward_arena *arena, const struct ward_sink *sink)
{
	struct ward_layout layout = {.section_count = elf->section_count};
	struct ward_layout_section *out;
	size_t i;

	if (!sink->layout)
		return WARD_OK;
	out = ward_arena_array(arena, elf->section_count, sizeof(*out));
	if (!out)
		return WARD_E_LIMIT;
	for (i = 0; i < elf->section_count; i++) {
		const struct ward_elf_section *s = &elf->sections[i];

		out[i] = (struct ward_layout_section){
			.offset = s->sh_offset,
			.size = s->sh_type == WARD_ELF_SHT_NOBITS ? 0 : s->sh_size,
			.address = s->sh_addr,
			.memory_size = s->sh_flags & WARD_ELF_SHF_ALLOC ? s->sh_size : 0,
		};
	}
	layout.sections = out;
	if (elf->header.e_entry)
		layout.has_entry = ward_elf_offset(elf, elf->header.e_entry, &layout.entry);
	ward_sink_layout(sink, &layout);
	return WARD_OK;
}

static bool
has_packer_name(const struct ward_elf *elf)
{
	static const char *const names[] = {".upx",    "UPX",	  ".packed",
					    ".aspack", ".petite", ".mpress"};
	size_t i, k;

	for (i = 0; i < elf->section_count; i++)
		for (k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			if (ward_text_starts_nocase(elf->sections[i].name, names[k]))
				return true;
	return false;
}

/* Right behind the program headers. */
static bool
has_packer_mark(const struct ward_elf *elf)
{
	const struct ward_elf_header *h = &elf->header;
	uint64_t at = h->e_phoff + (uint64_t)elf->segment_count * h->e_phentsize;
	struct ward_span there = ward_span_cut(elf->in, at, AFTER_HEADERS);

	return ward_text_find(there, ward_span_str("UPX!"), 0) != SIZE_MAX;
}

static bool
has_dense_code(const struct ward_elf *elf)
{
	size_t i;

	for (i = 0; i < elf->segment_count; i++) {
		const struct ward_elf_segment *s = &elf->segments[i];
		uint64_t size = s->p_filesz < SAMPLE ? s->p_filesz : SAMPLE;

		if (s->p_type == WARD_ELF_PT_LOAD && (s->p_flags & WARD_ELF_PF_X) && size >= 1024 &&
		    ward_entropy(ward_span_cut(elf->in, s->p_offset, size)) > packed_entropy)
			return true;
	}
	return false;
}

/* Compilers leave section headers; packers seldom do. */
static bool
is_packed(const struct ward_elf *elf)
{
	return has_packer_name(elf) || has_packer_mark(elf) ||
	       (elf->section_count == 0 && has_dense_code(elf));
}

/* A whole file kept in a section. */
static bool
has_magic(struct ward_span s)
{
	return ward_span_starts(s, "\177ELF", 4) || ward_span_starts(s, "MZ\x90", 3) ||
	       ward_span_starts(s, "PK\3\4", 4) || ward_span_starts(s, "Rar!", 4) ||
	       ward_span_starts(s, "7z\xbc\xaf", 4) || ward_span_starts(s, "\x1f\x8b\x08", 3) ||
	       ward_span_starts(s,
				"\xfd"
				"7zXZ",
				5) ||
	       ward_span_starts(s, "#!/", 3) || ward_span_starts(s, "%PDF", 4) ||
	       ward_span_starts(s, "\xd0\xcf\x11\xe0", 4);
}

static enum ward_rc
send_section(const struct ward_elf_section *s, struct ward_span bytes, struct ward_arena *arena,
	     const struct ward_sink *sink)
{
	struct ward_arena_mark mark = ward_arena_save(arena);
	int len = s->name.len < 200 ? (int)s->name.len : 200;
	const char *name = ward_arena_printf(arena, "section:%.*s", len,
					     len ? (const char *)s->name.data : "");
	enum ward_rc rc = name ? ward_sink_object(sink, name, bytes) : WARD_E_LIMIT;

	ward_arena_restore(arena, mark);
	return rc;
}

/* Honest sections do not overlap, so together they are no larger than the file. A section that is
   the file itself holds nothing new. */
static enum ward_rc
send_sections(const struct ward_elf *elf, struct ward_arena *arena, const struct ward_sink *sink)
{
	uint64_t total = 0;
	size_t i, sent = 0;

	for (i = 1; i < elf->section_count; i++) {
		const struct ward_elf_section *s = &elf->sections[i];
		struct ward_span bytes = ward_elf_section_bytes(elf, s);
		enum ward_rc rc;

		if (bytes.len < CHILD_MIN || s->sh_offset == 0 || !has_magic(bytes))
			continue;
		total += bytes.len;
		if (sent++ == CHILDREN_MAX || total > elf->in.len) {
			ward_sink_gap(sink, "sections",
				      total > elf->in.len ? WARD_REASON_BYTES : WARD_REASON_FILES);
			break;
		}
		rc = send_section(s, bytes, arena, sink);
		if (rc)
			return rc;
	}
	return WARD_OK;
}

static bool
is_blank(struct ward_span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.data[i])
			return false;
	return true;
}

enum ward_rc
ward_elf_read(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	struct ward_elf *elf;
	enum ward_rc rc = ward_elf_parse(in, arena, &elf);

	if (rc == WARD_OK)
		rc = send_layout(elf, arena, sink);
	if (rc)
		return rc;
	if (elf->malformed)
		ward_sink_trait(sink, WARD_TRAIT_MALFORMED);
	if (is_packed(elf))
		ward_sink_trait(sink, WARD_TRAIT_PACKED);
	if (sink->fact)
		rc = ward_elf_tell(elf, sink);
	if (rc == WARD_OK)
		rc = send_sections(elf, arena, sink);
	if (rc || elf->overlay.len < CHILD_MIN || is_blank(elf->overlay))
		return rc;
	ward_sink_trait(sink, WARD_TRAIT_OVERLAY);
	return ward_sink_object(sink, "overlay", elf->overlay);
}
