/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/import/testing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/text.h"
#include "proto/wire.h"

struct ward_import_terms
ward_seen_terms(void)
{
	return (struct ward_import_terms){
		.verdict = WARD_UNKNOWN, .confidence = 1000, .now_ms = WARD_SEEN_NOW};
}

static enum ward_import_kind
kind_of(Ward__Log__V1__Digest digest)
{
	if (digest == WARD__LOG__V1__DIGEST__DIGEST_SHA256)
		return WARD_IMPORT_SHA256;
	return digest == WARD__LOG__V1__DIGEST__DIGEST_SHA1 ? WARD_IMPORT_SHA1 : WARD_IMPORT_MD5;
}

static enum ward_rc
note(void *context, Ward__Log__V1__Reputation *b)
{
	static const size_t widths[] = {32, 20, 16};
	struct ward_seen *s = context;
	enum ward_import_kind kind = kind_of(b->kind);
	size_t width = widths[kind];

	s->batches++;
	for (size_t i = 0; i < b->digests.len / width; i++) {
		const uint8_t *digest = b->digests.data + i * width;

		if (i > 0)
			assert_true(memcmp(digest - width, digest, width) < 0);
		if (s->count == WARD_SEEN_MAX)
			continue;
		s->hashes[s->count].kind = kind;
		ward_text_hex(ward_span_of(digest, width), s->hashes[s->count].hex);
		(void)snprintf(s->hashes[s->count].threat, sizeof(s->hashes[0].threat), "%s",
			       b->n_threat ? b->threats[b->threat[i]] : "");
		s->hashes[s->count].verdict = ward_wire_verdict_from(b->verdict);
		s->hashes[s->count].confidence = b->confidence;
		s->hashes[s->count++].expires_ms = b->expires_ms;
	}
	return WARD_OK;
}

void
ward_seen_read(ward_reader_fn reader, const char *text, const struct ward_import_terms *terms,
	       struct ward_seen *ret_seen)
{
	struct ward_import_terms standard = ward_seen_terms();
	struct ward_entries *e = ward_entries_new(terms ? terms : &standard);

	memset(ret_seen, 0, sizeof(*ret_seen));
	assert_non_null(e);
	ward_entries_start(e, "test");
	assert_int_equal(reader(ward_span_str(text), e), WARD_OK);
	ret_seen->figures = *ward_entries_figures(e);
	assert_int_equal(ward_entries_each(e, note, ret_seen, &ret_seen->totals), WARD_OK);
	ward_entries_free(e);
}

uint64_t
ward_seen_reason(const struct ward_seen *seen, const char *why)
{
	for (size_t i = 0; i < WARD_IMPORT_REASONS; i++)
		if (strcmp(seen->figures.reasons[i].why, why) == 0)
			return seen->figures.reasons[i].count;
	return 0;
}
