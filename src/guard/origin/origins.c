/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/origin/origins.h"

#include <pthread.h>
#include <stdlib.h>

#include "sys/clock.h"

enum { FILES = 16384, QUEUE = 512, WAYS = 8 };

struct task {
	struct ward_key key;
	int fd, pidfd, pid;
};

/* Sets of WAYS places; the oldest of a set goes first. */
struct file {
	struct ward_key key;
	struct ward_writer writer;
	uint64_t time; /* 0: free */
};

struct ward_origins {
	pthread_t thread;
	pthread_mutex_t lock; /* of everything */
	pthread_cond_t more, less;
	bool stop, busy;
	struct task *tasks; /* a ring */
	size_t room, first, count;
	struct file *files;
	size_t sets;
	uint64_t clock;
	struct ward_origins_stats stats;
};

static struct file *
set_of(const struct ward_origins *o, const struct ward_key *key)
{
	return &o->files[ward_key_hash(key) % o->sets * WAYS];
}

static struct file *
find(const struct ward_origins *o, const struct ward_key *key)
{
	struct file *set = set_of(o, key);

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].time && ward_key_same_file(&set[i].key, key))
			return &set[i];
	}
	return NULL;
}

static void
remember(struct ward_origins *o, const struct ward_key *key, const struct ward_writer *writer)
{
	struct file *set = set_of(o, key), *place = find(o, key);

	for (size_t i = 0; i < WAYS && !place; i++) {
		if (!set[i].time)
			place = &set[i];
	}
	if (!place) {
		place = set;
		for (size_t i = 1; i < WAYS; i++) {
			if (set[i].time < place->time)
				place = &set[i];
		}
	} else if (!place->time) {
		o->stats.files++;
	}
	*place = (struct file){*key, *writer, ++o->clock};
}

static bool
take(struct ward_origins *o, struct task *ret)
{
	(void)pthread_mutex_lock(&o->lock);
	o->busy = false;
	(void)pthread_cond_broadcast(&o->less);
	while (o->count == 0 && !o->stop)
		(void)pthread_cond_wait(&o->more, &o->lock);
	o->busy = !o->stop;
	if (o->busy) {
		*ret = o->tasks[o->first];
		o->first = (o->first + 1) % o->room;
		o->count--;
	}
	(void)pthread_mutex_unlock(&o->lock);
	return o->busy;
}

static void
look(struct ward_origins *o, const struct task *task)
{
	struct ward_origin origin;
	struct ward_writer writer;

	ward_writer_of(task->pid, task->pidfd, &writer);
	ward_origin_of_file(task->fd, &origin);
	ward_origin_add_writer(&origin, &writer);
	/* Where it cannot be had (a read-only or network file system) the table alone knows. */
	(void)!ward_origin_mark(task->fd, &origin);
	(void)pthread_mutex_lock(&o->lock);
	remember(o, &task->key, &writer);
	o->stats.seen++;
	o->stats.gone += writer.class == WARD_WRITER_UNKNOWN;
	o->stats.downloads += origin.downloaded != 0;
	(void)pthread_mutex_unlock(&o->lock);
}

static void *
run(void *ctx)
{
	struct ward_origins *o = ctx;
	struct task task = {.fd = -1, .pidfd = -1};

	while (take(o, &task)) {
		look(o, &task);
		ward_fd_close(&task.fd);
		ward_fd_close(&task.pidfd);
	}
	return NULL;
}

static void
discard(struct ward_origins *o)
{
	(void)pthread_cond_destroy(&o->more);
	(void)pthread_cond_destroy(&o->less);
	(void)pthread_mutex_destroy(&o->lock);
	free(o->tasks);
	free(o->files);
	free(o);
}

enum ward_rc
ward_origins_new(const struct ward_origins_options *options, struct ward_origins **ret_origins)
{
	struct ward_origins *o = calloc(1, sizeof(*o));

	if (!o)
		return WARD_E_NOMEM;
	(void)pthread_mutex_init(&o->lock, NULL);
	(void)pthread_cond_init(&o->more, NULL);
	(void)pthread_cond_init(&o->less, NULL);
	o->room = options->queue ? options->queue : QUEUE;
	o->sets = ((options->files ? options->files : FILES) + WAYS - 1) / WAYS;
	o->tasks = calloc(o->room, sizeof(*o->tasks));
	o->files = calloc(o->sets * WAYS, sizeof(*o->files));
	if (!o->tasks || !o->files) {
		discard(o);
		return WARD_E_NOMEM;
	}
	if (pthread_create(&o->thread, NULL, run, o) != 0) {
		discard(o);
		return WARD_E_LIMIT;
	}
	*ret_origins = o;
	return WARD_OK;
}

struct ward_origins *
ward_origins_free(struct ward_origins *o)
{
	if (!o)
		return NULL;
	(void)pthread_mutex_lock(&o->lock);
	o->stop = true;
	(void)pthread_cond_signal(&o->more);
	(void)pthread_mutex_unlock(&o->lock);
	(void)pthread_join(o->thread, NULL);
	for (; o->count > 0; o->count--) {
		struct task *task = &o->tasks[o->first];

		ward_fd_close(&task->fd);
		ward_fd_close(&task->pidfd);
		o->first = (o->first + 1) % o->room;
	}
	discard(o);
	return NULL;
}

/* Until its writer is known, and if it never is, a file is one that somebody wrote. */
static void
queue(struct ward_origins *o, const struct task *task)
{
	const struct ward_writer nobody = {.class = WARD_WRITER_UNKNOWN};

	remember(o, &task->key, &nobody);
	o->tasks[(o->first + o->count++) % o->room] = *task;
	(void)pthread_cond_signal(&o->more);
}

void
ward_origins_written(struct ward_origins *o, int fd, int pid, int take_pidfd)
{
	struct task task = {.fd = -1, .pidfd = take_pidfd, .pid = pid};
	enum ward_fd_kind kind = WARD_FD_OTHER;
	bool wanted = ward_key_of(fd, &task.key, &kind) == WARD_OK && kind == WARD_FD_REGULAR &&
		      ward_fd_copy(fd, &task.fd) == WARD_OK;
	const struct ward_writer nobody = {.class = WARD_WRITER_UNKNOWN};

	(void)pthread_mutex_lock(&o->lock);
	if (wanted && o->count < o->room) {
		queue(o, &task);
		task.fd = task.pidfd = -1;
	} else if (wanted) {
		remember(o, &task.key, &nobody);
		o->stats.dropped++;
	}
	(void)pthread_mutex_unlock(&o->lock);
	ward_fd_close(&task.fd);
	ward_fd_close(&task.pidfd);
}

void
ward_origins_of(struct ward_origins *o, int fd, struct ward_origin *ret_origin)
{
	struct ward_origin known;
	enum ward_fd_kind kind;
	struct ward_key key;

	ward_origin_of_file(fd, ret_origin);
	if (ward_key_of(fd, &key, &kind) == WARD_OK && ward_origins_recall(o, &key, &known))
		ward_origin_add_writer(ret_origin, &known.writer);
}

bool
ward_origins_recall(struct ward_origins *o, const struct ward_key *key,
		    struct ward_origin *ret_origin)
{
	struct ward_writer writer;
	const struct file *file;

	(void)pthread_mutex_lock(&o->lock);
	file = find(o, key);
	if (file)
		writer = file->writer;
	(void)pthread_mutex_unlock(&o->lock);
	if (!file)
		return false;
	*ret_origin = (struct ward_origin){0};
	ward_origin_add_writer(ret_origin, &writer);
	return true;
}

void
ward_origins_lost(struct ward_origins *o)
{
	(void)pthread_mutex_lock(&o->lock);
	for (size_t i = 0; i < o->sets * WAYS; i++) {
		if (o->files[i].writer.class == WARD_WRITER_PACKAGES)
			o->files[i].writer = (struct ward_writer){.class = WARD_WRITER_UNKNOWN};
	}
	(void)pthread_mutex_unlock(&o->lock);
}

void
ward_origins_settle(struct ward_origins *o)
{
	(void)pthread_mutex_lock(&o->lock);
	while (o->count > 0 || o->busy)
		(void)pthread_cond_wait(&o->less, &o->lock);
	(void)pthread_mutex_unlock(&o->lock);
}

void
ward_origins_stats(struct ward_origins *o, struct ward_origins_stats *ret_stats)
{
	(void)pthread_mutex_lock(&o->lock);
	*ret_stats = o->stats;
	(void)pthread_mutex_unlock(&o->lock);
}
