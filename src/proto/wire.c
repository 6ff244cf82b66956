/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/wire.h"

#include "base/utf.h"
#include "proto/wire-priv.h"

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

static enum ward_rc
refuse(const char *why, const char **ret_why)
{
	if (ret_why)
		*ret_why = why;
	return WARD_E_PROTO;
}

enum ward_rc
ward_wire_decode(const ProtobufCMessageDescriptor *type, struct ward_span in,
		 struct ward_arena *arena, void *ret_message, const char **ret_why)
{
	ProtobufCAllocator allocator = {arena_alloc, arena_free, arena};
	ward_wire_check_fn check = ward_wire_check(type);
	void *message;
	const char *why;

	if (!check)
		return WARD_E_INVAL;
	if (in.len > WARD_WIRE_MESSAGE_MAX)
		return refuse("length", ret_why);
	ward_arena_budget(arena)->hit = false;
	message = protobuf_c_message_unpack(type, &allocator, in.len, in.data);
	if (!message)
		return ward_arena_budget(arena)->hit ? WARD_E_LIMIT : refuse("encoding", ret_why);
	why = check(message);
	if (why)
		return refuse(why, ret_why);
	memcpy(ret_message, &message, sizeof(message));
	return WARD_OK;
}

enum ward_rc
ward_wire_encode(const ProtobufCMessage *message, struct ward_buf *out)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *at = ward_buf_reserve(out, size);

	if (!at)
		return out->full ? WARD_E_LIMIT : WARD_E_NOMEM;
	ward_buf_grown(out, protobuf_c_message_pack(message, at));
	return WARD_OK;
}

bool
ward_wire_is_text(const char *text, size_t max)
{
	struct ward_span left = ward_span_of(text, strnlen(text, max + 1));

	if (left.len > max)
		return false;
	while (left.len > 0) {
		size_t n = ward_utf_valid_at(left);

		if (n == 0 || left.data[0] < 0x20 || left.data[0] == 0x7f)
			return false;
		left = ward_span_cut(left, n, left.len);
	}
	return true;
}

Ward__V1__Verdict
ward_wire_verdict(enum ward_verdict verdict)
{
	switch (verdict) {
	case WARD_CLEAN:
		return WARD__V1__VERDICT__VERDICT_CLEAN;
	case WARD_NOT_SCANNED:
		return WARD__V1__VERDICT__VERDICT_NOT_SCANNED;
	case WARD_SUSPICIOUS:
		return WARD__V1__VERDICT__VERDICT_SUSPICIOUS;
	case WARD_MALICIOUS:
		return WARD__V1__VERDICT__VERDICT_MALICIOUS;
	case WARD_UNKNOWN:
		break;
	}
	return WARD__V1__VERDICT__VERDICT_UNKNOWN;
}

enum ward_verdict
ward_wire_verdict_from(Ward__V1__Verdict verdict)
{
	switch ((int)verdict) { /* generated enums have helper values nobody sends */
	case WARD__V1__VERDICT__VERDICT_CLEAN:
		return WARD_CLEAN;
	case WARD__V1__VERDICT__VERDICT_NOT_SCANNED:
		return WARD_NOT_SCANNED;
	case WARD__V1__VERDICT__VERDICT_SUSPICIOUS:
		return WARD_SUSPICIOUS;
	case WARD__V1__VERDICT__VERDICT_MALICIOUS:
		return WARD_MALICIOUS;
	default:
		return WARD_UNKNOWN;
	}
}

const char *
ward_wire_tier_name(Ward__V1__Tier tier)
{
	static const char *const names[] = {"other",  "reputation", "metadata",
					    "sample", "detonation", "graph"};

	return (unsigned)tier < sizeof(names) / sizeof(names[0]) ? names[(unsigned)tier] : names[0];
}
