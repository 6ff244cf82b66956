/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots, and two views side by side. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cloud/views/applier.h"
#include "cloud/views/views-priv.h"
#include "sys/fd.h"

/* The table beside it, which saves deciding everything anew; it may only be newer than the store. On
 * another file system it is left out. */
static enum ward_rc
link_table(const struct ward_views *views, const char *directory)
{
	char from[512], to[512];

	if (snprintf(from, sizeof(from), "%s/verdicts", views->directory) >= (int)sizeof(from) ||
	    snprintf(to, sizeof(to), "%s/verdicts", directory) >= (int)sizeof(to))
		return WARD_E_LIMIT;
	if (link(from, to) != 0 && errno != ENOENT && errno != EXDEV)
		return WARD_E_IO;
	return ward_fd_sync_directory(directory);
}

enum ward_rc
ward_views_snapshot(struct ward_views *views, const char *directory)
{
	rocksdb_checkpoint_t *checkpoint;
	char path[512], *error = NULL;

	if (snprintf(path, sizeof(path), "%s/db", directory) >= (int)sizeof(path))
		return WARD_E_LIMIT;
	if (mkdir(directory, 0700) != 0)
		return errno == EEXIST ? WARD_E_INVAL : WARD_E_IO;
	checkpoint = rocksdb_checkpoint_object_create(views->store.db, &error);
	if (!error)
		rocksdb_checkpoint_create(checkpoint, path, 0, &error);
	if (checkpoint)
		rocksdb_checkpoint_object_destroy(checkpoint);
	if (error) {
		rocksdb_free(error);
		return WARD_E_IO;
	}
	return link_table(views, directory);
}

/* How many batches it took, which verdicts the table lacks and which old events are forgotten
 * already differs from run to run and says nothing about what is known. */
static bool
counts(struct ward_span key, uint64_t swept_ms)
{
	return key.len > 0 && key.data[0] != 'S' && key.data[0] != 'o' && key.data[0] != 'E' &&
	       !ward_views_is_swept(key, swept_ms);
}

static void
skip(rocksdb_iterator_t *it, uint64_t swept_ms)
{
	struct ward_span key;

	for (; rocksdb_iter_valid(it); rocksdb_iter_next(it)) {
		key.data = (const uint8_t *)rocksdb_iter_key(it, &key.len);
		if (counts(key, swept_ms))
			return;
	}
}

static int
order(rocksdb_iterator_t *a, rocksdb_iterator_t *b)
{
	struct ward_span x, y;
	int difference;

	if (!rocksdb_iter_valid(a) || !rocksdb_iter_valid(b))
		return rocksdb_iter_valid(a) ? -1 : 1;
	x.data = (const uint8_t *)rocksdb_iter_key(a, &x.len);
	y.data = (const uint8_t *)rocksdb_iter_key(b, &y.len);
	difference = memcmp(x.data, y.data, x.len < y.len ? x.len : y.len);
	if (difference == 0)
		difference = x.len < y.len ? -1 : x.len > y.len;
	return difference;
}

static bool
same_value(rocksdb_iterator_t *a, rocksdb_iterator_t *b)
{
	struct ward_span x, y;

	x.data = (const uint8_t *)rocksdb_iter_value(a, &x.len);
	y.data = (const uint8_t *)rocksdb_iter_value(b, &y.len);
	return ward_span_eq(x, y);
}

static void
name_it(rocksdb_iterator_t *it, const char *what, char why[1024])
{
	size_t len = 0, at = strlen(why);
	const uint8_t *key = (const uint8_t *)rocksdb_iter_key(it, &len);

	if (at > 800)
		return;
	at += (size_t)snprintf(why + at, 1024 - at, "  %s %c ", what, key[0]);
	for (size_t i = 1; i < len && i < 40 && at < 1000; i++)
		at += (size_t)snprintf(why + at, 1024 - at, "%02x", key[i]);
	(void)snprintf(why + at, 1024 - at, "\n");
}

static void
compare_next(rocksdb_iterator_t *a, rocksdb_iterator_t *b, uint64_t *different, char why[1024])
{
	int which = order(a, b);

	if (which != 0) {
		(*different)++;
		name_it(which < 0 ? a : b,
			which < 0 ? "only in the first:" : "only in the second:", why);
	} else if (!same_value(a, b)) {
		(*different)++;
		name_it(a, "differs:", why);
	}
	if (which <= 0)
		rocksdb_iter_next(a);
	if (which >= 0)
		rocksdb_iter_next(b);
}

enum ward_rc
ward_views_compare(struct ward_views *first, struct ward_views *second, uint64_t *ret_records,
		   uint64_t *ret_different, char why[1024])
{
	rocksdb_iterator_t *a = rocksdb_create_iterator(first->store.db, first->store.read);
	rocksdb_iterator_t *b = rocksdb_create_iterator(second->store.db, second->store.read);

	uint64_t x = ward_views_swept(first), y = ward_views_swept(second), swept = x > y ? x : y;

	*ret_records = *ret_different = 0;
	why[0] = 0;
	rocksdb_iter_seek_to_first(a);
	rocksdb_iter_seek_to_first(b);
	for (;;) {
		skip(a, swept);
		skip(b, swept);
		if (!rocksdb_iter_valid(a) && !rocksdb_iter_valid(b))
			break;
		(*ret_records)++;
		compare_next(a, b, ret_different, why);
	}
	rocksdb_iter_destroy(a);
	rocksdb_iter_destroy(b);
	return WARD_OK;
}
