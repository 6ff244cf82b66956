/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/codec-priv.h"

#include "base/text.h"
#include "base/utf.h"

static void *
arena_alloc(void *arena, size_t size)
{
	return ward_arena_alloc(arena, size);
}

/* The arena goes as a whole. */
static void
arena_free(void *arena, void *pointer)
{
	(void)arena;
	(void)pointer;
}

static const uint8_t *
at(const ProtobufCMessage *m, unsigned offset)
{
	return (const uint8_t *)m + offset;
}

/* The messages that a field holds, in an array; none when the field is something else, or unset. */
static size_t
children(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f,
	 ProtobufCMessage *const **ret)
{
	uint32_t chosen;
	size_t count = 1;

	if (f->type != PROTOBUF_C_TYPE_MESSAGE)
		return 0;
	if (f->label == PROTOBUF_C_LABEL_REPEATED) {
		memcpy(&count, at(m, f->quantifier_offset), sizeof(count));
		memcpy(ret, at(m, f->offset), sizeof(*ret));
		return count;
	}
	if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
		memcpy(&chosen, at(m, f->quantifier_offset), sizeof(chosen));
		if (chosen != f->id)
			return 0;
	}
	*ret = (ProtobufCMessage *const *)(const void *)at(m, f->offset);
	return **ret ? 1 : 0;
}

/* Whether all fields are of trust.proto. Types do not contain themselves: the depth is theirs. */
static bool
known(const ProtobufCMessage *m)
{
	if (m->n_unknown_fields > 0)
		return false;
	for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
		ProtobufCMessage *const *child = NULL;
		size_t count = children(m, &m->descriptor->fields[i], &child);

		for (size_t c = 0; c < count; c++)
			if (!known(child[c]))
				return false;
	}
	return true;
}

static enum ward_rc
compare(const ProtobufCMessage *m, struct ward_span in, struct ward_arena *arena)
{
	size_t size = protobuf_c_message_get_packed_size(m);
	struct ward_arena_mark mark = ward_arena_save(arena);
	uint8_t *again = size == in.len ? ward_arena_alloc(arena, size) : NULL;
	enum ward_rc rc = WARD_E_PROTO;

	if (size == in.len && !again)
		return WARD_E_LIMIT;
	if (again && protobuf_c_message_pack(m, again) == in.len &&
	    ward_span_eq(ward_span_of(again, size), in))
		rc = WARD_OK;
	ward_arena_restore(arena, mark);
	return rc;
}

enum ward_rc
ward_trust_unpack(const ProtobufCMessageDescriptor *type, struct ward_span in,
		  struct ward_arena *arena, void *ret_message)
{
	ProtobufCAllocator allocator = {arena_alloc, arena_free, arena};
	ProtobufCMessage *m;
	enum ward_rc rc;

	ward_arena_budget(arena)->hit = false;
	m = protobuf_c_message_unpack(type, &allocator, in.len, in.data);
	if (!m)
		return ward_arena_budget(arena)->hit ? WARD_E_LIMIT : WARD_E_PROTO;
	if (!known(m))
		return WARD_E_PROTO;
	rc = compare(m, in, arena);
	if (!rc)
		memcpy(ret_message, &m, sizeof(m));
	return rc;
}

enum ward_rc
ward_trust_pack(const ProtobufCMessage *message, struct ward_buf *out)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *room = ward_buf_reserve(out, size);

	if (!room)
		return out->full ? WARD_E_LIMIT : WARD_E_NOMEM;
	ward_buf_grown(out, protobuf_c_message_pack(message, room));
	return WARD_OK;
}

bool
ward_trust_is_text(const char *text, size_t min, size_t max)
{
	struct ward_span left = ward_span_of(text, strnlen(text, max + 1));

	if (left.len < min || left.len > max)
		return false;
	while (left.len > 0) {
		size_t n = ward_utf_valid_at(left);

		/* C0, DEL, and C1 (which UTF-8 writes as C2 80 to C2 9F) */
		if (n == 0 || left.data[0] < 0x20 || left.data[0] == 0x7f ||
		    (n == 2 && left.data[0] == 0xc2 && left.data[1] < 0xa0))
			return false;
		left = ward_span_cut(left, n, left.len);
	}
	return true;
}

bool
ward_trust_is_name(const char *text)
{
	size_t len = strnlen(text, 65);

	for (size_t i = 0; i < len; i++) {
		bool plain =
			ward_text_is_alnum((uint8_t)text[i]) && !(text[i] >= 'A' && text[i] <= 'Z');

		if (!plain && (i == 0 || !strchr(".-_", text[i])))
			return false;
	}
	return len >= 1 && len <= 64;
}
