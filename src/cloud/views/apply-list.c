/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of digests by the million. Nothing is read to apply them: each digest is one key of its own,
 * one mark a record stands for all its digests, and a file that memory has not heard of yet is what
 * this list says it is. Only of others the store is asked what holds.
 */
#include "cloud/views/apply-priv.h"
#include "sys/crc32c.h"

enum { CHUNK = 512 };

typedef Ward__Log__V1__Reputation Reputation;

static const struct ward_span none = {NULL, 0};

static size_t
width_of(const Reputation *list)
{
	if (list->kind == WARD__LOG__V1__DIGEST__DIGEST_SHA256)
		return 32;
	return list->kind == WARD__LOG__V1__DIGEST__DIGEST_SHA1 ? 20 : 16;
}

static size_t
count_of(const Reputation *list)
{
	return list->digests.len / width_of(list);
}

/* NULL: without a name. */
static char *
threat_of(const Reputation *list, size_t i)
{
	size_t threat = i < list->n_threat ? list->threat[i] : 0;

	return threat < list->n_threats ? list->threats[threat] : NULL;
}

enum ward_rc
ward_apply_reputation(struct ward_apply *a, const Record *r)
{
	if (a->list_count == WARD_APPLY_LISTS)
		return WARD_E_LIMIT; /* _add asks for a commit before */
	a->lists[a->list_count++] = r;
	return WARD_OK;
}

/* --- the store --- */

struct value {
	const char *threat; /* of these bytes; most digests of a list share one */
	uint8_t *bytes;
	size_t len;
};

static enum ward_rc
pack(struct ward_apply *a, const Record *r, char *threat, struct value *ret)
{
	const Reputation *list = r->reputation;
	Ward__View__V1__Listed listed;

	ward__view__v1__listed__init(&listed);
	listed.list = list->list;
	listed.verdict = (uint32_t)list->verdict;
	listed.confidence = list->confidence;
	if (threat)
		listed.threat = threat;
	listed.expires_ms = list->expires_ms;
	listed.time_ms = list->time_ms ? list->time_ms : r->time_ms;
	ret->threat = threat;
	ret->len = protobuf_c_message_get_packed_size(&listed.base);
	ret->bytes = ward_arena_alloc(a->arena, ret->len);
	if (!ret->bytes)
		return WARD_E_LIMIT;
	protobuf_c_message_pack(&listed.base, ret->bytes);
	return WARD_OK;
}

/* 'm' kind digest list(4) */
static struct ward_key
key_of(const Reputation *list, uint32_t crc)
{
	uint8_t kind = (uint8_t)list->kind, zeros[32] = {0};

	return ward_key_of('m', ward_span_of(&kind, 1), ward_span_of(zeros, width_of(list)),
			   ward_span_of(&crc, sizeof(crc)));
}

/* The value is the digests: opening decides them all. */
static void
mark(struct ward_apply *a, const Reputation *list, rocksdb_writebatch_t *batch)
{
	struct ward_key key = ward_key_of('o', ward_span_of(&a->views->marks, 1),
					  ward_span_of(list->digests.data, WARD_HASH_LEN), none);

	rocksdb_writebatch_put(batch, (const char *)key.bytes, key.len,
			       (const char *)list->digests.data, list->digests.len);
}

static enum ward_rc
put_list(struct ward_apply *a, const Record *r, rocksdb_writebatch_t *batch)
{
	const Reputation *list = r->reputation;
	size_t width = width_of(list), count = count_of(list);
	struct ward_key key = key_of(list, ward_crc32c(0, ward_span_str(list->list)));
	struct value value = {NULL, NULL, 0};
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < count && !rc; i++) {
		char *threat = threat_of(list, i);

		memcpy(key.bytes + 2, list->digests.data + i * width, width);
		if (list->withdrawn) {
			rocksdb_writebatch_delete(batch, (const char *)key.bytes, key.len);
			continue;
		}
		if (!value.bytes || threat != value.threat)
			rc = pack(a, r, threat, &value);
		if (!rc)
			rocksdb_writebatch_put(batch, (const char *)key.bytes, key.len,
					       (const char *)value.bytes, value.len);
	}
	if (width == WARD_HASH_LEN && count > 0)
		mark(a, list, batch);
	return rc;
}

enum ward_rc
ward_apply_lists_put(struct ward_apply *a, rocksdb_writebatch_t *batch)
{
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < a->list_count && !rc; i++)
		rc = put_list(a, a->lists[i], batch);
	return rc;
}

/* --- memory --- */

struct saying {
	struct ward_verdict_value value;
	const char *threat; /* that value.threat is the number of */
};

static enum ward_rc
say(struct ward_apply *a, const Reputation *list, size_t i, struct saying *ret)
{
	struct ward_names *names = a->views->names;
	const char *threat = threat_of(list, i);

	if (ret->value.source && ret->threat == threat)
		return WARD_OK;
	ret->threat = threat;
	ret->value = (struct ward_verdict_value){
		.verdict = (uint8_t)ward_wire_verdict_from(list->verdict),
		.source = WARD__LOG__V1__SOURCE__SOURCE_IMPORT,
		.confidence = (uint16_t)list->confidence,
		.expires_ms = list->expires_ms,
		.threat = ward_names_number(names, threat ? threat : ""),
		.list = ward_names_number(names, list->list),
	};
	return ret->value.threat == UINT32_MAX || ret->value.list == UINT32_MAX ? WARD_E_NOMEM
										: WARD_OK;
}

static enum ward_rc
decide_chunk(struct ward_apply *a, const Reputation *list, size_t first, size_t count,
	     struct saying *saying)
{
	struct ward_verdict_value have[CHUNK];
	bool found[CHUNK];
	const uint8_t(*digests)[WARD_HASH_LEN] =
		(const void *)(list->digests.data + first * WARD_HASH_LEN);
	enum ward_rc rc = WARD_OK;

	ward_verdicts_find(a->views->verdicts, digests, count, have, found);
	for (size_t i = 0; i < count && !rc; i++) {
		if (found[i]) {
			rc = ward_apply_decide(a, digests[i]);
		} else if (!list->withdrawn) {
			rc = say(a, list, first + i, saying);
			if (!rc)
				rc = ward_verdicts_set(a->views->verdicts, digests[i],
						       &saying->value);
		}
	}
	return rc;
}

static enum ward_rc
decide_list(struct ward_apply *a, const Reputation *list)
{
	struct saying saying = {.threat = NULL};
	size_t count = count_of(list);
	enum ward_rc rc = WARD_OK;

	if (width_of(list) != WARD_HASH_LEN)
		return WARD_OK;
	for (size_t i = 0; i < count && !rc; i += CHUNK)
		rc = decide_chunk(a, list, i, count - i < CHUNK ? count - i : CHUNK, &saying);
	return rc;
}

enum ward_rc
ward_apply_lists_decide(struct ward_apply *a)
{
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < a->list_count && !rc; i++)
		rc = decide_list(a, a->lists[i]->reputation);
	a->list_count = 0;
	return rc;
}
