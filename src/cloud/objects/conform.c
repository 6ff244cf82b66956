/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/objects/conform.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/digest.h"
#include "sys/fd.h"

enum { LARGE = 3000000, THREADS = 4, EACH = 8 };

struct sample {
	uint8_t sha256[32];
	uint8_t *bytes;
	size_t len;
	int fd;
};

/* Always the same bytes for the same number; not very compressible. */
static struct sample
sample_of(unsigned number, size_t len)
{
	struct sample s = {.bytes = malloc(len + 1), .len = len, .fd = -1};
	uint32_t state = number * 2654435761U + 1;

	assert_non_null(s.bytes);
	for (size_t i = 0; i < len; i++) {
		state = state * 1664525 + 1013904223;
		s.bytes[i] = (uint8_t)(state >> 28);
	}
	assert_int_equal(ward_digest(WARD_SHA256, ward_span_of(s.bytes, len), s.sha256), WARD_OK);
	assert_int_equal(ward_fd_memory("test", &s.fd), WARD_OK);
	assert_int_equal(ward_fd_write_all(s.fd, ward_span_of(s.bytes, len)), WARD_OK);
	return s;
}

static void
drop(struct sample *s)
{
	ward_fd_close(&s->fd);
	free(s->bytes);
}

static void
expect(struct ward_objects *o, const struct sample *s)
{
	uint8_t *back = malloc(s->len + 1);
	size_t n = 0;
	int fd = -1;

	assert_non_null(back);
	assert_int_equal(ward_objects_get(o, s->sha256, s->len, &fd), WARD_OK);
	assert_int_equal(ward_fd_pread(fd, back, s->len + 1, 0, &n), WARD_OK);
	assert_int_equal(n, s->len);
	assert_memory_equal(back, s->bytes, n);
	assert_true(write(fd, "x", 1) < 0); /* sealed */
	close(fd);
	free(back);
}

static void
put_and_get(const struct ward_objects_conform *backend)
{
	struct ward_objects *o = backend->open(0);
	struct sample s = sample_of(1, LARGE), none = sample_of(2, 0);
	struct ward_objects_stats before, after;
	int fd = -1;

	assert_int_equal(ward_objects_has(o, s.sha256), WARD_E_NOENT);
	assert_int_equal(ward_objects_get(o, s.sha256, s.len, &fd), WARD_E_NOENT);
	assert_int_equal(ward_objects_put(o, s.sha256, s.fd), WARD_OK);
	assert_int_equal(ward_objects_put(o, s.sha256, s.fd), WARD_OK);
	assert_int_equal(ward_objects_put(o, none.sha256, none.fd), WARD_OK);
	assert_int_equal(ward_objects_has(o, s.sha256), WARD_OK);
	expect(o, &s);
	expect(o, &none);
	assert_int_equal(ward_objects_get(o, s.sha256, s.len - 1, &fd), WARD_E_LIMIT);
	ward_objects_stats(o, &before);
	assert_int_equal(before.objects, 2);
	assert_int_equal(before.puts, 2);
	assert_int_equal(before.gets, 2);
	assert_int_equal(before.failures, 1);
	ward_objects_close(o);
	o = backend->open(0);
	ward_objects_stats(o, &after);
	assert_int_equal(after.objects, before.objects);
	assert_int_equal(after.bytes, before.bytes);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(ward_objects_remove(o, s.sha256), WARD_OK);
		assert_int_equal(ward_objects_remove(o, none.sha256), WARD_OK);
	}
	assert_int_equal(ward_objects_has(o, s.sha256), WARD_E_NOENT);
	ward_objects_stats(o, &after);
	assert_int_equal(after.objects, 0);
	assert_int_equal(after.bytes, 0);
	ward_objects_close(o);
	drop(&s);
	drop(&none);
}

static void
wrong_digest_and_quota(const struct ward_objects_conform *backend)
{
	struct ward_objects *o = backend->open(1);
	struct sample s = sample_of(3, 1000), t = sample_of(4, 1000);
	struct ward_objects_stats stats;

	assert_int_equal(ward_objects_put(o, t.sha256, s.fd), WARD_E_FORMAT);
	assert_int_equal(ward_objects_has(o, t.sha256), WARD_E_NOENT);
	assert_int_equal(ward_objects_put(o, s.sha256, s.fd), WARD_OK);
	assert_int_equal(ward_objects_put(o, t.sha256, t.fd), WARD_E_LIMIT);
	assert_int_equal(ward_objects_put(o, s.sha256, s.fd), WARD_OK); /* it is there */
	ward_objects_stats(o, &stats);
	assert_int_equal(stats.failures, 1);
	assert_int_equal(ward_objects_remove(o, s.sha256), WARD_OK);
	assert_int_equal(ward_objects_put(o, t.sha256, t.fd), WARD_OK); /* there is room again */
	assert_int_equal(ward_objects_remove(o, t.sha256), WARD_OK);
	ward_objects_close(o);
	drop(&s);
	drop(&t);
}

/* Any byte changed: an error, never another file. */
static void
damage(const struct ward_objects_conform *backend)
{
	struct ward_objects *o = backend->open(0);
	struct sample s = sample_of(5, LARGE / 10);
	int fd = -1;

	for (unsigned part = 0; part < 16; part++) {
		assert_int_equal(ward_objects_put(o, s.sha256, s.fd), WARD_OK);
		backend->damage(s.sha256, part);
		assert_int_not_equal(ward_objects_get(o, s.sha256, s.len, &fd), WARD_OK);
		assert_int_equal(ward_objects_remove(o, s.sha256), WARD_OK);
	}
	ward_objects_close(o);
	drop(&s);
}

struct seen {
	unsigned count, until;
	uint64_t bytes, latest_ms;
};

static enum ward_rc
count(void *context, const uint8_t sha256[32], uint64_t bytes, uint64_t stored_ms)
{
	struct seen *s = context;

	(void)sha256;
	s->count++;
	s->bytes += bytes;
	if (stored_ms > s->latest_ms)
		s->latest_ms = stored_ms;
	return s->count == s->until ? WARD_E_STOPPED : WARD_OK;
}

static void
list_and_expire(const struct ward_objects_conform *backend)
{
	struct ward_objects *o = backend->open(0);
	struct seen all = {.count = 0}, some = {.until = 3}, gone = {.count = 0};
	struct ward_objects_stats stats;

	for (unsigned i = 0; i < backend->many; i++) {
		struct sample s = sample_of(100 + i, 10 + i);

		assert_int_equal(ward_objects_put(o, s.sha256, s.fd), WARD_OK);
		drop(&s);
	}
	ward_objects_stats(o, &stats);
	assert_int_equal(ward_objects_list(o, count, &all), WARD_OK);
	assert_int_equal(all.count, backend->many);
	assert_int_equal(all.bytes, stats.bytes);
	assert_int_equal(ward_objects_list(o, count, &some), WARD_OK);
	assert_int_equal(some.count, 3);
	assert_int_equal(ward_objects_expire(o, 1000000, count, &gone), WARD_OK);
	assert_int_equal(gone.count, 0);
	assert_int_equal(ward_objects_expire(o, all.latest_ms + 1, count, &gone), WARD_OK);
	assert_int_equal(gone.count, backend->many);
	assert_int_equal(ward_objects_list(o, count, &gone), WARD_OK);
	assert_int_equal(gone.count, backend->many);
	ward_objects_stats(o, &stats);
	assert_int_equal(stats.objects, 0);
	ward_objects_close(o);
}

struct worker {
	pthread_t thread;
	struct ward_objects *objects;
	struct sample samples[EACH];
	unsigned bad;
};

static void *
work(void *context)
{
	struct worker *w = context;

	for (unsigned i = 0; i < EACH; i++) {
		const struct sample *s = &w->samples[i];
		int fd = -1;

		w->bad += ward_objects_put(w->objects, s->sha256, s->fd) != WARD_OK;
		w->bad += ward_objects_get(w->objects, s->sha256, s->len, &fd) != WARD_OK;
		ward_fd_close(&fd);
		w->bad += ward_objects_remove(w->objects, s->sha256) != WARD_OK;
	}
	return NULL;
}

static void
threads(const struct ward_objects_conform *backend)
{
	static struct worker workers[THREADS];
	struct ward_objects *o = backend->open(0);
	struct ward_objects_stats stats;

	for (unsigned t = 0; t < THREADS; t++) {
		workers[t].objects = o;
		for (unsigned i = 0; i < EACH; i++)
			workers[t].samples[i] = sample_of(1000 + t * EACH + i, 20000);
	}
	for (unsigned t = 0; t < THREADS; t++)
		assert_int_equal(pthread_create(&workers[t].thread, NULL, work, &workers[t]), 0);
	for (unsigned t = 0; t < THREADS; t++) {
		assert_int_equal(pthread_join(workers[t].thread, NULL), 0);
		assert_int_equal(workers[t].bad, 0);
		for (unsigned i = 0; i < EACH; i++)
			drop(&workers[t].samples[i]);
	}
	ward_objects_stats(o, &stats);
	assert_int_equal(stats.objects, 0);
	assert_int_equal(stats.puts, THREADS * EACH);
	ward_objects_close(o);
}

void
ward_objects_conform(const struct ward_objects_conform *backend)
{
	put_and_get(backend);
	wrong_digest_and_quota(backend);
	damage(backend);
	list_and_expire(backend);
	threads(backend);
}
