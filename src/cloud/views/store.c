/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/views/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { BLOOM_BITS = 10, OPEN_FILES = 512 };

#define MIB (UINT64_C(1) << 20)

struct ward_key
ward_key_of(char prefix, struct ward_span a, struct ward_span b, struct ward_span c)
{
	struct ward_key key = {.bytes = {(uint8_t)prefix}, .len = 1};
	const struct ward_span parts[] = {a, b, c};

	for (size_t i = 0; i < 3; i++) {
		size_t n = parts[i].len < WARD_STORE_KEY_MAX - key.len
				   ? parts[i].len
				   : WARD_STORE_KEY_MAX - key.len;

		if (n > 0)
			memcpy(key.bytes + key.len, parts[i].data, n);
		key.len += n;
	}
	return key;
}

void
ward_key_u64(struct ward_key *key, uint64_t value)
{
	for (int shift = 56; shift >= 0 && key->len < WARD_STORE_KEY_MAX; shift -= 8)
		key->bytes[key->len++] = (uint8_t)(value >> shift);
}

struct ward_span
ward_key_span(const struct ward_key *key)
{
	return ward_span_of(key->bytes, key->len);
}

/* --- the merge operator: sums of u64, little-endian --- */

static uint64_t
number(const char *at, size_t len)
{
	uint64_t value = 0;

	if (at && len == sizeof(value))
		memcpy(&value, at, sizeof(value));
	return value;
}

static char *
merge_all(void *state, const char *key, size_t key_len, const char *existing, size_t existing_len,
	  const char *const *operands, const size_t *lens, int count, unsigned char *success,
	  size_t *new_len)
{
	uint64_t sum = number(existing, existing_len);
	uint64_t *value = malloc(sizeof(sum));

	(void)state;
	(void)key;
	(void)key_len;
	for (int i = 0; i < count; i++)
		sum += number(operands[i], lens[i]);
	if (value)
		*value = sum;
	*success = value != NULL;
	*new_len = sizeof(sum);
	return (char *)value;
}

static char *
merge_some(void *state, const char *key, size_t key_len, const char *const *operands,
	   const size_t *lens, int count, unsigned char *success, size_t *new_len)
{
	return merge_all(state, key, key_len, NULL, 0, operands, lens, count, success, new_len);
}

static const char *
merge_name(void *state)
{
	(void)state;
	return "ward.sum";
}

static void
nothing(void *state)
{
	(void)state;
}

/* --- what belongs to one file, for the filters: most questions are about files without an answer --- */

static size_t
subject_len(const char *key, size_t len)
{
	static const size_t widths[] = {[WARD__LOG__V1__DIGEST__DIGEST_SHA256] = 32,
					[WARD__LOG__V1__DIGEST__DIGEST_SHA1] = 20,
					[WARD__LOG__V1__DIGEST__DIGEST_MD5] = 16};
	size_t kind = len > 1 ? (uint8_t)key[1] : 0, subject = 0;

	if (len > 0 && key[0] == 'v')
		subject = 1 + WARD_HASH_LEN;
	else if (len > 1 && key[0] == 'm' && kind < sizeof(widths) / sizeof(*widths) &&
		 widths[kind])
		subject = 2 + widths[kind];
	return subject <= len ? subject : 0;
}

static char *
subject_of(void *state, const char *key, size_t len, size_t *ret_len)
{
	union {
		const char *in;
		char *out; /* RocksDB only reads it */
	} same = {key};

	(void)state;
	*ret_len = subject_len(key, len);
	return same.out;
}

static unsigned char
has_subject(void *state, const char *key, size_t len)
{
	(void)state;
	return subject_len(key, len) > 0;
}

static unsigned char
is_subject(void *state, const char *key, size_t len)
{
	(void)state;
	return len > 0 && subject_len(key, len) == len;
}

static const char *
subject_name(void *state)
{
	(void)state;
	return "ward.subject";
}

/* --- opening --- */

static rocksdb_options_t *
options_of(const struct ward_views_options *o, rocksdb_cache_t *cache)
{
	rocksdb_options_t *options = rocksdb_options_create();
	rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();

	rocksdb_block_based_options_set_block_cache(table, cache);
	rocksdb_block_based_options_set_filter_policy(
		table, rocksdb_filterpolicy_create_bloom_full(BLOOM_BITS));
	rocksdb_options_set_block_based_table_factory(options, table);
	rocksdb_block_based_options_destroy(table);
	rocksdb_options_set_create_if_missing(options, !o->read_only);
	rocksdb_options_set_write_buffer_size(options, 64 * MIB);
	rocksdb_options_set_max_write_buffer_number(options, 3);
	rocksdb_options_set_max_background_jobs(options, 2);
	rocksdb_options_set_max_open_files(options, OPEN_FILES);
	rocksdb_options_set_keep_log_file_num(options, 2);
	rocksdb_options_set_compression(options, rocksdb_zstd_compression);
	rocksdb_options_set_prefix_extractor(
		options, rocksdb_slicetransform_create(NULL, nothing, subject_of, has_subject,
						       is_subject, subject_name));
	rocksdb_options_set_memtable_prefix_bloom_size_ratio(options, 0.05);
	rocksdb_options_set_merge_operator(
		options, rocksdb_mergeoperator_create(NULL, nothing, merge_all, merge_some, NULL,
						      merge_name));
	return options;
}

static enum ward_rc
refuse(char *error, char why[512])
{
	bool locked = error && strstr(error, "LOCK");

	(void)snprintf(why, 512, "%s", locked ? "in use by another process" : error);
	rocksdb_free(error);
	return locked ? WARD_E_PERM : WARD_E_FORMAT;
}

static enum ward_rc
check_version(struct ward_store *store, bool read_only, char why[512])
{
	struct ward_key key = {.bytes = {'V'}, .len = 1};
	uint64_t found = ward_store_get_u64(store, ward_key_span(&key), 0),
		 version = WARD_STORE_VERSION;
	char *error = NULL;

	if (found == version)
		return WARD_OK;
	if (found != 0 || read_only) {
		(void)snprintf(why, 512, "of another version: run wardcloud replay");
		return WARD_E_FORMAT;
	}
	rocksdb_put(store->db, store->write, (const char *)key.bytes, key.len,
		    (const char *)&version, sizeof(version), &error);
	return error ? refuse(error, why) : WARD_OK;
}

enum ward_rc
ward_store_open(const struct ward_views_options *o, struct ward_store *ret, char why[512])
{
	char path[512], *error = NULL;
	struct ward_store s = {0};
	enum ward_rc rc;

	if (snprintf(path, sizeof(path), "%s/db", o->directory) >= (int)sizeof(path))
		return WARD_E_LIMIT;
	s.cache = rocksdb_cache_create_lru(o->cache_bytes ? o->cache_bytes : 256 * MIB);
	s.options = options_of(o, s.cache);
	s.read = rocksdb_readoptions_create();
	s.write = rocksdb_writeoptions_create();
	rocksdb_writeoptions_disable_WAL(s.write, 1);
	s.db = o->read_only ? rocksdb_open_for_read_only(s.options, path, 0, &error)
			    : rocksdb_open(s.options, path, &error);
	rc = error ? refuse(error, why) : check_version(&s, o->read_only, why);
	if (rc)
		ward_store_close(&s);
	else
		*ret = s;
	return rc;
}

void
ward_store_close(struct ward_store *s)
{
	if (s->db)
		rocksdb_close(s->db);
	if (s->write)
		rocksdb_writeoptions_destroy(s->write);
	if (s->read)
		rocksdb_readoptions_destroy(s->read);
	if (s->options)
		rocksdb_options_destroy(s->options);
	if (s->cache)
		rocksdb_cache_destroy(s->cache);
	memset(s, 0, sizeof(*s));
}

/* --- reading --- */

static char *
get(struct ward_store *s, rocksdb_writebatch_wi_t *batch, struct ward_span key, size_t *ret_len,
    char **ret_error)
{
	const char *at = (const char *)key.data;

	return batch ? rocksdb_writebatch_wi_get_from_batch_and_db(batch, s->db, s->read, at,
								   key.len, ret_len, ret_error)
		     : rocksdb_get(s->db, s->read, at, key.len, ret_len, ret_error);
}

enum ward_rc
ward_store_get(struct ward_store *s, rocksdb_writebatch_wi_t *batch, struct ward_span key,
	       struct ward_arena *arena, struct ward_span *ret)
{
	char *error = NULL;
	size_t len = 0;
	char *value = get(s, batch, key, &len, &error), *copy = NULL;

	if (value) {
		copy = ward_arena_alloc(arena, len);
		if (copy)
			memcpy(copy, value, len);
	}
	rocksdb_free(value);
	if (error) {
		rocksdb_free(error);
		return WARD_E_IO;
	}
	if (!value)
		return WARD_E_NOENT;
	*ret = ward_span_of(copy, len);
	return copy ? WARD_OK : WARD_E_LIMIT;
}

bool
ward_store_has(struct ward_store *s, rocksdb_writebatch_wi_t *batch, struct ward_span key)
{
	char *error = NULL;
	size_t len = 0;
	char *value = get(s, batch, key, &len, &error);
	bool found = value != NULL;

	rocksdb_free(value);
	rocksdb_free(error);
	return found;
}

uint64_t
ward_store_get_u64(struct ward_store *s, struct ward_span key, uint64_t otherwise)
{
	char *error = NULL;
	size_t len = 0;
	char *value = get(s, NULL, key, &len, &error);
	uint64_t found = value && len == sizeof(found) ? number(value, len) : otherwise;

	rocksdb_free(value);
	rocksdb_free(error);
	return found;
}

enum ward_rc
ward_store_each(struct ward_store *s, struct ward_span prefix, ward_store_fn fn, void *context)
{
	return ward_store_each_from(s, prefix, prefix, fn, context);
}

enum ward_rc
ward_store_each_from(struct ward_store *s, struct ward_span prefix, struct ward_span from,
		     ward_store_fn fn, void *context)
{
	rocksdb_iterator_t *it = rocksdb_create_iterator(s->db, s->read);
	enum ward_rc rc = WARD_OK;

	rocksdb_iter_seek(it, (const char *)from.data, from.len);
	for (; rocksdb_iter_valid(it) && !rc; rocksdb_iter_next(it)) {
		struct ward_span key, value;

		key.data = (const uint8_t *)rocksdb_iter_key(it, &key.len);
		if (!ward_span_starts(key, prefix.data, prefix.len))
			break;
		value.data = (const uint8_t *)rocksdb_iter_value(it, &value.len);
		rc = fn(context, key, value);
	}
	rocksdb_iter_destroy(it);
	return rc == WARD_E_STOPPED ? WARD_OK : rc;
}

enum ward_rc
ward_store_delete_range(struct ward_store *s, struct ward_span from, struct ward_span to)
{
	rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
	char *error = NULL;

	rocksdb_writebatch_delete_range(batch, (const char *)from.data, from.len,
					(const char *)to.data, to.len);
	rocksdb_write(s->db, s->write, batch, &error);
	rocksdb_writebatch_destroy(batch);
	if (!error)
		return WARD_OK;
	rocksdb_free(error);
	return WARD_E_IO;
}

void
ward_store_flush(struct ward_store *s)
{
	rocksdb_flushoptions_t *options = rocksdb_flushoptions_create();
	char *error = NULL;

	rocksdb_flush(s->db, options, &error);
	rocksdb_flushoptions_destroy(options);
	rocksdb_free(error);
}

static void *
arena_alloc(void *arena, size_t size)
{
	return ward_arena_alloc(arena, size);
}

static void
arena_free(void *arena, void *pointer)
{
	(void)arena;
	(void)pointer;
}

enum ward_rc
ward_store_unpack(const ProtobufCMessageDescriptor *type, struct ward_span in,
		  struct ward_arena *arena, void *ret)
{
	ProtobufCAllocator allocator = {arena_alloc, arena_free, arena};
	void *message = protobuf_c_message_unpack(type, &allocator, in.len, in.data);

	if (!message)
		return WARD_E_FORMAT;
	memcpy(ret, &message, sizeof(message));
	return WARD_OK;
}
