/* SPDX-License-Identifier: Apache-2.0 */
#include "ml/features/pdf-row.h"

#include <math.h>
#include <stdlib.h>

#include "base/text.h"
#include "formats/pdf/keywords.h"
#include "ml/features/entropy.h"
#include "ml/features/views.h"

enum { HEADER_WITHIN = 1024, KEYWORDS = 21 };

_Static_assert((int)WARD_PDF_WORD_COUNT == (int)KEYWORDS, "columns of pdf.def");

static void
count_keywords(struct ward_span in, struct ward_pdf_row *row)
{
	struct ward_pdf_keywords counts;
	size_t i;

	ward_pdf_keywords_count(in, &counts);
	for (i = 0; i < KEYWORDS; i++) {
		row->keywords[i] = (float)counts.all[i];
		row->keywords_escaped[i] = (float)counts.escaped[i];
	}
}

static void
describe_header(struct ward_span in, struct ward_pdf_row *row)
{
	size_t at = ward_text_find(ward_span_cut(in, 0, HEADER_WITHIN), ward_span_str("%PDF-"), 0);
	struct ward_span v = ward_span_cut(in, at == SIZE_MAX ? in.len : at + 5, 3);

	row->header_offset[0] = at == SIZE_MAX ? NAN : (float)at;
	row->header_version[0] = NAN;
	if (v.len == 3 && v.data[1] == '.' && v.data[0] >= '0' && v.data[0] <= '9' &&
	    v.data[2] >= '0' && v.data[2] <= '9')
		row->header_version[0] = (float)((v.data[0] - '0') * 10 + v.data[2] - '0');
}

static void
describe_ends(struct ward_span in, struct ward_pdf_row *row)
{
	struct ward_span mark = ward_span_str("%%EOF");
	size_t at = ward_text_find(in, mark, 0), last = SIZE_MAX;

	for (; at != SIZE_MAX; at = ward_text_find(in, mark, at + mark.len)) {
		row->ends[0]++;
		last = at;
	}
	row->after_end[0] = last == SIZE_MAX ? NAN : (float)(in.len - last - mark.len);
}

static void
on_fact(void *ctx, const char *key, const char *value)
{
	struct ward_pdf_row *row = ctx;
	const struct {
		const char *key;
		float *column;
	} facts[] = {
		{"pdf.objects", row->objects},	       {"pdf.streams", row->streams},
		{"pdf.actions", row->actions},	       {"pdf.urls", row->addresses_linked},
		{"pdf.embedded", row->files_embedded},
	};
	size_t i;

	for (i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		if (strcmp(facts[i].key, key) == 0)
			facts[i].column[0] = (float)strtoull(value, NULL, 10);
	row->launches[0] += strcmp(key, "pdf.launch") == 0;
}

static void
fill(const struct ward_views *v, struct ward_span in, struct ward_pdf_row *row)
{
	row->scripts[0] = (float)v->sources;
	row->scripts_decoded[0] = (float)v->decoded;
	row->parts[0] = (float)v->children;
	row->parts_programs[0] = (float)v->programs;
	row->unpacked_ratio[0] = in.len ? (float)((double)v->produced / (double)in.len) : 0;
	row->is_encrypted[0] = v->encrypted;
	row->gaps[0] = (float)v->gaps;
	row->runs_by_itself[0] = (v->traits & WARD_TRAIT_AUTOEXEC) != 0;
	if (v->source.len)
		ward_text_row_make(ward_buf_span(&v->source), &row->js);
	else
		ward_feature_missing(row->js.text_size, sizeof(row->js) / sizeof(float));
}

enum ward_rc
ward_pdf_row_make(struct ward_span in, struct ward_arena *arena, struct ward_pdf_row *row)
{
	WARD_AUTO(ward_views_done) struct ward_views v = {.fact = NULL};
	enum ward_rc rc = ward_bytes_row_make(in, arena, &row->bytes);

	ward_views_init(&v, arena);
	v.fact = on_fact;
	v.ctx = row;
	count_keywords(in, row);
	describe_header(in, row);
	describe_ends(in, row);
	if (rc == WARD_OK)
		rc = ward_views_read(&v, WARD_TYPE_PDF, in);
	if (rc == WARD_OK)
		fill(&v, in, row);
	return rc;
}
