/* SPDX-License-Identifier: Apache-2.0 */
#include "match/hash/matcher.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

enum { MAX_READS = 4 };

struct hash_matcher {
	struct ward_matcher face;
	struct ward_hash_table table;
};

struct scan {
	const struct ward_hash_table *table;
	const struct ward_match_object *object;
	ward_match_report report;
	void *ctx;
};

/* Reports what is listed of one digest; `what` says of which bytes. */
static enum ward_rc
look_up(const struct scan *s, enum ward_hash_kind kind, const uint8_t *digest, uint64_t size,
	const char *what)
{
	enum ward_digest_kind digest_kind = ward_hash_digest_of(kind);
	char hex[2 * WARD_DIGEST_MAX + 1];
	struct ward_hash_found found;
	struct ward_match_hit hit = {.layer = WARD_LAYER_HASH, .rule = hex, .detail = what};
	enum ward_rc rc = ward_hash_table_find(s->table, kind, digest, size, &found);

	if (rc != WARD_OK)
		return rc == WARD_E_NOENT ? WARD_OK : rc;
	ward_text_hex(ward_span_of(digest, ward_digest_len(digest_kind)), hex);
	hit.verdict = found.verdict;
	hit.threat = found.name;
	hit.source = found.source[0] ? found.source : NULL;
	return s->report(s->ctx, &hit) ? WARD_OK : WARD_E_STOPPED;
}

static enum ward_rc
scan_whole(const struct scan *s, enum ward_hash_kind kind, const char *what)
{
	uint64_t size = s->object->bytes.len;
	const uint8_t *digest;

	if (s->table->column[kind].count == 0)
		return WARD_OK;
	if (kind != WARD_HASH_SHA256 && !ward_hash_table_wants(s->table, kind, size))
		return WARD_OK;
	digest = ward_digests_get(s->object->digests, ward_hash_digest_of(kind));
	return digest ? look_up(s, kind, digest, size, what) : WARD_E_NOMEM;
}

static enum ward_rc
scan_section(const struct scan *s, struct ward_span bytes, size_t number, uint64_t *left)
{
	static const enum ward_hash_kind kinds[] = {WARD_HASH_SECTION_SHA256,
						    WARD_HASH_SECTION_SHA1, WARD_HASH_SECTION_MD5};
	uint8_t digest[WARD_DIGEST_MAX];
	char what[80];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		enum ward_digest_kind kind = ward_hash_digest_of(kinds[i]);
		enum ward_rc rc;

		if (!ward_hash_table_wants(s->table, kinds[i], bytes.len))
			continue;
		if (bytes.len > *left)
			return WARD_E_LIMIT;
		*left -= bytes.len;
		if (ward_digest(kind, bytes, digest) != WARD_OK)
			return WARD_E_NOMEM;
		(void)snprintf(what, sizeof(what), "%s of section %zu (%zu bytes)",
			       ward_hash_kind_name((enum ward_hash_kind)(kinds[i] - 3)), number,
			       bytes.len);
		rc = look_up(s, kinds[i], digest, bytes.len, what);
		if (rc != WARD_OK)
			return rc;
	}
	return WARD_OK;
}

static bool
has_sections(const struct ward_hash_table *t)
{
	return t->column[WARD_HASH_SECTION_SHA256].count ||
	       t->column[WARD_HASH_SECTION_SHA1].count || t->column[WARD_HASH_SECTION_MD5].count;
}

static enum ward_rc
scan_sections(const struct scan *s)
{
	const struct ward_match_object *o = s->object;
	uint64_t left = (uint64_t)o->bytes.len * MAX_READS;
	enum ward_rc rc = WARD_OK;

	if (!has_sections(s->table) || o->type != WARD_TYPE_PE || !o->layout)
		return WARD_OK;
	for (size_t i = 0; rc == WARD_OK && i < o->layout->section_count; i++) {
		const struct ward_layout_section *section = &o->layout->sections[i];
		struct ward_span bytes = ward_span_cut(o->bytes, section->offset, section->size);

		if (o->expired && o->expired(o->ctx))
			return WARD_E_TIMEOUT;
		if (bytes.len)
			rc = scan_section(s, bytes, i, &left);
	}
	return rc;
}

static enum ward_rc
scan(const struct ward_matcher *m, const struct ward_match_object *object, ward_match_report report,
     void *ctx)
{
	const struct hash_matcher *h = (const struct hash_matcher *)m;
	struct scan s = {&h->table, object, report, ctx};
	enum ward_rc rc;

	if (object->derived)
		return WARD_OK;
	rc = scan_whole(&s, WARD_HASH_SHA256, "sha256");
	if (rc == WARD_OK)
		rc = scan_whole(&s, WARD_HASH_SHA1, "sha1");
	if (rc == WARD_OK)
		rc = scan_whole(&s, WARD_HASH_MD5, "md5");
	return rc == WARD_OK ? scan_sections(&s) : rc;
}

static void
free_matcher(struct ward_matcher *m)
{
	free((struct hash_matcher *)m);
}

enum ward_rc
ward_hash_matcher_new(struct ward_span table, struct ward_matcher **ret)
{
	struct hash_matcher *h = calloc(1, sizeof(*h));
	enum ward_rc rc;

	if (!h)
		return WARD_E_NOMEM;
	h->face = (struct ward_matcher){.name = "hash", .scan = scan, .free = free_matcher};
	rc = ward_hash_table_open(table, &h->table);
	if (rc != WARD_OK) {
		free(h);
		return rc;
	}
	*ret = &h->face;
	return WARD_OK;
}
