/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "ml/features/elf-row.h"
#include "ml/features/feature.h"
#include "ml/features/macro-row.h"
#include "ml/features/pdf-row.h"
#include "ml/features/pe-row.h"
#include "ml/features/script-row.h"
#include "sys/digest.h"

#define GROUP(name, count, unit, about, source) {#name, count, unit, about, source},

#define WARD_FEATURES GROUP
static const struct ward_feature_group elf_groups[] = {
#include "ml/features/bytes.def"
#include "ml/features/elf.def"
};
#undef WARD_FEATURES

#define WARD_FEATURES GROUP
static const struct ward_feature_group pe_groups[] = {
#include "ml/features/bytes.def"
#include "ml/features/pe.def"
};
#undef WARD_FEATURES

/* The same columns of another text. */
#define VIEW(name, count, unit, about, source)                                                     \
	{"view_" #name, count, unit, about, "normalised " source},
#define JS(name, count, unit, about, source)  {"js_" #name, count, unit, about, "scripts: " source},
#define VBA(name, count, unit, about, source) {"vba_" #name, count, unit, about, "macros: " source},

static const struct ward_feature_group script_groups[] = {
#define WARD_FEATURES GROUP
#include "ml/features/bytes.def"
#undef WARD_FEATURES
#define WARD_FEATURES GROUP
#include "ml/features/text.def"
#undef WARD_FEATURES
#define WARD_FEATURES VIEW
#include "ml/features/text.def"
#undef WARD_FEATURES
#define WARD_FEATURES GROUP
#include "ml/features/script.def"
#undef WARD_FEATURES
};

static const struct ward_feature_group pdf_groups[] = {
#define WARD_FEATURES GROUP
#include "ml/features/bytes.def"
#undef WARD_FEATURES
#define WARD_FEATURES JS
#include "ml/features/text.def"
#undef WARD_FEATURES
#define WARD_FEATURES GROUP
#include "ml/features/pdf.def"
#undef WARD_FEATURES
};

static const struct ward_feature_group macro_groups[] = {
#define WARD_FEATURES VBA
#include "ml/features/text.def"
#undef WARD_FEATURES
#define WARD_FEATURES VIEW
#include "ml/features/text.def"
#undef WARD_FEATURES
#define WARD_FEATURES GROUP
#include "ml/features/macro.def"
#undef WARD_FEATURES
};

#define SCHEMA(id, name, title, groups, row)                                                       \
	{                                                                                          \
		id, name, title, groups, sizeof(groups) / sizeof((groups)[0]),                     \
			sizeof(row) / sizeof(float)                                                \
	}

static const struct ward_schema schemas[] = {
	SCHEMA(WARD_SCHEMA_ELF, "elf", "ELF programs, libraries and objects", elf_groups,
	       struct ward_elf_row),
	SCHEMA(WARD_SCHEMA_PE, "pe", "PE programs and libraries", pe_groups, struct ward_pe_row),
	SCHEMA(WARD_SCHEMA_SCRIPT, "script", "scripts", script_groups, struct ward_script_row),
	SCHEMA(WARD_SCHEMA_PDF, "pdf", "PDF documents", pdf_groups, struct ward_pdf_row),
	SCHEMA(WARD_SCHEMA_MACRO, "macro", "Office documents and their macros", macro_groups,
	       struct ward_macro_row),
};

enum { SCHEMAS = sizeof(schemas) / sizeof(schemas[0]), TEXT_MAX = 256 * 1024 };

const struct ward_schema *
ward_schema_get(unsigned id)
{
	size_t i;

	for (i = 0; i < SCHEMAS; i++)
		if ((unsigned)schemas[i].id == id)
			return &schemas[i];
	return NULL;
}

const struct ward_schema *
ward_schema_named(const char *name)
{
	size_t i;

	for (i = 0; i < SCHEMAS; i++)
		if (strcmp(schemas[i].name, name) == 0)
			return &schemas[i];
	return NULL;
}

const struct ward_schema *
ward_schema_of_type(enum ward_type type)
{
	if (type == WARD_TYPE_ELF)
		return ward_schema_get(WARD_SCHEMA_ELF);
	if (type == WARD_TYPE_PE)
		return ward_schema_get(WARD_SCHEMA_PE);
	if (type == WARD_TYPE_PDF)
		return ward_schema_get(WARD_SCHEMA_PDF);
	if (type == WARD_TYPE_OLE2 || type == WARD_TYPE_OOXML)
		return ward_schema_get(WARD_SCHEMA_MACRO);
	return ward_script_row_takes(type) ? ward_schema_get(WARD_SCHEMA_SCRIPT) : NULL;
}

enum ward_rc
ward_schema_version(const struct ward_schema *schema, uint64_t *ret_version)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	uint8_t digest[WARD_SHA256_LEN];
	uint64_t version = 0;
	enum ward_rc rc = WARD_OK;
	size_t i;

	ward_buf_init(&text, TEXT_MAX, NULL);
	for (i = 0; rc == WARD_OK && i < schema->group_count; i++) {
		const struct ward_feature_group *g = &schema->groups[i];

		rc = ward_buf_printf(&text, "%s\t%u\t%s\t%s\n", g->name, g->count, g->unit,
				     g->about);
	}
	if (rc == WARD_OK)
		rc = ward_digest(WARD_SHA256, ward_buf_span(&text), digest);
	if (rc != WARD_OK)
		return WARD_E_IO;
	for (i = 0; i < sizeof(version); i++)
		version = version << 8 | digest[i];
	*ret_version = version;
	return WARD_OK;
}

const struct ward_feature_group *
ward_schema_column(const struct ward_schema *schema, size_t column,
		   char ret_name[WARD_FEATURE_NAME_MAX])
{
	size_t i;

	for (i = 0; i < schema->group_count; i++) {
		const struct ward_feature_group *g = &schema->groups[i];

		if (column < g->count) {
			(void)snprintf(ret_name, WARD_FEATURE_NAME_MAX,
				       g->count > 1 ? "%s_%zu" : "%s", g->name, column);
			return g;
		}
		column -= g->count;
	}
	return NULL;
}

bool
ward_schema_find(const struct ward_schema *schema, const char *name, size_t *ret_column)
{
	char own[WARD_FEATURE_NAME_MAX];
	size_t i;

	for (i = 0; ward_schema_column(schema, i, own); i++)
		if (strcmp(own, name) == 0) {
			*ret_column = i;
			return true;
		}
	return false;
}

enum ward_rc
ward_schema_print(const struct ward_schema *schema, struct ward_buf *out)
{
	enum ward_rc rc;
	uint64_t version;
	size_t i;

	rc = ward_schema_version(schema, &version);
	if (rc == WARD_OK)
		rc = ward_buf_printf(out,
				     "## %s: %s\n\nSchema %u, version `%016llx`, %zu columns.\n\n"
				     "| column | unit | definition | source |\n|---|---|---|---|\n",
				     schema->name, schema->title, (unsigned)schema->id,
				     (unsigned long long)version, schema->columns);
	for (i = 0; rc == WARD_OK && i < schema->group_count; i++) {
		const struct ward_feature_group *g = &schema->groups[i];

		rc = ward_buf_printf(out, "| `%s`", g->name);
		if (rc == WARD_OK && g->count > 1)
			rc = ward_buf_printf(out, "`_0` … `_%u`", g->count - 1);
		if (rc == WARD_OK)
			rc = ward_buf_printf(out, " | %s | %s | %s |\n", g->unit, g->about,
					     g->source);
	}
	return rc;
}
