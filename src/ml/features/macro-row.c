/* SPDX-License-Identifier: Apache-2.0 */
#include "ml/features/macro-row.h"

#include <stdlib.h>

#include "ml/features/entropy.h"
#include "ml/features/views.h"

static void
on_fact(void *ctx, const char *key, const char *value)
{
	struct ward_macro_row *row = ctx;

	if (strcmp(key, "script.strings.decoded") == 0)
		row->strings_decoded[0] += (float)strtoull(value, NULL, 10);
	row->excel4_macros[0] += strcmp(key, "ole.xlm") == 0;
	row->links[0] += strcmp(key, "ole.link") == 0 || strcmp(key, "ooxml.external") == 0 ||
			 strcmp(key, "ooxml.dde") == 0;
	row->controls[0] += strcmp(key, "ooxml.activex") == 0;
}

static void
fill_text(const struct ward_buf *text, struct ward_text_row *row)
{
	if (text->len)
		ward_text_row_make(ward_buf_span(text), row);
	else
		ward_feature_missing(row->text_size, sizeof(*row) / sizeof(float));
}

static void
fill(const struct ward_views *v, struct ward_macro_row *row)
{
	row->modules[0] = (float)v->sources;
	row->has_macros[0] = (v->traits & WARD_TRAIT_MACRO) != 0;
	row->runs_by_itself[0] = (v->traits & WARD_TRAIT_AUTOEXEC) != 0;
	row->loads_from_elsewhere[0] = (v->traits & WARD_TRAIT_EXTERNAL) != 0;
	row->is_malformed[0] = (v->traits & WARD_TRAIT_MALFORMED) != 0;
	row->is_encrypted[0] = v->encrypted || (v->traits & WARD_TRAIT_ENCRYPTED);
	row->parts[0] = (float)v->children;
	row->parts_size[0] = (float)v->child_bytes;
	row->parts_programs[0] = (float)v->programs;
	row->literals_decoded[0] = (float)v->decoded;
	row->gaps[0] = (float)v->gaps;
	fill_text(&v->source, &row->vba);
	fill_text(&v->view, &row->view);
}

enum ward_rc
ward_macro_row_make(enum ward_type type, struct ward_span in, struct ward_arena *arena,
		    struct ward_macro_row *row)
{
	WARD_AUTO(ward_views_done) struct ward_views v = {.fact = NULL};
	enum ward_rc rc;

	ward_views_init(&v, arena);
	v.fact = on_fact;
	v.ctx = row;
	row->document_size[0] = (float)in.len;
	row->is_ooxml[0] = type == WARD_TYPE_OOXML;
	rc = ward_views_read(&v, type, in);
	if (rc == WARD_OK)
		fill(&v, row);
	return rc;
}
