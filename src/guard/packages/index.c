/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/packages/index.h"

#include <stdio.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/text.h"
#include "sys/digest.h"

static const char *const ROOTS[] = {"bin", "sbin", "lib", "lib32", "lib64", "libx32"};
enum { ROOT_COUNT = sizeof(ROOTS) / sizeof(ROOTS[0]) };

static const uint8_t *
hash_at(const struct ward_index *index, size_t i)
{
	return index->entries.data + i * WARD_INDEX_ENTRY;
}

static uint32_t
name_at(const struct ward_index *index, size_t i)
{
	struct ward_cursor c = ward_cursor_at(
		index->entries, i * WARD_INDEX_ENTRY + WARD_INDEX_HASH + WARD_INDEX_MD5);

	return ward_cursor_u32le(&c);
}

/* Every offset is that of a name, the last name ends, and the order is what a search takes it for. */
static bool
is_sound(const struct ward_index *index)
{
	if (index->count > 0 &&
	    (index->names.len == 0 || index->names.data[index->names.len - 1] != 0))
		return false;
	for (size_t i = 0; i < index->count; i++) {
		if (name_at(index, i) >= index->names.len)
			return false;
		if (i > 0 && memcmp(hash_at(index, i - 1), hash_at(index, i), WARD_INDEX_HASH) > 0)
			return false;
	}
	return true;
}

enum ward_rc
ward_index_open(struct ward_span bytes, struct ward_index *ret_index)
{
	struct ward_cursor c = ward_cursor_of(bytes);
	struct ward_span magic = ward_cursor_bytes(&c, 8);
	struct ward_index index = {.count = ward_cursor_u32le(&c)};
	uint32_t names = ward_cursor_u32le(&c);

	index.merged = ward_cursor_u32le(&c);
	ward_cursor_skip(&c, 4);
	index.entries = ward_cursor_bytes(&c, (uint64_t)index.count * WARD_INDEX_ENTRY);
	index.names = ward_cursor_bytes(&c, names);
	if (!ward_cursor_ok(&c) || ward_cursor_left(&c) > 0 ||
	    !ward_span_eq(magic, ward_span_str("WARDPKG1")) ||
	    index.count > WARD_INDEX_ENTRIES_MAX || names > WARD_INDEX_NAMES_MAX ||
	    !is_sound(&index))
		return WARD_E_FORMAT;
	*ret_index = index;
	return WARD_OK;
}

struct ward_index_entry
ward_index_entry(const struct ward_index *index, size_t i)
{
	return (struct ward_index_entry){
		.md5 = hash_at(index, i) + WARD_INDEX_HASH,
		.package = (const char *)index->names.data + name_at(index, i),
	};
}

size_t
ward_index_find(const struct ward_index *index, const char *path, size_t *ret_first)
{
	uint8_t hash[WARD_INDEX_HASH];
	size_t low = 0, high = index->count, n = 0;

	if (path[0] != '/' || !ward_index_hash(ward_span_str(path + 1), index->merged, hash))
		return 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(hash_at(index, middle), hash, WARD_INDEX_HASH) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + n < index->count &&
	       memcmp(hash_at(index, low + n), hash, WARD_INDEX_HASH) == 0)
		n++;
	*ret_first = low;
	return n;
}

/* --- paths --- */

uint32_t
ward_index_merged(void)
{
	uint32_t merged = 0;

	for (unsigned i = 0; i < ROOT_COUNT; i++) {
		char link[16], target[32], wanted[32];
		ssize_t n;

		(void)snprintf(link, sizeof(link), "/%s", ROOTS[i]);
		(void)snprintf(wanted, sizeof(wanted), "usr/%s", ROOTS[i]);
		n = readlink(link, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = 0;
		if (strcmp(target[0] == '/' ? target + 1 : target, wanted) == 0)
			merged |= 1u << i;
	}
	return merged;
}

static bool
is_merged(struct ward_span first, uint32_t merged)
{
	for (unsigned i = 0; i < ROOT_COUNT; i++) {
		if (merged & 1u << i && ward_span_eq(first, ward_span_str(ROOTS[i])))
			return true;
	}
	return false;
}

static bool
is_plain(struct ward_span path)
{
	struct ward_span part;

	if (path.len == 0 || path.len >= WARD_INDEX_PATH || memchr(path.data, 0, path.len))
		return false;
	while (ward_text_split(&path, '/', &part)) {
		if (part.len == 0 || ward_span_eq(part, ward_span_str(".")) ||
		    ward_span_eq(part, ward_span_str("..")))
			return false;
	}
	return true;
}

bool
ward_index_hash(struct ward_span path, uint32_t merged, uint8_t ret_hash[WARD_INDEX_HASH])
{
	uint8_t digest[WARD_SHA256_LEN];
	struct ward_span rest = path, first, runs[2] = {ward_span_str("usr/"), path};
	bool moved;

	if (!is_plain(path) || !ward_text_split(&rest, '/', &first))
		return false;
	moved = rest.len > 0 && is_merged(first, merged);
	if (ward_digest_runs(WARD_SHA256, moved ? runs : runs + 1, moved ? 2 : 1, digest) !=
	    WARD_OK)
		return false;
	memcpy(ret_hash, digest, WARD_INDEX_HASH);
	return true;
}
