/* SPDX-License-Identifier: Apache-2.0 */
/* Up to the first NUL the input is lines of an .ndb, after it the object they are matched against. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "match/clamav/body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
on_hit(void *ctx, const struct ward_match_hit *hit)
{
	size_t *sum = ctx;

	*sum += strlen(hit->threat) + strlen(hit->detail);
	return true;
}

static bool
add_lines(struct ward_body_builder *b, struct ward_span text)
{
	struct ward_cursor c = ward_cursor_of(text);
	struct ward_span line;
	bool any = false;

	while (ward_cursor_line(&c, &line)) {
		struct ward_body_signature sig;
		struct ward_buf code;
		enum ward_rc rc;

		ward_buf_init(&code, 1 << 20, NULL);
		if (!ward_body_parse(line, &code, &sig, &rc)) {
			sig.source = ward_span_str("fuzz");
			any |= ward_body_builder_add(b, &sig) == WARD_OK;
		}
		ward_buf_done(&code);
	}
	return any;
}

static void
match(struct ward_span table, struct ward_span bytes)
{
	static const struct ward_layout_section sections[] = {{0, 9, 0, 9}, {9, UINT64_MAX, 0, 9}};
	static const struct ward_layout layout = {true, 5, sections, 2};
	struct ward_match_object o = {.bytes = bytes, .type = WARD_TYPE_PE, .layout = &layout};
	struct ward_matcher *m;
	size_t sum = 0;

	if (ward_body_matcher_new(table, &m) != WARD_OK)
		abort();
	/* A table of our own making is never damaged. */
	if (ward_matcher_scan(m, &o, on_hit, &sum) == WARD_E_FORMAT)
		abort();
	ward_matcher_free(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
	size_t n = nul ? (size_t)(nul - data) : size;
	struct ward_span all = ward_span_of(data, size);
	struct ward_body_builder *b;
	struct ward_buf table;

	if (ward_body_builder_new(&b) != WARD_OK)
		return 0;
	ward_buf_init(&table, 1 << 24, NULL);
	if (add_lines(b, ward_span_cut(all, 0, n)) &&
	    ward_body_builder_finish(b, &table) == WARD_OK)
		match(ward_buf_span(&table), ward_span_cut(all, n, size));
	ward_buf_done(&table);
	ward_body_builder_free(b);
	return 0;
}
