/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/objects/objects.h"

#include <stdio.h>

#include "base/text.h"
#include "cloud/objects/objects-priv.h"
#include "sys/fd.h"

/* --- for backends --- */

void
ward_objects_init(struct ward_objects *o, const struct ward_objects_ops *ops, uint64_t quota)
{
	o->ops = ops;
	o->quota = quota;
	pthread_mutex_init(&o->lock, NULL);
}

void
ward_objects_done(struct ward_objects *o)
{
	pthread_mutex_destroy(&o->lock);
}

static enum ward_rc
add_up(void *context, const uint8_t sha256[32], uint64_t bytes, uint64_t stored_ms)
{
	struct ward_objects *o = context;

	(void)sha256;
	(void)stored_ms;
	o->stats.objects++;
	o->stats.bytes += bytes;
	return WARD_OK;
}

enum ward_rc
ward_objects_count(struct ward_objects *o)
{
	return o->ops->list(o, add_up, o);
}

void
ward_object_name(const uint8_t sha256[32], char ret[WARD_OBJECT_NAME])
{
	char hex[65];

	ward_text_hex(ward_span_of(sha256, 32), hex);
	(void)snprintf(ret, WARD_OBJECT_NAME, "%.2s/%s.zst", hex, hex);
}

bool
ward_object_name_parse(const char *name, size_t len, uint8_t ret_sha256[32])
{
	return len == 68 && memcmp(name + 64, ".zst", 4) == 0 &&
	       ward_text_unhex(ward_span_of(name, 64), ret_sha256, 32);
}

/* --- the figures --- */

static void
count_failure(struct ward_objects *o)
{
	pthread_mutex_lock(&o->lock);
	o->stats.failures++;
	pthread_mutex_unlock(&o->lock);
}

static bool
over_quota(struct ward_objects *o)
{
	bool over;

	pthread_mutex_lock(&o->lock);
	over = o->quota > 0 && o->stats.bytes >= o->quota;
	pthread_mutex_unlock(&o->lock);
	return over;
}

void
ward_objects_stats(struct ward_objects *o, struct ward_objects_stats *ret_stats)
{
	pthread_mutex_lock(&o->lock);
	*ret_stats = o->stats;
	pthread_mutex_unlock(&o->lock);
}

/* --- what is asked --- */

enum ward_rc
ward_objects_put(struct ward_objects *o, const uint8_t sha256[32], int fd)
{
	uint64_t bytes = 0;
	enum ward_rc rc = ward_objects_has(o, sha256);

	if (!rc)
		return WARD_OK;
	if (rc == WARD_E_NOENT && over_quota(o))
		return WARD_E_LIMIT;
	if (rc == WARD_E_NOENT)
		rc = o->ops->put(o, sha256, fd, &bytes);
	if (rc) {
		count_failure(o);
		return rc;
	}
	pthread_mutex_lock(&o->lock);
	o->stats.puts++;
	o->stats.objects++;
	o->stats.bytes += bytes;
	pthread_mutex_unlock(&o->lock);
	return WARD_OK;
}

enum ward_rc
ward_objects_get(struct ward_objects *o, const uint8_t sha256[32], uint64_t max, int *ret_fd)
{
	WARD_AUTO(ward_fd_close) int to = -1;
	enum ward_rc rc = ward_fd_memory("sample", &to);

	if (!rc)
		rc = o->ops->get(o, sha256, max, to);
	if (!rc)
		rc = ward_fd_seal(to);
	if (rc == WARD_E_NOENT)
		return rc;
	if (rc) {
		count_failure(o);
		return rc;
	}
	pthread_mutex_lock(&o->lock);
	o->stats.gets++;
	pthread_mutex_unlock(&o->lock);
	*ret_fd = to;
	to = -1;
	return WARD_OK;
}

enum ward_rc
ward_objects_has(struct ward_objects *o, const uint8_t sha256[32])
{
	uint64_t bytes;

	return o->ops->size(o, sha256, &bytes);
}

enum ward_rc
ward_objects_remove(struct ward_objects *o, const uint8_t sha256[32])
{
	uint64_t bytes;
	enum ward_rc rc = o->ops->size(o, sha256, &bytes);

	if (rc == WARD_E_NOENT)
		return WARD_OK;
	if (!rc)
		rc = o->ops->remove(o, sha256);
	if (rc)
		return rc;
	pthread_mutex_lock(&o->lock);
	o->stats.objects -= o->stats.objects > 0;
	o->stats.bytes -= bytes < o->stats.bytes ? bytes : o->stats.bytes;
	pthread_mutex_unlock(&o->lock);
	return WARD_OK;
}

enum ward_rc
ward_objects_list(struct ward_objects *o, ward_object_fn fn, void *context)
{
	enum ward_rc rc = o->ops->list(o, fn, context);

	return rc == WARD_E_STOPPED ? WARD_OK : rc;
}

struct expiry {
	struct ward_objects *objects;
	uint64_t before_ms;
	ward_object_fn fn;
	void *context;
};

static enum ward_rc
expire_one(void *context, const uint8_t sha256[32], uint64_t bytes, uint64_t stored_ms)
{
	struct expiry *e = context;
	enum ward_rc rc;

	if (stored_ms >= e->before_ms)
		return WARD_OK;
	rc = ward_objects_remove(e->objects, sha256);
	return rc || !e->fn ? rc : e->fn(e->context, sha256, bytes, stored_ms);
}

enum ward_rc
ward_objects_expire(struct ward_objects *o, uint64_t before_ms, ward_object_fn fn, void *context)
{
	struct expiry e = {o, before_ms, fn, context};

	return ward_objects_list(o, expire_one, &e);
}

struct ward_objects *
ward_objects_close(struct ward_objects *o)
{
	if (o)
		o->ops->close(o);
	return NULL;
}
