/* SPDX-License-Identifier: Apache-2.0 */
/* Records for people and for the rest of the service. */
#include "cloud/views/hll.h"
#include "cloud/views/views-priv.h"

static const struct ward_span none = {NULL, 0};

enum { LIST_MAX = 1024 };

/* The stored message under this key. */
static enum ward_rc
load(struct ward_views *views, const struct ward_key *key, const ProtobufCMessageDescriptor *type,
     struct ward_arena *arena, void *ret)
{
	struct ward_span value;
	enum ward_rc rc = ward_store_get(&views->store, NULL, ward_key_span(key), arena, &value);

	return rc ? rc : ward_store_unpack(type, value, arena, ret);
}

/* --- files --- */

static void
fill_prevalence(const Ward__View__V1__File *f, struct ward_view_file *ret)
{
	ret->prevalence_exact = f->registers.len != WARD_HLL_REGISTERS;
	ret->prevalence = ret->prevalence_exact ? f->devices.len / WARD_DEVICE_LEN
						: ward_hll_count(f->registers.data);
}

enum ward_rc
ward_views_file(struct ward_views *views, const uint8_t sha256[WARD_HASH_LEN],
		struct ward_arena *arena, struct ward_view_file *ret_file)
{
	struct ward_key key = ward_key_of('f', ward_span_of(sha256, WARD_HASH_LEN), none, none);
	Ward__View__V1__File *f;
	enum ward_rc rc = load(views, &key, &ward__view__v1__file__descriptor, arena, &f);

	if (rc)
		return rc;
	*ret_file = (struct ward_view_file){
		.size = f->size,
		.type = f->type,
		.first_seen_ms = f->first_seen_ms,
		.last_seen_ms = f->last_seen_ms,
		.sightings = f->sightings,
		.path_classes = f->path_classes,
		.downloaded = f->downloaded,
		.origin_host = f->origin_host,
		.sample_here = f->sample_here,
		.sample_ms = f->sample_ms,
		.notes = f->notes,
	};
	memcpy(ret_file->sha256, sha256, WARD_HASH_LEN);
	if (f->parent.len == WARD_HASH_LEN)
		memcpy(ret_file->parent, f->parent.data, WARD_HASH_LEN);
	for (; ret_file->name_count < f->n_names && ret_file->name_count < WARD_FILE_NAMES_MAX;
	     ret_file->name_count++)
		ret_file->names[ret_file->name_count] = f->names[ret_file->name_count]->name;
	fill_prevalence(f, ret_file);
	return WARD_OK;
}

struct gathering {
	const ProtobufCMessageDescriptor *type;
	struct ward_arena *arena;
	void *items[LIST_MAX];
	size_t count;
};

static enum ward_rc
gather(void *context, struct ward_span key, struct ward_span value)
{
	struct gathering *g = context;

	(void)key;
	if (g->count == LIST_MAX)
		return WARD_E_STOPPED;
	return ward_store_unpack(g->type, value, g->arena, &g->items[g->count++]);
}

/* All messages under the prefix, as an array in the arena. */
static enum ward_rc
gather_all(struct ward_views *views, const struct ward_key *prefix,
	   const ProtobufCMessageDescriptor *type, struct ward_arena *arena, void *ret_items,
	   size_t *ret_count)
{
	struct gathering g = {.type = type, .arena = arena};
	enum ward_rc rc = ward_store_each(&views->store, ward_key_span(prefix), gather, &g);
	void **items;

	if (rc)
		return rc;
	items = ward_arena_array(arena, g.count + 1, sizeof(*items));
	if (!items)
		return WARD_E_LIMIT;
	memcpy(items, g.items, g.count * sizeof(*items));
	memcpy(ret_items, &items, sizeof(items));
	*ret_count = g.count;
	return WARD_OK;
}

enum ward_rc
ward_views_said(struct ward_views *views, const uint8_t sha256[WARD_HASH_LEN],
		struct ward_arena *arena, Ward__Log__V1__Verdict ***ret_said, size_t *ret_count)
{
	struct ward_key key = ward_key_of('v', ward_span_of(sha256, WARD_HASH_LEN), none, none);

	return gather_all(views, &key, &ward__log__v1__verdict__descriptor, arena, ret_said,
			  ret_count);
}

enum ward_rc
ward_views_notes(struct ward_views *views, const uint8_t sha256[WARD_HASH_LEN],
		 struct ward_arena *arena, Ward__Log__V1__Record ***ret_notes, size_t *ret_count)
{
	struct ward_key key = ward_key_of('n', ward_span_of(sha256, WARD_HASH_LEN), none, none);

	return gather_all(views, &key, &ward__log__v1__record__descriptor, arena, ret_notes,
			  ret_count);
}

/* --- devices, tokens, policies --- */

static void
fill_device(const Ward__View__V1__Device *d, const uint8_t *id, struct ward_view_device *ret)
{
	*ret = (struct ward_view_device){
		.state = (enum ward_device_state)d->state,
		.name = d->name,
		.os = d->os,
		.architecture = d->architecture,
		.engine_version = d->engine_version,
		.revoke_reason = d->revoke_reason,
		.enrolled_ms = d->enrolled_ms,
		.last_seen_ms = d->last_seen_ms,
		.not_after_ms = d->not_after_ms,
		.events = d->events,
		.detections = d->detections,
		.update_position = d->update_position,
		.outbox = d->outbox,
		.health_ms = d->health_ms,
		.policy_version = d->policy_version,
		.issues = d->issues,
		.issue_count = d->n_issues,
		.mode = d->mode,
		.intelligence_version = d->intelligence_version,
		.tamperings = d->tamperings,
		.tampered_ms = d->tampered_ms,
		.tampered = d->tampered,
	};
	if (ret->state == WARD_DEVICE_ACTIVE && d->revoked)
		ret->state = WARD_DEVICE_REVOKED;
	memcpy(ret->id, id, WARD_DEVICE_LEN);
	if (d->token.len == WARD_TOKEN_LEN)
		memcpy(ret->token, d->token.data, WARD_TOKEN_LEN);
}

enum ward_rc
ward_views_device(struct ward_views *views, const uint8_t id[WARD_DEVICE_LEN],
		  struct ward_arena *arena, struct ward_view_device *ret_device)
{
	struct ward_key key = ward_key_of('d', ward_span_of(id, WARD_DEVICE_LEN), none, none);
	Ward__View__V1__Device *d;
	enum ward_rc rc = load(views, &key, &ward__view__v1__device__descriptor, arena, &d);

	if (!rc)
		fill_device(d, id, ret_device);
	return rc;
}

enum ward_device_state
ward_views_device_state(struct ward_views *views, const uint8_t id[WARD_DEVICE_LEN])
{
	return ward_device_map_get(&views->devices, id);
}

static void
fill_token(const Ward__View__V1__Token *t, const uint8_t *id, struct ward_view_token *ret)
{
	*ret = (struct ward_view_token){
		.name = t->name,
		.created_ms = t->created_ms,
		.expires_ms = t->expires_ms,
		.uses = t->uses,
		.used = t->used,
		.revoked = t->revoked,
	};
	memcpy(ret->id, id, WARD_TOKEN_LEN);
	if (t->secret_sha256.len == WARD_HASH_LEN)
		memcpy(ret->secret_sha256, t->secret_sha256.data, WARD_HASH_LEN);
}

enum ward_rc
ward_views_token(struct ward_views *views, const uint8_t id[WARD_TOKEN_LEN],
		 struct ward_arena *arena, struct ward_view_token *ret_token)
{
	struct ward_key key = ward_key_of('t', ward_span_of(id, WARD_TOKEN_LEN), none, none);
	Ward__View__V1__Token *t;
	enum ward_rc rc = load(views, &key, &ward__view__v1__token__descriptor, arena, &t);

	if (!rc)
		fill_token(t, id, ret_token);
	return rc;
}

struct listing {
	ward_view_device_fn device;
	ward_view_token_fn token;
	void *context;
};

static enum ward_rc
list_one(void *context, struct ward_span key, struct ward_span value)
{
	struct listing *l = context;
	struct ward_budget budget = {.cap = 65536};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	Ward__View__V1__Device *d;
	Ward__View__V1__Token *t;
	struct ward_view_device device;
	struct ward_view_token token;
	enum ward_rc rc;

	if (!arena)
		return WARD_E_NOMEM;
	if (l->device) {
		rc = ward_store_unpack(&ward__view__v1__device__descriptor, value, arena, &d);
		if (rc || key.len != 1 + WARD_DEVICE_LEN)
			return rc;
		fill_device(d, key.data + 1, &device);
		return l->device(l->context, &device);
	}
	rc = ward_store_unpack(&ward__view__v1__token__descriptor, value, arena, &t);
	if (rc || key.len != 1 + WARD_TOKEN_LEN)
		return rc;
	fill_token(t, key.data + 1, &token);
	return l->token(l->context, &token);
}

enum ward_rc
ward_views_devices(struct ward_views *views, ward_view_device_fn fn, void *context)
{
	struct listing l = {.device = fn, .context = context};

	return ward_store_each(&views->store, ward_span_str("d"), list_one, &l);
}

enum ward_rc
ward_views_tokens(struct ward_views *views, ward_view_token_fn fn, void *context)
{
	struct listing l = {.token = fn, .context = context};

	return ward_store_each(&views->store, ward_span_str("t"), list_one, &l);
}

enum ward_rc
ward_views_policy(struct ward_views *views, const char *name, Ward__V1__Policy *ret_policy)
{
	struct ward_budget budget = {.cap = 65536};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_key key = ward_key_of('p', ward_span_str(name), none, none);
	Ward__V1__Policy *p;
	enum ward_rc rc;

	if (!arena)
		return WARD_E_NOMEM;
	ward__v1__policy__init(ret_policy);
	ret_policy->level = WARD__V1__LEVEL__LEVEL_NORMAL;
	ret_policy->samples = WARD__V1__SAMPLES__SAMPLES_SAFE;
	ret_policy->hold_ms = 10 * 1000;
	rc = load(views, &key, &ward__v1__policy__descriptor, arena, &p);
	if (!rc) {
		*ret_policy = *p;
		ret_policy->base.n_unknown_fields = 0;
		ret_policy->base.unknown_fields = NULL;
	}
	return rc == WARD_E_NOENT ? WARD_OK : rc;
}

enum ward_rc
ward_views_policy_document(struct ward_views *views, const char *name, struct ward_arena *arena,
			   struct ward_span *ret_document)
{
	struct ward_key key =
		ward_key_of('p', ward_span_str(name), ward_span_str("document"), none);
	Ward__V1__Policy *p;
	enum ward_rc rc = load(views, &key, &ward__v1__policy__descriptor, arena, &p);

	if (rc && rc != WARD_E_NOENT)
		return rc;
	*ret_document =
		rc ? ward_span_of(NULL, 0) : ward_span_of(p->document.data, p->document.len);
	return WARD_OK;
}

/* --- events and figures --- */

bool
ward_views_event_known(struct ward_views *views, const uint8_t device[WARD_DEVICE_LEN],
		       const uint8_t id[16])
{
	struct ward_key key =
		ward_key_of('e', ward_span_of(device, WARD_DEVICE_LEN), ward_span_of(id, 16), none);

	return ward_store_has(&views->store, NULL, ward_key_span(&key));
}

struct summing {
	uint64_t from, to, sum;
};

static enum ward_rc
add_hour(void *context, struct ward_span key, struct ward_span value)
{
	struct summing *s = context;
	uint64_t hour = 0, n = 0;

	if (key.len != 2 + 8 || value.len != sizeof(n))
		return WARD_OK;
	for (size_t i = 2; i < key.len; i++)
		hour = hour << 8 | key.data[i];
	memcpy(&n, value.data, sizeof(n));
	if (hour >= s->from && hour < s->to)
		s->sum += n;
	return WARD_OK;
}

enum ward_rc
ward_views_stat(struct ward_views *views, enum ward_stat stat, uint64_t from_hour, uint64_t to_hour,
		uint64_t *ret_sum)
{
	uint8_t prefix[2] = {'s', (uint8_t)stat};
	struct summing s = {from_hour, to_hour, 0};
	enum ward_rc rc = ward_store_each(&views->store, ward_span_of(prefix, 2), add_hour, &s);

	*ret_sum = s.sum;
	return rc;
}

static uint64_t
property(struct ward_views *views, const char *name)
{
	uint64_t value = 0;

	return rocksdb_property_int(views->store.db, name, &value) == 0 ? value : 0;
}

void
ward_views_size(struct ward_views *views, struct ward_views_size *ret_size)
{
	*ret_size = (struct ward_views_size){
		.files = property(views, "rocksdb.estimate-num-keys"),
		.verdicts = ward_verdicts_count(views->verdicts),
		.devices = views->devices.count,
		.disk_bytes = property(views, "rocksdb.total-sst-files-size"),
		.table_bytes = ward_verdicts_bytes(views->verdicts),
		.overlay = ward_verdicts_changes(views->verdicts),
		.table_builds = atomic_load(&views->table_builds),
	};
}
