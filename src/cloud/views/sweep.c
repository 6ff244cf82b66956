/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forgets which events were applied when they can no longer come again: the service refuses those
 * whose id was made more than 30 days before. Runs only when everything durable is applied, for then
 * no record that is still to come is older than the latest one by more than what clocks differ; so a
 * replay, which forgets nothing on its way, counts the same.
 */
#include "cloud/views/views-priv.h"

static const uint64_t day = UINT64_C(24) * 3600 * 1000;

enum { KEEP_DAYS = 32, KEY_LEN = 1 + WARD_DEVICE_LEN + WARD_WIRE_ID_LEN };

struct sweep {
	rocksdb_writebatch_t *batch;
	rocksdb_iterator_t *it;
	uint64_t before_ms;
	size_t left;
};

uint64_t
ward_views_swept(struct ward_views *views)
{
	struct ward_key key = {.bytes = {'E'}, .len = 1};

	return ward_store_get_u64(&views->store, ward_key_span(&key), 0);
}

/* Ids begin with 48 bits of milliseconds (RFC 9562 §5.7). */
static uint64_t
made_ms(const uint8_t *id)
{
	uint64_t ms = 0;

	for (unsigned i = 0; i < 6; i++)
		ms = ms << 8 | id[i];
	return ms;
}

bool
ward_views_is_swept(struct ward_span key, uint64_t before_ms)
{
	return key.len == KEY_LEN && key.data[0] == 'e' &&
	       made_ms(key.data + 1 + WARD_DEVICE_LEN) < before_ms;
}

/* Old events stand before the new ones of the same device; past them it goes on with the next. */
static void
sweep_some(struct sweep *s)
{
	while (s->left > 0 && rocksdb_iter_valid(s->it)) {
		struct ward_span key;
		uint8_t next[1 + WARD_DEVICE_LEN + 1];

		key.data = (const uint8_t *)rocksdb_iter_key(s->it, &key.len);
		if (key.len != KEY_LEN || key.data[0] != 'e') {
			s->left = key.data[0] == 'e' ? s->left - 1 : 0;
			rocksdb_iter_next(s->it);
			continue;
		}
		s->left--;
		if (ward_views_is_swept(key, s->before_ms)) {
			rocksdb_writebatch_delete(s->batch, (const char *)key.data, key.len);
			rocksdb_iter_next(s->it);
			continue;
		}
		memcpy(next, key.data, 1 + WARD_DEVICE_LEN);
		next[1 + WARD_DEVICE_LEN] = 0xff;
		rocksdb_iter_seek(s->it, (const char *)next, sizeof(next));
	}
}

/* Where to go on; false: all devices are done. */
static bool
remember(struct ward_sweep *state, const struct sweep *s)
{
	struct ward_span key = {NULL, 0};

	if (rocksdb_iter_valid(s->it))
		key.data = (const uint8_t *)rocksdb_iter_key(s->it, &key.len);
	if (key.len != KEY_LEN || key.data[0] != 'e')
		return false;
	memcpy(state->from, key.data, sizeof(state->from));
	return true;
}

static enum ward_rc
write_batch(struct ward_views *views, struct sweep *s)
{
	static const char key[] = {'E'};
	char *error = NULL;

	rocksdb_writebatch_put(s->batch, key, 1, (const char *)&s->before_ms, sizeof(s->before_ms));
	rocksdb_write(views->store.db, views->store.write, s->batch, &error);
	rocksdb_free(error);
	return error ? WARD_E_IO : WARD_OK;
}

enum ward_rc
ward_views_sweep(struct ward_views *views, struct ward_sweep *state, uint64_t latest_ms, size_t max)
{
	struct sweep s = {.left = max};
	enum ward_rc rc;

	if (!state->running && latest_ms / day <= state->last_day)
		return WARD_OK;
	if (!state->running) {
		*state = (struct ward_sweep){.running = true, .last_day = latest_ms / day};
		state->before_ms = latest_ms > KEEP_DAYS * day ? latest_ms - KEEP_DAYS * day : 0;
		state->from[0] = 'e';
	}
	s.before_ms = state->before_ms;
	s.batch = rocksdb_writebatch_create();
	s.it = rocksdb_create_iterator(views->store.db, views->store.read);
	rocksdb_iter_seek(s.it, (const char *)state->from, sizeof(state->from));
	sweep_some(&s);
	state->running = remember(state, &s);
	rc = write_batch(views, &s);
	rocksdb_iter_destroy(s.it);
	rocksdb_writebatch_destroy(s.batch);
	return rc;
}
