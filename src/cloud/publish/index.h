/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index.json of a directory of publications:
 *
 *	{"format": "ward-publications", "version": 1, "packs": [
 *	  {"number": N, "id": HEX, "sha256": HEX, "size": N, "made": SECONDS, "notes": TEXT,
 *	   "counts": {"sha256": N, …, "body-signatures": N, "yara-rules": N},
 *	   "deltas": [{"from": HEX, "sha256": HEX, "size": N}, …]}, …]}
 *
 * The newest pack stands first; only that one has deltas.
 */
#ifndef WARD_CLOUD_PUBLISH_INDEX_H
#define WARD_CLOUD_PUBLISH_INDEX_H

#include <jansson.h>

#include "cloud/publish/publish.h"

enum { WARD_PUBLISH_HEX = 2 * 32 + 1 };

/* The caller's; NULL: what is there is no such index. An empty one when there is no file. */
json_t *ward_index_read(const char *path);
enum ward_rc ward_index_write(const char *path, const json_t *index) WARD_MUST_CHECK;
/* Borrowed. */
json_t *ward_index_packs(const json_t *index);
uint64_t ward_index_newest(const json_t *index);
/* The caller's; NULL without memory. */
json_t *ward_index_pack(const struct ward_publish_job *job, const char *sha256, uint64_t size);
/* A text of hex digits for 32 bytes, or "". Borrowed. */
const char *ward_index_hex(const json_t *entry, const char *key);

#endif
