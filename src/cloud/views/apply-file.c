/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about files: who met them, what was said of them, samples, notes. */
#include <stdlib.h>

#include "cloud/views/apply-priv.h"
#include "cloud/views/hll.h"

enum { EXACT_MAX = 64 };

typedef Ward__View__V1__File File;

static const struct ward_span none = {NULL, 0};

static struct ward_key
file_key(ProtobufCBinaryData sha256)
{
	return ward_key_of('f', ward_apply_span(sha256), none, none);
}

static enum ward_rc
load_file(struct ward_apply *a, const struct ward_key *key, File **ret, bool *ret_found)
{
	enum ward_rc rc =
		ward_apply_load(a, key, &ward__view__v1__file__descriptor, ret, ret_found);

	if (!rc && !*ret_found)
		ward__view__v1__file__init(*ret);
	return rc;
}

/* --- prevalence --- */

static int
by_id(const void *x, const void *y)
{
	return memcmp(x, y, WARD_DEVICE_LEN);
}

static enum ward_rc
to_registers(struct ward_apply *a, File *f)
{
	uint8_t *registers = ward_arena_alloc(a->arena, WARD_HLL_REGISTERS);

	if (!registers)
		return WARD_E_LIMIT;
	for (size_t i = 0; i + WARD_DEVICE_LEN <= f->devices.len; i += WARD_DEVICE_LEN)
		ward_hll_add(registers, ward_hll_mix(f->devices.data + i));
	f->registers = (ProtobufCBinaryData){WARD_HLL_REGISTERS, registers};
	f->devices = (ProtobufCBinaryData){0, NULL};
	return WARD_OK;
}

static enum ward_rc
add_exact(struct ward_apply *a, File *f, const uint8_t *device)
{
	uint8_t *more;

	if (f->devices.len > 0 && bsearch(device, f->devices.data, f->devices.len / WARD_DEVICE_LEN,
					  WARD_DEVICE_LEN, by_id))
		return WARD_OK;
	more = ward_arena_alloc(a->arena, f->devices.len + WARD_DEVICE_LEN);
	if (!more)
		return WARD_E_LIMIT;
	if (f->devices.len > 0)
		memcpy(more, f->devices.data, f->devices.len);
	memcpy(more + f->devices.len, device, WARD_DEVICE_LEN);
	f->devices = (ProtobufCBinaryData){f->devices.len + WARD_DEVICE_LEN, more};
	qsort(more, f->devices.len / WARD_DEVICE_LEN, WARD_DEVICE_LEN, by_id);
	return f->devices.len > EXACT_MAX * WARD_DEVICE_LEN ? to_registers(a, f) : WARD_OK;
}

static enum ward_rc
add_device(struct ward_apply *a, File *f, const uint8_t *device)
{
	if (f->registers.len != WARD_HLL_REGISTERS)
		return add_exact(a, f, device);
	ward_hll_add(f->registers.data, ward_hll_mix(device));
	return WARD_OK;
}

/* --- names: the latest ones; by name where the time is the same --- */

static int
later_first(const void *x, const void *y)
{
	const Ward__View__V1__Name *const *a = x, *const *b = y;

	if ((*a)->last_ms != (*b)->last_ms)
		return (*a)->last_ms > (*b)->last_ms ? -1 : 1;
	return strcmp((*a)->name, (*b)->name);
}

static enum ward_rc
add_name(struct ward_apply *a, File *f, char *name, uint64_t time_ms)
{
	Ward__View__V1__Name **all, *fresh;

	for (size_t i = 0; i < f->n_names; i++)
		if (strcmp(f->names[i]->name, name) == 0) {
			if (f->names[i]->last_ms < time_ms)
				f->names[i]->last_ms = time_ms;
			qsort(f->names, f->n_names, sizeof(*f->names), later_first);
			return WARD_OK;
		}
	all = ward_arena_array(a->arena, f->n_names + 1, sizeof(*all));
	fresh = ward_arena_alloc(a->arena, sizeof(*fresh));
	if (!all || !fresh)
		return WARD_E_LIMIT;
	ward__view__v1__name__init(fresh);
	fresh->name = name;
	fresh->last_ms = time_ms;
	if (f->n_names > 0)
		memcpy(all, f->names, f->n_names * sizeof(*all));
	all[f->n_names++] = fresh;
	f->names = all;
	qsort(all, f->n_names, sizeof(*all), later_first);
	if (f->n_names > WARD_FILE_NAMES_MAX)
		f->n_names = WARD_FILE_NAMES_MAX;
	return WARD_OK;
}

/* --- sightings --- */

static enum ward_rc
add_context(struct ward_apply *a, File *f, const Ward__V1__Context *c, uint64_t time_ms)
{
	if (!c)
		return WARD_OK;
	if (c->path_class)
		f->path_classes |= 1U << c->path_class;
	f->downloaded |= c->downloaded;
	if (c->origin_host[0] &&
	    (time_ms > f->origin_ms ||
	     (time_ms == f->origin_ms && strcmp(c->origin_host, f->origin_host) > 0))) {
		f->origin_host = c->origin_host;
		f->origin_ms = time_ms;
	}
	return c->name[0] ? add_name(a, f, c->name, time_ms) : WARD_OK;
}

/* Of several types or sizes said of one digest the greater one: any rule that does not depend on the
 * order will do. */
static void
add_static(File *f, const Ward__V1__FileQuery *q)
{
	if (q->size > f->size)
		f->size = q->size;
	if (strcmp(q->type, f->type) > 0)
		f->type = q->type;
}

static enum ward_rc
saw(struct ward_apply *a, const Record *r, const Ward__V1__FileQuery *q)
{
	struct ward_key key = file_key(q->sha256);
	bool found;
	File *f;
	enum ward_rc rc = load_file(a, &key, &f, &found);

	if (rc)
		return rc;
	if (f->sightings == 0)
		ward_apply_count(a, WARD_STAT_NEW_FILES, r->time_ms, 1);
	f->sightings++;
	if (f->first_seen_ms == 0 || r->time_ms < f->first_seen_ms)
		f->first_seen_ms = r->time_ms;
	if (r->time_ms > f->last_seen_ms)
		f->last_seen_ms = r->time_ms;
	add_static(f, q);
	rc = add_device(a, f, r->device.data);
	if (!rc)
		rc = add_context(a, f, q->context, r->time_ms);
	if (!rc)
		rc = ward_apply_put_message(a, &key, &f->base);
	ward_apply_count(a, WARD_STAT_SIGHTINGS, r->time_ms, 1);
	return rc;
}

enum ward_rc
ward_apply_event(struct ward_apply *a, const Record *r)
{
	const Ward__V1__Event *e = r->event;
	struct ward_key key =
		ward_key_of('e', ward_apply_span(r->device), ward_apply_span(e->id), none);
	enum ward_rc rc = WARD_OK;

	if (ward_store_has(&a->views->store, a->batch, ward_key_span(&key)))
		return WARD_OK; /* applied before */
	ward_apply_put(a, &key, none);
	if (e->what_case == WARD__V1__EVENT__WHAT_SIGHTING)
		rc = saw(a, r, e->sighting->file);
	if (e->what_case == WARD__V1__EVENT__WHAT_DETECTION) {
		rc = saw(a, r, e->detection->file);
		ward_apply_count(a, WARD_STAT_DETECTIONS, r->time_ms, 1);
	}
	return rc ? rc : ward_apply_device_seen(a, r, e);
}

enum ward_rc
ward_apply_seen(struct ward_apply *a, const Record *r)
{
	return saw(a, r, r->seen->file);
}

/* --- samples and notes --- */

enum ward_rc
ward_apply_sample(struct ward_apply *a, const Record *r)
{
	const Ward__Log__V1__Sample *s = r->sample;
	struct ward_key key = file_key(s->sha256);
	bool found;
	File *f;
	enum ward_rc rc = load_file(a, &key, &f, &found);

	if (rc)
		return rc;
	if (s->size > f->size)
		f->size = s->size;
	if (strcmp(s->type, f->type) > 0)
		f->type = s->type;
	if (s->parent.len > 0) {
		f->parent = s->parent;
	} else {
		f->sample_here = true;
		if (r->time_ms > f->sample_ms)
			f->sample_ms = r->time_ms;
	}
	ward_apply_count(a, WARD_STAT_SAMPLES, r->time_ms, s->parent.len == 0);
	return ward_apply_put_message(a, &key, &f->base);
}

enum ward_rc
ward_apply_sample_gone(struct ward_apply *a, const Record *r)
{
	struct ward_key key = file_key(r->sample_gone->sha256);
	bool found;
	File *f;
	enum ward_rc rc = load_file(a, &key, &f, &found);

	if (rc || !found)
		return rc;
	f->sample_here = false;
	return ward_apply_put_message(a, &key, &f->base);
}

enum ward_rc
ward_apply_note(struct ward_apply *a, const Record *r, uint64_t offset)
{
	struct ward_key file = file_key(r->note->sha256);
	struct ward_key key = ward_key_of('n', ward_apply_span(r->note->sha256), none, none);
	bool found;
	File *f;
	enum ward_rc rc = load_file(a, &file, &f, &found);

	ward_key_u64(&key, r->time_ms);
	ward_key_u64(&key, offset);
	if (!rc) {
		f->notes++;
		rc = ward_apply_put_message(a, &file, &f->base);
	}
	return rc ? rc : ward_apply_put_message(a, &key, &r->base);
}

/* --- what is said --- */

enum ward_rc
ward_apply_verdict(struct ward_apply *a, const Record *r)
{
	Ward__Log__V1__Verdict *v = r->verdict;
	uint8_t source = (uint8_t)v->source;
	struct ward_key key = ward_key_of('v', ward_apply_span(v->sha256), ward_span_of(&source, 1),
					  ward_apply_span(v->scope));

	if (v->time_ms == 0)
		v->time_ms = r->time_ms;
	ward_apply_touch(a, v->sha256);
	ward_apply_count(a, WARD_STAT_VERDICTS, r->time_ms, 1);
	if (v->verdict == WARD__V1__VERDICT__VERDICT_UNSPECIFIED) {
		rocksdb_writebatch_wi_delete(a->batch, (const char *)key.bytes, key.len);
		return WARD_OK;
	}
	return ward_apply_put_message(a, &key, &v->base);
}
