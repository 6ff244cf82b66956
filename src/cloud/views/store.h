/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RocksDB as the views use it: one key space, prefixes below, WAL off, one atomic batch for what a
 * group of records changed and the positions they stood at.
 *
 *	'f' sha256			File
 *	'v' sha256 source scope		Ward__Log__V1__Verdict
 *	'm' kind digest list(4)		Listed; kind is Ward__Log__V1__Digest, list a CRC-32C of its name
 *	'n' sha256 time offset		Ward__Log__V1__Record with a note
 *	'e' device id			nothing: this event was applied
 *	'd' device			Device
 *	't' token			Token
 *	'p' name			Ward__V1__Policy
 *	's' stat hour			u64, summed by merging
 *	'l' log				Ledger; a log of update records, 16 bytes, and so below
 *	'r' log number			a record's envelope
 *	'h' log level(1) index		32 bytes: hash of a complete subtree of the log
 *	'i' log id			u64: number of the record with this id
 *	'b' log width(1) digest number	nothing: this record blocks the file for all, nobody disabled it
 *	'x' log number			u64: number of the record that disables this one
 *	'a' log version			Stamp
 *	'o' generation sha256		the verdict table may not have what was said of this file nor
 *					of those in the value (SHA-256 after SHA-256)
 *	'E'				u64: events made before this (ms) may be forgotten
 *	'P' channel partition		u64: next offset to apply
 *	'S'				u64: number of the last batch
 *	'V'				u64: version of this layout
 */
#ifndef WARD_CLOUD_VIEWS_STORE_H
#define WARD_CLOUD_VIEWS_STORE_H

#include <rocksdb/c.h>

#include "base/arena.h"
#include "base/buf.h"
#include "cloud/views/views.h"
#include "store.pb-c.h"

enum { WARD_STORE_VERSION = 1, WARD_STORE_KEY_MAX = 128 };

struct ward_store {
	rocksdb_t *db;
	rocksdb_options_t *options;
	rocksdb_readoptions_t *read;
	rocksdb_writeoptions_t *write;
	rocksdb_cache_t *cache;
};

/* A key put together from parts. */
struct ward_key {
	uint8_t bytes[WARD_STORE_KEY_MAX];
	size_t len;
};

struct ward_key ward_key_of(char prefix, struct ward_span a, struct ward_span b,
			    struct ward_span c);
/* Big-endian, so that keys sort by number. */
void ward_key_u64(struct ward_key *key, uint64_t value);
struct ward_span ward_key_span(const struct ward_key *key);

/* `db` in the directory; the caller closes it. Errors as of ward_views_open, and `why` says it. */
enum ward_rc ward_store_open(const struct ward_views_options *options, struct ward_store *ret,
			     char why[512]) WARD_MUST_CHECK;
void ward_store_close(struct ward_store *store);

/* A copy of the value in the arena; WARD_E_NOENT. `batch` (may be NULL) is looked at first. */
enum ward_rc ward_store_get(struct ward_store *store, rocksdb_writebatch_wi_t *batch,
			    struct ward_span key, struct ward_arena *arena,
			    struct ward_span *ret) WARD_MUST_CHECK;
bool ward_store_has(struct ward_store *store, rocksdb_writebatch_wi_t *batch, struct ward_span key);
uint64_t ward_store_get_u64(struct ward_store *store, struct ward_span key, uint64_t otherwise);

/* Each key that begins with `prefix`, in order; the spans are borrowed for the call. */
typedef enum ward_rc (*ward_store_fn)(void *context, struct ward_span key, struct ward_span value);
enum ward_rc ward_store_each(struct ward_store *store, struct ward_span prefix, ward_store_fn fn,
			     void *context) WARD_MUST_CHECK;
/* The same from the key `from` on. */
enum ward_rc ward_store_each_from(struct ward_store *store, struct ward_span prefix,
				  struct ward_span from, ward_store_fn fn,
				  void *context) WARD_MUST_CHECK;

/* Removes [from, to). */
enum ward_rc ward_store_delete_range(struct ward_store *store, struct ward_span from,
				     struct ward_span to) WARD_MUST_CHECK;
/* Brings everything to disk; a failure only means that more is applied again after a restart. */
void ward_store_flush(struct ward_store *store);

/* Unpacks into the arena; WARD_E_FORMAT. */
enum ward_rc ward_store_unpack(const ProtobufCMessageDescriptor *type, struct ward_span in,
			       struct ward_arena *arena, void *ret) WARD_MUST_CHECK;

#endif
