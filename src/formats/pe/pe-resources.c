/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pe/pe.h"

#include "base/cursor.h"
#include "formats/pe/pe-priv.h"

/* The format's three levels: type, name, language. A subdirectory below that is a cycle or junk;
   stopping there also bounds the walk. */
enum { LEVELS = 3, ENTRIES_MAX = 32768 };

#define SUBDIRECTORY 0x80000000u

struct tree {
	const struct ward_pe *pe;
	struct ward_arena *arena;
	struct ward_span bytes; /* the resource section from the root directory on */
	struct ward_pe_resource *items;
	size_t count, room;
	size_t entries; /* looked at, over all directories */
	bool malformed;
};

struct level {
	struct ward_cursor c;
	size_t left;
};

static void
enter(struct tree *t, struct level *l, uint32_t offset)
{
	size_t named, numbered;

	l->c = ward_cursor_at(t->bytes, offset);
	ward_cursor_skip(&l->c, 12);
	named = ward_cursor_u16le(&l->c);
	numbered = ward_cursor_u16le(&l->c);
	l->left = named + numbered;
	if (l->left > ward_cursor_left(&l->c) / 8) {
		l->left = ward_cursor_left(&l->c) / 8;
		t->malformed = true;
	}
}

static struct ward_pe_resource_id
read_id(struct tree *t, uint32_t value)
{
	struct ward_pe_resource_id id = {.number = value};
	struct ward_cursor c;

	if (!(value & SUBDIRECTORY))
		return id;
	id.number = 0;
	c = ward_cursor_at(t->bytes, value & ~SUBDIRECTORY);
	id.name = ward_cursor_bytes(&c, 2u * (uint64_t)ward_cursor_u16le(&c));
	if (!ward_cursor_ok(&c))
		t->malformed = true;
	return id;
}

static struct ward_pe_resource *
new_item(struct tree *t)
{
	if (t->count == t->room) {
		size_t room = t->room ? t->room * 2 : 32;
		struct ward_pe_resource *more = ward_arena_array(t->arena, room, sizeof(*more));

		if (!more)
			return NULL;
		if (t->count)
			memcpy(more, t->items, t->count * sizeof(*more));
		t->items = more;
		t->room = room;
	}
	return &t->items[t->count++];
}

static enum ward_rc
read_leaf(struct tree *t, const struct ward_pe_resource_id path[LEVELS], uint32_t offset)
{
	struct ward_cursor c = ward_cursor_at(t->bytes, offset);
	struct ward_pe_resource item = {.type = path[0], .name = path[1], .lang = path[2]};
	struct ward_pe_resource *slot;

	item.rva = ward_cursor_u32le(&c);
	item.size = ward_cursor_u32le(&c);
	item.code_page = ward_cursor_u32le(&c);
	if (!ward_cursor_ok(&c)) {
		t->malformed = true;
		return WARD_OK;
	}
	item.bytes = ward_span_cut(ward_pe_at(t->pe, item.rva), 0, item.size);
	if (item.bytes.len)
		(void)ward_pe_offset(t->pe, item.rva, &item.offset);
	if (item.bytes.len < item.size)
		t->malformed = true;
	slot = new_item(t);
	if (!slot)
		return WARD_E_LIMIT;
	*slot = item;
	return WARD_OK;
}

static bool
is_full(struct tree *t)
{
	if (t->entries < ENTRIES_MAX && t->count < WARD_PE_RESOURCES_MAX)
		return false;
	t->malformed = true;
	return true;
}

static enum ward_rc
walk(struct tree *t)
{
	struct level levels[LEVELS];
	struct ward_pe_resource_id path[LEVELS] = {{.number = 0}};
	size_t depth = 0;
	enum ward_rc rc = WARD_OK;

	enter(t, &levels[0], 0);
	while (rc == WARD_OK) {
		struct level *l = &levels[depth];
		uint32_t id, offset;

		if (l->left == 0 && depth == 0)
			break;
		if (l->left == 0) {
			path[depth--] = (struct ward_pe_resource_id){.number = 0};
			continue;
		}
		if (is_full(t))
			break;
		l->left--;
		t->entries++;
		id = ward_cursor_u32le(&l->c);
		offset = ward_cursor_u32le(&l->c);
		path[depth] = read_id(t, id);
		if (!(offset & SUBDIRECTORY))
			rc = read_leaf(t, path, offset);
		else if (depth + 1 < LEVELS)
			enter(t, &levels[++depth], offset & ~SUBDIRECTORY);
		else
			t->malformed = true;
	}
	return rc;
}

enum ward_rc
ward_pe_resources_read(const struct ward_pe *pe, struct ward_arena *arena,
		       struct ward_pe_resources *ret_resources)
{
	const struct ward_pe_directory *d = &pe->directories[WARD_PE_DIR_RESOURCE];
	struct tree t = {.pe = pe, .arena = arena};
	enum ward_rc rc;

	if (d->virtual_address == 0)
		return WARD_E_NOENT;
	t.bytes = ward_pe_at(pe, d->virtual_address);
	rc = walk(&t);
	if (rc)
		return rc;
	*ret_resources = (struct ward_pe_resources){t.items, t.count, t.malformed};
	return WARD_OK;
}

const char *
ward_pe_resource_type_name(uint32_t number)
{
	static const char *const names[] = {
		NULL,	  "CURSOR",	  "BITMAP",	  "ICON", "MENU",
		"DIALOG", "STRING",	  "FONTDIR",	  "FONT", "ACCELERATOR",
		"RCDATA", "MESSAGETABLE", "GROUP_CURSOR", NULL,	  "GROUP_ICON",
		NULL,	  "VERSION",	  "DLGINCLUDE",	  NULL,	  "PLUGPLAY",
		"VXD",	  "ANICURSOR",	  "ANIICON",	  "HTML", "MANIFEST",
	};

	return number < sizeof(names) / sizeof(names[0]) ? names[number] : NULL;
}
