/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The automaton: place i means that i tokens of the pattern are matched. A token takes one byte from
 * one place to the next; stars are loops at a place. Components that are ** need one step without a
 * byte: from the place after the slash before them to the loop, and past the loop and its slash.
 */
#include "policy/exclude/glob.h"

#include "base/text.h"

enum { PLACES_MAX = WARD_GLOB_MAX + 8, WORDS_MAX = (PLACES_MAX + 63) / 64 };

enum loop {
	LOOP_NAME = 1, /* any byte but / */
	LOOP_ANY = 2,
	LOOP_REST = 4, /* the continuation bytes of a character that was begun */
};

struct token {
	bool nothing; /* only the step without a byte leads on */
	bool literal; /* takes `byte` only */
	bool negated; /* takes what is not in `set` */
	uint8_t byte;
	uint64_t set[2]; /* ASCII characters */
};

struct draft {
	struct token tokens[PLACES_MAX];
	uint8_t loops[PLACES_MAX + 1]; /* at each place */
	bool skips[PLACES_MAX + 1];    /* here begins a component ** */
	size_t count;
	bool name; /* a slash is a character like others */
	const char *why;
};

struct ward_glob {
	size_t places, words;
	uint8_t class_of[256]; /* bytes that no token tells apart are one class */
	uint64_t *match;       /* [class][word]: places whose token takes it */
	uint64_t loop_slash[WORDS_MAX], loop_rest[WORDS_MAX], loop_other[WORDS_MAX];
	uint64_t skips[WORDS_MAX];
	bool has_skips;
	struct ward_span directory, tail; /* what every match begins and ends with */
};

/* --- reading the pattern --- */

static bool
fail(struct draft *d, const char *why)
{
	if (!d->why)
		d->why = why;
	return false;
}

static struct token *
push(struct draft *d)
{
	return &d->tokens[d->count++];
}

static void
push_literal(struct draft *d, uint8_t byte)
{
	*push(d) = (struct token){.literal = true, .byte = byte};
}

/* One character that is not in the set: its first byte, then what belongs to it. */
static void
push_other(struct draft *d, const uint64_t set[2])
{
	*push(d) = (struct token){.negated = true, .set = {set[0], set[1]}};
	d->loops[d->count] |= LOOP_REST;
}

static bool
after_slash(const struct draft *d)
{
	const struct token *last = d->count ? &d->tokens[d->count - 1] : NULL;

	return !d->name && last && last->literal && last->byte == '/' && d->loops[d->count] == 0;
}

static void
push_components(struct draft *d)
{
	if (d->count >= 2 && d->tokens[d->count - 2].nothing && after_slash(d))
		return; /* the second of two in a row says nothing new */
	d->skips[d->count] = true;
	*push(d) = (struct token){.nothing = true};
	d->loops[d->count] = LOOP_ANY;
	push_literal(d, '/');
}

static void
read_stars(struct draft *d, struct ward_span p, size_t *at)
{
	size_t n = 1;

	while (*at + n < p.len && p.data[*at + n] == '*')
		n++;
	*at += n;
	if (n == 1) {
		d->loops[d->count] |= LOOP_NAME;
	} else if (n == 2 && *at < p.len && p.data[*at] == '/' && after_slash(d)) {
		push_components(d);
		++*at;
	} else {
		d->loops[d->count] |= LOOP_ANY;
	}
}

static void
add(uint64_t set[2], uint8_t c)
{
	set[c / 64] |= UINT64_C(1) << c % 64;
}

static bool
has(const uint64_t set[2], uint8_t c)
{
	return c < 128 && (set[c / 64] >> c % 64 & 1);
}

/* A character of a set, perhaps escaped; 0 when there is none. */
static uint8_t
read_member(struct draft *d, struct ward_span p, size_t *at)
{
	if (*at < p.len && p.data[*at] == '\\')
		++*at;
	if (*at >= p.len)
		(void)fail(d, "a [ without its ]");
	else if (p.data[*at] >= 128)
		(void)fail(d, "only ASCII characters may stand between [ and ]");
	else if (p.data[*at] == '/')
		(void)fail(d, "a / may not stand between [ and ]");
	else
		return p.data[(*at)++];
	return 0;
}

static bool
read_range(struct draft *d, struct ward_span p, size_t *at, uint64_t set[2])
{
	uint8_t low = read_member(d, p, at), high = low;

	if (low && *at + 1 < p.len && p.data[*at] == '-' && p.data[*at + 1] != ']') {
		++*at;
		high = read_member(d, p, at);
	}
	if (!low || !high)
		return false;
	if (low > high)
		return fail(d, "a range between [ and ] goes backwards");
	for (unsigned c = low; c <= high; c++)
		add(set, (uint8_t)c);
	return true;
}

static bool
read_set(struct draft *d, struct ward_span p, size_t *at)
{
	uint64_t set[2] = {0, 0};
	bool negated = *at + 1 < p.len && (p.data[*at + 1] == '!' || p.data[*at + 1] == '^');
	bool first = true;

	for (*at += negated ? 2 : 1; first || *at >= p.len || p.data[*at] != ']'; first = false)
		if (!read_range(d, p, at, set))
			return false;
	++*at;
	if (negated)
		push_other(d, set);
	else
		*push(d) = (struct token){.set = {set[0], set[1]}};
	return true;
}

static bool
read_plain(struct draft *d, struct ward_span p, size_t *at)
{
	uint8_t c = p.data[*at];

	if (c == '{' || c == '}')
		return fail(d, "braces are no alternatives here; write \\{ or \\} for themselves");
	if (c == '\\') {
		if (++*at == p.len)
			return fail(d, "a \\ at the end");
		c = p.data[*at];
	}
	if (c == '/' && after_slash(d))
		return fail(d, "an empty component (//)");
	++*at;
	push_literal(d, c);
	return true;
}

static bool
read_one(struct draft *d, struct ward_span p, size_t *at)
{
	static const uint64_t none[2] = {0, 0};

	switch (p.data[*at]) {
	case '*':
		read_stars(d, p, at);
		return true;
	case '?':
		++*at;
		push_other(d, none);
		return true;
	case '[':
		return read_set(d, p, at);
	default:
		return read_plain(d, p, at);
	}
}

static bool
read_rest(struct draft *d, struct ward_span p)
{
	for (size_t at = 0; at < p.len;)
		if (!read_one(d, p, &at))
			return false;
	return true;
}

/* Components that no opened file's path has. */
static bool
has_dots(struct ward_span p)
{
	struct ward_span part;

	while (ward_text_split(&p, '/', &part))
		if (ward_span_eq(part, ward_span_str(".")) ||
		    ward_span_eq(part, ward_span_str("..")))
			return true;
	return false;
}

static bool
read_pattern(struct draft *d, struct ward_span p)
{
	if (p.len == 0 || p.len > WARD_GLOB_MAX)
		return fail(d, p.len ? "longer than 512 bytes" : "empty");
	if (p.data[p.len - 1] == '/')
		return fail(d, "ends in /; what lies in a directory is directory/**");
	if (memchr(p.data, 0, p.len))
		return fail(d, "holds a NUL");
	if (has_dots(p))
		return fail(d, "a component . or ..");
	if (p.data[0] != '/') {
		push_literal(d, '/');
		push_components(d);
	}
	return read_rest(d, p);
}

/* --- building the automaton --- */

static bool
takes(const struct token *t, uint8_t c)
{
	if (t->nothing)
		return false;
	if (t->literal)
		return c == t->byte;
	return t->negated ? c != '/' && !has(t->set, c) : has(t->set, c);
}

static void
set_bit(uint64_t *words, size_t bit)
{
	words[bit / 64] |= UINT64_C(1) << bit % 64;
}

/* The row of a byte, and the class of those that have the same one. */
static size_t
classify(struct ward_glob *g, const struct draft *d, uint8_t c, size_t classes)
{
	uint64_t *row = g->match + classes * g->words;

	memset(row, 0, g->words * sizeof(*row));
	for (size_t i = 0; i < d->count; i++)
		if (takes(&d->tokens[i], c))
			set_bit(row, i);
	for (size_t k = 0; k < classes; k++)
		if (memcmp(row, g->match + k * g->words, g->words * sizeof(*row)) == 0) {
			g->class_of[c] = (uint8_t)k;
			return classes;
		}
	g->class_of[c] = (uint8_t)classes;
	return classes + 1;
}

static void
set_loops(struct ward_glob *g, const struct draft *d)
{
	for (size_t i = 0; i <= d->count; i++) {
		if (d->loops[i] & LOOP_ANY)
			set_bit(g->loop_slash, i);
		if (d->loops[i] & (LOOP_ANY | LOOP_NAME))
			set_bit(g->loop_other, i);
		if (d->loops[i])
			set_bit(g->loop_rest, i);
		if (d->skips[i])
			set_bit(g->skips, i);
		g->has_skips |= d->skips[i];
	}
}

static bool
is_plain(const struct draft *d, size_t i)
{
	return d->tokens[i].literal && !d->loops[i] && !d->skips[i];
}

/* Literal bytes of tokens [from, to). */
static enum ward_rc
copy_literals(const struct draft *d, size_t from, size_t to, struct ward_arena *arena,
	      struct ward_span *ret)
{
	uint8_t *bytes = ward_arena_alloc(arena, to - from + 1);

	if (!bytes)
		return WARD_E_LIMIT;
	for (size_t i = from; i < to; i++)
		bytes[i - from] = d->tokens[i].byte;
	*ret = ward_span_of(bytes, to - from);
	return WARD_OK;
}

static enum ward_rc
set_ends(struct ward_glob *g, const struct draft *d, struct ward_arena *arena)
{
	size_t plain = 0, directory = 0, tail = d->count;
	enum ward_rc rc;

	for (; plain < d->count && is_plain(d, plain); plain++)
		if (d->tokens[plain].byte == '/')
			directory = plain;
	while (tail > 0 && !d->loops[tail] && d->tokens[tail - 1].literal)
		tail--;
	rc = copy_literals(d, 0, directory, arena, &g->directory);
	return rc ? rc : copy_literals(d, tail, d->count, arena, &g->tail);
}

static enum ward_rc
build(const struct draft *d, struct ward_arena *arena, struct ward_glob **ret)
{
	struct ward_glob *g = ward_arena_alloc(arena, sizeof(*g));
	size_t classes = 0;
	uint64_t scratch[257 * WORDS_MAX];
	enum ward_rc rc;

	if (!g)
		return WARD_E_LIMIT;
	g->places = d->count;
	g->words = d->count / 64 + 1;
	g->match = scratch;
	for (unsigned c = 0; c < 256; c++)
		classes = classify(g, d, (uint8_t)c, classes);
	g->match = ward_arena_array(arena, classes * g->words, sizeof(uint64_t));
	if (!g->match)
		return WARD_E_LIMIT;
	memcpy(g->match, scratch, classes * g->words * sizeof(uint64_t));
	set_loops(g, d);
	rc = set_ends(g, d, arena);
	if (rc == WARD_OK)
		*ret = g;
	return rc;
}

enum ward_rc
ward_glob_compile(struct ward_span pattern, struct ward_arena *arena, struct ward_glob **ret,
		  const char **ret_why)
{
	struct draft d = {.count = 0};

	if (!read_pattern(&d, pattern)) {
		*ret_why = d.why;
		return WARD_E_FORMAT;
	}
	return build(&d, arena, ret);
}

enum ward_rc
ward_glob_compile_name(struct ward_span pattern, struct ward_arena *arena, struct ward_glob **ret,
		       const char **ret_why)
{
	struct draft d = {.name = true};

	if (pattern.len == 0 || pattern.len > WARD_GLOB_MAX || !read_rest(&d, pattern)) {
		*ret_why = d.why ? d.why : "empty, or longer than 512 bytes";
		return WARD_E_FORMAT;
	}
	return build(&d, arena, ret);
}

/* --- matching --- */

/* From places where a component ** begins: into its loop, and past it. */
static void
skip(const struct ward_glob *g, uint64_t *at)
{
	uint64_t carry = 0;

	for (size_t w = 0; w < g->words; w++) {
		uint64_t from = at[w] & g->skips[w];

		at[w] |= from << 1 | from << 2 | carry;
		carry = from >> 63 | from >> 62;
	}
}

static bool
step(const struct ward_glob *g, uint64_t *at, uint8_t c)
{
	const uint64_t *match = g->match + g->class_of[c] * g->words, *loop = g->loop_other;
	uint64_t carry = 0, any = 0;

	if (c == '/')
		loop = g->loop_slash;
	else if ((c & 0xc0) == 0x80)
		loop = g->loop_rest;
	for (size_t w = 0; w < g->words; w++) {
		uint64_t moved = at[w] & match[w];

		at[w] = moved << 1 | carry | (at[w] & loop[w]);
		carry = moved >> 63;
		any |= at[w];
	}
	if (c == '/' && g->has_skips)
		skip(g, at);
	return any != 0;
}

static bool
arrived(const struct ward_glob *g, const uint64_t *at)
{
	return at[g->places / 64] >> g->places % 64 & 1;
}

bool
ward_glob_match(const struct ward_glob *g, struct ward_span path)
{
	uint64_t at[WORDS_MAX] = {1};

	if (!ward_span_starts(path, g->directory.data, g->directory.len) ||
	    path.len < g->tail.len ||
	    !ward_span_eq(ward_span_cut(path, path.len - g->tail.len, path.len), g->tail))
		return false;
	for (size_t i = 0; i < path.len; i++)
		if (!step(g, at, path.data[i]))
			return false;
	return arrived(g, at);
}

size_t
ward_glob_reach(const struct ward_glob *g, struct ward_span path)
{
	uint64_t at[WORDS_MAX] = {1};
	size_t i = 0;

	while (i < path.len && step(g, at, path.data[i]))
		i++;
	return i;
}

struct ward_span
ward_glob_directory(const struct ward_glob *g)
{
	return g->directory;
}
