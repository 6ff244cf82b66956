/* SPDX-License-Identifier: Apache-2.0 */
/* What is signed about updates, on its way to the guard: cut into pieces, and not looked into. */
#include <stdio.h>
#include <stdlib.h>

#include "client/fault.h"
#include "uplink/uplink-priv.h"

struct fetch {
	struct uplink *u;
	uint64_t id;
};

static void
send_piece(struct uplink *u, const Ward__Uplink__V1__Piece *piece)
{
	ward_uplink_reply reply = WARD__UPLINK__V1__REPLY__INIT;

	reply.what_case = WARD__UPLINK__V1__REPLY__WHAT_PIECE;
	reply.piece = (Ward__Uplink__V1__Piece *)(uintptr_t)piece;
	channel_send(u, &reply);
}

static void
refuse(struct uplink *u, uint64_t id, const char *why)
{
	Ward__Uplink__V1__Piece piece = WARD__UPLINK__V1__PIECE__INIT;
	char text[256];

	(void)snprintf(text, sizeof(text), "%s", why && *why ? why : "no answer");
	piece.id = id;
	piece.last = true;
	piece.why =
		ward_wire_is_text(text, sizeof(text) - 1) ? text : (char *)(uintptr_t) "no answer";
	send_piece(u, &piece);
}

static void
send_whole(struct uplink *u, uint64_t id, const ProtobufCMessage *message)
{
	Ward__Uplink__V1__Piece piece = WARD__UPLINK__V1__PIECE__INIT;
	size_t size = protobuf_c_message_get_packed_size(message), at = 0;
	uint8_t *bytes = size <= WARD_WIRE_MESSAGE_MAX ? malloc(size + 1) : NULL;

	if (!bytes) {
		if (id != 0)
			refuse(u, id, "it is too large");
		return;
	}
	(void)protobuf_c_message_pack(message, bytes);
	piece.id = id;
	do {
		size_t left = size - at;

		piece.data.data = bytes + at;
		piece.data.len = left < WARD_UPLINK_PIECE_MAX ? left : WARD_UPLINK_PIECE_MAX;
		at += piece.data.len;
		piece.last = at == size;
		send_piece(u, &piece);
	} while (at < size && !u->broken);
	free(bytes);
}

void
fetch_pushed(struct uplink *u, const Ward__V1__Update *update)
{
	Ward__V1__Updates alone = WARD__V1__UPDATES__INIT;

	if (update->what_case == WARD__V1__UPDATE__WHAT_UPDATES) {
		send_whole(u, 0, &update->updates->base);
	} else if (update->what_case == WARD__V1__UPDATE__WHAT_HEARTBEAT &&
		   update->heartbeat->timestamp.len > 0) {
		alone.timestamp = update->heartbeat->timestamp;
		send_whole(u, 0, &alone.base);
	}
}

static void
done(void *context, const struct ward_call_end *end, const void *reply)
{
	struct fetch *f = context;
	char why[256];

	if (reply) {
		send_whole(f->u, f->id, reply);
	} else {
		(void)ward_fault_describe(end, why, sizeof(why));
		refuse(f->u, f->id, why);
	}
	free(f);
}

void
fetch_take(struct uplink *u, const Ward__Uplink__V1__Fetch *fetch)
{
	bool updates = fetch->what_case == WARD__UPLINK__V1__FETCH__WHAT_UPDATES;
	const ProtobufCMessage *message = updates ? &fetch->updates->base : &fetch->metadata->base;
	struct fetch *f = link_refusal(u) ? NULL : calloc(1, sizeof(*f));
	const struct ward_ask_spec spec = {
		.kind = updates ? WARD_ASK_UPDATES : WARD_ASK_METADATA,
		.messages = &message,
		.message_count = 1,
		.deadline_ms = FETCH_MS,
		.done = done,
		.context = f,
	};

	if (!f) {
		refuse(u, fetch->id, link_refusal(u));
		return;
	}
	f->u = u;
	f->id = fetch->id;
	if (ward_ask_start(u->link.client, &spec, NULL) == WARD_OK)
		return;
	refuse(u, f->id, "it cannot be asked for");
	free(f);
}
