/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/manage/page.h"

#include "base/text.h"
#include "proto/wire.h"

/* Of a message, for entries; and what tags and lengths take at most. */
enum { ROOM = 48 * 1024, FIELD_COST = 64, ENTRY_COST = 8 };

enum ward_rc
ward_page_init(struct ward_page *p, struct ward_arena *arena, size_t limit)
{
	memset(p, 0, sizeof(*p));
	p->arena = arena;
	p->limit = limit > 0 && limit < WARD_MANAGE_ENTRIES_MAX ? limit : WARD_MANAGE_ENTRIES_MAX;
	p->room = ROOM;
	p->entries = ward_arena_array(arena, p->limit, sizeof(*p->entries));
	return p->entries ? WARD_OK : WARD_E_NOMEM;
}

static void
put(struct ward_page *p, const struct ward_manage_field *f)
{
	if (p->field_count == WARD_MANAGE_FIELDS_MAX)
		return;
	p->fields[p->field_count++] = *f;
	p->cost += FIELD_COST + f->text.len;
}

static void
put_text(struct ward_page *p, const char *name, enum ward_manage_kind kind, struct ward_span text)
{
	struct ward_manage_field f = {.name = name, .kind = kind};
	const char *copy;

	if (text.len == 0 || text.len > WARD_MANAGE_FIELD_MAX || memchr(text.data, 0, text.len))
		return;
	copy = ward_arena_strdup(p->arena, text);
	p->short_of_memory |= !copy;
	if (!copy)
		return;
	f.text = ward_span_of(copy, text.len);
	put(p, &f);
}

void
ward_page_text(struct ward_page *p, const char *name, struct ward_span text)
{
	put_text(p, name, WARD_MANAGE_TEXT, text);
}

void
ward_page_str(struct ward_page *p, const char *name, const char *text)
{
	put_text(p, name, WARD_MANAGE_TEXT, ward_span_str(text));
}

void
ward_page_json(struct ward_page *p, const char *name, struct ward_span json)
{
	put_text(p, name, WARD_MANAGE_JSON, json);
}

void
ward_page_number(struct ward_page *p, const char *name, uint64_t number)
{
	put(p, &(struct ward_manage_field){
		       .name = name, .kind = WARD_MANAGE_NUMBER, .number = number});
}

void
ward_page_bool(struct ward_page *p, const char *name, bool value)
{
	put(p,
	    &(struct ward_manage_field){.name = name, .kind = WARD_MANAGE_BOOL, .number = value});
}

void
ward_page_time(struct ward_page *p, const char *name, uint64_t ms)
{
	if (ms > 0)
		put(p, &(struct ward_manage_field){
			       .name = name, .kind = WARD_MANAGE_TIME, .number = ms});
}

void
ward_page_uuid(struct ward_page *p, const char *name, struct ward_span id)
{
	char text[37];

	if (id.len != WARD_WIRE_ID_LEN)
		return;
	ward_wire_uuid_text(id.data, text);
	ward_page_str(p, name, text);
}

void
ward_page_hex(struct ward_page *p, const char *name, struct ward_span bytes)
{
	char text[2 * 64 + 1];

	if (bytes.len == 0 || bytes.len > 64)
		return;
	ward_text_hex(bytes, text);
	ward_page_str(p, name, text);
}

/* A single entry that is larger than a page cannot be: its evidence alone is left out before. */
enum ward_rc
ward_page_entry(struct ward_page *p)
{
	struct ward_manage_entry *e = &p->entries[p->count];
	size_t count = p->field_count, cost = p->cost + ENTRY_COST;

	p->field_count = p->cost = 0;
	if (p->short_of_memory)
		return WARD_E_NOMEM;
	if (p->count == p->limit || (p->count > 0 && cost > p->room))
		return WARD_E_STOPPED;
	e->fields = ward_arena_array(p->arena, count + 1, sizeof(*e->fields));
	if (!e->fields)
		return WARD_E_NOMEM;
	memcpy(e->fields, p->fields, count * sizeof(*e->fields));
	e->count = count;
	p->count++;
	p->room -= cost < p->room ? cost : p->room;
	return WARD_OK;
}
