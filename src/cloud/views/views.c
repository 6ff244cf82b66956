/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, closing, and the builder of verdict tables. */
#include "cloud/views/views.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cloud/views/views-priv.h"
#include "sys/fd.h"

/* Opening decides each change anew, at some 100,000 a second: a table is built when few pile up and
 * there is time, and before closing. */
enum { OVERLAY = 1000 * 1000, OVERLAY_IDLE = 50 * 1000 };

/* --- opening --- */

static enum ward_rc
load_device(void *context, struct ward_span key, struct ward_span value)
{
	struct ward_views *views = context;
	struct ward_budget budget = {.cap = 65536};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	Ward__View__V1__Device *d;
	enum ward_device_state state;
	enum ward_rc rc;

	if (!arena)
		return WARD_E_NOMEM;
	rc = ward_store_unpack(&ward__view__v1__device__descriptor, value, arena, &d);
	if (rc || key.len != 1 + WARD_DEVICE_LEN)
		return rc;
	state = (enum ward_device_state)d->state;
	if (state == WARD_DEVICE_ACTIVE && d->revoked)
		state = WARD_DEVICE_REVOKED;
	return ward_device_map_set(&views->devices, key.data + 1, state);
}

static enum ward_rc
decide_again(struct ward_views *views, const uint8_t *sha256)
{
	struct ward_verdict_value value;
	bool found;
	enum ward_rc rc = ward_views_decide(views, sha256, NULL, 0, &value, &found);

	return rc ? rc : ward_verdicts_set(views->verdicts, sha256, &value);
}

/* 'o' generation sha256; the value: more of them */
static enum ward_rc
decide_marked(void *context, struct ward_span key, struct ward_span value)
{
	enum ward_rc rc = WARD_OK;

	if (key.len == 2 + WARD_HASH_LEN)
		rc = decide_again(context, key.data + 2);
	for (size_t i = 0; i + WARD_HASH_LEN <= value.len && !rc; i += WARD_HASH_LEN)
		rc = decide_again(context, value.data + i);
	return rc;
}

/* 'v' sha256 … */
static enum ward_rc
decide_said(void *context, struct ward_span key, struct ward_span value)
{
	(void)value;
	return key.len > 1 + WARD_HASH_LEN ? decide_again(context, key.data + 1) : WARD_OK;
}

/* 'm' kind sha256 list */
static enum ward_rc
decide_listed(void *context, struct ward_span key, struct ward_span value)
{
	(void)value;
	return key.len == 2 + WARD_HASH_LEN + 4 ? decide_again(context, key.data + 2) : WARD_OK;
}

/* What the table on disk does not have; without a table, everything. */
static enum ward_rc
load_verdicts(struct ward_views *views, bool missing)
{
	static const uint8_t listed[] = {'m', WARD__LOG__V1__DIGEST__DIGEST_SHA256};
	struct ward_store *store = &views->store;
	enum ward_rc rc;

	if (!missing)
		return ward_store_each(store, ward_span_str("o"), decide_marked, views);
	rc = ward_store_each(store, ward_span_str("v"), decide_said, views);
	if (!rc)
		rc = ward_store_each(store, ward_span_of(listed, 2), decide_listed, views);
	return rc;
}

static enum ward_rc
open_all(struct ward_views *views, const struct ward_views_options *o, char why[512])
{
	char path[512];
	struct ward_key number = {.bytes = {'S'}, .len = 1};
	bool missing = true;
	enum ward_rc rc;

	if (mkdir(o->directory, 0700) != 0 && errno != EEXIST)
		return WARD_E_PERM;
	rc = ward_store_open(o, &views->store, why);
	if (rc)
		return rc;
	views->batch_number = ward_store_get_u64(&views->store, ward_key_span(&number), 0);
	(void)snprintf(path, sizeof(path), "%s/verdicts", views->directory);
	rc = ward_verdicts_new(path, views->names, &views->verdicts, &missing);
	if (!rc)
		rc = load_verdicts(views, missing);
	if (!rc)
		rc = ward_store_each(&views->store, ward_span_str("d"), load_device, views);
	return rc;
}

enum ward_rc
ward_views_open(const struct ward_views_options *options, struct ward_views **ret, char why[512])
{
	struct ward_views *views = calloc(1, sizeof(*views));
	enum ward_rc rc = WARD_E_LIMIT;

	why[0] = 0;
	if (!views)
		return WARD_E_NOMEM;
	ward_device_map_init(&views->devices);
	views->read_only = options->read_only;
	views->names = ward_names_new();
	views->overlay_max = options->overlay_max ? options->overlay_max : OVERLAY;
	if (!views->names)
		rc = WARD_E_NOMEM;
	else if (snprintf(views->directory, sizeof(views->directory), "%s", options->directory) <
		 (int)sizeof(views->directory))
		rc = open_all(views, options, why);
	if (rc)
		ward_views_close(views);
	else
		*ret = views;
	return rc;
}

/* --- the builder --- */

static void *
build(void *context)
{
	struct ward_views *views = context;
	enum ward_rc rc = ward_verdicts_build(views->verdicts);

	if (!rc)
		rc = ward_fd_sync_directory(views->directory);
	atomic_store(&views->build_rc, rc);
	atomic_store(&views->built, true);
	return NULL;
}

/* The table has what the marks of the other generation stood for. */
static enum ward_rc
take_note(struct ward_views *views)
{
	uint8_t old[2] = {'o', (uint8_t)!views->marks},
		end[2] = {'o', (uint8_t)(!views->marks + 1)};
	enum ward_rc rc;

	pthread_join(views->builder, NULL);
	views->building = false;
	rc = (enum ward_rc)atomic_load(&views->build_rc);
	if (rc)
		return rc;
	atomic_fetch_add(&views->table_builds, 1);
	return ward_store_delete_range(&views->store, ward_span_of(old, 2), ward_span_of(end, 2));
}

static enum ward_rc
start(struct ward_views *views)
{
	if (ward_verdicts_freeze(views->verdicts)) /* else a build failed: tried again */
		views->marks = !views->marks;
	atomic_store(&views->built, false);
	if (pthread_create(&views->builder, NULL, build, views) != 0)
		return WARD_E_NOMEM;
	views->building = true;
	return WARD_OK;
}

/* Ends what runs, if it has ended itself or `wait`. */
static enum ward_rc
finish(struct ward_views *views, bool wait)
{
	return views->building && (wait || atomic_load(&views->built)) ? take_note(views) : WARD_OK;
}

static enum ward_rc
start_if(struct ward_views *views, uint64_t many)
{
	uint64_t share = ward_verdicts_count(views->verdicts) / 4;

	if (views->building || views->read_only ||
	    ward_verdicts_changes(views->verdicts) < (many > share ? many : share))
		return WARD_OK;
	return start(views);
}

enum ward_rc
ward_views_build_table(struct ward_views *views, bool wait)
{
	enum ward_rc rc = finish(views, wait);

	return rc || wait ? rc : start_if(views, views->overlay_max);
}

enum ward_rc
ward_views_build_idle(struct ward_views *views)
{
	uint64_t max = views->overlay_max;
	enum ward_rc rc = finish(views, false);

	if (rc || views->building || views->read_only)
		return rc;
	return ward_verdicts_changes(views->verdicts) < (max < OVERLAY_IDLE ? max : OVERLAY_IDLE)
		       ? WARD_OK
		       : start(views);
}

/* --- closing --- */

void
ward_views_flush(struct ward_views *views)
{
	ward_store_flush(&views->store);
}

struct ward_views *
ward_views_close(struct ward_views *views)
{
	if (!views)
		return NULL;
	/* best effort: what is left undone here is done when they are opened */
	if (views->verdicts && !finish(views, true) && !ward_views_build_idle(views) &&
	    finish(views, true))
		views->building = false;
	if (views->store.db)
		ward_store_flush(&views->store);
	ward_store_close(&views->store);
	ward_verdicts_free(views->verdicts);
	ward_names_free(views->names);
	ward_device_map_done(&views->devices);
	free(views);
	return NULL;
}
