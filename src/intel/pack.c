/* SPDX-License-Identifier: Apache-2.0 */
#include "intel/pack.h"

#include <stdlib.h>

#include "base/cursor.h"
#include "base/text.h"
#include "match/clamav/body.h"
#include "match/hash/matcher.h"
#include "match/yara/yara.h"

enum { VERSION = 1, SIGNED_LEN = 24 };

struct section {
	uint32_t type, flags;
	uint64_t offset;
	struct ward_span bytes, digest;
};

struct directory {
	struct section sections[WARD_PACK_MAX_SECTIONS];
	size_t count;
	struct ward_span id;
};

struct ward_pack {
	struct directory dir;
	struct ward_matcher *matchers[WARD_PACK_MAX_SECTIONS];
	size_t matcher_count;
	struct ward_pack_counts counts;
	struct ward_edition edition;
};

static bool
read_section(struct ward_span in, struct ward_cursor *c, struct section *s)
{
	uint64_t length;

	s->type = ward_cursor_u32le(c);
	s->flags = ward_cursor_u32le(c);
	s->offset = ward_cursor_u64le(c);
	length = ward_cursor_u64le(c);
	ward_cursor_skip(c, 8);
	s->digest = ward_cursor_bytes(c, WARD_SHA256_LEN);
	if (!ward_cursor_ok(c) || s->offset % WARD_PACK_ALIGN ||
	    !ward_span_has(in, s->offset, length))
		return false;
	s->bytes = ward_span_cut(in, s->offset, length);
	return true;
}

static bool
id_is_right(struct ward_span in, const struct directory *d)
{
	const struct ward_span runs[] = {
		ward_span_cut(in, 0, SIGNED_LEN),
		ward_span_cut(in, WARD_PACK_HEADER, d->count * WARD_PACK_SECTION)};
	uint8_t real[WARD_SHA256_LEN];

	return ward_digest_runs(WARD_SHA256, runs, 2, real) == WARD_OK &&
	       memcmp(real, d->id.data, sizeof(real)) == 0;
}

static enum ward_rc
read_directory(struct ward_span in, struct directory *d)
{
	struct ward_cursor c = ward_cursor_of(in);
	struct ward_span magic = ward_cursor_bytes(&c, 8);
	uint32_t version = ward_cursor_u32le(&c), sections = ward_cursor_u32le(&c);
	uint64_t length = ward_cursor_u64le(&c), signature = ward_cursor_u64le(&c);

	d->id = ward_cursor_bytes(&c, WARD_PACK_ID_LEN);
	if (!ward_cursor_ok(&c) || !ward_span_starts(magic, "WARDPACK", 8))
		return WARD_E_FORMAT;
	if (version != VERSION || signature != 0)
		return WARD_E_UNSUPPORTED;
	if (length != in.len || sections > WARD_PACK_MAX_SECTIONS)
		return WARD_E_FORMAT;
	for (d->count = 0; d->count < sections; d->count++) {
		if (!read_section(in, &c, &d->sections[d->count]))
			return WARD_E_FORMAT;
	}
	return id_is_right(in, d) ? WARD_OK : WARD_E_FORMAT;
}

static bool
section_is_right(const struct section *s)
{
	uint8_t real[WARD_SHA256_LEN];

	return ward_digest(WARD_SHA256, s->bytes, real) == WARD_OK &&
	       memcmp(real, s->digest.data, sizeof(real)) == 0;
}

static enum ward_rc
open_hashes(struct ward_pack *p, struct ward_span bytes, struct ward_matcher **ret)
{
	struct ward_hash_table t;
	enum ward_rc rc = ward_hash_table_open(bytes, &t);

	if (rc != WARD_OK)
		return rc;
	for (unsigned k = 0; k < WARD_HASH_KINDS; k++)
		p->counts.hashes[k] = t.column[k].count;
	return ward_hash_matcher_new(bytes, ret);
}

static enum ward_rc
open_bodies(struct ward_pack *p, struct ward_span bytes, struct ward_matcher **ret)
{
	struct ward_body_table t;
	enum ward_rc rc = ward_body_table_open(bytes, &t);

	if (rc != WARD_OK)
		return rc;
	p->counts.bodies = t.count;
	return ward_body_matcher_new(bytes, ret);
}

/* Compiled rules are code for libyara's machine: only as they were written. */
static enum ward_rc
open_yara(struct ward_pack *p, const struct section *s, struct ward_matcher **ret)
{
	enum ward_rc rc;

	if (!section_is_right(s))
		return WARD_E_FORMAT;
	rc = ward_yara_matcher_new(s->bytes, NULL, NULL, NULL, ret);
	if (rc == WARD_OK)
		p->counts.yara_rules += ward_yara_matcher_rules(*ret);
	return rc;
}

static enum ward_rc
open_section(struct ward_pack *p, const struct section *s)
{
	struct ward_matcher *m = NULL;
	enum ward_rc rc;

	switch (s->type) {
	case WARD_PACK_MANIFEST:
		return WARD_OK;
	case WARD_PACK_EDITION:
		return ward_edition_read(s->bytes, &p->edition);
	case WARD_PACK_HASHES:
		rc = open_hashes(p, s->bytes, &m);
		break;
	case WARD_PACK_BODIES:
		rc = open_bodies(p, s->bytes, &m);
		break;
	case WARD_PACK_YARA:
		rc = open_yara(p, s, &m);
		break;
	default:
		return s->flags & WARD_PACK_OPTIONAL ? WARD_OK : WARD_E_UNSUPPORTED;
	}
	if (rc == WARD_OK)
		p->matchers[p->matcher_count++] = m;
	return rc;
}

static size_t
count_type(const struct directory *d, enum ward_pack_type type)
{
	size_t n = 0;

	for (size_t i = 0; i < d->count; i++)
		n += d->sections[i].type == (uint32_t)type;
	return n;
}

enum ward_rc
ward_pack_open(struct ward_span mapped, struct ward_pack **ret)
{
	struct ward_pack *p = calloc(1, sizeof(*p));
	enum ward_rc rc;

	if (!p)
		return WARD_E_NOMEM;
	rc = read_directory(mapped, &p->dir);
	if (rc == WARD_OK && (count_type(&p->dir, WARD_PACK_HASHES) > 1 ||
			      count_type(&p->dir, WARD_PACK_BODIES) > 1))
		rc = WARD_E_FORMAT;
	for (size_t i = 0; rc == WARD_OK && i < p->dir.count; i++)
		rc = open_section(p, &p->dir.sections[i]);
	if (rc != WARD_OK) {
		ward_pack_free(p);
		return rc;
	}
	*ret = p;
	return WARD_OK;
}

struct ward_pack *
ward_pack_free(struct ward_pack *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; i < p->matcher_count; i++)
		ward_matcher_free(p->matchers[i]);
	free(p);
	return NULL;
}

struct ward_matcher *const *
ward_pack_matchers(const struct ward_pack *p, size_t *ret_count)
{
	*ret_count = p->matcher_count;
	return p->matchers;
}

const uint8_t *
ward_pack_id(const struct ward_pack *p)
{
	return p->dir.id.data;
}

struct ward_span
ward_pack_section(const struct ward_pack *p, enum ward_pack_type type, size_t i)
{
	for (size_t k = 0; k < p->dir.count; k++) {
		if (p->dir.sections[k].type == (uint32_t)type && i-- == 0)
			return p->dir.sections[k].bytes;
	}
	return ward_span_of(NULL, 0);
}

struct ward_span
ward_pack_manifest(const struct ward_pack *p)
{
	return ward_pack_section(p, WARD_PACK_MANIFEST, 0);
}

struct ward_edition
ward_pack_edition(const struct ward_pack *p)
{
	return p->edition;
}

struct ward_pack_counts
ward_pack_count(const struct ward_pack *p)
{
	return p->counts;
}

/* Between sections there is padding of zeros, and nothing else. */
static bool
padding_is_right(struct ward_span in, const struct directory *d)
{
	uint64_t end = WARD_PACK_HEADER + d->count * WARD_PACK_SECTION;

	for (size_t i = 0; i < d->count; i++) {
		const struct section *s = &d->sections[i];

		if (s->offset < end || s->offset - end >= WARD_PACK_ALIGN)
			return false;
		for (; end < s->offset; end++) {
			if (in.data[end])
				return false;
		}
		end += s->bytes.len;
	}
	return end == in.len;
}

enum ward_rc
ward_pack_verify(struct ward_span mapped)
{
	struct directory d;
	enum ward_rc rc = read_directory(mapped, &d);

	if (rc == WARD_OK && !padding_is_right(mapped, &d))
		rc = WARD_E_FORMAT;
	for (size_t i = 0; rc == WARD_OK && i < d.count; i++) {
		if (!section_is_right(&d.sections[i]))
			rc = WARD_E_FORMAT;
	}
	return rc;
}

enum ward_rc
ward_pack_name(struct ward_span mapped, uint8_t *ret_id, struct ward_edition *ret_edition)
{
	struct ward_edition e = {.number = 0};
	struct directory d;
	enum ward_rc rc = read_directory(mapped, &d);

	for (size_t i = 0; rc == WARD_OK && i < d.count; i++) {
		if (d.sections[i].type == WARD_PACK_EDITION)
			rc = ward_edition_read(d.sections[i].bytes, &e);
	}
	if (rc != WARD_OK)
		return rc;
	memcpy(ret_id, d.id.data, WARD_PACK_ID_LEN);
	*ret_edition = e;
	return WARD_OK;
}

enum ward_rc
ward_pack_describe(const struct ward_pack *p, struct ward_buf *out)
{
	char hex[2 * WARD_PACK_ID_LEN + 1];
	struct ward_span manifest = ward_pack_manifest(p);
	enum ward_rc rc;

	ward_text_hex(p->dir.id, hex);
	rc = ward_buf_printf(out, "id: %s\n", hex);
	if (rc == WARD_OK && p->edition.number)
		rc = ward_buf_printf(out, "number: %llu\n", (unsigned long long)p->edition.number);
	for (unsigned k = 0; rc == WARD_OK && k < WARD_HASH_KINDS; k++) {
		if (p->counts.hashes[k])
			rc = ward_buf_printf(out, "%s hashes: %llu\n",
					     ward_hash_kind_name((enum ward_hash_kind)k),
					     (unsigned long long)p->counts.hashes[k]);
	}
	if (rc == WARD_OK && p->counts.bodies)
		rc = ward_buf_printf(out, "body signatures: %llu\n",
				     (unsigned long long)p->counts.bodies);
	if (rc == WARD_OK && p->counts.yara_rules)
		rc = ward_buf_printf(out, "YARA rules: %llu\n",
				     (unsigned long long)p->counts.yara_rules);
	return rc == WARD_OK ? ward_buf_append(out, manifest.data, manifest.len) : rc;
}
