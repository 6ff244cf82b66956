/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/intake/overlay.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf.h"

enum {
	NONE = UINT32_MAX,
	KEY_MAX = WARD_RECORD_NAME,
	BUCKETS_MIN = 256,
	PACKS_MAX = 16,
	PACK_NAME = 65,
};

/* What keys are about: a digest's length says which it is. */
enum space { SPACE_DIGEST, SPACE_RULE, SPACE_SIGNATURE, SPACE_NOBODY };

struct entry {
	uint64_t number, until_ms; /* until_ms 0: no end by the clock */
	uint64_t target;	   /* of a disabled record */
	uint64_t pack_version;	   /* 0: no pack ends it */
	char *pack, *threat, *why;
	uint8_t *key;
	char *format; /* of a rule or signature, and its text; NULL: it is none */
	uint8_t *text;
	size_t text_len;
	uint8_t key_len;
	uint8_t space; /* enum space */
	uint8_t kind;  /* enum ward_trust_kind */
	bool live, off;
	uint32_t next; /* in its bucket */
};

struct pack {
	char name[PACK_NAME];
	uint64_t version;
};

struct contents {
	struct entry *entries; /* by number */
	uint32_t *buckets;
	size_t count, room, bucket_count;
	uint64_t next_ms; /* the next end; UINT64_MAX: none */
	struct pack packs[PACKS_MAX];
	size_t pack_count;
	struct ward_overlay_counts counts;
};

struct ward_overlay {
	pthread_rwlock_t lock;
	struct contents c;
};

static void
entry_done(struct entry *e)
{
	free(e->pack);
	free(e->threat);
	free(e->why);
	free(e->key);
	free(e->format);
	free(e->text);
}

static void
contents_done(struct contents *c)
{
	for (size_t i = 0; i < c->count; i++)
		entry_done(&c->entries[i]);
	free(c->entries);
	free(c->buckets);
	*c = (struct contents){.next_ms = UINT64_MAX};
}

struct ward_overlay *
ward_overlay_new(void)
{
	struct ward_overlay *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	(void)pthread_rwlock_init(&o->lock, NULL);
	o->c.next_ms = UINT64_MAX;
	return o;
}

struct ward_overlay *
ward_overlay_free(struct ward_overlay *o)
{
	if (!o)
		return NULL;
	contents_done(&o->c);
	(void)pthread_rwlock_destroy(&o->lock);
	free(o);
	return NULL;
}

/* --- finding --- */

/* FNV-1a: publishers are trusted, and who looks up cannot fill the table. */
static uint64_t
hash_of(enum space space, struct ward_span key)
{
	uint64_t h = 0xcbf29ce484222325u ^ (uint64_t)space;

	for (size_t i = 0; i < key.len; i++)
		h = (h ^ key.data[i]) * 0x100000001b3u;
	return h ^ h >> 32;
}

static bool
has_ended(const struct entry *e, uint64_t now_ms)
{
	return e->until_ms != 0 && e->until_ms <= now_ms;
}

static bool
is_about(const struct entry *e, enum space space, struct ward_span key)
{
	return e->space == space && ward_span_eq(ward_span_of(e->key, e->key_len), key);
}

/* The one with the highest number of this kind that counts; buckets have the latest first. */
static const struct entry *
find(const struct contents *c, enum space space, struct ward_span key, enum ward_trust_kind kind,
     uint64_t now_ms)
{
	uint32_t i;

	if (c->bucket_count == 0)
		return NULL;
	i = c->buckets[hash_of(space, key) & (c->bucket_count - 1)];
	for (; i != NONE; i = c->entries[i].next) {
		const struct entry *e = &c->entries[i];

		if (e->live && e->kind == kind && !has_ended(e, now_ms) && is_about(e, space, key))
			return e;
	}
	return NULL;
}

static void
word_of(const struct entry *e, struct ward_overlay_word *ret)
{
	ret->number = e->number;
	ret->until_ms = e->until_ms;
	(void)snprintf(ret->threat, sizeof(ret->threat), "%s", e->threat);
	(void)snprintf(ret->why, sizeof(ret->why), "%s", e->why);
}

enum ward_overlay_says
ward_overlay_find(struct ward_overlay *o, struct ward_span digest, uint64_t now_ms,
		  struct ward_overlay_word *ret_word)
{
	enum ward_overlay_says says = WARD_OVERLAY_ALLOWS;
	const struct entry *e;

	(void)pthread_rwlock_rdlock(&o->lock);
	e = find(&o->c, SPACE_DIGEST, digest, WARD_KIND_ALLOW_FILE, now_ms);
	if (!e) {
		e = find(&o->c, SPACE_DIGEST, digest, WARD_KIND_BLOCK_FILE, now_ms);
		says = e ? WARD_OVERLAY_BLOCKS : WARD_OVERLAY_NOTHING;
	}
	if (e && ret_word)
		word_of(e, ret_word);
	(void)pthread_rwlock_unlock(&o->lock);
	return says;
}

static enum space
space_of(enum ward_trust_disabled what)
{
	if (what == WARD_DISABLED_RULE)
		return SPACE_RULE;
	return what == WARD_DISABLED_SIGNATURE ? SPACE_SIGNATURE : SPACE_NOBODY;
}

bool
ward_overlay_disables(struct ward_overlay *o, enum ward_trust_disabled what, const char *name,
		      uint64_t now_ms)
{
	bool found;

	(void)pthread_rwlock_rdlock(&o->lock);
	found = o->c.counts.disables > 0 &&
		find(&o->c, space_of(what), ward_span_str(name), WARD_KIND_DISABLE, now_ms) != NULL;
	(void)pthread_rwlock_unlock(&o->lock);
	return found;
}

void
ward_overlay_counts(struct ward_overlay *o, struct ward_overlay_counts *ret)
{
	(void)pthread_rwlock_rdlock(&o->lock);
	*ret = o->c.counts;
	(void)pthread_rwlock_unlock(&o->lock);
}

void
ward_overlay_rules(struct ward_overlay *o, uint64_t now_ms,
		   void (*visit)(void *ctx, uint64_t number, const char *format,
				 struct ward_span text),
		   void *ctx)
{
	(void)pthread_rwlock_rdlock(&o->lock);
	for (size_t i = 0; i < o->c.count; i++) {
		const struct entry *e = &o->c.entries[i];

		if (e->format && e->live && !has_ended(e, now_ms))
			visit(ctx, e->number, e->format, ward_span_of(e->text, e->text_len));
	}
	(void)pthread_rwlock_unlock(&o->lock);
}

/* --- what counts --- */

static struct entry *
by_number(const struct contents *c, uint64_t number)
{
	size_t low = 0, high = c->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (c->entries[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < c->count && c->entries[low].number == number ? &c->entries[low] : NULL;
}

static bool
pack_ends(const struct contents *c, const struct entry *e)
{
	for (size_t i = 0; e->pack_version != 0 && i < c->pack_count; i++)
		if (strcmp(c->packs[i].name, e->pack) == 0 &&
		    c->packs[i].version >= e->pack_version)
			return true;
	return false;
}

static void
count(struct contents *c, const struct entry *e)
{
	c->counts.blocks += e->live && e->kind == WARD_KIND_BLOCK_FILE;
	c->counts.allows += e->live && e->kind == WARD_KIND_ALLOW_FILE;
	c->counts.disables += e->live && e->kind == WARD_KIND_DISABLE;
	c->counts.rules += e->live && e->format;
	c->counts.ended += !e->live;
	if (e->until_ms != 0 && e->live && e->until_ms < c->next_ms)
		c->next_ms = e->until_ms;
}

/* That something else disables a record shows there. */
static unsigned
bit_of(const struct entry *e)
{
	if (e->format)
		return WARD_OVERLAY_RULES;
	if (e->kind != WARD_KIND_DISABLE)
		return WARD_OVERLAY_CONTENTS;
	return e->target == 0 ? WARD_OVERLAY_NAMES : 0;
}

/* A record disables earlier ones only: from the last to the first, each is settled when it is reached. */
static unsigned
settle(struct contents *c, uint64_t now_ms)
{
	unsigned changed = 0;

	c->counts = (struct ward_overlay_counts){0};
	c->next_ms = UINT64_MAX;
	for (size_t i = 0; i < c->count; i++)
		c->entries[i].off = false;
	for (size_t i = c->count; i-- > 0;) {
		struct entry *e = &c->entries[i], *target = NULL;
		bool live = !e->off && !has_ended(e, now_ms) && !pack_ends(c, e);

		changed |= live != e->live ? bit_of(e) : 0;
		e->live = live;
		if (live && e->target != 0)
			target = by_number(c, e->target);
		if (target)
			target->off = true;
		count(c, e);
	}
	return changed;
}

unsigned
ward_overlay_turn(struct ward_overlay *o, uint64_t now_ms)
{
	unsigned changed = 0;

	(void)pthread_rwlock_wrlock(&o->lock);
	if (o->c.next_ms <= now_ms)
		changed = settle(&o->c, now_ms);
	(void)pthread_rwlock_unlock(&o->lock);
	return changed;
}

static struct pack *
pack_named(struct contents *c, const char *name)
{
	for (size_t i = 0; i < c->pack_count; i++)
		if (strcmp(c->packs[i].name, name) == 0)
			return &c->packs[i];
	if (c->pack_count == PACKS_MAX)
		return NULL;
	(void)snprintf(c->packs[c->pack_count].name, PACK_NAME, "%s", name);
	return &c->packs[c->pack_count++];
}

enum ward_rc
ward_overlay_pack(struct ward_overlay *o, const char *name, uint64_t version, uint64_t now_ms)
{
	struct pack *p;

	(void)pthread_rwlock_wrlock(&o->lock);
	p = pack_named(&o->c, name);
	if (p) {
		p->version = version;
		(void)settle(&o->c, now_ms);
	}
	(void)pthread_rwlock_unlock(&o->lock);
	return p ? WARD_OK : WARD_E_LIMIT;
}

void
ward_overlay_swap(struct ward_overlay *a, struct ward_overlay *b)
{
	struct contents c;

	(void)pthread_rwlock_wrlock(&a->lock);
	c = a->c;
	a->c = b->c;
	b->c = c;
	(void)pthread_rwlock_unlock(&a->lock);
}

/* --- taking --- */

static enum ward_rc
rehash(struct contents *c, size_t bucket_count)
{
	uint32_t *buckets = malloc(bucket_count * sizeof(*buckets));

	if (!buckets)
		return WARD_E_NOMEM;
	memset(buckets, 0xff, bucket_count * sizeof(*buckets));
	for (size_t i = 0; i < c->count; i++) {
		struct entry *e = &c->entries[i];
		uint64_t at =
			hash_of(e->space, ward_span_of(e->key, e->key_len)) & (bucket_count - 1);

		e->next = buckets[at];
		buckets[at] = (uint32_t)i;
	}
	free(c->buckets);
	c->buckets = buckets;
	c->bucket_count = bucket_count;
	return WARD_OK;
}

static enum ward_rc
grow(struct contents *c)
{
	size_t room = c->room ? c->room * 2 : BUCKETS_MIN;
	struct entry *entries;

	if (c->count < c->room)
		return WARD_OK;
	if (c->count >= WARD_OVERLAY_MAX)
		return WARD_E_LIMIT;
	entries = realloc(c->entries, room * sizeof(*entries));
	if (!entries)
		return WARD_E_NOMEM;
	c->entries = entries;
	c->room = room;
	return rehash(c, room);
}

static char *
explain(const struct ward_trust_record *r)
{
	char text[WARD_OVERLAY_TEXT + WARD_RECORD_AUTHOR + WARD_RECORD_REASON];
	size_t len;

	(void)snprintf(text, sizeof(text), "record %" PRIu64 " by %s: %s", r->number, r->author,
		       r->reason);
	len = ward_utf_fit(ward_span_str(text), WARD_OVERLAY_TEXT);
	return strndup(text, len);
}

static uint64_t
end_of(const struct ward_trust_record *r, uint64_t taken_ms)
{
	if (r->expiry.kind == WARD_EXPIRY_UNTIL)
		return r->expiry.value;
	if (r->expiry.kind != WARD_EXPIRY_DURATION)
		return 0;
	return r->expiry.value < UINT64_MAX - taken_ms ? taken_ms + r->expiry.value : 0;
}

static bool
is_rule(const struct ward_trust_record *r)
{
	return r->kind == WARD_KIND_RULE || r->kind == WARD_KIND_SIGNATURE;
}

static struct ward_span
key_of(const struct ward_trust_record *r)
{
	if (is_rule(r))
		return ward_span_of("", 0);
	if (r->kind != WARD_KIND_DISABLE)
		return r->of.file;
	return r->of.disable.what == WARD_DISABLED_RECORD ? ward_span_of("", 0)
							  : ward_span_str(r->of.disable.name);
}

static bool
does_something(const struct ward_trust_record *r)
{
	return r->kind == WARD_KIND_BLOCK_FILE || r->kind == WARD_KIND_ALLOW_FILE || is_rule(r) ||
	       (r->kind == WARD_KIND_DISABLE && r->of.disable.what != WARD_DISABLED_MODEL);
}

static bool
fill_rule(struct entry *e, const struct ward_trust_record *r)
{
	bool yara = r->kind == WARD_KIND_RULE;
	struct ward_span text = yara ? r->of.rule.source : ward_span_str(r->of.signature.line);

	e->space = SPACE_NOBODY;
	e->format = strdup(yara ? "yar" : r->of.signature.format);
	e->text = malloc(text.len + 1);
	e->text_len = text.len;
	if (e->text && text.len > 0)
		memcpy(e->text, text.data, text.len);
	return e->format && e->text;
}

/* False: no memory; what it has then is to be freed. */
static bool
fill(struct entry *e, const struct ward_trust_record *r, uint64_t taken_ms)
{
	struct ward_span key = key_of(r);
	bool by_pack = r->expiry.kind == WARD_EXPIRY_PACK;

	*e = (struct entry){
		.number = r->number,
		.until_ms = end_of(r, taken_ms),
		.pack_version = by_pack ? r->expiry.value : 0,
		.kind = (uint8_t)r->kind,
		.space = SPACE_DIGEST,
		.key_len = (uint8_t)key.len,
		.threat = strdup(r->threat ? r->threat : ""),
		.why = explain(r),
		.key = malloc(key.len + 1),
		.pack = by_pack ? strdup(r->expiry.pack) : NULL,
		.next = NONE,
	};
	if (r->kind == WARD_KIND_DISABLE) {
		e->space = (uint8_t)space_of(r->of.disable.what);
		e->target = r->of.disable.what == WARD_DISABLED_RECORD ? r->of.disable.record : 0;
	}
	if (is_rule(r) && !fill_rule(e, r))
		return false;
	if (e->key && key.len > 0)
		memcpy(e->key, key.data, key.len);
	return e->threat && e->why && e->key && (!by_pack || e->pack);
}

static void
link_in(struct contents *c, struct entry *e)
{
	uint64_t at = hash_of(e->space, ward_span_of(e->key, e->key_len)) & (c->bucket_count - 1);

	e->next = c->buckets[at];
	c->buckets[at] = (uint32_t)(e - c->entries);
}

static enum ward_rc
put(struct contents *c, const struct ward_trust_record *r, uint64_t taken_ms, uint64_t now_ms,
    unsigned *ret_changed)
{
	enum ward_rc rc = grow(c);
	struct entry *e;

	if (rc != WARD_OK)
		return rc;
	e = &c->entries[c->count++];
	if (!fill(e, r, taken_ms)) {
		entry_done(e);
		c->count--;
		return WARD_E_NOMEM;
	}
	link_in(c, e);
	if (e->target != 0) {
		*ret_changed = settle(c, now_ms);
		return WARD_OK;
	}
	e->live = !has_ended(e, now_ms) && !pack_ends(c, e);
	*ret_changed = e->live ? bit_of(e) : 0;
	count(c, e);
	return WARD_OK;
}

enum ward_rc
ward_overlay_put(struct ward_overlay *o, const struct ward_trust_record *record, uint64_t taken_ms,
		 uint64_t now_ms, unsigned *ret_changed)
{
	enum ward_rc rc = WARD_OK;

	*ret_changed = 0;
	if (!does_something(record))
		return WARD_OK;
	(void)pthread_rwlock_wrlock(&o->lock);
	if (o->c.count == 0 || record->number > o->c.entries[o->c.count - 1].number)
		rc = put(&o->c, record, taken_ms, now_ms, ret_changed);
	(void)pthread_rwlock_unlock(&o->lock);
	return rc;
}
