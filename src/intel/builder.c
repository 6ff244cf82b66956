/* SPDX-License-Identifier: Apache-2.0 */
#include "intel/builder.h"

#include <stdlib.h>

#include "base/text.h"
#include "intel/manifest.h"
#include "match/clamav/body.h"
#include "match/clamav/clamav.h"
#include "match/hash/build.h"
#include "match/hash/list.h"

enum { MAX_MERGED = 48, MAX_RUNS = 2 * WARD_HASH_RUNS };

struct ward_pack_builder {
	struct ward_pack_config config;
	struct ward_load load;
	struct ward_yara_builder *yara;
	size_t yara_added;
	struct ward_buf sources;	    /* of the manifest */
	struct ward_buf merged[MAX_MERGED]; /* YARA sections of other packs */
	size_t merged_count;
	uint64_t merged_rules;
	bool failed;
};

static void
on_notice(void *ctx, bool bad, const char *file, unsigned line, const char *text)
{
	const struct ward_pack_builder *b = ctx;

	if (b->config.notice)
		b->config.notice(b->config.notice_ctx, bad, file, line, text);
}

static void
on_report(void *ctx, const struct ward_load_report *report)
{
	struct ward_pack_builder *b = ctx;

	if (ward_manifest_source(&b->sources, report) != WARD_OK)
		b->failed = true;
}

enum ward_rc
ward_pack_builder_new(const struct ward_pack_config *config, struct ward_pack_builder **ret)
{
	struct ward_pack_builder *b = calloc(1, sizeof(*b));
	struct ward_yara_config yara;

	if (!b)
		return WARD_E_NOMEM;
	b->config = *config;
	b->load = (struct ward_load){.notice = on_notice, .report = on_report, .ctx = b};
	yara = (struct ward_yara_config){.lenient = config->lenient,
					 .include = config->include,
					 .include_ctx = config->include_ctx,
					 .notice = on_notice,
					 .notice_ctx = b};
	ward_buf_init(&b->sources, 256 << 20, NULL);
	b->yara = ward_yara_builder_new(&yara);
	if (!b->yara || ward_hash_builder_new(&b->load.hashes) != WARD_OK ||
	    ward_body_builder_new(&b->load.bodies) != WARD_OK) {
		ward_pack_builder_free(b);
		return WARD_E_NOMEM;
	}
	*ret = b;
	return WARD_OK;
}

struct ward_pack_builder *
ward_pack_builder_free(struct ward_pack_builder *b)
{
	if (!b)
		return NULL;
	ward_hash_builder_free(b->load.hashes);
	ward_body_builder_free(b->load.bodies);
	ward_yara_builder_free(b->yara);
	ward_buf_done(&b->sources);
	for (size_t i = 0; i < b->merged_count; i++)
		ward_buf_done(&b->merged[i]);
	free(b);
	return NULL;
}

static bool
has_extension(const char *name, const char *const *list)
{
	const char *dot = strrchr(name, '.');

	for (; dot && *list; list++) {
		if (ward_text_eq_nocase(ward_span_str(dot + 1), *list))
			return true;
	}
	return false;
}

static bool
starts_with_hash(struct ward_span bytes)
{
	struct ward_hash_entry e;
	size_t n = 0;

	while (n < bytes.len && ward_text_hex_value(bytes.data[n]) >= 0)
		n++;
	return ward_hash_entry_digest(ward_span_cut(bytes, 0, n), false, &e);
}

enum ward_intel_kind
ward_intel_kind_of(const char *name, struct ward_span bytes)
{
	static const char *const yara[] = {"yar", "yara", NULL};
	static const char *const compiled[] = {"yarc", NULL};
	static const char *const lists[] = {"txt", "sha256", "sha1", "md5", "list", "csv", NULL};

	if (ward_span_starts(bytes, "WARDPACK", 8))
		return WARD_INTEL_PACK;
	if (ward_span_starts(bytes, "YARA", 4) || has_extension(name, compiled))
		return WARD_INTEL_YARA_COMPILED;
	if (has_extension(name, yara))
		return WARD_INTEL_YARA;
	if (ward_clamav_is_name(name))
		return WARD_INTEL_CLAMAV;
	if (has_extension(name, lists) || starts_with_hash(bytes))
		return WARD_INTEL_LIST;
	return WARD_INTEL_UNKNOWN;
}

/* The account of a file that is one thing. */
static enum ward_rc
report_file(struct ward_pack_builder *b, const char *name, const char *kind, uint64_t loaded)
{
	struct ward_load_report report = {.file = name, .kind = kind, .loaded = loaded};

	return ward_load_end(&b->load, &report);
}

static enum ward_rc
add_yara(struct ward_pack_builder *b, const char *name, struct ward_span bytes, bool compiled)
{
	enum ward_rc rc = compiled ? ward_yara_builder_add_compiled(b->yara, name, bytes)
				   : ward_yara_builder_add_source(b->yara, name, bytes, NULL);

	if (rc != WARD_OK) {
		on_notice(b, true, name, 0,
			  compiled ? "not compiled by this version of libyara, or damaged"
				   : "larger than YARA sources may be");
		return rc == WARD_E_LIMIT ? WARD_E_FORMAT : rc;
	}
	b->yara_added++;
	return report_file(b, name, compiled ? "compiled YARA" : "YARA", 1);
}

static enum ward_rc
merge_hashes(struct ward_pack_builder *b, struct ward_span section, uint64_t *count)
{
	struct ward_hash_table t;
	enum ward_rc rc;

	if (section.len == 0)
		return WARD_OK;
	rc = ward_hash_table_open(section, &t);
	for (unsigned k = 0; rc == WARD_OK && k < WARD_HASH_KINDS; k++) {
		for (uint64_t i = 0; rc == WARD_OK && i < t.column[k].count; i++) {
			struct ward_hash_entry e;

			rc = ward_hash_table_entry(&t, (enum ward_hash_kind)k, i, &e);
			if (rc == WARD_OK)
				rc = ward_hash_builder_add(b->load.hashes, &e);
			(*count)++;
		}
	}
	return rc;
}

static enum ward_rc
merge_bodies(struct ward_pack_builder *b, struct ward_span section, uint64_t *count)
{
	struct ward_body_table t;
	enum ward_rc rc;

	if (section.len == 0)
		return WARD_OK;
	rc = ward_body_table_open(section, &t);
	for (uint64_t i = 0; rc == WARD_OK && i < t.count; i++) {
		struct ward_body_signature s;

		rc = ward_body_table_get(&t, i, &s, NULL);
		if (rc == WARD_OK)
			rc = ward_body_builder_add(b->load.bodies, &s);
		(*count)++;
	}
	return rc;
}

static enum ward_rc
merge_yara(struct ward_pack_builder *b, const struct ward_pack *p)
{
	struct ward_span section;
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; rc == WARD_OK; i++) {
		section = ward_pack_section(p, WARD_PACK_YARA, i);
		if (section.len == 0)
			return WARD_OK;
		if (b->merged_count == MAX_MERGED)
			return WARD_E_LIMIT;
		ward_buf_init(&b->merged[b->merged_count], section.len, NULL);
		rc = ward_buf_append(&b->merged[b->merged_count++], section.data, section.len);
	}
	return rc;
}

/* What a pack holds is taken as it is; it must be whole. */
static enum ward_rc
merge_pack(struct ward_pack_builder *b, const char *name, struct ward_span bytes)
{
	struct ward_pack *p = NULL;
	uint64_t count = 0;
	enum ward_rc rc = ward_pack_verify(bytes);

	if (rc == WARD_OK)
		rc = ward_pack_open(bytes, &p);
	if (rc == WARD_OK)
		rc = merge_hashes(b, ward_pack_section(p, WARD_PACK_HASHES, 0), &count);
	if (rc == WARD_OK)
		rc = merge_bodies(b, ward_pack_section(p, WARD_PACK_BODIES, 0), &count);
	if (rc == WARD_OK)
		rc = merge_yara(b, p);
	if (rc == WARD_OK)
		b->merged_rules += ward_pack_count(p).yara_rules;
	if (rc == WARD_OK)
		rc = report_file(b, name, "pack", count + ward_pack_count(p).yara_rules);
	else
		on_notice(b, true, name, 0,
			  rc == WARD_E_LIMIT ? "too many packs with YARA rules"
					     : "the pack is damaged or of another version");
	ward_pack_free(p);
	return rc == WARD_E_LIMIT ? WARD_E_FORMAT : rc;
}

enum ward_rc
ward_pack_builder_add(struct ward_pack_builder *b, const char *name, struct ward_span bytes)
{
	enum ward_rc rc = WARD_E_UNSUPPORTED;

	switch (ward_intel_kind_of(name, bytes)) {
	case WARD_INTEL_CLAMAV:
		rc = ward_clamav_load(&b->load, name, bytes);
		break;
	case WARD_INTEL_LIST:
		rc = ward_hash_list_load(&b->load, name, bytes);
		break;
	case WARD_INTEL_YARA:
		rc = add_yara(b, name, bytes, false);
		break;
	case WARD_INTEL_YARA_COMPILED:
		rc = add_yara(b, name, bytes, true);
		break;
	case WARD_INTEL_PACK:
		rc = merge_pack(b, name, bytes);
		break;
	case WARD_INTEL_UNKNOWN:
		on_notice(b, true, name, 0,
			  "no known kind of intelligence (rules, signatures, hashes, pack)");
		break;
	}
	b->failed |= rc != WARD_OK;
	return rc;
}

/* A section to be: its bytes as runs one after the other. */
struct part {
	enum ward_pack_type type;
	uint32_t flags;
	struct ward_span runs[MAX_RUNS];
	size_t count;
	uint64_t offset, length;
};

struct layout {
	struct part parts[WARD_PACK_MAX_SECTIONS];
	size_t count;
	uint64_t end;
	uint8_t head[WARD_PACK_HEADER + WARD_PACK_MAX_SECTIONS * WARD_PACK_SECTION];
	struct ward_buf bodies, yara, edition, manifest;
};

static struct part *
new_part(struct layout *l, enum ward_pack_type type)
{
	struct part *p = &l->parts[l->count++];

	p->type = type;
	return p;
}

static void
add_part(struct layout *l, enum ward_pack_type type, struct ward_span bytes)
{
	struct part *p = new_part(l, type);

	p->runs[p->count++] = bytes;
	p->length = bytes.len;
}

static enum ward_rc
add_hashes(struct ward_pack_builder *b, struct layout *l, struct ward_pack_counts *counts)
{
	struct ward_hash_image image;
	struct part *p;
	enum ward_rc rc = ward_hash_builder_finish(b->load.hashes, on_notice, b, &image);

	if (rc != WARD_OK || image.entries == 0)
		return rc;
	memcpy(counts->hashes, image.kinds, sizeof(image.kinds));
	p = new_part(l, WARD_PACK_HASHES);
	memcpy(p->runs, image.runs, image.count * sizeof(image.runs[0]));
	p->count = image.count;
	p->length = image.length;
	return WARD_OK;
}

static enum ward_rc
add_bodies(struct ward_pack_builder *b, struct layout *l, struct ward_pack_counts *counts)
{
	struct ward_body_table t = {0};
	enum ward_rc rc = ward_body_builder_finish(b->load.bodies, &l->bodies);

	if (rc == WARD_OK)
		rc = ward_body_table_open(ward_buf_span(&l->bodies), &t);
	if (rc != WARD_OK || t.count == 0)
		return rc;
	counts->bodies = t.count;
	add_part(l, WARD_PACK_BODIES, ward_buf_span(&l->bodies));
	return WARD_OK;
}

static enum ward_rc
add_rules(struct ward_pack_builder *b, struct layout *l, struct ward_pack_counts *counts)
{
	struct ward_yara_counts yara = {0};
	enum ward_rc rc;

	counts->yara_rules = b->merged_rules;
	for (size_t i = 0; i < b->merged_count; i++)
		add_part(l, WARD_PACK_YARA, ward_buf_span(&b->merged[i]));
	if (b->yara_added == 0)
		return WARD_OK;
	rc = ward_yara_builder_finish(b->yara, &l->yara, &yara);
	if (rc != WARD_OK)
		return rc;
	counts->yara_rules += yara.rules;
	add_part(l, WARD_PACK_YARA, ward_buf_span(&l->yara));
	return WARD_OK;
}

static enum ward_rc
add_edition(const struct ward_pack_builder *b, struct layout *l)
{
	enum ward_rc rc;

	if (!b->config.edition)
		return WARD_OK;
	rc = ward_edition_write(b->config.edition, &l->edition);
	if (rc == WARD_OK) {
		add_part(l, WARD_PACK_EDITION, ward_buf_span(&l->edition));
		l->parts[l->count - 1].flags = WARD_PACK_OPTIONAL;
	}
	return rc;
}

static enum ward_rc
make_parts(struct ward_pack_builder *b, struct layout *l, const char *created,
	   struct ward_pack_counts *counts)
{
	enum ward_rc rc = add_rules(b, l, counts);

	if (rc == WARD_OK)
		rc = add_hashes(b, l, counts);
	if (rc == WARD_OK)
		rc = add_bodies(b, l, counts);
	if (rc == WARD_OK && l->count == 0) {
		on_notice(b, true, "", 0, "nothing to detect: not one rule, signature or hash");
		rc = WARD_E_FORMAT;
	}
	if (rc == WARD_OK)
		rc = ward_manifest_write(&l->manifest, created, counts, ward_buf_span(&b->sources));
	if (rc == WARD_OK)
		add_part(l, WARD_PACK_MANIFEST, ward_buf_span(&l->manifest));
	return rc == WARD_OK ? add_edition(b, l) : rc;
}

static uint64_t
round_up(uint64_t n)
{
	return (n + WARD_PACK_ALIGN - 1) / WARD_PACK_ALIGN * WARD_PACK_ALIGN;
}

/* Header and section table, with all digests. */
static enum ward_rc
fill_head(struct layout *l)
{
	uint8_t *p = l->head + WARD_PACK_HEADER;
	struct ward_span runs[2];
	enum ward_rc rc = WARD_OK;

	l->end = WARD_PACK_HEADER + l->count * WARD_PACK_SECTION;
	for (size_t i = 0; rc == WARD_OK && i < l->count; i++, p += WARD_PACK_SECTION) {
		struct part *part = &l->parts[i];

		part->offset = round_up(l->end);
		l->end = part->offset + part->length;
		ward_table_put(p, part->type, 4);
		ward_table_put(p + 4, part->flags, 4);
		ward_table_put(p + 8, part->offset, 8);
		ward_table_put(p + 16, part->length, 8);
		rc = ward_digest_runs(WARD_SHA256, part->runs, part->count, p + 32);
	}
	memcpy(l->head, "WARDPACK", 8);
	ward_table_put(l->head + 8, 1, 4);
	ward_table_put(l->head + 12, l->count, 4);
	ward_table_put(l->head + 16, l->end, 8);
	runs[0] = ward_span_of(l->head, 24);
	runs[1] = ward_span_of(l->head + WARD_PACK_HEADER, l->count * WARD_PACK_SECTION);
	return rc == WARD_OK ? ward_digest_runs(WARD_SHA256, runs, 2, l->head + WARD_PACK_ID_AT)
			     : rc;
}

static enum ward_rc
write_all(const struct layout *l, ward_pack_write write, void *ctx)
{
	static const uint8_t zeros[WARD_PACK_ALIGN];
	uint64_t at = WARD_PACK_HEADER + l->count * WARD_PACK_SECTION;
	enum ward_rc rc = write(ctx, ward_span_of(l->head, at));

	for (size_t i = 0; rc == WARD_OK && i < l->count; i++) {
		const struct part *part = &l->parts[i];

		if (part->offset > at)
			rc = write(ctx, ward_span_of(zeros, part->offset - at));
		for (size_t k = 0; rc == WARD_OK && k < part->count; k++)
			rc = write(ctx, part->runs[k]);
		at = part->offset + part->length;
	}
	return rc;
}

enum ward_rc
ward_pack_builder_finish(struct ward_pack_builder *b, const char *created, ward_pack_write write,
			 void *ctx, struct ward_pack_counts *ret_counts, uint8_t *ret_id)
{
	struct layout *l = calloc(1, sizeof(*l));
	struct ward_pack_counts counts = {0};
	enum ward_rc rc = b->failed ? WARD_E_FORMAT : WARD_OK;

	if (!l)
		return WARD_E_NOMEM;
	ward_buf_init(&l->bodies, UINT32_MAX, NULL);
	ward_buf_init(&l->yara, (size_t)4 << 30, NULL);
	ward_buf_init(&l->manifest, 512 << 20, NULL);
	ward_buf_init(&l->edition, 2 * WARD_EDITION_NOTES, NULL);
	if (rc == WARD_OK)
		rc = make_parts(b, l, created, &counts);
	if (rc == WARD_OK)
		rc = fill_head(l);
	if (rc == WARD_OK)
		rc = write_all(l, write, ctx);
	if (rc == WARD_OK && ret_counts)
		*ret_counts = counts;
	if (rc == WARD_OK && ret_id)
		memcpy(ret_id, l->head + WARD_PACK_ID_AT, WARD_PACK_ID_LEN);
	ward_buf_done(&l->bodies);
	ward_buf_done(&l->yara);
	ward_buf_done(&l->manifest);
	ward_buf_done(&l->edition);
	free(l);
	return rc;
}
