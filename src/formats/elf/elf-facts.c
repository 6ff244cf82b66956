/* SPDX-License-Identifier: Apache-2.0 */
/* What is told to people about an ELF file; only run when somebody listens. */
#include "base/text.h"
#include "formats/elf/elf-priv.h"
#include "formats/entropy.h"

enum { LIST_MAX = 900, SECTIONS_SHOWN = 32, SYMBOLS_WALKED = 4096, ID_MAX = 64 };

struct number_name {
	unsigned number;
	const char *name;
};

static const struct number_name machines[] = {
	{2, "sparc"},	   {3, "i386"},	       {4, "m68k"}, {8, "mips"},      {20, "powerpc"},
	{21, "powerpc64"}, {22, "s390"},       {40, "arm"}, {42, "superh"},   {43, "sparc64"},
	{50, "ia64"},	   {62, "x86-64"},     {93, "arc"}, {183, "aarch64"}, {243, "riscv"},
	{247, "bpf"},	   {258, "loongarch"}, {0, NULL},
};

static const struct number_name types[] = {
	{1, "relocatable"}, {2, "executable"}, {3, "shared"}, {4, "core"}, {0, NULL},
};

static void
tell_number(const struct ward_sink *sink, const char *key, const struct number_name *names,
	    unsigned number)
{
	for (; names->name; names++)
		if (names->number == number) {
			ward_sink_fact(sink, key, "%s", names->name);
			return;
		}
	ward_sink_fact(sink, key, "%u", number);
}

static void
tell_text(const struct ward_sink *sink, const char *key, struct ward_span text)
{
	if (text.len)
		ward_sink_fact(sink, key, "%.*s", text.len < LIST_MAX ? (int)text.len : LIST_MAX,
			       (const char *)text.data);
}

static void
tell_headers(const struct ward_elf *elf, const struct ward_sink *sink)
{
	struct ward_span id = ward_span_cut(ward_elf_build_id(elf), 0, ID_MAX);
	char hex[2 * ID_MAX + 1];

	ward_sink_fact(sink, "elf.class", "%s %s", elf->is64 ? "64" : "32",
		       elf->big ? "big-endian" : "little-endian");
	tell_number(sink, "elf.machine", machines, elf->header.e_machine);
	tell_number(sink, "elf.type", types, elf->header.e_type);
	if (elf->header.e_entry)
		ward_sink_fact(sink, "elf.entry", "0x%llx",
			       (unsigned long long)elf->header.e_entry);
	tell_text(sink, "elf.interpreter", ward_elf_interpreter(elf));
	if (id.len) {
		ward_text_hex(id, hex);
		ward_sink_fact(sink, "elf.build-id", "%s", hex);
	}
	if (elf->module_signature.len)
		ward_sink_fact(sink, "elf.module-signature", "present, %zu bytes, not verified",
			       elf->module_signature.len);
}

static void
tell_sections(const struct ward_elf *elf, const struct ward_sink *sink)
{
	size_t i, shown = 0;

	for (i = 1; i < elf->section_count && shown < SECTIONS_SHOWN; i++) {
		const struct ward_elf_section *s = &elf->sections[i];
		struct ward_span bytes = ward_elf_section_bytes(elf, s);
		int name = s->name.len < 200 ? (int)s->name.len : 200;

		if (s->sh_size == 0)
			continue;
		shown++;
		ward_sink_fact(sink, "elf.section", "%.*s size %llu entropy %.3f flags %s%s%s",
			       name, name ? (const char *)s->name.data : "",
			       (unsigned long long)s->sh_size, ward_entropy(bytes),
			       s->sh_flags & WARD_ELF_SHF_WRITE ? "w" : "",
			       s->sh_flags & WARD_ELF_SHF_ALLOC ? "a" : "",
			       s->sh_flags & WARD_ELF_SHF_EXECINSTR ? "x" : "");
	}
	ward_sink_fact(sink, "elf.sections", "%llu", (unsigned long long)elf->section_total);
	ward_sink_fact(sink, "elf.segments", "%llu", (unsigned long long)elf->segment_total);
}

/* Appends ", item"; what does not fit any more is left out. */
static enum ward_rc
list_add(struct ward_buf *list, struct ward_span item)
{
	enum ward_rc rc;

	if (item.len == 0 || item.len > LIST_MAX - 2 || list->full)
		return WARD_OK;
	rc = ward_buf_printf(list, "%s%.*s", list->len ? ", " : "", (int)item.len,
			     (const char *)item.data);
	return rc == WARD_E_LIMIT ? WARD_OK : rc;
}

static void
tell_list(const struct ward_sink *sink, const char *key, const struct ward_buf *list)
{
	if (list->len)
		ward_sink_fact(sink, key, "%.*s%s", (int)list->len, (const char *)list->data,
			       list->full ? " and more" : "");
}

static enum ward_rc
tell_dynamic(const struct ward_elf *elf, const struct ward_sink *sink)
{
	WARD_AUTO(ward_buf_done) struct ward_buf needed = {0};
	struct ward_elf_dynamic it;
	uint64_t tag, value;
	enum ward_rc rc = WARD_OK;
	size_t told = 0;

	ward_buf_init(&needed, LIST_MAX, NULL);
	if (!ward_elf_dynamic_init(&it, elf))
		return WARD_OK;
	while (rc == WARD_OK && told < 8 && ward_elf_dynamic_next(&it, &tag, &value)) {
		struct ward_span text = ward_elf_dynamic_string(&it, value);

		told += tag == WARD_ELF_DT_SONAME || tag == WARD_ELF_DT_RPATH ||
			tag == WARD_ELF_DT_RUNPATH;
		if (tag == WARD_ELF_DT_NEEDED)
			rc = list_add(&needed, text);
		else if (tag == WARD_ELF_DT_SONAME)
			tell_text(sink, "elf.soname", text);
		else if (tag == WARD_ELF_DT_RPATH)
			tell_text(sink, "elf.rpath", text);
		else if (tag == WARD_ELF_DT_RUNPATH)
			tell_text(sink, "elf.runpath", text);
	}
	tell_list(sink, "elf.needed", &needed);
	return rc;
}

/* Names of the functions the file takes from its libraries. */
static enum ward_rc
tell_imports(struct ward_elf_symbols it, const struct ward_sink *sink)
{
	WARD_AUTO(ward_buf_done) struct ward_buf list = {0};
	struct ward_elf_symbol symbol;
	enum ward_rc rc = WARD_OK;
	size_t i;

	ward_buf_init(&list, LIST_MAX, NULL);
	for (i = 0; i < SYMBOLS_WALKED && !list.full && rc == WARD_OK; i++) {
		if (!ward_elf_symbols_next(&it, &symbol))
			break;
		if (symbol.st_shndx == 0)
			rc = list_add(&list, ward_elf_symbol_name(&it, &symbol));
	}
	tell_list(sink, "elf.imports", &list);
	return rc;
}

static enum ward_rc
tell_symbols(const struct ward_elf *elf, const struct ward_sink *sink)
{
	const struct ward_elf_section *all = ward_elf_section_typed(elf, WARD_ELF_SHT_SYMTAB);
	const struct ward_elf_section *dyn = ward_elf_section_typed(elf, WARD_ELF_SHT_DYNSYM);
	struct ward_elf_symbols it;

	if (all && all->sh_entsize)
		ward_sink_fact(sink, "elf.symbols", "%llu",
			       (unsigned long long)(all->sh_size / all->sh_entsize));
	if (dyn && dyn->sh_entsize)
		ward_sink_fact(sink, "elf.dynamic-symbols", "%llu",
			       (unsigned long long)(dyn->sh_size / dyn->sh_entsize));
	if (dyn && ward_elf_symbols_init(&it, elf, dyn))
		return tell_imports(it, sink);
	return WARD_OK;
}

enum ward_rc
ward_elf_tell(const struct ward_elf *elf, const struct ward_sink *sink)
{
	enum ward_rc rc;

	tell_headers(elf, sink);
	tell_sections(elf, sink);
	rc = tell_dynamic(elf, sink);
	if (rc == WARD_OK)
		rc = tell_symbols(elf, sink);
	if (elf->overlay.len)
		ward_sink_fact(sink, "elf.overlay", "%zu bytes, entropy %.3f", elf->overlay.len,
			       ward_entropy(elf->overlay));
	return rc;
}
