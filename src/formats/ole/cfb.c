/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/ole/cfb.h"

#include "base/cursor.h"
#include "base/text.h"

enum {
	HEADER_SIZE = 512,
	HEADER_DIFAT = 109,
	ENTRY_SIZE = 128,
	ENTRIES_MAX = 65536,
	CHARGE_STEP = 65536,
	MINI_CUTOFF = 4096,
	/* Owners of sectors besides the streams, which are index + OWNER_STREAM. */
	OWNER_DIRECTORY = 1,
	OWNER_MINI_FAT,
	OWNER_MINI_STREAM,
	OWNER_STREAM,
};

#define MAX_SECTOR   0xFFFFFFFAu /* the highest real sector number */
#define END_OF_CHAIN 0xFFFFFFFEu
#define FREE_SECTOR  0xFFFFFFFFu

/* One walk along a chain of a table. */
struct walk {
	struct ward_cfb_table *table;
	uint32_t at;
	uint32_t owner;
	uint32_t serial;
	bool broken;  /* loops or leaves the table */
	bool overlap; /* met a sector of somebody else */
};

static bool
walk_next(struct walk *w, uint32_t *ret_sector)
{
	if (w->at == END_OF_CHAIN)
		return false;
	if (w->at >= w->table->len || w->table->seen[w->at] == w->serial) {
		w->broken = true;
		return false;
	}
	w->overlap |= w->table->owner[w->at] && w->table->owner[w->at] != w->owner;
	w->table->seen[w->at] = w->serial;
	w->table->owner[w->at] = w->owner;
	*ret_sector = w->at;
	w->at = w->table->next[w->at];
	return true;
}

static struct walk
walk_from(struct ward_cfb *cfb, struct ward_cfb_table *table, uint32_t start, uint32_t owner)
{
	cfb->walks++;
	return (struct walk){.table = table, .at = start, .owner = owner, .serial = cfb->walks};
}

static struct ward_span
sector(const struct ward_cfb *cfb, uint32_t number)
{
	uint64_t size = 1ull << cfb->shift;

	return ward_span_cut(cfb->in, ((uint64_t)number + 1) << cfb->shift, size);
}

static bool
table_alloc(struct ward_arena *arena, struct ward_cfb_table *table, uint32_t len)
{
	table->next = ward_arena_array(arena, len, sizeof(*table->next));
	table->owner = ward_arena_array(arena, len, sizeof(*table->owner));
	table->seen = ward_arena_array(arena, len, sizeof(*table->seen));
	if (!table->next || !table->owner || !table->seen)
		return false;
	table->len = len;
	for (uint32_t i = 0; i < len; i++)
		table->next[i] = FREE_SECTOR;
	return true;
}

/* Sector number `k` of a table's own sectors holds entries k * n … of it. */
static void
table_fill(struct ward_cfb *cfb, struct ward_cfb_table *table, uint32_t k, struct ward_span bytes)
{
	uint64_t per = 1ull << (cfb->shift - 2);
	struct ward_cursor c = ward_cursor_of(bytes);

	if (bytes.len >> cfb->shift == 0)
		cfb->damaged = true;
	for (uint64_t i = k * per; i < table->len && ward_cursor_left(&c) >= 4; i++)
		table->next[i] = ward_cursor_u32le(&c);
}

/* Takes the FAT sectors a DIFAT lists, up to `max` entries of it; *k counts
 * them. False at the end of the list. */
static bool
fat_take(struct ward_cfb *cfb, struct ward_cursor *difat, uint64_t max, uint32_t *k)
{
	for (uint64_t i = 0; i < max; i++) {
		uint32_t number = ward_cursor_u32le(difat);

		if (!ward_cursor_ok(difat) || number > MAX_SECTOR)
			return false;
		if ((uint64_t)*k << (cfb->shift - 2) >= cfb->fat.len)
			return false;
		table_fill(cfb, &cfb->fat, *k, sector(cfb, number));
		*k += 1;
	}
	return true;
}

/* Every full DIFAT sector adds to k, and k is bounded by the file's size: a
 * loop among them ends there. */
static void
fat_read(struct ward_cfb *cfb, struct ward_cursor *header)
{
	uint64_t per = (1ull << (cfb->shift - 2)) - 1;
	uint32_t k = 0;
	bool more = fat_take(cfb, header, HEADER_DIFAT, &k);
	uint32_t at = cfb->first_difat;

	while (more && at <= MAX_SECTOR) {
		struct ward_cursor c = ward_cursor_of(sector(cfb, at));

		more = fat_take(cfb, &c, per, &k);
		at = ward_cursor_u32le(&c);
		cfb->damaged |= more && !ward_cursor_ok(&c);
	}
}

static enum ward_rc
header_read(struct ward_cfb *cfb, struct ward_cursor *c)
{
	static const uint8_t magic[8] = {0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1};
	struct ward_span seen = ward_cursor_bytes(c, sizeof(magic));

	if (ward_cursor_ok(c) && !ward_span_starts(seen, magic, sizeof(magic)))
		return WARD_E_FORMAT;
	ward_cursor_seek(c, 30);
	cfb->shift = ward_cursor_u16le(c);
	cfb->mini_shift = ward_cursor_u16le(c);
	ward_cursor_seek(c, 48);
	cfb->first_dir = ward_cursor_u32le(c);
	ward_cursor_skip(c, 4);
	cfb->cutoff = ward_cursor_u32le(c);
	cfb->first_mini = ward_cursor_u32le(c);
	ward_cursor_skip(c, 4);
	cfb->first_difat = ward_cursor_u32le(c);
	ward_cursor_skip(c, 4);
	if (!ward_cursor_ok(c) || cfb->in.len < HEADER_SIZE)
		return WARD_E_TRUNCATED;
	if (cfb->shift < 9 || cfb->shift > 16 || cfb->mini_shift < 2 ||
	    cfb->mini_shift > cfb->shift)
		return WARD_E_FORMAT;
	cfb->malformed = (cfb->shift != 9 && cfb->shift != 12) || cfb->mini_shift != 6 ||
			 cfb->cutoff != MINI_CUTOFF;
	return WARD_OK;
}

static void
entry_read(struct ward_cfb *cfb, struct ward_span raw, struct ward_cfb_entry *ret)
{
	struct ward_cursor c = ward_cursor_at(raw, 64);
	uint16_t name_len = ward_cursor_u16le(&c);

	ret->kind = ward_cursor_u8(&c);
	ward_cursor_skip(&c, 1);
	ret->left = ward_cursor_u32le(&c);
	ret->right = ward_cursor_u32le(&c);
	ret->child = ward_cursor_u32le(&c);
	ret->clsid = ward_cursor_bytes(&c, 16);
	ward_cursor_skip(&c, 4 + 8 + 8);
	ret->start = ward_cursor_u32le(&c);
	ret->size = ward_cursor_u64le(&c);
	/* [MS-CFB] 2.6.1: with 512-byte sectors the high half may hold rubbish. */
	if (cfb->shift == 9)
		ret->size &= 0xFFFFFFFFu;
	if (name_len > 64)
		cfb->malformed = true;
	ret->name = ward_span_cut(raw, 0, name_len > 64 ? 64 : name_len & ~1u);
	if (ret->name.len >= 2 && !ret->name.data[ret->name.len - 2] &&
	    !ret->name.data[ret->name.len - 1])
		ret->name.len -= 2;
	ret->parent = WARD_CFB_NONE;
}

static uint32_t
chain_length(struct ward_cfb *cfb, uint32_t start, uint32_t owner)
{
	struct walk w = walk_from(cfb, &cfb->fat, start, owner);
	uint32_t n = 0;
	uint32_t number;

	while (walk_next(&w, &number))
		n++;
	cfb->damaged |= w.broken;
	cfb->overlaps |= w.overlap;
	return n;
}

static enum ward_rc
directory_read(struct ward_cfb *cfb, struct ward_arena *arena)
{
	uint64_t per = (1ull << cfb->shift) / ENTRY_SIZE;
	uint64_t count = chain_length(cfb, cfb->first_dir, OWNER_DIRECTORY) * per;
	struct walk w = walk_from(cfb, &cfb->fat, cfb->first_dir, OWNER_DIRECTORY);
	uint32_t number;

	cfb->too_many = count > ENTRIES_MAX;
	if (cfb->too_many)
		count = ENTRIES_MAX;
	cfb->entries = ward_arena_array(arena, (size_t)count, sizeof(*cfb->entries));
	if (!cfb->entries)
		return WARD_E_LIMIT;
	while (cfb->entries_len < count && walk_next(&w, &number)) {
		struct ward_span left = sector(cfb, number);

		while (left.len >= ENTRY_SIZE && cfb->entries_len < count) {
			entry_read(cfb, ward_span_cut(left, 0, ENTRY_SIZE),
				   &cfb->entries[cfb->entries_len++]);
			left = ward_span_cut(left, ENTRY_SIZE, left.len);
		}
	}
	return cfb->entries_len ? WARD_OK : WARD_E_FORMAT;
}

/* The mini stream is itself a stream, the root's; remember its sectors instead
 * of copying it. */
static enum ward_rc
mini_read(struct ward_cfb *cfb, struct ward_arena *arena)
{
	const struct ward_cfb_entry *root = &cfb->entries[0];
	uint32_t n = chain_length(cfb, root->start, OWNER_MINI_STREAM);
	uint64_t minis = (uint64_t)n << (cfb->shift - cfb->mini_shift);
	struct walk w = walk_from(cfb, &cfb->fat, root->start, OWNER_MINI_STREAM);
	uint32_t number;

	cfb->mini_sectors = ward_arena_array(arena, n, sizeof(*cfb->mini_sectors));
	if (!cfb->mini_sectors || minis > MAX_SECTOR ||
	    !table_alloc(arena, &cfb->mini, (uint32_t)minis))
		return WARD_E_LIMIT;
	while (cfb->mini_sectors_len < n && walk_next(&w, &number))
		cfb->mini_sectors[cfb->mini_sectors_len++] = number;
	w = walk_from(cfb, &cfb->fat, cfb->first_mini, OWNER_MINI_FAT);
	for (uint32_t k = 0; walk_next(&w, &number); k++)
		table_fill(cfb, &cfb->mini, k, sector(cfb, number));
	cfb->damaged |= w.broken;
	return WARD_OK;
}

/* Gives every entry its storage. Trees are walked with a stack of at most one
 * slot per entry; an entry met twice is damage, not a second visit. */
static enum ward_rc
tree_read(struct ward_cfb *cfb, struct ward_arena *arena)
{
	uint32_t n = cfb->entries_len;
	uint32_t *stack = ward_arena_array(arena, n, sizeof(*stack));
	uint32_t depth = 1;

	if (!stack)
		return WARD_E_LIMIT;
	stack[0] = 0;
	while (depth) {
		uint32_t at = stack[--depth];
		const struct ward_cfb_entry *e = &cfb->entries[at];
		uint32_t near[3] = {e->left, e->right, e->child};
		uint32_t parent[3] = {e->parent, e->parent, at};

		for (int i = 0; i < 3; i++) {
			if (near[i] == WARD_CFB_NONE || (at == 0 && i < 2) ||
			    (i == 2 && e->kind == WARD_CFB_STREAM))
				continue;
			if (near[i] >= n || near[i] == 0 ||
			    cfb->entries[near[i]].parent != WARD_CFB_NONE) {
				cfb->damaged = true;
				continue;
			}
			cfb->entries[near[i]].parent = parent[i];
			stack[depth++] = near[i];
		}
	}
	return WARD_OK;
}

enum ward_rc
ward_cfb_open(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink,
	      struct ward_cfb *ret_cfb)
{
	struct ward_cfb cfb = {.in = in, .sink = sink};
	struct ward_cursor c = ward_cursor_of(in);
	enum ward_rc rc = header_read(&cfb, &c);
	uint64_t sectors;

	if (rc != WARD_OK)
		return rc;
	/* A last sector that is cut short still counts: its bytes are readable. */
	sectors = (in.len - 1) >> cfb.shift;
	if (sectors > MAX_SECTOR)
		return WARD_E_UNSUPPORTED;
	if (!table_alloc(arena, &cfb.fat, (uint32_t)sectors))
		return WARD_E_LIMIT;
	fat_read(&cfb, &c);
	rc = directory_read(&cfb, arena);
	if (rc == WARD_OK)
		rc = mini_read(&cfb, arena);
	if (rc == WARD_OK)
		rc = tree_read(&cfb, arena);
	if (rc == WARD_OK)
		*ret_cfb = cfb;
	return rc;
}

/* Where a sector of either size lies. */
static struct ward_span
piece(const struct ward_cfb *cfb, bool mini, uint32_t number)
{
	unsigned up = cfb->shift - cfb->mini_shift;
	uint32_t big = number >> up;
	uint64_t inner = (uint64_t)(number & ((1u << up) - 1)) << cfb->mini_shift;

	if (!mini)
		return sector(cfb, number);
	if (big >= cfb->mini_sectors_len)
		return (struct ward_span){NULL, 0};
	return ward_span_cut(sector(cfb, cfb->mini_sectors[big]), inner, 1ull << cfb->mini_shift);
}

/* Bytes gathered so far: `run` is the part that still lies in one piece of the
 * input and was not copied. */
struct gather {
	struct ward_cfb *cfb;
	struct ward_buf *buf;
	struct ward_span run;
	size_t charged; /* of buf->len */
};

static enum ward_rc
gather_flush(struct gather *g)
{
	enum ward_rc rc = WARD_OK;

	while (rc == WARD_OK && g->run.len) {
		struct ward_span part = ward_span_cut(g->run, 0, CHARGE_STEP);

		rc = ward_buf_append(g->buf, part.data, part.len);
		g->run = ward_span_cut(g->run, part.len, g->run.len);
		if (rc == WARD_OK && g->buf->len - g->charged >= CHARGE_STEP) {
			rc = ward_sink_charge(g->cfb->sink, 0, 0);
			g->charged = g->buf->len;
		}
	}
	return rc;
}

static enum ward_rc
gather_add(struct gather *g, struct ward_span bytes)
{
	enum ward_rc rc;

	if (g->run.len && g->run.data + g->run.len == bytes.data) {
		g->run.len += bytes.len;
		return WARD_OK;
	}
	rc = gather_flush(g);
	g->run = bytes;
	return rc;
}

enum ward_rc
ward_cfb_read(struct ward_cfb *cfb, uint32_t index, struct ward_buf *buf,
	      struct ward_span *ret_bytes)
{
	const struct ward_cfb_entry *e = &cfb->entries[index];
	bool mini = e->size < cfb->cutoff && e->kind != WARD_CFB_ROOT;
	struct walk w = walk_from(cfb, mini ? &cfb->mini : &cfb->fat, e->start,
				  index + (uint32_t)OWNER_STREAM);
	struct gather g = {.cfb = cfb, .buf = buf};
	uint64_t size = 1ull << (mini ? cfb->mini_shift : cfb->shift);
	uint64_t left = e->size;
	enum ward_rc rc = WARD_OK;
	uint32_t number;

	ward_buf_clear(buf);
	while (rc == WARD_OK && left && walk_next(&w, &number)) {
		struct ward_span whole = piece(cfb, mini, number);
		struct ward_span p = ward_span_cut(whole, 0, left);

		rc = gather_add(&g, p);
		left -= p.len;
		if (whole.len < size) /* the file ends here */
			break;
	}
	cfb->overlaps |= w.overlap;
	if (rc == WARD_OK && buf->len)
		rc = gather_flush(&g);
	if (rc != WARD_OK)
		return rc;
	*ret_bytes = buf->len ? ward_buf_span(buf) : g.run;
	return left ? WARD_E_FORMAT : WARD_OK;
}

bool
ward_cfb_named(const struct ward_cfb *cfb, uint32_t index, const char *ascii)
{
	struct ward_span name = cfb->entries[index].name;
	size_t n = strlen(ascii);

	if (name.len != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (name.data[2 * i + 1] ||
		    ward_text_lower(name.data[2 * i]) != ward_text_lower((uint8_t)ascii[i]))
			return false;
	return true;
}

static bool
same_name(struct ward_span a, struct ward_span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (ward_text_lower(a.data[i]) != ward_text_lower(b.data[i]))
			return false;
	return true;
}

uint32_t
ward_cfb_find(const struct ward_cfb *cfb, uint32_t parent, struct ward_span name)
{
	for (uint32_t i = 0; i < cfb->entries_len; i++)
		if (cfb->entries[i].parent == parent && same_name(cfb->entries[i].name, name))
			return i;
	return WARD_CFB_NONE;
}
