/* SPDX-License-Identifier: Apache-2.0 */
/* A batch of records: decoded, materialised, committed with the positions, then told to memory. */
#include <stdlib.h>

#include "cloud/views/apply-priv.h"

enum { MEMORY = 64 * 1024 * 1024, MEMORY_FULL = MEMORY / 2, PENDING_MAX = 10000 };

struct ward_span
ward_apply_span(ProtobufCBinaryData bytes)
{
	return ward_span_of(bytes.data, bytes.len);
}

void
ward_apply_put(struct ward_apply *a, const struct ward_key *key, struct ward_span value)
{
	rocksdb_writebatch_wi_put(a->batch, (const char *)key->bytes, key->len,
				  (const char *)value.data, value.len);
}

enum ward_rc
ward_apply_put_message(struct ward_apply *a, const struct ward_key *key,
		       const ProtobufCMessage *message)
{
	uint8_t small[512];
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *bytes = size <= sizeof(small) ? small : ward_arena_alloc(a->arena, size);

	if (!bytes)
		return WARD_E_LIMIT;
	protobuf_c_message_pack(message, bytes);
	ward_apply_put(a, key, ward_span_of(bytes, size));
	return WARD_OK;
}

enum ward_rc
ward_apply_load(struct ward_apply *a, const struct ward_key *key,
		const ProtobufCMessageDescriptor *type, void *ret, bool *ret_found)
{
	struct ward_span value;
	void *fresh;
	enum ward_rc rc =
		ward_store_get(&a->views->store, a->batch, ward_key_span(key), a->arena, &value);

	*ret_found = rc == WARD_OK;
	if (!rc)
		return ward_store_unpack(type, value, a->arena, ret);
	if (rc != WARD_E_NOENT)
		return rc;
	fresh = ward_arena_alloc(a->arena, type->sizeof_message);
	if (!fresh)
		return WARD_E_LIMIT;
	memcpy(ret, &fresh, sizeof(fresh));
	return WARD_OK;
}

static void
put_sums(struct ward_apply *a)
{
	for (size_t i = 0; i < a->sum_count; i++) {
		const struct ward_apply_sum *sum = &a->sums[i];
		uint8_t which = (uint8_t)sum->stat;
		struct ward_key key = ward_key_of('s', ward_span_of(&which, 1),
						  ward_span_of(NULL, 0), ward_span_of(NULL, 0));

		ward_key_u64(&key, sum->hour);
		rocksdb_writebatch_wi_merge(a->batch, (const char *)key.bytes, key.len,
					    (const char *)&sum->n, sizeof(sum->n));
	}
	a->sum_count = 0;
}

void
ward_apply_count(struct ward_apply *a, enum ward_stat stat, uint64_t time_ms, uint64_t n)
{
	uint64_t hour = time_ms / 3600000;
	size_t i = 0;

	while (i < a->sum_count && (a->sums[i].stat != stat || a->sums[i].hour != hour))
		i++;
	if (i == WARD_APPLY_COUNTS) {
		put_sums(a);
		i = 0;
	}
	if (i == a->sum_count)
		a->sums[a->sum_count++] = (struct ward_apply_sum){stat, hour, 0};
	a->sums[i].n += n;
}

void
ward_apply_touch(struct ward_apply *a, ProtobufCBinaryData sha256)
{
	struct ward_key mark = ward_key_of('o', ward_span_of(&a->views->marks, 1),
					   ward_apply_span(sha256), ward_span_of(NULL, 0));

	memcpy(a->touched[a->touched_count++], sha256.data, WARD_HASH_LEN);
	ward_apply_put(a, &mark, ward_span_of(NULL, 0));
}

/* --- records --- */

static enum ward_rc
note_update(struct ward_apply *a, const Record *r, uint64_t offset, Ward__V1__VerdictChange *change)
{
	struct ward_apply_news *news = &a->news;

	if (news->update_count == WARD_APPLY_CHANGES)
		return WARD_OK; /* who follows the updates reads the log where there are gaps */
	news->updates[news->update_count++] =
		(struct ward_apply_update){offset + 1, r->time_ms, change};
	return WARD_OK;
}

static enum ward_rc
note_timestamp(struct ward_apply *a, const Record *r, uint64_t offset)
{
	bool news = false;
	enum ward_rc rc = ward_apply_timestamp(a, r, offset, &news);

	return rc || !news ? rc : note_update(a, r, offset, NULL);
}

static enum ward_rc
apply_record(struct ward_apply *a, const Record *r, uint64_t offset)
{
	switch ((int)r->fact_case) {
	case WARD__LOG__V1__RECORD__FACT_EVENT:
		return ward_apply_event(a, r);
	case WARD__LOG__V1__RECORD__FACT_SEEN:
		return ward_apply_seen(a, r);
	case WARD__LOG__V1__RECORD__FACT_SAMPLE:
		return ward_apply_sample(a, r);
	case WARD__LOG__V1__RECORD__FACT_SAMPLE_GONE:
		return ward_apply_sample_gone(a, r);
	case WARD__LOG__V1__RECORD__FACT_NOTE:
		return ward_apply_note(a, r, offset);
	case WARD__LOG__V1__RECORD__FACT_VERDICT:
		return ward_apply_verdict(a, r);
	case WARD__LOG__V1__RECORD__FACT_REPUTATION:
		return ward_apply_reputation(a, r);
	case WARD__LOG__V1__RECORD__FACT_TOKEN:
		return ward_apply_token(a, r);
	case WARD__LOG__V1__RECORD__FACT_ENROLLMENT:
		return ward_apply_enrollment(a, r);
	case WARD__LOG__V1__RECORD__FACT_CERTIFICATE:
		return ward_apply_certificate(a, r);
	case WARD__LOG__V1__RECORD__FACT_REVOCATION:
		return ward_apply_revocation(a, r);
	case WARD__LOG__V1__RECORD__FACT_POLICY:
		return ward_apply_policy(a, r);
	case WARD__LOG__V1__RECORD__FACT_CHANGE:
		return note_update(a, r, offset, r->change);
	case WARD__LOG__V1__RECORD__FACT_PUBLISHED:
		return ward_apply_published(a, r);
	case WARD__LOG__V1__RECORD__FACT_TIMESTAMP:
		return note_timestamp(a, r, offset);
	default:
		return WARD_E_UNSUPPORTED;
	}
}

static void
note_position(struct ward_apply *a, const struct ward_log_position *p)
{
	size_t i = 0;

	while (i < a->next_count &&
	       (a->next[i].channel != p->channel || a->next[i].partition != p->partition))
		i++;
	if (i == a->next_count)
		a->next_count++;
	a->next[i] = *p;
	a->next[i].offset++;
}

static void
start_batch(struct ward_apply *a)
{
	if (a->pending > 0)
		return;
	a->news.update_count = a->news.device_count = 0;
	ward_arena_restore(a->arena, a->empty);
}

enum ward_rc
ward_apply_add(struct ward_apply *a, const struct ward_log_entry *entry, bool *ret_full)
{
	Record *record;
	enum ward_rc rc = WARD_OK;

	start_batch(a);
	if (entry->body.len > 0)
		rc = ward_wire_decode(&ward__log__v1__record__descriptor, entry->body, a->arena,
				      &record, NULL);
	if (!rc && entry->body.len > 0)
		rc = apply_record(a, record, entry->position.offset);
	if (rc)
		return rc;
	if (entry->body.len > 0 && record->time_ms > a->latest_ms)
		a->latest_ms = record->time_ms;
	note_position(a, &entry->position);
	a->pending++;
	*ret_full = a->pending >= PENDING_MAX || a->budget.used > MEMORY_FULL ||
		    a->touched_count == WARD_APPLY_TOUCHED || a->list_count == WARD_APPLY_LISTS ||
		    a->news.device_count == WARD_APPLY_CHANGES ||
		    a->news.update_count == WARD_APPLY_CHANGES;
	return WARD_OK;
}

/* --- committing --- */

static void
put_positions(struct ward_apply *a)
{
	struct ward_key number = {.bytes = {'S'}, .len = 1};

	for (size_t i = 0; i < a->next_count; i++) {
		uint8_t channel = (uint8_t)a->next[i].channel;
		struct ward_key key = ward_key_of('P', ward_span_of(&channel, 1),
						  ward_span_of(NULL, 0), ward_span_of(NULL, 0));

		ward_key_u64(&key, a->next[i].partition);
		ward_apply_put(a, &key, ward_span_of(&a->next[i].offset, 8));
	}
	a->views->batch_number++;
	ward_apply_put(a, &number, ward_span_of(&a->views->batch_number, 8));
}

enum ward_rc
ward_apply_decide(struct ward_apply *a, const uint8_t sha256[WARD_HASH_LEN])
{
	struct ward_verdict_value value;
	bool found;
	enum ward_rc rc = ward_views_decide(a->views, sha256, NULL, 0, &value, &found);

	return rc ? rc : ward_verdicts_set(a->views->verdicts, sha256, &value);
}

static int
by_digest(const void *a, const void *b)
{
	return memcmp(a, b, WARD_HASH_LEN);
}

/* Memory follows the store; each file once, however much was said of it. */
static enum ward_rc
decide_touched(struct ward_apply *a)
{
	enum ward_rc rc = WARD_OK;

	qsort(a->touched, a->touched_count, sizeof(*a->touched), by_digest);
	for (size_t i = 0; i < a->touched_count && !rc; i++)
		if (i == 0 || by_digest(a->touched[i - 1], a->touched[i]) != 0)
			rc = ward_apply_decide(a, a->touched[i]);
	a->touched_count = 0;
	return rc ? rc : ward_apply_lists_decide(a);
}

static enum ward_rc
write_batch(struct ward_apply *a, rocksdb_writebatch_t *lists)
{
	struct ward_store *s = &a->views->store;
	char *error = NULL;
	enum ward_rc rc = lists ? ward_apply_lists_put(a, lists) : WARD_OK;

	if (rc)
		return rc;
	if (lists)
		rocksdb_write(s->db, s->write, lists, &error);
	else
		rocksdb_write_writebatch_wi(s->db, s->write, a->batch, &error);
	rocksdb_free(error);
	return error ? WARD_E_IO : WARD_OK;
}

/* The indexed batch, and behind it what the lists bring, which nobody reads before: still one. */
static enum ward_rc
write_all(struct ward_apply *a)
{
	rocksdb_writebatch_t *lists = NULL;
	size_t len = 0;
	const char *bytes;
	enum ward_rc rc;

	if (a->list_count > 0) {
		bytes = rocksdb_writebatch_wi_data(a->batch, &len);
		lists = rocksdb_writebatch_create_from(bytes, len);
	}
	rc = write_batch(a, lists);
	if (lists)
		rocksdb_writebatch_destroy(lists);
	rocksdb_writebatch_wi_clear(a->batch);
	return rc;
}

static enum ward_rc
tell_devices(struct ward_apply *a)
{
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < a->news.device_count && !rc; i++)
		rc = ward_device_map_set(&a->views->devices, a->news.devices[i].id,
					 a->news.devices[i].state);
	return rc;
}

enum ward_rc
ward_apply_commit(struct ward_apply *a, const struct ward_apply_news **ret_news)
{
	enum ward_rc rc;

	put_positions(a);
	put_sums(a);
	rc = write_all(a);
	if (rc)
		return rc;
	a->pending = 0;
	a->next_count = 0;
	rc = decide_touched(a);
	if (!rc)
		rc = tell_devices(a);
	if (!rc)
		rc = ward_views_build_table(a->views, false);
	*ret_news = &a->news;
	return rc;
}

size_t
ward_apply_pending(const struct ward_apply *a)
{
	return a->pending;
}

const struct ward_log_position *
ward_apply_next(const struct ward_apply *a, size_t *ret_count)
{
	*ret_count = a->next_count;
	return a->next;
}

uint64_t
ward_apply_latest(const struct ward_apply *a)
{
	return a->latest_ms;
}

struct ward_apply *
ward_apply_free(struct ward_apply *a)
{
	if (!a)
		return NULL;
	if (a->batch)
		rocksdb_writebatch_wi_destroy(a->batch);
	ward_arena_free(a->arena);
	free(a->touched);
	free(a);
	return NULL;
}

enum ward_rc
ward_apply_new(struct ward_views *views, struct ward_apply **ret)
{
	struct ward_apply *a = calloc(1, sizeof(*a));

	if (!a)
		return WARD_E_NOMEM;
	a->views = views;
	a->budget.cap = MEMORY;
	a->arena = ward_arena_new(&a->budget);
	a->batch = rocksdb_writebatch_wi_create(0, 1);
	a->touched = calloc(WARD_APPLY_TOUCHED, sizeof(*a->touched));
	if (!a->arena || !a->touched) {
		ward_apply_free(a);
		return WARD_E_NOMEM;
	}
	a->empty = ward_arena_save(a->arena);
	*ret = a;
	return WARD_OK;
}
