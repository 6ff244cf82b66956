/* SPDX-License-Identifier: Apache-2.0 */
#include "ml/features/script-row.h"

#include <math.h>
#include <stdlib.h>

#include "ml/features/entropy.h"
#include "ml/features/views.h"

enum { LANGUAGES = 13 };

/* As script.def says. */
static const enum ward_type languages[LANGUAGES] = {
	WARD_TYPE_SHELL,    WARD_TYPE_PYTHON,	  WARD_TYPE_PERL,	WARD_TYPE_RUBY,
	WARD_TYPE_PHP,	    WARD_TYPE_JAVASCRIPT, WARD_TYPE_POWERSHELL, WARD_TYPE_BATCH,
	WARD_TYPE_VBSCRIPT, WARD_TYPE_JSP,	  WARD_TYPE_ASP,	WARD_TYPE_LUA,
	WARD_TYPE_VBA,
};

bool
ward_script_row_takes(enum ward_type type)
{
	size_t i;

	for (i = 0; i < LANGUAGES; i++)
		if (languages[i] == type)
			return true;
	return false;
}

static void
on_fact(void *ctx, const char *key, const char *value)
{
	struct ward_script_row *row = ctx;

	if (strcmp(key, "script.strings.decoded") == 0)
		row->strings_decoded[0] += (float)strtoull(value, NULL, 10);
}

static void
fill(const struct ward_views *v, struct ward_span text, struct ward_script_row *row)
{
	double size = text.len ? (double)text.len : 1;

	row->has_view[0] = v->view.len > 0;
	row->view_share[0] = v->view.len ? (float)((double)v->view.len / size) : NAN;
	row->literals_decoded[0] = (float)v->decoded;
	row->literals_decoded_share[0] = (float)((double)v->decoded_bytes / size);
	row->literals_programs[0] = (float)v->programs;
	if (v->view.len)
		ward_text_row_make(ward_buf_span(&v->view), &row->view);
	else
		ward_feature_missing(row->view.text_size, sizeof(row->view) / sizeof(float));
}

enum ward_rc
ward_script_row_make(enum ward_type type, struct ward_span in, struct ward_arena *arena,
		     struct ward_script_row *row)
{
	WARD_AUTO(ward_views_done) struct ward_views v = {.fact = NULL};
	struct ward_span text = ward_span_cut(in, 0, WARD_VIEWS_TEXT);
	enum ward_rc rc = ward_bytes_row_make(in, arena, &row->bytes);
	size_t i;

	ward_views_init(&v, arena);
	v.fact = on_fact;
	v.ctx = row;
	ward_text_row_make(text, &row->text);
	for (i = 0; i < LANGUAGES; i++)
		row->language[i] = languages[i] == type;
	row->interpreter_line[0] = ward_span_starts(in, "#!", 2);
	if (rc == WARD_OK)
		rc = ward_views_read(&v, type, text);
	if (rc != WARD_OK)
		return rc;
	fill(&v, text, row);
	return WARD_OK;
}
