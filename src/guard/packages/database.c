/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/packages/database.h"

#include <stdlib.h>

#include "base/cursor.h"
#include "base/text.h"

enum { PACKAGE_MAX = 255, MD5_HEX = 2 * WARD_INDEX_MD5 };

/* A file of any package but `package` is not where it says, but elsewhere. */
struct diversion {
	uint8_t from[WARD_INDEX_HASH], to[WARD_INDEX_HASH];
	char package[PACKAGE_MAX + 1]; /* without architecture; ":" for a local one */
};

struct ward_database {
	uint32_t merged;
	size_t bad;
	struct ward_buf entries, names;
	struct diversion *diversions;
	size_t diversion_count;
};

struct ward_database *
ward_database_new(uint32_t merged)
{
	struct ward_database *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->merged = merged;
	ward_buf_init(&d->entries, (size_t)WARD_INDEX_ENTRIES_MAX * WARD_INDEX_ENTRY, NULL);
	ward_buf_init(&d->names, WARD_INDEX_NAMES_MAX, NULL);
	return d;
}

void
ward_database_freep(struct ward_database **d)
{
	if (!*d)
		return;
	ward_buf_done(&(*d)->entries);
	ward_buf_done(&(*d)->names);
	free((*d)->diversions);
	free(*d);
	*d = NULL;
}

size_t
ward_database_bad_lines(const struct ward_database *d)
{
	return d->bad;
}

/* --- diversions --- */

static bool
hash_absolute(const struct ward_database *d, struct ward_span path, uint8_t *ret)
{
	return ward_span_starts(path, "/", 1) &&
	       ward_index_hash(ward_span_cut(path, 1, path.len), d->merged, ret);
}

static bool
read_diversion(const struct ward_database *d, struct ward_cursor *c, struct diversion *ret)
{
	struct ward_span from = {NULL, 0}, to = {NULL, 0}, package = {NULL, 0};

	if (!ward_cursor_line(c, &from) || !ward_cursor_line(c, &to) ||
	    !ward_cursor_line(c, &package) || package.len > PACKAGE_MAX ||
	    !hash_absolute(d, from, ret->from) || !hash_absolute(d, to, ret->to))
		return false;
	memset(ret->package, 0, sizeof(ret->package));
	if (package.len)
		memcpy(ret->package, package.data, package.len);
	return true;
}

static int
compare_diversions(const void *a, const void *b)
{
	return memcmp(((const struct diversion *)a)->from, ((const struct diversion *)b)->from,
		      WARD_INDEX_HASH);
}

enum ward_rc
ward_database_diversions(struct ward_database *d, struct ward_span text)
{
	struct ward_cursor c = ward_cursor_of(text);

	if (!d->diversions)
		d->diversions = calloc(WARD_DATABASE_DIVERSIONS_MAX, sizeof(*d->diversions));
	if (!d->diversions)
		return WARD_E_NOMEM;
	while (ward_cursor_left(&c) > 0) {
		if (d->diversion_count == WARD_DATABASE_DIVERSIONS_MAX)
			return WARD_E_LIMIT;
		if (read_diversion(d, &c, &d->diversions[d->diversion_count]))
			d->diversion_count++;
		else
			d->bad++;
	}
	qsort(d->diversions, d->diversion_count, sizeof(*d->diversions), compare_diversions);
	return WARD_OK;
}

/* "libc6:amd64" is the package libc6. */
static struct ward_span
without_architecture(struct ward_span package)
{
	struct ward_span name = {NULL, 0};

	(void)ward_text_split(&package, ':', &name);
	return name;
}

static const uint8_t *
divert(const struct ward_database *d, struct ward_span package, const uint8_t *path)
{
	const struct diversion *found = NULL;
	struct diversion wanted;

	if (d->diversion_count == 0)
		return path;
	memcpy(wanted.from, path, WARD_INDEX_HASH);
	found = bsearch(&wanted, d->diversions, d->diversion_count, sizeof(wanted),
			compare_diversions);
	if (!found || ward_span_eq(without_architecture(package), ward_span_str(found->package)))
		return path;
	return found->to;
}

/* --- sums --- */

/* 32 digits, a space, a space or an asterisk, and the path. */
static bool
read_sum(struct ward_span line, uint8_t md5[WARD_INDEX_MD5], struct ward_span *ret_path)
{
	if (line.len < MD5_HEX + 3 || line.data[MD5_HEX] != ' ' ||
	    (line.data[MD5_HEX + 1] != ' ' && line.data[MD5_HEX + 1] != '*') ||
	    !ward_text_unhex(ward_span_cut(line, 0, MD5_HEX), md5, WARD_INDEX_MD5))
		return false;
	*ret_path = ward_span_cut(line, MD5_HEX + 2, line.len);
	if (ward_span_starts(*ret_path, "./", 2))
		*ret_path = ward_span_cut(*ret_path, 2, ret_path->len);
	return true;
}

static void
put_u32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static enum ward_rc
add(struct ward_database *d, struct ward_span package, uint32_t name, struct ward_span line)
{
	uint8_t entry[WARD_INDEX_ENTRY], hash[WARD_INDEX_HASH];
	struct ward_span path;

	if (!read_sum(line, entry + WARD_INDEX_HASH, &path) ||
	    !ward_index_hash(path, d->merged, hash)) {
		d->bad++;
		return WARD_OK;
	}
	memcpy(entry, divert(d, package, hash), WARD_INDEX_HASH);
	put_u32(entry + WARD_INDEX_HASH + WARD_INDEX_MD5, name);
	return ward_buf_append(&d->entries, entry, sizeof(entry));
}

static bool
is_package(struct ward_span name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (name.data[i] <= ' ' || name.data[i] >= 0x7f || name.data[i] == '/')
			return false;
	}
	return name.len > 0 && name.len <= PACKAGE_MAX;
}

enum ward_rc
ward_database_sums(struct ward_database *d, struct ward_span package, struct ward_span text)
{
	struct ward_cursor c = ward_cursor_of(text);
	uint32_t name = (uint32_t)d->names.len;
	struct ward_span line;
	enum ward_rc rc;

	if (!is_package(package))
		return WARD_E_FORMAT;
	rc = ward_buf_append(&d->names, package.data, package.len);
	if (rc == WARD_OK)
		rc = ward_buf_byte(&d->names, 0);
	while (rc == WARD_OK && ward_cursor_line(&c, &line))
		rc = add(d, package, name, line);
	return rc;
}

/* --- the index --- */

static int
compare_entries(const void *a, const void *b)
{
	return memcmp(a, b, WARD_INDEX_HASH + WARD_INDEX_MD5);
}

enum ward_rc
ward_database_end(struct ward_database *d, struct ward_buf *ret_index)
{
	uint8_t header[WARD_INDEX_HEADER] = "WARDPKG1";
	size_t count = d->entries.len / WARD_INDEX_ENTRY;
	enum ward_rc rc;

	if (count > 0)
		qsort(d->entries.data, count, WARD_INDEX_ENTRY, compare_entries);
	put_u32(header + 8, (uint32_t)count);
	put_u32(header + 12, (uint32_t)d->names.len);
	put_u32(header + 16, d->merged);
	rc = ward_buf_append(ret_index, header, sizeof(header));
	if (rc == WARD_OK)
		rc = ward_buf_append(ret_index, d->entries.data, d->entries.len);
	if (rc == WARD_OK)
		rc = ward_buf_append(ret_index, d->names.data, d->names.len);
	return rc;
}
