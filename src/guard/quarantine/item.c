/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/quarantine/item.h"

#include <assert.h>
#include <stddef.h>

#include "base/cursor.h"
#include "guard/quarantine/fields.h"

enum { TAG_XATTR = 100, TAG_EXTENTS = 101, NAME_MAX_LEN = 255, EXTENT_LEN = 16 };

static_assert(sizeof(enum ward_verdict) == 4, "a verdict is read as a u32");

#define AT(member) offsetof(struct ward_item, member)

static const struct ward_field FIELDS[] = {
	{1, WARD_FIELD_BYTES, AT(id), WARD_ITEM_ID},
	{2, WARD_FIELD_U64, AT(time_ms), 0},
	{3, WARD_FIELD_SPAN, AT(path), WARD_ITEM_PATH_MAX},
	{4, WARD_FIELD_SPAN, AT(opened), WARD_ITEM_PATH_MAX},
	{5, WARD_FIELD_U64, AT(size), 0},
	{6, WARD_FIELD_U64, AT(stored), 0},
	{7, WARD_FIELD_BYTES, AT(sha256), 32},
	{8, WARD_FIELD_U32, AT(uid), 0},
	{9, WARD_FIELD_U32, AT(gid), 0},
	{10, WARD_FIELD_U32, AT(mode), 0},
	{11, WARD_FIELD_U64, AT(links), 0},
	{12, WARD_FIELD_U64, AT(device), 0},
	{13, WARD_FIELD_U64, AT(inode), 0},
	{14, WARD_FIELD_U32, AT(generation), 0},
	{15, WARD_FIELD_U32, AT(flags), 0},
	{16, WARD_FIELD_U64, AT(atime), 0},
	{17, WARD_FIELD_U64, AT(mtime), 0},
	{18, WARD_FIELD_U64, AT(ctime), 0},
	{19, WARD_FIELD_U64, AT(btime), 0},
	{20, WARD_FIELD_U32, AT(unsettled), 0},
	{21, WARD_FIELD_U32, AT(cause.verdict), 0},
	{22, WARD_FIELD_SPAN, AT(cause.threat), WARD_ITEM_TEXT_MAX},
	{23, WARD_FIELD_SPAN, AT(cause.evidence), WARD_ITEM_EVIDENCE_MAX},
	{24, WARD_FIELD_SPAN, AT(cause.reason), WARD_ITEM_TEXT_MAX},
	{25, WARD_FIELD_SPAN, AT(cause.origin), WARD_ITEM_TEXT_MAX},
	{26, WARD_FIELD_SPAN, AT(cause.volume), WARD_ITEM_TEXT_MAX},
	{27, WARD_FIELD_SPAN, AT(cause.program), WARD_ITEM_PATH_MAX},
	{28, WARD_FIELD_U32, AT(cause.actor_pid), 0},
	{29, WARD_FIELD_U32, AT(cause.actor_uid), 0},
	{30, WARD_FIELD_SPAN, AT(cause.sha1), 20},
	{31, WARD_FIELD_SPAN, AT(cause.md5), 16},
};

enum { FIELD_COUNT = sizeof(FIELDS) / sizeof(FIELDS[0]) };

static void
put_u64(uint8_t *at, uint64_t value)
{
	for (size_t i = 0; i < 8; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static bool
are_extents_sound(const struct ward_item *item)
{
	uint64_t end = 0, sum = 0;

	for (size_t i = 0; i < item->extent_count; i++) {
		const struct ward_item_extent *e = &item->extents[i];

		if (e->len == 0 || e->offset < end || e->offset > item->size ||
		    e->len > item->size - e->offset)
			return false;
		end = e->offset + e->len;
		sum += e->len;
	}
	return sum == item->stored && item->size <= INT64_MAX;
}

static bool
has_nul(struct ward_span text)
{
	return text.len > 0 && memchr(text.data, 0, text.len);
}

static bool
are_texts_sound(const struct ward_item *item)
{
	const struct ward_item_cause *c = &item->cause;
	const struct ward_span texts[] = {item->path, item->opened, c->threat, c->evidence,
					  c->reason,  c->origin,    c->volume, c->program};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (has_nul(texts[i]))
			return false;
	}
	return (c->sha1.len == 0 || c->sha1.len == 20) && (c->md5.len == 0 || c->md5.len == 16);
}

static bool
is_sound(const struct ward_item *item)
{
	return are_extents_sound(item) && are_texts_sound(item) && item->mode <= 07777 &&
	       (uint32_t)item->cause.verdict <= WARD_MALICIOUS && item->unsettled <= 1;
}

/* --- writing --- */

static enum ward_rc
put_xattr(struct ward_buf *out, const struct ward_item_xattr *x)
{
	WARD_AUTO(ward_buf_done) struct ward_buf one = {0};
	size_t len = strlen(x->name);
	enum ward_rc rc;

	if (len == 0 || len > NAME_MAX_LEN || x->value.len > WARD_ITEM_XATTR_MAX)
		return WARD_E_LIMIT;
	ward_buf_init(&one, NAME_MAX_LEN + 1 + WARD_ITEM_XATTR_MAX, NULL);
	rc = ward_buf_append(&one, x->name, len + 1);
	if (!rc && x->value.len)
		rc = ward_buf_append(&one, x->value.data, x->value.len);
	return rc ? rc : ward_field_put(out, TAG_XATTR, ward_buf_span(&one));
}

static enum ward_rc
put_extents(struct ward_buf *out, const struct ward_item *item)
{
	WARD_AUTO(ward_buf_done) struct ward_buf all = {0};
	enum ward_rc rc = WARD_OK;

	ward_buf_init(&all, (size_t)WARD_ITEM_EXTENTS_MAX * EXTENT_LEN, NULL);
	for (size_t i = 0; i < item->extent_count && !rc; i++) {
		uint8_t one[EXTENT_LEN];

		put_u64(one, item->extents[i].offset);
		put_u64(one + 8, item->extents[i].len);
		rc = ward_buf_append(&all, one, sizeof(one));
	}
	return rc ? rc : ward_field_put(out, TAG_EXTENTS, ward_buf_span(&all));
}

enum ward_rc
ward_item_encode(const struct ward_item *item, struct ward_buf *out)
{
	enum ward_rc rc;

	if (item->xattr_count > WARD_ITEM_XATTRS_MAX || item->extent_count > WARD_ITEM_EXTENTS_MAX)
		return WARD_E_LIMIT;
	if (!is_sound(item))
		return WARD_E_INVAL;
	rc = ward_fields_put(out, FIELDS, FIELD_COUNT, item);
	for (size_t i = 0; i < item->xattr_count && !rc; i++)
		rc = put_xattr(out, &item->xattrs[i]);
	return rc ? rc : put_extents(out, item);
}

/* --- reading --- */

struct reading {
	struct ward_item *item;
	struct ward_arena *arena;
	bool has_extents;
};

static enum ward_rc
get_xattr(struct reading *r, struct ward_span bytes)
{
	struct ward_cursor c = ward_cursor_of(bytes);
	struct ward_span name = ward_cursor_cstr(&c, NAME_MAX_LEN + 1);
	struct ward_item *item = r->item;
	struct ward_item_xattr *x;

	if (!ward_cursor_ok(&c) || name.len == 0 || ward_cursor_left(&c) > WARD_ITEM_XATTR_MAX)
		return WARD_E_FORMAT;
	if (item->xattr_count == WARD_ITEM_XATTRS_MAX)
		return WARD_E_LIMIT;
	if (!item->xattrs)
		item->xattrs =
			ward_arena_array(r->arena, WARD_ITEM_XATTRS_MAX, sizeof(*item->xattrs));
	if (!item->xattrs)
		return WARD_E_LIMIT;
	x = &item->xattrs[item->xattr_count];
	x->name = ward_arena_strdup(r->arena, name);
	x->value = ward_cursor_bytes(&c, ward_cursor_left(&c));
	if (!x->name)
		return WARD_E_LIMIT;
	item->xattr_count++;
	return WARD_OK;
}

static enum ward_rc
get_extents(struct reading *r, struct ward_span bytes)
{
	struct ward_cursor c = ward_cursor_of(bytes);
	size_t count = bytes.len / EXTENT_LEN;
	struct ward_item *item = r->item;

	if (r->has_extents || bytes.len % EXTENT_LEN || count > WARD_ITEM_EXTENTS_MAX)
		return WARD_E_FORMAT;
	r->has_extents = true;
	item->extents = ward_arena_array(r->arena, count, sizeof(*item->extents));
	if (!item->extents)
		return WARD_E_LIMIT;
	for (size_t i = 0; i < count; i++) {
		item->extents[i].offset = ward_cursor_u64le(&c);
		item->extents[i].len = ward_cursor_u64le(&c);
	}
	item->extent_count = count;
	return WARD_OK;
}

static enum ward_rc
get_other(void *ctx, uint16_t tag, struct ward_span bytes)
{
	if (tag == TAG_XATTR)
		return get_xattr(ctx, bytes);
	return tag == TAG_EXTENTS ? get_extents(ctx, bytes) : WARD_E_NOENT;
}

enum ward_rc
ward_item_decode(struct ward_span in, struct ward_arena *arena, struct ward_item *ret_item)
{
	struct ward_item item = {0};
	struct reading r = {.item = &item, .arena = arena};
	enum ward_rc rc;

	if (in.len > WARD_ITEM_ENCODED_MAX)
		return WARD_E_LIMIT;
	rc = ward_fields_get(in, FIELDS, FIELD_COUNT, &item, get_other, &r);
	if (rc)
		return rc;
	if (!r.has_extents || !is_sound(&item))
		return WARD_E_FORMAT;
	*ret_item = item;
	return WARD_OK;
}
