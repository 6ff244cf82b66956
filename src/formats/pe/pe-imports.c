/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Import tables, walked as pefile walks them, limits included: an import hash is only worth
 * something when it is the hash everybody else published.
 */
#include "formats/pe/pe.h"

#include "base/cursor.h"
#include "base/text.h"
#include "formats/pe/pe-priv.h"

enum {
	NAME_MAX_BYTES = 0x200,
	DESCRIPTOR = 20,
	DELAY_DESCRIPTOR = 32,
	REPEATS_MAX = 15,		/* of one address in a table: bogus */
	SPREAD_MAX = 128 * 1024 * 1024, /* of the addresses in a table: bogus */
	INVALID_MAX = 1000,		/* names at the start of a table */
	ERRORS_MAX = 5,			/* descriptors without imports */
	SEEN_SLOTS = 16384,		/* power of two, above WARD_PE_SYMBOLS_MAX */
};

static const char invalid_name[] = "*invalid*";

struct seen {
	uint64_t value;
	uint32_t table;
};

struct walker {
	const struct ward_pe *pe;
	struct ward_arena *arena;
	size_t walked;	  /* thunks over all tables */
	uint64_t *thunks; /* of the table being read, WARD_PE_SYMBOLS_MAX + 1 */
	struct seen *seen;
	uint32_t table; /* stamp of the current table in `seen` */
	bool addresses; /* thunks hold virtual addresses instead of relative ones */
	bool malformed;
	struct ward_pe_import *dlls;
	size_t count, room, symbol_count;
};

struct descriptor {
	uint64_t names, addresses; /* thunk tables */
	uint64_t dll;
	uint64_t longest; /* bytes a thunk table may have; 0: none at all */
	bool addresses_absolute;
};

struct span_stats {
	uint64_t low, high;
	bool any;
};

static void
stats_add(struct span_stats *s, uint64_t value)
{
	if (!s->any || value < s->low)
		s->low = value;
	if (!s->any || value > s->high)
		s->high = value;
	s->any = true;
}

/* True when the address was in this table before. */
static bool
seen_add(struct walker *w, uint64_t value)
{
	size_t i = (size_t)((value * 0x9e3779b97f4a7c15ull) >> 50);

	for (;; i = (i + 1) & (SEEN_SLOTS - 1)) {
		struct seen *s = &w->seen[i];

		if (s->table == w->table && s->value == value)
			return true;
		if (s->table != w->table) {
			*s = (struct seen){value, w->table};
			return false;
		}
	}
}

static uint64_t
relative(const struct walker *w, uint64_t value)
{
	uint64_t base = w->pe->optional.image_base;

	if (!w->addresses || value < base || value - base >= w->pe->optional.size_of_image)
		return value;
	return value - base;
}

static uint64_t
ordinal_flag(const struct walker *w)
{
	return w->pe->plus ? 1ull << 63 : 1ull << 31;
}

struct table {
	uint64_t start, rva;
	struct span_stats low, high; /* addresses below and above 4 GiB */
	unsigned repeats;
	size_t count;
};

/* Notes one thunk. False: the whole table is bogus. */
static bool
judge_thunk(struct walker *w, struct table *t, uint64_t value)
{
	if (value & ordinal_flag(w))
		return (value & 0x7fffffff) <= 0xffff;
	if (seen_add(w, value))
		t->repeats++;
	stats_add(value >> 32 ? &t->high : &t->low, value);
	return true;
}

static bool
is_bogus(const struct table *t)
{
	return t->repeats >= REPEATS_MAX || t->low.high - t->low.low > SPREAD_MAX ||
	       t->high.high - t->high.low > SPREAD_MAX;
}

/* Thunks at `rva` into w->thunks; how many. 0 also for a table that makes no sense. */
static size_t
read_thunks(struct walker *w, uint64_t rva, uint64_t longest)
{
	size_t width = w->pe->plus ? 8 : 4;
	struct table t = {.start = rva, .rva = rva};

	if (rva == 0)
		return 0;
	for (w->table++; t.rva < t.start + longest; t.rva += width) {
		struct ward_cursor c;
		uint64_t value;

		if (w->walked > WARD_PE_SYMBOLS_MAX)
			break;
		w->walked++;
		c = ward_cursor_of(ward_pe_at(w->pe, t.rva));
		value = w->pe->plus ? ward_cursor_u64le(&c) : ward_cursor_u32le(&c);
		if (is_bogus(&t) || !ward_cursor_ok(&c))
			return 0;
		value = relative(w, value);
		if (value == 0 || (value >= t.start && value <= t.rva))
			break;
		if (!judge_thunk(w, &t, value))
			return 0;
		w->thunks[t.count++] = value;
	}
	return t.count;
}

static bool
has_only(struct ward_span s, const char *extra)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!ward_text_is_alnum(s.data[i]) && (!s.data[i] || !strchr(extra, s.data[i])))
			return false;
	return true;
}

/* False: the descriptor as a whole is given up. An empty symbol is one to leave out. */
static bool
read_symbol(struct walker *w, uint64_t thunk, struct ward_pe_symbol *ret_symbol)
{
	struct ward_pe_symbol s = {.ordinal = 0};
	uint64_t hint = thunk & ~ordinal_flag(w);
	struct ward_cursor c;

	if (thunk & ordinal_flag(w)) {
		s.ordinal = (uint16_t)thunk;
		*ret_symbol = s;
		return true;
	}
	if (!ward_pe_is_mapped(w->pe, hint))
		return false;
	c = ward_cursor_of(ward_pe_at(w->pe, hint));
	s.hint = ward_cursor_u16le(&c);
	s.name = ward_pe_string_at(w->pe, thunk + 2, NAME_MAX_BYTES);
	*ret_symbol = s;
	return true;
}

/* Symbols of the `n` thunks read last; 0 when pefile would give the descriptor up. */
static enum ward_rc
read_symbols(struct walker *w, size_t n, struct ward_pe_import *import)
{
	struct ward_pe_symbol *symbols = ward_arena_array(w->arena, n, sizeof(*symbols));
	size_t invalid = 0, i, count = 0;

	if (!symbols)
		return WARD_E_LIMIT;
	for (i = 0; i < n; i++) {
		struct ward_pe_symbol s;

		if (!read_symbol(w, w->thunks[i], &s))
			return WARD_OK;
		if (!has_only(s.name, "._?@$()<>")) {
			if (invalid > INVALID_MAX && invalid == i)
				return WARD_OK;
			invalid++;
		} else if (s.name.len || s.ordinal) {
			symbols[count++] = s;
		}
	}
	if (invalid)
		w->malformed = true;
	import->symbols = symbols;
	import->count = count;
	return WARD_OK;
}

static enum ward_rc
keep_import(struct walker *w, const struct ward_pe_import *import)
{
	if (w->count == w->room) {
		size_t room = w->room ? w->room * 2 : 32;
		struct ward_pe_import *more = ward_arena_array(w->arena, room, sizeof(*more));

		if (!more)
			return WARD_E_LIMIT;
		if (w->count)
			memcpy(more, w->dlls, w->count * sizeof(*more));
		w->dlls = more;
		w->room = room;
	}
	w->dlls[w->count++] = *import;
	w->symbol_count += import->count;
	return WARD_OK;
}

static enum ward_rc
read_dll(struct walker *w, const struct descriptor *d, bool *ret_any)
{
	struct ward_pe_import import = {.count = 0};
	size_t n, unused;
	enum ward_rc rc;

	w->addresses = d->addresses_absolute;
	n = read_thunks(w, d->names, d->longest);
	if (n == 0) {
		n = read_thunks(w, d->addresses, d->longest);
	} else {
		/* Only walked for its share of the limit: its thunks are not kept. */
		uint64_t *kept = w->thunks;

		w->thunks += n;
		unused = read_thunks(w, d->addresses, d->longest);
		(void)unused;
		w->thunks = kept;
	}
	rc = read_symbols(w, n, &import);
	*ret_any = import.count > 0;
	if (rc || import.count == 0)
		return rc;
	import.dll = ward_pe_string_at(w->pe, d->dll, NAME_MAX_BYTES);
	if (!has_only(import.dll, "!#$%&'()-@^_`{}~+,.;=[]\\/")) {
		import.dll = ward_span_str(invalid_name);
		w->malformed = true;
	}
	return import.dll.len ? keep_import(w, &import) : WARD_OK;
}

/* pefile allows a table as many bytes as lie between the tables' starts and the end of the
   descriptor when they come before it, or as are left of the file. */
static uint64_t
longest_table(const struct ward_pe *pe, uint64_t here, uint64_t next, const struct descriptor *d)
{
	uint64_t low = d->names < d->addresses ? d->names : d->addresses;
	uint64_t offset = here;

	if (next > low)
		return next - low;
	(void)ward_pe_offset(pe, here, &offset);
	return offset < pe->in.len ? pe->in.len - offset : 0;
}

static bool
read_descriptor(struct ward_span bytes, struct descriptor *ret_d)
{
	struct ward_cursor c = ward_cursor_of(bytes);
	uint32_t f[5];
	size_t i;

	for (i = 0; i < 5; i++)
		f[i] = ward_cursor_u32le(&c);
	*ret_d = (struct descriptor){.names = f[0], .dll = f[3], .addresses = f[4]};
	return ward_cursor_ok(&c) && (f[0] | f[1] | f[2] | f[3] | f[4]);
}

/* Descriptors of Visual C++ 6 hold virtual addresses (attribute bit 0 is clear), 32-bit only. */
static bool
read_delay_descriptor(const struct walker *w, struct ward_span bytes, struct descriptor *ret_d)
{
	struct walker plain = {.pe = w->pe, .addresses = true};
	struct ward_cursor c = ward_cursor_of(bytes);
	uint32_t any = 0, f[8];
	size_t i;

	for (i = 0; i < 8; i++) {
		f[i] = ward_cursor_u32le(&c);
		any |= f[i];
	}
	plain.addresses = f[0] == 0 && w->pe->coff.machine == 0x14c;
	*ret_d = (struct descriptor){
		.dll = relative(&plain, f[1]),
		.addresses = relative(&plain, f[3]),
		.names = relative(&plain, f[4]),
		.addresses_absolute = plain.addresses,
	};
	return ward_cursor_ok(&c) && any;
}

static bool
next_descriptor(const struct walker *w, uint64_t rva, bool delayed, struct descriptor *ret_d)
{
	size_t size = delayed ? DELAY_DESCRIPTOR : DESCRIPTOR;
	struct ward_span bytes = ward_span_cut(ward_pe_at(w->pe, rva), 0, size);

	if (delayed ? !read_delay_descriptor(w, bytes, ret_d) : !read_descriptor(bytes, ret_d))
		return false;
	ret_d->longest = longest_table(w->pe, rva, rva + size, ret_d);
	return true;
}

static enum ward_rc
walk(struct walker *w, enum ward_pe_directory_index index, struct ward_pe_imports *ret_imports)
{
	bool delayed = index == WARD_PE_DIR_DELAY_IMPORT;
	uint64_t rva = w->pe->directories[index].virtual_address;
	unsigned errors = 0;
	struct descriptor d;
	enum ward_rc rc = WARD_OK;

	w->count = w->room = w->symbol_count = 0;
	w->malformed = false;
	while (rva && errors <= ERRORS_MAX && next_descriptor(w, rva, delayed, &d)) {
		bool any = false;

		rc = read_dll(w, &d, &any);
		if (rc)
			return rc;
		if (!any)
			errors++;
		rva += delayed ? DELAY_DESCRIPTOR : DESCRIPTOR;
	}
	*ret_imports = (struct ward_pe_imports){
		.dlls = w->dlls,
		.count = w->count,
		.symbol_count = w->symbol_count,
		.malformed = w->malformed || errors || w->walked > WARD_PE_SYMBOLS_MAX,
	};
	return rc;
}

enum ward_rc
ward_pe_imports_read(const struct ward_pe *pe, struct ward_arena *arena,
		     struct ward_pe_imports *ret_imports, struct ward_pe_imports *ret_delayed)
{
	struct walker w = {.pe = pe, .arena = arena};
	struct ward_pe_imports imports = {.count = 0}, delayed = {.count = 0};
	enum ward_rc rc = WARD_OK;

	if (pe->directories[WARD_PE_DIR_IMPORT].virtual_address ||
	    pe->directories[WARD_PE_DIR_DELAY_IMPORT].virtual_address) {
		w.thunks = ward_arena_array(arena, WARD_PE_SYMBOLS_MAX + 2, sizeof(*w.thunks));
		w.seen = ward_arena_array(arena, SEEN_SLOTS, sizeof(*w.seen));
		if (!w.thunks || !w.seen)
			return WARD_E_LIMIT;
		rc = walk(&w, WARD_PE_DIR_IMPORT, &imports);
		if (rc == WARD_OK)
			rc = walk(&w, WARD_PE_DIR_DELAY_IMPORT, &delayed);
	}
	if (rc)
		return rc;
	*ret_imports = imports;
	*ret_delayed = delayed;
	return WARD_OK;
}
