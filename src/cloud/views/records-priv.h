/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of update records, for who applies (apply-records.c) and reads (records.c). */
#ifndef WARD_CLOUD_VIEWS_RECORDS_PRIV_H
#define WARD_CLOUD_VIEWS_RECORDS_PRIV_H

#include "cloud/views/records.h"
#include "cloud/views/store.h"

static inline struct ward_key
ward_record_key(char kind, const uint8_t log[WARD_LOG_ID])
{
	return ward_key_of(kind, ward_span_of(log, WARD_LOG_ID), ward_span_of(NULL, 0),
			   ward_span_of(NULL, 0));
}

static inline struct ward_key
ward_record_key_number(char kind, const uint8_t log[WARD_LOG_ID], uint64_t number)
{
	struct ward_key key = ward_record_key(kind, log);

	ward_key_u64(&key, number);
	return key;
}

static inline struct ward_key
ward_record_key_node(const uint8_t log[WARD_LOG_ID], unsigned level, uint64_t index)
{
	uint8_t byte = (uint8_t)level;
	struct ward_key key = ward_key_of('h', ward_span_of(log, WARD_LOG_ID),
					  ward_span_of(&byte, 1), ward_span_of(NULL, 0));

	ward_key_u64(&key, index);
	return key;
}

/* With the width: no digest is the beginning of another one. */
static inline struct ward_key
ward_record_key_digest(const uint8_t log[WARD_LOG_ID], struct ward_span digest)
{
	uint8_t width = (uint8_t)digest.len;

	return ward_key_of('b', ward_span_of(log, WARD_LOG_ID), ward_span_of(&width, 1), digest);
}

/* Reads hashes of the tree, those of `batch` (may be NULL) before those stored. */
struct ward_record_tree {
	struct ward_store *store;
	rocksdb_writebatch_wi_t *batch;
	const uint8_t *log;
};
/* Good while `tree` is. */
struct ward_merkle_source ward_record_source(struct ward_record_tree *tree);

#endif
