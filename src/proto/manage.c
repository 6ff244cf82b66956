/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/manage.h"

#include <stdio.h>

#include "manage.pb-c.h"
#include "proto/codec-priv.h"

/* --- what both directions hold to --- */

static bool
is_name(const char *text)
{
	size_t n = 0;

	for (; text && text[n]; n++) {
		char c = text[n];

		if (n == WARD_MANAGE_NAME_MAX ||
		    !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
			return false;
	}
	return n > 0;
}

static bool
is_text(const char *text, size_t max)
{
	return text && strnlen(text, max + 1) <= max;
}

static bool
request_makes_sense(const struct ward_manage_request *r)
{
	return r->operation >= WARD_MANAGE_THREAT_LIST && r->operation < WARD_MANAGE_OPERATIONS &&
	       is_text(r->path, WARD_MANAGE_TEXT_MAX) && is_text(r->name, WARD_MANAGE_TEXT_MAX) &&
	       is_text(r->value, WARD_MANAGE_VALUE_MAX) && is_text(r->why, WARD_MANAGE_TEXT_MAX) &&
	       r->cursor.len <= WARD_MANAGE_CURSOR_MAX && r->flags <= WARD_MANAGE_FLAGS;
}

static bool
field_makes_sense(const struct ward_manage_field *f)
{
	bool text = f->kind == WARD_MANAGE_TEXT || f->kind == WARD_MANAGE_JSON;

	return is_name(f->name) && (unsigned)f->kind < WARD_MANAGE_KINDS &&
	       f->text.len <= WARD_MANAGE_FIELD_MAX && (text || f->text.len == 0) &&
	       (!text || f->number == 0) && (f->kind != WARD_MANAGE_BOOL || f->number <= 1) &&
	       (f->text.len == 0 || !memchr(f->text.data, 0, f->text.len));
}

static bool
reply_makes_sense(const struct ward_manage_reply *r)
{
	bool fine = r->rc <= WARD_OK && r->rc >= WARD_E_STOPPED &&
		    is_text(r->error, WARD_MANAGE_ERROR_MAX) &&
		    r->count <= WARD_MANAGE_ENTRIES_MAX && r->next.len <= WARD_MANAGE_CURSOR_MAX;

	for (size_t i = 0; fine && i < r->count; i++) {
		fine = r->entries[i].count <= WARD_MANAGE_FIELDS_MAX;
		for (size_t k = 0; fine && k < r->entries[i].count; k++)
			fine = field_makes_sense(&r->entries[i].fields[k]);
	}
	return fine;
}

static ProtobufCBinaryData
bytes(const char *text)
{
	return ward_codec_bytes(text, strlen(text));
}

static ProtobufCBinaryData
span_bytes(struct ward_span s)
{
	return ward_codec_bytes(s.data, s.len);
}

static const char *
or_empty(const char *text)
{
	return text ? text : "";
}

/* --- requests --- */

enum ward_rc
ward_manage_request_encode(const struct ward_manage_request *request, struct ward_buf *out)
{
	Ward__Manage__V1__Request m = WARD__MANAGE__V1__REQUEST__INIT;
	struct ward_manage_request r = *request;

	r.path = or_empty(r.path);
	r.name = or_empty(r.name);
	r.value = or_empty(r.value);
	r.why = or_empty(r.why);
	if (!request_makes_sense(&r))
		return WARD_E_INVAL;
	m.version = WARD_MANAGE_VERSION;
	m.operation = (Ward__Manage__V1__Operation)r.operation;
	m.id = ward_codec_bytes(r.id, r.has_id ? WARD_MANAGE_ID : 0);
	m.path = bytes(r.path);
	m.name = bytes(r.name);
	m.value = bytes(r.value);
	m.why = bytes(r.why);
	m.cursor = span_bytes(r.cursor);
	m.limit = r.limit;
	m.time_ms = r.time_ms;
	m.bytes = r.bytes;
	m.flags = r.flags;
	return ward_codec_pack(&m.base, out);
}

enum ward_rc
ward_manage_request_decode(struct ward_span in, struct ward_arena *arena,
			   struct ward_manage_request *ret_request)
{
	const Ward__Manage__V1__Request *m =
		ward_codec_unpack(&ward__manage__v1__request__descriptor, in, arena);
	struct ward_manage_request r = {.has_id = false};

	if (!m || m->version != WARD_MANAGE_VERSION ||
	    (m->id.len != 0 && m->id.len != WARD_MANAGE_ID) || m->operation < 0)
		return WARD_E_PROTO;
	r.operation = (enum ward_manage_operation)m->operation;
	r.has_id = m->id.len > 0;
	if (r.has_id)
		memcpy(r.id, m->id.data, WARD_MANAGE_ID);
	r.path = ward_codec_text(arena, m->path, WARD_MANAGE_TEXT_MAX);
	r.name = ward_codec_text(arena, m->name, WARD_MANAGE_TEXT_MAX);
	r.value = ward_codec_text(arena, m->value, WARD_MANAGE_VALUE_MAX);
	r.why = ward_codec_text(arena, m->why, WARD_MANAGE_TEXT_MAX);
	r.cursor = ward_span_of(m->cursor.data, m->cursor.len);
	r.limit = m->limit;
	r.time_ms = m->time_ms;
	r.bytes = m->bytes;
	r.flags = m->flags;
	if (!request_makes_sense(&r))
		return WARD_E_PROTO;
	*ret_request = r;
	return WARD_OK;
}

/* --- replies, out --- */

static bool
fill_entry(const struct ward_manage_entry *e, struct ward_arena *arena, Ward__Manage__V1__Entry *m)
{
	Ward__Manage__V1__Field *fields = ward_arena_array(arena, e->count, sizeof(*fields));
	Ward__Manage__V1__Field **list =
		ward_arena_array(arena, e->count, sizeof(Ward__Manage__V1__Field *));

	ward__manage__v1__entry__init(m);
	if (e->count > 0 && (!fields || !list))
		return false;
	for (size_t i = 0; i < e->count; i++) {
		ward__manage__v1__field__init(&fields[i]);
		fields[i].name = bytes(e->fields[i].name);
		fields[i].kind = (Ward__Manage__V1__Kind)e->fields[i].kind;
		fields[i].text = span_bytes(e->fields[i].text);
		fields[i].number = e->fields[i].number;
		list[i] = &fields[i];
	}
	m->fields = list;
	m->n_fields = e->count;
	return true;
}

enum ward_rc
ward_manage_reply_encode(const struct ward_manage_reply *reply, struct ward_arena *arena,
			 struct ward_buf *out)
{
	Ward__Manage__V1__Reply m = WARD__MANAGE__V1__REPLY__INIT;
	Ward__Manage__V1__Entry *entries, **list;

	if (!reply_makes_sense(reply))
		return WARD_E_INVAL;
	entries = ward_arena_array(arena, reply->count + 1, sizeof(*entries));
	list = ward_arena_array(arena, reply->count + 1, sizeof(Ward__Manage__V1__Entry *));
	if (!entries || !list)
		return WARD_E_LIMIT;
	for (size_t i = 0; i < reply->count; i++) {
		if (!fill_entry(&reply->entries[i], arena, &entries[i]))
			return WARD_E_LIMIT;
		list[i] = &entries[i];
	}
	m.version = WARD_MANAGE_VERSION;
	m.rc = reply->rc;
	m.error = bytes(reply->error);
	m.entries = list;
	m.n_entries = reply->count;
	m.next = span_bytes(reply->next);
	return ward_codec_pack(&m.base, out);
}

/* --- replies, in --- */

static bool
take_field(const Ward__Manage__V1__Field *m, struct ward_arena *arena, struct ward_manage_field *f)
{
	const char *text = ward_codec_text(arena, m->text, WARD_MANAGE_FIELD_MAX);

	f->name = ward_codec_text(arena, m->name, WARD_MANAGE_NAME_MAX);
	f->kind = (enum ward_manage_kind)m->kind;
	f->text = ward_span_of(text, m->text.len);
	f->number = m->number;
	return f->name && text;
}

static bool
take_entry(const Ward__Manage__V1__Entry *m, struct ward_arena *arena, struct ward_manage_entry *e)
{
	bool fine = m->n_fields <= WARD_MANAGE_FIELDS_MAX;

	e->count = m->n_fields;
	e->fields = fine ? ward_arena_array(arena, m->n_fields + 1, sizeof(*e->fields)) : NULL;
	fine = e->fields != NULL;
	for (size_t i = 0; fine && i < m->n_fields; i++)
		fine = take_field(m->fields[i], arena, &e->fields[i]);
	return fine;
}

enum ward_rc
ward_manage_reply_decode(struct ward_span in, struct ward_arena *arena,
			 struct ward_manage_reply *ret_reply)
{
	const Ward__Manage__V1__Reply *m =
		ward_codec_unpack(&ward__manage__v1__reply__descriptor, in, arena);
	struct ward_manage_reply r = {.rc = WARD_OK};

	if (!m || m->version != WARD_MANAGE_VERSION || m->n_entries > WARD_MANAGE_ENTRIES_MAX)
		return WARD_E_PROTO;
	r.rc = (enum ward_rc)m->rc;
	r.error = ward_codec_text(arena, m->error, WARD_MANAGE_ERROR_MAX);
	r.count = m->n_entries;
	r.next = ward_span_of(m->next.data, m->next.len);
	r.entries = ward_arena_array(arena, m->n_entries + 1, sizeof(*r.entries));
	if (!r.entries)
		return WARD_E_PROTO;
	for (size_t i = 0; i < m->n_entries; i++) {
		if (!take_entry(m->entries[i], arena, &r.entries[i]))
			return WARD_E_PROTO;
	}
	if (!reply_makes_sense(&r))
		return WARD_E_PROTO;
	*ret_reply = r;
	return WARD_OK;
}

const struct ward_manage_field *
ward_manage_field_find(const struct ward_manage_entry *entry, const char *name)
{
	for (size_t i = 0; i < entry->count; i++) {
		if (strcmp(entry->fields[i].name, name) == 0)
			return &entry->fields[i];
	}
	return NULL;
}

bool
ward_manage_socket(const char *control, char ret_path[WARD_MANAGE_SOCKET_MAX])
{
	const char *slash = strrchr(control, '/');
	int directory = slash ? (int)(slash - control) + 1 : 0;

	if (directory >= WARD_MANAGE_SOCKET_MAX)
		return false;
	return snprintf(ret_path, WARD_MANAGE_SOCKET_MAX, "%.*smanage.sock", directory, control) <
	       WARD_MANAGE_SOCKET_MAX;
}
