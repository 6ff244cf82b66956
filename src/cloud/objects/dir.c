/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples in a directory: two hex digits, then the whole digest and ".zst". Written beside under a
 * temporary name, synced, renamed; so a name that is there is whole.
 */
#include <dirent.h>
#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/text.h"
#include "cloud/objects/objects.h"
#include "sys/errno.h"
#include "sys/fd.h"

enum { BLOCK = 256 * 1024, LEVEL = 3, NAME = 80, WINDOW_LOG = 27 };

struct ward_objects {
	int dir;
	uint64_t quota;
	pthread_mutex_t lock; /* of the figures and the number */
	struct ward_objects_stats stats;
	uint64_t number;
};

static void
name_of(const uint8_t sha256[32], char ret[NAME])
{
	char hex[65];

	ward_text_hex(ward_span_of(sha256, 32), hex);
	(void)snprintf(ret, NAME, "%.2s/%s.zst", hex, hex);
}

static void
count_failure(struct ward_objects *o)
{
	pthread_mutex_lock(&o->lock);
	o->stats.failures++;
	pthread_mutex_unlock(&o->lock);
}

/* --- storing --- */

struct packing {
	ZSTD_CCtx *zstd;
	EVP_MD_CTX *digest;
	uint8_t *in, *out;
	int to;
	uint64_t written;
};

static enum ward_rc
write_out(struct packing *p, size_t len)
{
	enum ward_rc rc = ward_fd_write_all(p->to, ward_span_of(p->out, len));

	p->written += len;
	return rc == WARD_E_IO && (errno == ENOSPC || errno == EDQUOT) ? WARD_E_LIMIT : rc;
}

/* One block, or with `end` what is left in the compressor. */
static enum ward_rc
pack_block(struct packing *p, size_t len, bool end)
{
	ZSTD_inBuffer in = {p->in, len, 0};
	size_t left;

	do {
		ZSTD_outBuffer out = {p->out, BLOCK, 0};
		enum ward_rc rc;

		left = ZSTD_compressStream2(p->zstd, &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return WARD_E_NOMEM;
		rc = write_out(p, out.pos);
		if (rc)
			return rc;
	} while (end ? left > 0 : in.pos < in.size);
	return WARD_OK;
}

static enum ward_rc
pack_all(struct packing *p, int from, const uint8_t sha256[32])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	uint64_t offset = 0;
	size_t n = 0;
	enum ward_rc rc;

	do {
		rc = ward_fd_pread(from, p->in, BLOCK, offset, &n);
		if (!rc && EVP_DigestUpdate(p->digest, p->in, n) != 1)
			rc = WARD_E_NOMEM;
		if (!rc)
			rc = pack_block(p, n, n == 0);
		offset += n;
	} while (!rc && n > 0);
	if (!rc &&
	    (EVP_DigestFinal_ex(p->digest, digest, NULL) != 1 || memcmp(digest, sha256, 32) != 0))
		rc = WARD_E_FORMAT;
	return rc;
}

static enum ward_rc
pack(int from, int to, const uint8_t sha256[32], uint64_t *ret_written)
{
	struct packing p = {.zstd = ZSTD_createCCtx(), .digest = EVP_MD_CTX_new(), .to = to};
	struct ward_fd_stat stat;
	enum ward_rc rc = ward_fd_stat(from, &stat);

	p.in = malloc(BLOCK);
	p.out = malloc(BLOCK);
	if (!rc && (!p.zstd || !p.digest || !p.in || !p.out ||
		    EVP_DigestInit_ex(p.digest, EVP_sha256(), NULL) != 1 ||
		    ZSTD_isError(ZSTD_CCtx_setParameter(p.zstd, ZSTD_c_compressionLevel, LEVEL)) ||
		    ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(p.zstd, stat.size))))
		rc = WARD_E_NOMEM;
	if (!rc)
		rc = pack_all(&p, from, sha256);
	*ret_written = p.written;
	ZSTD_freeCCtx(p.zstd);
	EVP_MD_CTX_free(p.digest);
	free(p.in);
	free(p.out);
	return rc;
}

/* Compressed, durable, then named. */
static enum ward_rc
store(struct ward_objects *o, const uint8_t sha256[32], int from, const char *name,
      uint64_t *ret_written)
{
	WARD_AUTO(ward_fd_close) int to = -1;
	WARD_AUTO(ward_fd_close) int folder = -1;
	char temporary[NAME], folder_name[3] = {name[0], name[1], 0};
	enum ward_rc rc;

	pthread_mutex_lock(&o->lock);
	(void)snprintf(temporary, sizeof(temporary), "new-%llu", (unsigned long long)o->number++);
	pthread_mutex_unlock(&o->lock);
	if (mkdirat(o->dir, folder_name, 0700) != 0 && errno != EEXIST)
		return errno == ENOSPC ? WARD_E_LIMIT : WARD_E_IO;
	rc = ward_fd_open_directory(o->dir, folder_name, &folder);
	if (!rc)
		rc = ward_fd_create(o->dir, temporary, 0400, &to);
	if (rc)
		return rc;
	rc = pack(from, to, sha256, ret_written);
	if (!rc && (fsync(to) != 0 || renameat(o->dir, temporary, o->dir, name) != 0 ||
		    fsync(folder) != 0 || fsync(o->dir) != 0))
		rc = errno == ENOSPC ? WARD_E_LIMIT : WARD_E_IO;
	if (rc)
		(void)unlinkat(o->dir, temporary, 0);
	return rc;
}

static bool
over_quota(struct ward_objects *o)
{
	bool over;

	pthread_mutex_lock(&o->lock);
	over = o->quota > 0 && o->stats.bytes >= o->quota;
	pthread_mutex_unlock(&o->lock);
	return over;
}

enum ward_rc
ward_objects_put(struct ward_objects *o, const uint8_t sha256[32], int fd)
{
	char name[NAME];
	uint64_t written = 0;
	enum ward_rc rc;

	if (!ward_objects_has(o, sha256))
		return WARD_OK;
	if (over_quota(o))
		return WARD_E_LIMIT;
	name_of(sha256, name);
	rc = store(o, sha256, fd, name, &written);
	if (rc) {
		count_failure(o);
		return rc;
	}
	pthread_mutex_lock(&o->lock);
	o->stats.puts++;
	o->stats.objects++;
	o->stats.bytes += written;
	pthread_mutex_unlock(&o->lock);
	return WARD_OK;
}

/* --- reading --- */

struct unpacking {
	ZSTD_DCtx *zstd;
	EVP_MD_CTX *digest;
	uint8_t *in, *out;
	int to;
	uint64_t left; /* of what may come out */
};

static enum ward_rc
unpack_block(struct unpacking *u, size_t len, bool *ret_end)
{
	ZSTD_inBuffer in = {u->in, len, 0};

	while (in.pos < in.size) {
		ZSTD_outBuffer out = {u->out, BLOCK, 0};
		size_t more = ZSTD_decompressStream(u->zstd, &out, &in);
		enum ward_rc rc;

		if (ZSTD_isError(more))
			return WARD_E_FORMAT;
		*ret_end = more == 0;
		if (out.pos > u->left)
			return WARD_E_LIMIT;
		u->left -= out.pos;
		if (EVP_DigestUpdate(u->digest, u->out, out.pos) != 1)
			return WARD_E_NOMEM;
		rc = ward_fd_write_all(u->to, ward_span_of(u->out, out.pos));
		if (rc)
			return rc;
	}
	return WARD_OK;
}

static enum ward_rc
unpack_all(struct unpacking *u, int from, const uint8_t sha256[32])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	uint64_t offset = 0;
	bool end = false;
	size_t n;
	enum ward_rc rc;

	do {
		rc = ward_fd_pread(from, u->in, BLOCK, offset, &n);
		offset += n;
		if (!rc && n > 0)
			rc = unpack_block(u, n, &end);
	} while (!rc && n > 0);
	if (!rc && (!end || EVP_DigestFinal_ex(u->digest, digest, NULL) != 1 ||
		    memcmp(digest, sha256, 32) != 0))
		rc = WARD_E_FORMAT;
	return rc;
}

static enum ward_rc
unpack(int from, int to, uint64_t max, const uint8_t sha256[32])
{
	struct unpacking u = {
		.zstd = ZSTD_createDCtx(), .digest = EVP_MD_CTX_new(), .to = to, .left = max};
	enum ward_rc rc = WARD_OK;

	u.in = malloc(BLOCK);
	u.out = malloc(BLOCK);
	if (!u.zstd || !u.digest || !u.in || !u.out ||
	    EVP_DigestInit_ex(u.digest, EVP_sha256(), NULL) != 1 ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(u.zstd, ZSTD_d_windowLogMax, WINDOW_LOG)))
		rc = WARD_E_NOMEM;
	if (!rc)
		rc = unpack_all(&u, from, sha256);
	ZSTD_freeDCtx(u.zstd);
	EVP_MD_CTX_free(u.digest);
	free(u.in);
	free(u.out);
	return rc;
}

enum ward_rc
ward_objects_get(struct ward_objects *o, const uint8_t sha256[32], uint64_t max, int *ret_fd)
{
	WARD_AUTO(ward_fd_close) int from = -1;
	WARD_AUTO(ward_fd_close) int to = -1;
	char name[NAME];
	enum ward_rc rc;

	name_of(sha256, name);
	rc = ward_fd_open_regular(o->dir, name, false, &from, NULL);
	if (rc == WARD_E_NOENT)
		return rc;
	if (!rc)
		rc = ward_fd_memory("sample", &to);
	if (!rc)
		rc = unpack(from, to, max, sha256);
	if (!rc)
		rc = ward_fd_seal(to);
	if (rc) {
		count_failure(o);
		return rc;
	}
	pthread_mutex_lock(&o->lock);
	o->stats.gets++;
	pthread_mutex_unlock(&o->lock);
	*ret_fd = to;
	to = -1;
	return WARD_OK;
}

enum ward_rc
ward_objects_has(struct ward_objects *o, const uint8_t sha256[32])
{
	struct ward_fd_stat stat;
	char name[NAME];

	name_of(sha256, name);
	return ward_fd_stat_at(o->dir, name, false, &stat);
}

/* --- removing and listing --- */

enum ward_rc
ward_objects_remove(struct ward_objects *o, const uint8_t sha256[32])
{
	struct ward_fd_stat stat;
	char name[NAME];
	enum ward_rc rc;

	name_of(sha256, name);
	rc = ward_fd_stat_at(o->dir, name, false, &stat);
	if (rc == WARD_E_NOENT)
		return WARD_OK;
	if (!rc && unlinkat(o->dir, name, 0) != 0)
		rc = WARD_E_IO;
	if (rc)
		return rc;
	pthread_mutex_lock(&o->lock);
	o->stats.objects--;
	o->stats.bytes -= stat.size < o->stats.bytes ? stat.size : o->stats.bytes;
	pthread_mutex_unlock(&o->lock);
	return WARD_OK;
}

static bool
parse_name(const char *name, uint8_t ret_sha256[32])
{
	if (strlen(name) != 68 || strcmp(name + 64, ".zst") != 0)
		return false;
	for (size_t i = 0; i < 32; i++) {
		int high = ward_text_hex_value((uint8_t)name[2 * i]);
		int low = ward_text_hex_value((uint8_t)name[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ret_sha256[i] = (uint8_t)(high << 4 | low);
	}
	return true;
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

		if (parse_name(entry->d_name, sha256) &&
		    !ward_fd_stat_at(folder, entry->d_name, false, &stat))
			rc = fn(context, sha256, stat.size, (uint64_t)(stat.mtime / 1000000));
	}
	(void)closedir(directory);
	return rc;
}

enum ward_rc
ward_objects_list(struct ward_objects *o, ward_object_fn fn, void *context)
{
	enum ward_rc rc = WARD_OK;

	for (unsigned i = 0; i < 256 && !rc; i++) {
		WARD_AUTO(ward_fd_close) int folder = -1;
		char name[3];

		(void)snprintf(name, sizeof(name), "%02x", i);
		rc = ward_fd_open_directory(o->dir, name, &folder);
		if (!rc)
			rc = list_folder(folder, fn, context);
		else if (rc == WARD_E_NOENT)
			rc = WARD_OK;
	}
	return rc == WARD_E_STOPPED ? WARD_OK : rc;
}

struct expiry {
	struct ward_objects *objects;
	uint64_t before_ms;
	ward_object_fn fn;
	void *context;
};

static enum ward_rc
expire_one(void *context, const uint8_t sha256[32], uint64_t bytes, uint64_t stored_ms)
{
	struct expiry *e = context;
	enum ward_rc rc;

	if (stored_ms >= e->before_ms)
		return WARD_OK;
	rc = ward_objects_remove(e->objects, sha256);
	return rc || !e->fn ? rc : e->fn(e->context, sha256, bytes, stored_ms);
}

enum ward_rc
ward_objects_expire(struct ward_objects *o, uint64_t before_ms, ward_object_fn fn, void *context)
{
	struct expiry e = {o, before_ms, fn, context};

	return ward_objects_list(o, expire_one, &e);
}

void
ward_objects_stats(struct ward_objects *o, struct ward_objects_stats *ret_stats)
{
	pthread_mutex_lock(&o->lock);
	*ret_stats = o->stats;
	pthread_mutex_unlock(&o->lock);
}

/* --- opening --- */

static enum ward_rc
add_up(void *context, const uint8_t sha256[32], uint64_t bytes, uint64_t stored_ms)
{
	struct ward_objects *o = context;

	(void)sha256;
	(void)stored_ms;
	o->stats.objects++;
	o->stats.bytes += bytes;
	return WARD_OK;
}

/* What a crash left half. */
static enum ward_rc
remove_halves(struct ward_objects *o)
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

enum ward_rc
ward_objects_open_dir(const struct ward_objects_dir_options *options, struct ward_objects **ret,
		      char why[512])
{
	struct ward_objects *o = calloc(1, sizeof(*o));
	enum ward_rc rc;

	why[0] = 0;
	if (!o)
		return WARD_E_NOMEM;
	o->dir = -1;
	o->quota = options->quota;
	pthread_mutex_init(&o->lock, NULL);
	(void)mkdir(options->directory, 0700); /* the next line says if it is not there */
	rc = ward_fd_open_directory(-1, options->directory, &o->dir);
	if (!rc)
		rc = remove_halves(o);
	if (!rc)
		rc = ward_objects_list(o, add_up, o);
	if (rc)
		ward_objects_close(o);
	else
		*ret = o;
	return rc;
}

struct ward_objects *
ward_objects_close(struct ward_objects *o)
{
	if (o) {
		ward_fd_close(&o->dir);
		pthread_mutex_destroy(&o->lock);
		free(o);
	}
	return NULL;
}
