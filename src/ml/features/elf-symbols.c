/* SPDX-License-Identifier: Apache-2.0 */
#include "ml/features/elf-row.h"

#include <math.h>

enum { BUCKETS = 128, LIBRARY_BUCKETS = 32, TAGS = 35, STT_FUNC = 2, STB_LOCAL = 0, SHORT = 2 };

struct names {
	uint64_t count, shorts, bytes;
	uint64_t work; /* bytes of tables and names that may still be looked at */
};

/* False when the work is used up. */
static bool
take(struct names *n, uint64_t bytes)
{
	if (bytes > n->work)
		return false;
	n->work -= bytes;
	return true;
}

static void
add_import(struct ward_span name, struct ward_elf_row *row)
{
	enum ward_word_group group = ward_word_group_of_function(name);

	row->imports[0]++;
	row->imports_hash[ward_word_bucket(name, BUCKETS)]++;
	if (group != WARD_WORD_GROUPS)
		row->import_groups[group]++;
}

static void
add_symbol(const struct ward_elf_symbol *symbol, struct ward_span name, bool dynamic,
	   struct ward_elf_row *row)
{
	enum ward_word_group group;

	if (dynamic && symbol->st_shndx == 0) {
		add_import(name, row);
		return;
	}
	row->exports[0] += dynamic && symbol->st_info >> 4 != STB_LOCAL;
	if ((symbol->st_info & 15) != STT_FUNC || symbol->st_shndx == 0)
		return;
	group = ward_word_group_of_function(name);
	if (group != WARD_WORD_GROUPS)
		row->symbol_groups[group]++;
}

static void
walk_table(struct ward_elf_symbols *it, bool dynamic, struct names *n, struct ward_elf_row *row)
{
	struct ward_elf_symbol symbol;

	while (ward_elf_symbols_next(it, &symbol)) {
		struct ward_span name = ward_elf_symbol_name(it, &symbol);

		if (!take(n, it->entry_size + name.len))
			return;
		if (name.len == 0)
			continue;
		n->count++;
		n->bytes += name.len;
		n->shorts += name.len <= SHORT;
		add_symbol(&symbol, name, dynamic, row);
	}
}

static void
walk_dynamic(const struct ward_elf *elf, struct names *n, struct ward_elf_row *row)
{
	struct ward_elf_dynamic it;
	uint64_t tag, value;

	if (!ward_elf_dynamic_init(&it, elf))
		return;
	while (ward_elf_dynamic_next(&it, &tag, &value)) {
		struct ward_span name = {0};

		row->dynamic_tags[tag < TAGS - 1 ? tag : TAGS - 1]++;
		if (tag == WARD_ELF_DT_NEEDED)
			name = ward_elf_dynamic_string(&it, value);
		if (!take(n, 1 + name.len))
			return;
		if (tag == WARD_ELF_DT_NEEDED)
			row->libraries_hash[ward_word_bucket(name, LIBRARY_BUCKETS)]++;
	}
}

void
ward_elf_row_symbols(const struct ward_elf *elf, struct ward_elf_row *row)
{
	struct names n = {.work = 4 * (uint64_t)elf->in.len};
	size_t i;

	walk_dynamic(elf, &n, row);
	for (i = 0; i < elf->section_count; i++) {
		struct ward_elf_symbols it;

		if (ward_elf_symbols_init(&it, elf, &elf->sections[i]))
			walk_table(&it, elf->sections[i].sh_type == WARD_ELF_SHT_DYNSYM, &n, row);
	}
	row->symbol_name_mean[0] = n.count ? (float)((double)n.bytes / (double)n.count) : NAN;
	row->symbol_name_short[0] = n.count ? (float)((double)n.shorts / (double)n.count) : NAN;
}
