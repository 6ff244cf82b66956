/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of one scan. An object is identified, shown to the matchers, and taken apart by its
 * format's reader, which hands every embedded object back to take_child() before it goes on: the
 * recursion is the container nest itself, so at any time only one path of it is in memory.
 *
 * Executables are the exception to the order: signatures and section hashes need the layout that
 * their reader finds, so they are matched when the reader reports it, still before any child.
 */
#include "engine/engine.h"

#include "base/buf.h"
#include "engine/describe.h"
#include "engine/identify.h"
#include "engine/scan-priv.h"
#include "ml/features/row.h"

struct scan {
	const struct ward_engine *engine;
	const struct ward_scan_request *request;
	struct ward_result *result;
	struct ward_budget budget;
	struct ward_arena *arena;
	struct ward_buf path; /* path of the object being looked at, NUL-terminated */
	uint64_t files;
	uint64_t unpacked;
	bool stop; /* enough is known, or a limit of the whole scan is reached */
};

struct object {
	struct scan *scan;
	struct object *parent;
	struct ward_span bytes;
	struct ward_digests digests;
	const struct ward_layout *layout;
	enum ward_type type;
	unsigned depth;
	bool derived;
	bool matched;
	bool known_good;
	bool bomb;	   /* its ratio limit is reached: nothing more comes out of it */
	uint64_t produced; /* bytes unpacked out of this object */
};

static enum ward_rc take_child(void *ctx, const struct ward_child *child);

static const char *
path_of(const struct scan *s)
{
	return s->path.len ? (const char *)s->path.data : "";
}

/* Goes one component deeper; returns the length to come back to. */
static size_t
path_enter(struct scan *s, const char *name)
{
	size_t before = s->path.len;

	/* Over the cap the name is lost, not the object: findings then carry the parent's path. */
	if (before)
		s->path.len--;
	if ((before > 1 && ward_buf_str(&s->path, "!/") != WARD_OK) ||
	    ward_buf_str(&s->path, name) != WARD_OK || ward_buf_byte(&s->path, 0) != WARD_OK) {
		s->path.len = before;
		if (before)
			s->path.data[before - 1] = '\0';
	}
	return before;
}

static void
path_leave(struct scan *s, size_t before)
{
	s->path.len = before;
	if (before)
		s->path.data[before - 1] = '\0';
}

static void
add_gap(struct scan *s, enum ward_reason why)
{
	ward_result_add_gap(s->result, why, path_of(s));
}

/* A limit of the whole scan: note it once and let everything unwind. */
static enum ward_rc
give_up(struct scan *s, enum ward_reason why)
{
	if (!s->stop)
		add_gap(s, why);
	s->stop = true;
	return WARD_E_LIMIT;
}

static bool
is_expired(struct scan *s)
{
	return s->request->expired && s->request->expired(s->request->ctx);
}

/* ---- what readers call ---- */

static void
on_gap(void *ctx, const char *name, enum ward_reason why)
{
	struct object *o = ctx;
	size_t before;

	if (!name) {
		add_gap(o->scan, why);
		return;
	}
	before = path_enter(o->scan, name);
	add_gap(o->scan, why);
	path_leave(o->scan, before);
}

static void
on_fact(void *ctx, const char *key, const char *value)
{
	struct object *o = ctx;

	ward_result_add_fact(o->scan->result, path_of(o->scan), key, value);
}

static void
on_trait(void *ctx, enum ward_trait trait)
{
	struct object *o = ctx;

	o->scan->result->traits |= (unsigned)trait;
	if (trait == WARD_TRAIT_MACRO || trait == WARD_TRAIT_SCRIPT || trait == WARD_TRAIT_EXTERNAL)
		o->scan->result->active = true;
}

static enum ward_rc
on_charge(void *ctx, uint64_t produced, uint64_t consumed)
{
	struct object *o = ctx;
	struct scan *s = o->scan;
	const struct ward_limits *limits = &s->request->limits;

	(void)consumed;
	if (s->stop || o->bomb)
		return WARD_E_LIMIT;
	if (is_expired(s))
		return give_up(s, WARD_REASON_TIMEOUT);
	s->unpacked += produced;
	o->produced += produced;
	if (s->unpacked > limits->max_bytes)
		return give_up(s, WARD_REASON_BYTES);
	if (o->produced > WARD_RATIO_FROM && o->produced / limits->max_ratio > o->bytes.len) {
		/* Only this object: a bomb must not hide its neighbours. */
		o->bomb = true;
		add_gap(s, WARD_REASON_RATIO);
		return WARD_E_LIMIT;
	}
	return WARD_OK;
}

/* ---- matching ---- */

static bool
on_hit(void *ctx, const struct ward_match_hit *hit)
{
	struct object *o = ctx;
	struct scan *s = o->scan;

	if (hit->verdict == WARD_CLEAN) {
		o->known_good = true;
		return false;
	}
	ward_result_add_hit(s->result, hit, path_of(s));
	if (hit->verdict == WARD_MALICIOUS && !s->request->all_matches)
		s->stop = true;
	return !s->stop;
}

static void
note_incomplete_match(struct object *o, enum ward_rc rc)
{
	if (rc == WARD_E_TIMEOUT)
		(void)give_up(o->scan, WARD_REASON_TIMEOUT);
	else if (rc == WARD_E_LIMIT) /* too much work for one object: not the whole file's time */
		add_gap(o->scan, WARD_REASON_TIMEOUT);
	else if (rc == WARD_E_NOMEM)
		add_gap(o->scan, WARD_REASON_MEMORY);
	else /* damaged intelligence */
		add_gap(o->scan, WARD_REASON_IO);
}

static void
match_object(struct object *o)
{
	struct scan *s = o->scan;
	struct ward_match_object view = {
		.bytes = o->bytes,
		.digests = &o->digests,
		.type = o->type,
		.derived = o->derived,
		.inner = o->parent != NULL,
		.origin = &s->request->origin,
		.layout = o->layout,
		.expired = s->request->expired,
		.ctx = s->request->ctx,
	};

	o->matched = true;
	for (size_t i = 0; i < s->engine->matcher_count; i++) {
		const struct ward_matcher *m = s->engine->matchers[i];
		enum ward_rc rc;

		if (s->stop || o->known_good)
			return;
		rc = ward_matcher_scan(m, &view, on_hit, o);
		if (rc != WARD_OK && rc != WARD_E_STOPPED)
			note_incomplete_match(o, rc);
	}
}

static void
on_layout(void *ctx, const struct ward_layout *layout)
{
	struct object *o = ctx;

	if (o->matched)
		return;
	/* Valid during this call, which is when it is needed. */
	o->layout = layout;
	match_object(o);
	o->layout = NULL;
}

/* ---- one object ---- */

static struct ward_sink
sink_of(struct object *o)
{
	const struct ward_scan_request *request = o->scan->request;

	return (struct ward_sink){
		.ctx = o,
		.child = take_child,
		.gap = on_gap,
		.fact = request->want_facts ? on_fact : NULL,
		.trait = on_trait,
		.layout = on_layout,
		.charge = on_charge,
		.max_child = request->limits.max_object,
		.skip_views = !o->scan->engine->wants_bytes,
	};
}

/* What a reader's result code means for the object it read. */
static void
note_read_result(struct object *o, enum ward_rc rc)
{
	struct scan *s = o->scan;

	switch (rc) {
	case WARD_E_ENCRYPTED:
		add_gap(s, WARD_REASON_ENCRYPTED);
		break;
	case WARD_E_UNSUPPORTED:
		add_gap(s, WARD_REASON_UNSUPPORTED);
		break;
	case WARD_E_FORMAT:
	case WARD_E_TRUNCATED:
		add_gap(s, WARD_REASON_CORRUPT);
		break;
	case WARD_E_TIMEOUT:
		(void)give_up(s, WARD_REASON_TIMEOUT);
		break;
	case WARD_OK:
	case WARD_E_STOPPED:
		break;
	case WARD_E_LIMIT:
		/* When the whole scan stopped, the reason was noted where it arose. */
		if (!s->stop && !o->bomb)
			add_gap(s, WARD_REASON_MEMORY);
		break;
	case WARD_E_NOMEM:
	case WARD_E_IO:
	case WARD_E_PERM:
	case WARD_E_NOENT:
	case WARD_E_INVAL:
	case WARD_E_PROTO:
	case WARD_E_GONE:
	default:
		add_gap(s, WARD_REASON_MEMORY);
		break;
	}
}

static void
read_object(struct object *o)
{
	const struct ward_format *format = ward_registry_find(o->scan->engine->formats, o->type);
	struct ward_sink sink = sink_of(o);
	struct ward_arena_mark mark;

	if (!format || o->derived)
		return;
	if (o->scan->request->limits.skip_archives && ward_registry_is_archive(o->type)) {
		add_gap(o->scan, WARD_REASON_UNSUPPORTED);
		return;
	}
	mark = ward_arena_save(o->scan->arena);
	o->scan->budget.hit = false;
	note_read_result(o, format->read(o->bytes, o->scan->arena, &sink));
	ward_arena_restore(o->scan->arena, mark);
}

/* A part of a container whose format gives meaning to its parts' names (OOXML). */
static void
read_part(struct object *o, const char *name)
{
	const struct ward_format *format;
	struct ward_sink sink;

	if (!o->parent || o->derived)
		return;
	format = ward_registry_find(o->scan->engine->formats, o->parent->type);
	if (!format || !format->part)
		return;
	sink = sink_of(o);
	note_read_result(o, format->part(name, o->bytes, &sink));
}

static void
scan_object(struct object *o)
{
	struct scan *s = o->scan;
	bool executable = o->type == WARD_TYPE_ELF || o->type == WARD_TYPE_PE;

	if (is_expired(s)) {
		(void)give_up(s, WARD_REASON_TIMEOUT);
		return;
	}
	if (!executable)
		match_object(o);
	if (!s->stop && !o->known_good)
		read_object(o);
	if (!o->matched && !s->stop)
		match_object(o);
	/* Known to hold other files, and nobody here can look at them. */
	if (!o->known_good && ward_type_is_opaque(o->type))
		add_gap(s, WARD_REASON_UNSUPPORTED);
	if (!o->known_good && ward_type_is_active(o->type))
		s->result->active = true;
}

static bool
may_enter(struct object *o)
{
	struct scan *s = o->scan;

	if (o->depth > s->request->limits.max_depth || o->depth > WARD_DEPTH_MAX) {
		add_gap(s, WARD_REASON_DEPTH);
		return false;
	}
	if (o->derived)
		return s->engine->wants_bytes;
	if (s->files >= s->request->limits.max_files) {
		(void)give_up(s, WARD_REASON_FILES);
		return false;
	}
	s->files++;
	s->result->objects++;
	return true;
}

/* ---- what an object inside is by itself ---- */

/* The result before an object was looked at: what is added afterwards is the object's. */
struct before {
	size_t findings;
	uint64_t lost; /* gaps, and findings that were dropped */
	bool active;
};

static uint64_t
lost_of(const struct ward_result *r)
{
	uint64_t lost = r->findings_dropped;

	for (size_t i = 0; i < r->gap_count; i++)
		lost += r->gaps[i].count;
	return lost;
}

static struct before
before_of(struct ward_result *r)
{
	struct before b = {r->finding_count, lost_of(r), r->active};

	r->active = false;
	return b;
}

static void
note_inner(struct object *o, const struct before *b)
{
	struct ward_result *r = o->scan->result;
	const uint8_t *sha256 = ward_digests_get(&o->digests, WARD_SHA256);
	bool unsure = r->active || o->scan->engine->matcher_count == 0;
	struct ward_inner inner = {
		.size = o->bytes.len,
		.type = o->type,
		.verdict = !o->known_good && unsure ? WARD_UNKNOWN : WARD_CLEAN,
		.threat = "",
		.path = path_of(o->scan),
	};

	r->active |= b->active;
	if (lost_of(r) > b->lost)
		inner.verdict = WARD_NOT_SCANNED;
	for (size_t i = b->findings; i < r->finding_count; i++)
		if (r->findings[i].verdict > inner.verdict) {
			inner.verdict = r->findings[i].verdict;
			inner.threat = r->findings[i].threat;
		}
	if (!sha256)
		return;
	memcpy(inner.sha256, sha256, WARD_SHA256_LEN);
	ward_result_add_inner(r, &inner);
}

static void
enter(struct object *o, const struct ward_child *child)
{
	struct scan *s = o->scan;
	bool noted = s->request->want_inners && !o->derived;
	struct before before = {0};

	if (noted)
		before = before_of(s->result);
	o->type = child->type ? child->type : ward_identify(child->bytes);
	read_part(o, child->name ? child->name : "");
	if (!s->stop)
		scan_object(o);
	if (noted)
		note_inner(o, &before);
}

static enum ward_rc
take_child(void *ctx, const struct ward_child *child)
{
	struct object *parent = ctx;
	struct scan *s = parent->scan;
	struct object o = {
		.scan = s,
		.parent = parent,
		.bytes = child->bytes,
		.digests = ward_digests_of(child->bytes),
		.depth = parent->depth + 1,
		.derived = child->derived,
	};
	size_t before;

	if (s->stop || parent->known_good)
		return WARD_E_STOPPED;
	before = path_enter(s, child->name ? child->name : "?");
	if (may_enter(&o))
		enter(&o, child);
	path_leave(s, before);
	return s->stop ? WARD_E_STOPPED : WARD_OK;
}

/* ---- the file ---- */

/* A file no row can be made of has none: readers say what is wrong with it. */
static void
make_row(struct scan *s, const struct object *o)
{
	struct ward_arena_mark mark = ward_arena_save(s->arena);
	struct ward_row row;

	if (ward_row_make(o->type, o->bytes, s->arena, &row) == WARD_OK)
		ward_result_set_row(s->result, &(struct ward_result_row){
						       .schema = row.schema->id,
						       .version = row.version,
						       .values = row.values,
						       .count = row.schema->columns,
					       });
	ward_arena_restore(s->arena, mark);
}

static void
scan_file(struct scan *s)
{
	struct object o = {
		.scan = s,
		.bytes = s->request->bytes,
		.digests = ward_digests_of(s->request->bytes),
		.type = ward_identify(s->request->bytes),
	};
	const uint8_t *sha256;

	s->result->type = o.type;
	s->result->objects = 1;
	if (s->request->want_facts)
		ward_describe(s->result, &o.digests);
	if (s->request->want_row)
		make_row(s, &o);
	scan_object(&o);
	s->result->known_good = o.known_good;
	sha256 = ward_digests_get(&o.digests, WARD_SHA256);
	if (sha256)
		memcpy(s->result->sha256, sha256, WARD_SHA256_LEN);
	else
		add_gap(s, WARD_REASON_MEMORY);
}

enum ward_rc
ward_engine_scan(const struct ward_engine *engine, const struct ward_scan_request *request,
		 struct ward_result **ret_result)
{
	enum { PATH_CAP = 32 * 1024 };
	struct scan s = {
		.engine = engine,
		.request = request,
		.result = ward_result_new(),
		.budget = {.cap = request->limits.max_memory},
	};

	s.arena = ward_arena_new(&s.budget);
	if (!s.result || !s.arena) {
		(void)ward_arena_free(s.arena);
		(void)ward_result_free(s.result);
		return WARD_E_NOMEM;
	}
	ward_buf_init(&s.path, PATH_CAP, NULL);
	s.result->size = request->bytes.len;
	scan_file(&s);
	s.result->unpacked_bytes = s.unpacked;
	s.result->memory_peak = s.budget.peak;
	ward_result_conclude(s.result, engine->matcher_count > 0);
	ward_buf_done(&s.path);
	(void)ward_arena_free(s.arena);
	*ret_result = s.result;
	return WARD_OK;
}
