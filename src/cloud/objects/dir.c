/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples in a directory: two hex digits, then the whole digest and ".zst". Written beside under a
 * temporary name, synced, renamed; so a name that is there is whole.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cloud/objects/objects-priv.h"
#include "cloud/objects/pack.h"
#include "sys/errno.h"
#include "sys/fd.h"

struct dir {
	struct ward_objects base;
	int dir;
	uint64_t number; /* of the next temporary name; under the lock */
};

static struct dir *
dir_of(struct ward_objects *o)
{
	return (struct dir *)o;
}

/* --- storing and reading --- */

/* Compressed, durable, then named. */
static enum ward_rc
store(struct dir *o, const uint8_t sha256[32], int from, const char *name, uint64_t *ret_written)
{
	WARD_AUTO(ward_fd_close) int to = -1;
	WARD_AUTO(ward_fd_close) int folder = -1;
	char temporary[WARD_OBJECT_NAME], folder_name[3] = {name[0], name[1], 0};
	enum ward_rc rc;

	pthread_mutex_lock(&o->base.lock);
	(void)snprintf(temporary, sizeof(temporary), "new-%llu", (unsigned long long)o->number++);
	pthread_mutex_unlock(&o->base.lock);
	if (mkdirat(o->dir, folder_name, 0700) != 0 && errno != EEXIST)
		return errno == ENOSPC ? WARD_E_LIMIT : WARD_E_IO;
	rc = ward_fd_open_directory(o->dir, folder_name, &folder);
	if (!rc)
		rc = ward_fd_create(o->dir, temporary, 0400, &to);
	if (rc)
		return rc;
	rc = ward_object_pack(from, to, sha256, ret_written);
	if (!rc && (fsync(to) != 0 || renameat(o->dir, temporary, o->dir, name) != 0 ||
		    fsync(folder) != 0 || fsync(o->dir) != 0))
		rc = errno == ENOSPC ? WARD_E_LIMIT : WARD_E_IO;
	if (rc)
		(void)unlinkat(o->dir, temporary, 0);
	return rc;
}

static enum ward_rc
put(struct ward_objects *o, const uint8_t sha256[32], int fd, uint64_t *ret_bytes)
{
	char name[WARD_OBJECT_NAME];

	ward_object_name(sha256, name);
	return store(dir_of(o), sha256, fd, name, ret_bytes);
}

static enum ward_rc
get(struct ward_objects *o, const uint8_t sha256[32], uint64_t max, int to)
{
	WARD_AUTO(ward_fd_close) int from = -1;
	char name[WARD_OBJECT_NAME];
	enum ward_rc rc;

	ward_object_name(sha256, name);
	rc = ward_fd_open_regular(dir_of(o)->dir, name, false, &from, NULL);
	return rc ? rc : ward_object_unpack(from, to, max, sha256);
}

static enum ward_rc
size(struct ward_objects *o, const uint8_t sha256[32], uint64_t *ret_bytes)
{
	struct ward_fd_stat stat;
	char name[WARD_OBJECT_NAME];
	enum ward_rc rc;

	ward_object_name(sha256, name);
	rc = ward_fd_stat_at(dir_of(o)->dir, name, false, &stat);
	if (!rc)
		*ret_bytes = stat.size;
	return rc;
}

/* --- removing and listing --- */

static enum ward_rc
remove_one(struct ward_objects *o, const uint8_t sha256[32])
{
	char name[WARD_OBJECT_NAME];

	ward_object_name(sha256, name);
	return unlinkat(dir_of(o)->dir, name, 0) == 0 || errno == ENOENT ? WARD_OK : WARD_E_IO;
}

static enum ward_rc
list_folder(int folder, ward_object_fn fn, void *context)
{
	DIR *directory = fdopendir(dup(folder));
	struct dirent *entry;
	enum ward_rc rc = WARD_OK;

	if (!directory)
		return WARD_E_IO;
	while (!rc && (entry = readdir(directory))) {
		struct ward_fd_stat stat;
		uint8_t sha256[32];

		if (ward_object_name_parse(entry->d_name, strlen(entry->d_name), sha256) &&
		    !ward_fd_stat_at(folder, entry->d_name, false, &stat))
			rc = fn(context, sha256, stat.size, (uint64_t)(stat.mtime / 1000000));
	}
	(void)closedir(directory);
	return rc;
}

static enum ward_rc
list(struct ward_objects *o, ward_object_fn fn, void *context)
{
	enum ward_rc rc = WARD_OK;

	for (unsigned i = 0; i < 256 && !rc; i++) {
		WARD_AUTO(ward_fd_close) int folder = -1;
		char name[3];

		(void)snprintf(name, sizeof(name), "%02x", i);
		rc = ward_fd_open_directory(dir_of(o)->dir, name, &folder);
		if (!rc)
			rc = list_folder(folder, fn, context);
		else if (rc == WARD_E_NOENT)
			rc = WARD_OK;
	}
	return rc;
}

/* --- opening --- */

/* What a crash left half. */
static enum ward_rc
remove_halves(struct dir *o)
{
	DIR *directory = fdopendir(dup(o->dir));
	struct dirent *entry;

	if (!directory)
		return WARD_E_IO;
	while ((entry = readdir(directory)))
		if (strncmp(entry->d_name, "new-", 4) == 0)
			(void)unlinkat(o->dir, entry->d_name, 0);
	(void)closedir(directory);
	return WARD_OK;
}

static void
close_dir(struct ward_objects *o)
{
	ward_fd_close(&dir_of(o)->dir);
	ward_objects_done(o);
	free(o);
}

static const struct ward_objects_ops ops = {put, get, size, remove_one, list, close_dir};

enum ward_rc
ward_objects_open_dir(const struct ward_objects_dir_options *options, struct ward_objects **ret,
		      char why[512])
{
	struct dir *o = calloc(1, sizeof(*o));
	enum ward_rc rc;

	why[0] = 0;
	if (!o)
		return WARD_E_NOMEM;
	ward_objects_init(&o->base, &ops, options->quota);
	o->dir = -1;
	(void)mkdir(options->directory, 0700); /* the next line says if it is not there */
	rc = ward_fd_open_directory(-1, options->directory, &o->dir);
	if (!rc)
		rc = remove_halves(o);
	if (!rc)
		rc = ward_objects_count(&o->base);
	if (rc)
		close_dir(&o->base);
	else
		*ret = &o->base;
	return rc;
}
