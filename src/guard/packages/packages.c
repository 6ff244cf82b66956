/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/packages/packages.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "guard/packages/build.h"
#include "guard/packages/index.h"
#include "sys/clock.h"
#include "sys/crypto.h"
#include "sys/fd-path.h"
#include "sys/fd.h"

enum {
	PERIOD_MS = 2000,
	OTHERS_WRITE = 022,
	BLOCK = 128 * 1024,
	/* A database that cannot be read is looked at again when it changes, but at least then. */
	RETRY_USEC = 600 * 1000 * 1000,
};

struct ward_packages {
	struct ward_packages_options o;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wake, settled;
	bool stop, current;
	uint64_t begun, ended; /* looks at the database */
	struct ward_packages_stats stats;
	pthread_rwlock_t index_lock; /* of what follows */
	struct ward_buf bytes;
	struct ward_index index;
	/* the thread's */
	uint64_t stamp, retry_at;
};

/* --- building --- */

static enum ward_rc
build(struct ward_packages *p)
{
	struct ward_buf bytes;
	struct ward_index index;
	enum ward_rc rc;

	ward_buf_init(&bytes, WARD_INDEX_MAX, NULL);
	rc = ward_packages_build(&p->o, &bytes);
	if (rc == WARD_OK)
		rc = ward_index_open(ward_buf_span(&bytes), &index);
	if (rc != WARD_OK) {
		ward_buf_done(&bytes);
		return rc;
	}
	(void)pthread_rwlock_wrlock(&p->index_lock);
	ward_buf_done(&p->bytes);
	p->bytes = bytes;
	p->index = index;
	(void)pthread_rwlock_unlock(&p->index_lock);
	return WARD_OK;
}

static void
note(struct ward_packages *p, enum ward_rc rc, uint64_t usec)
{
	(void)pthread_mutex_lock(&p->lock);
	if (rc == WARD_OK) {
		p->stats.builds++;
		p->stats.build_usec = usec;
		p->stats.files = p->index.count;
		p->stats.bytes = p->bytes.len;
	} else {
		p->stats.failed++;
	}
	(void)pthread_mutex_unlock(&p->lock);
}

/* True: what is there is of the database as it was a moment ago. */
static bool
catch_up(struct ward_packages *p)
{
	uint64_t stamp = ward_packages_stamp(p->o.database), now = ward_clock_monotonic();
	enum ward_rc rc;

	if (stamp == p->stamp && now < p->retry_at)
		return true;
	if (stamp == 0) {
		p->stamp = 0;
		p->retry_at = now + RETRY_USEC;
		return true;
	}
	if (ward_packages_busy(p->o.database))
		return false;
	rc = build(p);
	note(p, rc, ward_clock_monotonic() - now);
	p->stamp = stamp;
	p->retry_at = rc == WARD_OK ? UINT64_MAX : now + RETRY_USEC;
	/* What changed meanwhile shows the next time. */
	return ward_packages_stamp(p->o.database) == stamp;
}

static struct timespec
after(unsigned ms)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

static void *
run(void *ctx)
{
	struct ward_packages *p = ctx;

	(void)pthread_mutex_lock(&p->lock);
	while (!p->stop) {
		struct timespec until = after(PERIOD_MS);
		bool current;

		p->begun++;
		(void)pthread_mutex_unlock(&p->lock);
		current = catch_up(p);
		(void)pthread_mutex_lock(&p->lock);
		p->current = current;
		p->ended = p->begun;
		(void)pthread_cond_broadcast(&p->settled);
		if (!p->stop)
			(void)pthread_cond_timedwait(&p->wake, &p->lock, &until);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

static void
discard(struct ward_packages *p)
{
	(void)pthread_cond_destroy(&p->wake);
	(void)pthread_cond_destroy(&p->settled);
	(void)pthread_mutex_destroy(&p->lock);
	(void)pthread_rwlock_destroy(&p->index_lock);
	ward_buf_done(&p->bytes);
	free(p);
}

enum ward_rc
ward_packages_new(const struct ward_packages_options *options, struct ward_packages **ret_packages)
{
	struct ward_packages *p = calloc(1, sizeof(*p));

	if (!p)
		return WARD_E_NOMEM;
	p->o = *options;
	if (!p->o.database)
		p->o.database = "/var/lib/dpkg";
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_cond_init(&p->wake, NULL);
	(void)pthread_cond_init(&p->settled, NULL);
	(void)pthread_rwlock_init(&p->index_lock, NULL);
	if (pthread_create(&p->thread, NULL, run, p) != 0) {
		discard(p);
		return WARD_E_LIMIT;
	}
	*ret_packages = p;
	return WARD_OK;
}

struct ward_packages *
ward_packages_free(struct ward_packages *p)
{
	if (!p)
		return NULL;
	(void)pthread_mutex_lock(&p->lock);
	p->stop = true;
	(void)pthread_cond_signal(&p->wake);
	(void)pthread_mutex_unlock(&p->lock);
	(void)pthread_join(p->thread, NULL);
	discard(p);
	return NULL;
}

void
ward_packages_settle(struct ward_packages *p)
{
	uint64_t wanted;

	(void)pthread_mutex_lock(&p->lock);
	/* One that begins from now on. */
	wanted = p->begun + 1;
	(void)pthread_cond_signal(&p->wake);
	while (p->ended < wanted || !p->current)
		(void)pthread_cond_wait(&p->settled, &p->lock);
	(void)pthread_mutex_unlock(&p->lock);
}

void
ward_packages_stats(struct ward_packages *p, struct ward_packages_stats *ret_stats)
{
	(void)pthread_mutex_lock(&p->lock);
	*ret_stats = p->stats;
	(void)pthread_mutex_unlock(&p->lock);
}

/* --- asking --- */

static bool
is_systems(const char *path)
{
	static const char *const places[] = {"/usr/", "/etc/",	"/opt/", "/boot/",
					     "/bin/", "/sbin/", "/lib"};
	struct ward_span p = ward_span_str(path);

	if (ward_span_starts(p, "/usr/local/", 11))
		return false;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (ward_span_starts(p, places[i], strlen(places[i])))
			return true;
	}
	return false;
}

/* Owner and mode first: they are cheap, and most files of users end here. */
static bool
is_roots(int fd, struct ward_fd_stat *st)
{
	return ward_fd_stat(fd, st) == WARD_OK && st->kind == WARD_FD_REGULAR && st->uid == 0 &&
	       !(st->mode & OTHERS_WRITE) && st->size <= WARD_PACKAGES_FILE_MAX;
}

bool
ward_packages_may_have(int fd)
{
	struct ward_fd_stat st;

	return is_roots(fd, &st);
}

static bool
find_place(int fd, char path[WARD_FD_PATH], struct ward_fd_stat *st)
{
	return is_roots(fd, st) && ward_fd_path(fd, path) == WARD_OK && is_systems(path) &&
	       ward_fd_is_at(fd, path);
}

static enum ward_rc
md5_of(int fd, uint64_t size, uint8_t digest[WARD_INDEX_MD5])
{
	WARD_AUTO(ward_hasher_freep) struct ward_hasher *hasher = NULL;
	uint8_t *block = malloc(BLOCK);
	enum ward_rc rc = block ? ward_hasher_new_md5(&hasher) : WARD_E_NOMEM;
	uint64_t at = 0;
	size_t n = 1;

	while (rc == WARD_OK && n > 0 && at <= size) {
		rc = ward_fd_pread(fd, block, BLOCK, at, &n);
		if (rc == WARD_OK)
			rc = ward_hasher_add(hasher, ward_span_of(block, n));
		at += n;
	}
	free(block);
	return rc == WARD_OK ? ward_hasher_end(hasher, digest) : rc;
}

/* With the index locked for reading; its entries do not move meanwhile. */
static bool
is_listed(const struct ward_index *index, size_t first, size_t count, const uint8_t *md5,
	  char *package)
{
	for (size_t i = 0; i < count; i++) {
		struct ward_index_entry e = ward_index_entry(index, first + i);

		if (memcmp(e.md5, md5, WARD_INDEX_MD5) != 0)
			continue;
		if (package)
			(void)snprintf(package, WARD_PACKAGES_NAME, "%s", e.package);
		return true;
	}
	return false;
}

static bool
is_known(struct ward_packages *p, const char *path, const uint8_t *md5, char *package)
{
	size_t first = 0, count;
	bool known;

	(void)pthread_rwlock_rdlock(&p->index_lock);
	count = p->index.count ? ward_index_find(&p->index, path, &first) : 0;
	known = md5 ? is_listed(&p->index, first, count, md5, package) : count > 0;
	(void)pthread_rwlock_unlock(&p->index_lock);
	return known;
}

bool
ward_packages_unchanged(struct ward_packages *p, int fd, char ret_package[WARD_PACKAGES_NAME])
{
	char path[WARD_FD_PATH];
	uint8_t md5[WARD_INDEX_MD5];
	struct ward_fd_stat st, again;
	bool unchanged;

	/* Only what some package has there is worth reading. */
	unchanged = find_place(fd, path, &st) && is_known(p, path, NULL, NULL) &&
		    md5_of(fd, st.size, md5) == WARD_OK && is_known(p, path, md5, ret_package) &&
		    ward_fd_stat(fd, &again) == WARD_OK && again.ctime == st.ctime &&
		    again.size == st.size;
	(void)pthread_mutex_lock(&p->lock);
	p->stats.asked++;
	p->stats.unchanged += unchanged;
	(void)pthread_mutex_unlock(&p->lock);
	return unchanged;
}
