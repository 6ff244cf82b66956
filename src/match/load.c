/* SPDX-License-Identifier: Apache-2.0 */
#include "match/load.h"

#include <stdio.h>

#include "base/cursor.h"
#include "base/text.h"

void
ward_load_unsupported(struct ward_load_report *report, const char *what, uint64_t n)
{
	struct ward_load_tally *t = report->unsupported;
	size_t i = 0;

	while (i < report->unsupported_count && strcmp(t[i].what, what) != 0)
		i++;
	if (i == WARD_LOAD_TALLIES) {
		t[i - 1].what = "others";
		t[i - 1].count += n;
		return;
	}
	if (i == report->unsupported_count)
		t[report->unsupported_count++] = (struct ward_load_tally){what, 0};
	t[i].count += n;
}

void
ward_load_bad(const struct ward_load *load, struct ward_load_report *report, unsigned line,
	      const char *text)
{
	report->errors++;
	if (load->notice)
		load->notice(load->ctx, true, report->file, line, text);
}

enum ward_rc
ward_load_end(const struct ward_load *load, const struct ward_load_report *report)
{
	char text[160];

	for (size_t i = 0; load->notice && i < report->unsupported_count; i++) {
		(void)snprintf(text, sizeof(text), "not supported, left out: %llu x %s",
			       (unsigned long long)report->unsupported[i].count,
			       report->unsupported[i].what);
		load->notice(load->ctx, false, report->file, 0, text);
	}
	if (load->notice && report->note)
		load->notice(load->ctx, false, report->file, 0, report->note);
	if (load->report)
		load->report(load->ctx, report);
	return report->errors ? WARD_E_FORMAT : WARD_OK;
}

enum ward_rc
ward_load_lines(const struct ward_load *load, struct ward_load_report *report,
		struct ward_span text, ward_load_line take, void *arg)
{
	struct ward_cursor c = ward_cursor_of(text);
	struct ward_span line;
	unsigned number = 0;

	while (ward_cursor_line(&c, &line) && report->errors < WARD_LOAD_MAX_ERRORS) {
		enum ward_rc rc = WARD_OK;
		const char *wrong;

		number++;
		line = ward_text_trim(line);
		if (line.len == 0 || line.data[0] == '#')
			continue;
		wrong = take(load, report, line, arg, &rc);
		if (wrong)
			ward_load_bad(load, report, number, wrong);
		if (rc != WARD_OK && rc != WARD_E_FORMAT)
			return rc;
	}
	return WARD_OK;
}
