/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>

#include "ml/features/pe-row.h"

enum { BUCKETS = 256, LIBRARY_BUCKETS = 64, EXPORT_BUCKETS = 32, RESOURCE_TYPES = 25 };

static void
add_symbol(struct ward_span dll, const struct ward_pe_symbol *symbol, struct ward_pe_row *row)
{
	struct ward_span name = symbol->name;
	enum ward_word_group group = ward_word_group_of_function(name);
	char text[WARD_WORD_MAX + 16];

	if (name.len == 0) {
		int len = dll.len < WARD_WORD_MAX ? (int)dll.len : WARD_WORD_MAX;

		(void)snprintf(text, sizeof(text), "%.*s:%u", len, (const char *)dll.data,
			       (unsigned)symbol->ordinal);
		name = ward_span_str(text);
		row->imports_by_ordinal[0]++;
	}
	row->imports_hash[ward_word_bucket(name, BUCKETS)]++;
	if (group != WARD_WORD_GROUPS)
		row->import_groups[group]++;
}

static void
add_imports(const struct ward_pe_imports *imports, struct ward_pe_row *row)
{
	size_t i, k;

	for (i = 0; i < imports->count; i++) {
		const struct ward_pe_import *dll = &imports->dlls[i];

		row->libraries_hash[ward_word_bucket(dll->dll, LIBRARY_BUCKETS)]++;
		for (k = 0; k < dll->count; k++)
			add_symbol(dll->dll, &dll->symbols[k], row);
	}
	row->SumImportFunction[0] = (float)imports->count;
	row->SumImportFunctionMethod[0] = (float)imports->symbol_count;
	if (imports->symbol_count)
		row->imports_by_ordinal[0] /= (float)imports->symbol_count;
	else
		row->imports_by_ordinal[0] = NAN;
}

static enum ward_rc
describe_imports(const struct ward_pe *pe, struct ward_arena *arena, struct ward_pe_row *row)
{
	struct ward_pe_imports imports, delayed;
	enum ward_rc rc = ward_pe_imports_read(pe, arena, &imports, &delayed);

	if (rc != WARD_OK)
		return rc;
	add_imports(&imports, row);
	row->delayed_libraries[0] = (float)delayed.count;
	row->delayed_symbols[0] = (float)delayed.symbol_count;
	if (imports.malformed || delayed.malformed)
		row->malformed[0] = 1;
	return WARD_OK;
}

static enum ward_rc
describe_exports(const struct ward_pe *pe, struct ward_arena *arena, struct ward_pe_row *row)
{
	struct ward_pe_exports exports;
	enum ward_rc rc = ward_pe_exports_read(pe, arena, &exports);
	size_t i;

	if (rc != WARD_OK)
		return rc == WARD_E_NOENT ? WARD_OK : rc;
	for (i = 0; i < exports.count; i++)
		row->exports_hash[ward_word_bucket(exports.names[i], EXPORT_BUCKETS)]++;
	row->exports[0] = (float)exports.count;
	if (exports.malformed)
		row->malformed[0] = 1;
	return WARD_OK;
}

static void
add_resource(const struct ward_pe_resource *r, struct ward_pe_row *row)
{
	bool known = r->type.name.len == 0 && r->type.number < RESOURCE_TYPES;

	row->resources_types[known ? r->type.number : 0]++;
	row->resources_programs[0] += ward_span_starts(r->bytes, "MZ", 2);
}

static void
add_resources(const struct ward_pe_resources *resources, struct ward_feature_work *work,
	      struct ward_pe_row *row)
{
	double bits = 0, bytes = 0, all = 0;
	size_t i, largest = 0;

	for (i = 0; i < resources->count; i++) {
		const struct ward_pe_resource *r = &resources->items[i];
		double entropy = (double)ward_feature_entropy(work, r->bytes);

		add_resource(r, row);
		all += (double)r->bytes.len;
		if (!isnan(entropy)) {
			bits += entropy * (double)r->bytes.len;
			bytes += (double)r->bytes.len;
		}
		if (r->bytes.len > largest) {
			largest = r->bytes.len;
			row->resources_largest_entropy[0] = (float)entropy;
		}
	}
	row->resources[0] = (float)resources->count;
	row->resources_size[0] = (float)all;
	row->resources_entropy[0] = bytes > 0 ? (float)(bits / bytes) : NAN;
}

static enum ward_rc
describe_resources(const struct ward_pe *pe, struct ward_arena *arena,
		   struct ward_feature_work *work, struct ward_pe_row *row)
{
	struct ward_pe_resources resources = {.count = 0};
	enum ward_rc rc = ward_pe_resources_read(pe, arena, &resources);

	if (rc != WARD_OK && rc != WARD_E_NOENT)
		return rc;
	row->resources_largest_entropy[0] = NAN;
	add_resources(&resources, work, row);
	row->resources_share[0] = (float)((double)row->resources_size[0] / (double)pe->in.len);
	if (resources.malformed)
		row->malformed[0] = 1;
	return WARD_OK;
}

enum ward_rc
ward_pe_row_tables(const struct ward_pe *pe, struct ward_arena *arena,
		   struct ward_feature_work *work, struct ward_pe_row *row)
{
	enum ward_rc rc = describe_imports(pe, arena, row);

	if (rc == WARD_OK)
		rc = describe_exports(pe, arena, row);
	if (rc == WARD_OK)
		rc = describe_resources(pe, arena, work, row);
	return rc;
}
