/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/intake/ledger.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/crc32c.h"
#include "sys/entry.h"
#include "sys/fd.h"

enum { MAGIC = 8, HEAD = 24, CHECKED_FROM = 8 };

static const char magic[MAGIC] = {'W', 'A', 'R', 'D', 'R', 'E', 'C', '1'};

struct ward_ledger {
	pthread_mutex_t lock;
	int fd;
	uint64_t size;			     /* of the file as far as it counts */
	struct ward_buf unsaved;	     /* what comes behind it */
	uint64_t last[WARD_LEDGER_LAST_MAX]; /* where entries begin: a ring */
	uint64_t count;			     /* entries, those in `unsaved` too */
	uint64_t unsaved_count;
};

struct head {
	uint32_t len, crc;
	uint64_t number, taken_ms;
};

/* One entry, as it is read; the bytes are freed by whoever has it. */
struct entry {
	struct head head;
	struct ward_buf bytes; /* the head's checked part, and the payload */
};

/* --- bytes --- */

static void
put_number(uint8_t *at, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static uint64_t
get_number(const uint8_t *at, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t)at[i] << 8 * i;
	return value;
}

/* WARD_E_FORMAT: no whole entry is there. */
static enum ward_rc
read_entry(int fd, uint64_t at, struct entry *e)
{
	uint8_t head[HEAD], *room;
	size_t len = 0;
	enum ward_rc rc = ward_fd_pread(fd, head, sizeof(head), at, &len);

	if (rc != WARD_OK || len != sizeof(head))
		return rc != WARD_OK ? rc : WARD_E_FORMAT;
	e->head = (struct head){(uint32_t)get_number(head, 4), (uint32_t)get_number(head + 4, 4),
				get_number(head + 8, 8), get_number(head + 16, 8)};
	if (e->head.len > WARD_LEDGER_PAYLOAD_MAX)
		return WARD_E_FORMAT;
	ward_buf_clear(&e->bytes);
	rc = ward_buf_append(&e->bytes, head + CHECKED_FROM, HEAD - CHECKED_FROM);
	room = rc == WARD_OK ? ward_buf_reserve(&e->bytes, e->head.len + 1) : NULL;
	if (!room)
		return WARD_E_NOMEM;
	rc = ward_fd_pread(fd, room, e->head.len, at + HEAD, &len);
	if (rc != WARD_OK)
		return rc;
	ward_buf_grown(&e->bytes, len);
	return len == e->head.len && ward_crc32c(0, ward_buf_span(&e->bytes)) == e->head.crc
		       ? WARD_OK
		       : WARD_E_FORMAT;
}

static void
entry_init(struct entry *e)
{
	*e = (struct entry){.head = {0}};
	ward_buf_init(&e->bytes, HEAD + WARD_LEDGER_PAYLOAD_MAX + 1, NULL);
}

static void
entry_done(struct entry *e)
{
	ward_buf_done(&e->bytes);
}

static struct ward_span
payload_of(const struct entry *e)
{
	return ward_span_cut(ward_buf_span(&e->bytes), HEAD - CHECKED_FROM, e->head.len);
}

/* --- opening --- */

static void
note_place(struct ward_ledger *l, uint64_t at)
{
	l->last[l->count++ % WARD_LEDGER_LAST_MAX] = at;
}

/* Finds how far it is whole and counts. */
static enum ward_rc
walk(struct ward_ledger *l, uint64_t until, uint64_t *ret_last)
{
	WARD_AUTO(entry_done) struct entry e = {.bytes = {0}};
	uint64_t last = 0;
	enum ward_rc rc;

	entry_init(&e);
	for (;;) {
		rc = read_entry(l->fd, l->size, &e);
		if (rc != WARD_OK || e.head.number <= last || e.head.number > until)
			break;
		note_place(l, l->size);
		l->size += HEAD + e.head.len;
		last = e.head.number;
	}
	if (rc != WARD_OK && rc != WARD_E_FORMAT)
		return rc;
	*ret_last = last;
	return WARD_OK;
}

static enum ward_rc
cut(struct ward_ledger *l)
{
	if (ftruncate(l->fd, (off_t)l->size) != 0)
		return WARD_E_IO;
	return ward_entry_sync(l->fd);
}

/* A file that does not begin as ours does is begun anew. */
static enum ward_rc
begin(struct ward_ledger *l)
{
	char is[MAGIC];
	size_t len = 0;
	enum ward_rc rc = ward_fd_pread(l->fd, is, sizeof(is), 0, &len);

	l->size = MAGIC;
	if (rc != WARD_OK || (len == MAGIC && memcmp(is, magic, MAGIC) == 0))
		return rc;
	l->size = 0;
	rc = cut(l);
	if (rc == WARD_OK)
		rc = ward_fd_pwrite_all(l->fd, ward_span_of(magic, MAGIC), 0);
	l->size = MAGIC;
	return rc;
}

static enum ward_rc
open_file(const char *path, int *ret_fd)
{
	enum ward_rc rc = ward_fd_open_update(-1, path, ret_fd);

	return rc == WARD_E_NOENT ? ward_fd_create(-1, path, 0600, ret_fd) : rc;
}

enum ward_rc
ward_ledger_open(const char *path, uint64_t until, struct ward_ledger **ret, uint64_t *ret_last)
{
	WARD_AUTO(ward_ledger_freep) struct ward_ledger *l = calloc(1, sizeof(*l));
	uint64_t last = 0;
	enum ward_rc rc;

	if (!l)
		return WARD_E_NOMEM;
	(void)pthread_mutex_init(&l->lock, NULL);
	ward_buf_init(&l->unsaved, WARD_LEDGER_UNSAVED_MAX, NULL);
	l->fd = -1;
	rc = open_file(path, &l->fd);
	if (rc == WARD_OK)
		rc = begin(l);
	if (rc == WARD_OK)
		rc = walk(l, until, &last);
	if (rc == WARD_OK)
		rc = cut(l);
	if (rc != WARD_OK)
		return rc;
	*ret = l;
	*ret_last = last;
	l = NULL;
	return WARD_OK;
}

struct ward_ledger *
ward_ledger_free(struct ward_ledger *l)
{
	if (!l)
		return NULL;
	ward_fd_close(&l->fd);
	ward_buf_done(&l->unsaved);
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
	return NULL;
}

void
ward_ledger_freep(struct ward_ledger **l)
{
	*l = ward_ledger_free(*l);
}

/* --- writing --- */

static enum ward_rc
append(struct ward_ledger *l, const uint8_t head[HEAD], struct ward_span payload)
{
	size_t before = l->unsaved.len;
	enum ward_rc rc = ward_buf_append(&l->unsaved, head, HEAD);

	if (rc == WARD_OK)
		rc = ward_buf_append(&l->unsaved, payload.data, payload.len);
	if (rc != WARD_OK) {
		l->unsaved.len = before;
		return rc;
	}
	note_place(l, l->size + before);
	l->unsaved_count++;
	return WARD_OK;
}

enum ward_rc
ward_ledger_append(struct ward_ledger *l, uint64_t number, uint64_t taken_ms,
		   struct ward_span payload)
{
	uint8_t head[HEAD];
	enum ward_rc rc;

	if (payload.len > WARD_LEDGER_PAYLOAD_MAX)
		return WARD_E_LIMIT;
	put_number(head, payload.len, 4);
	put_number(head + 8, number, 8);
	put_number(head + 16, taken_ms, 8);
	put_number(
		head + 4,
		ward_crc32c(ward_crc32c(0, ward_span_of(head + CHECKED_FROM, HEAD - CHECKED_FROM)),
			    payload),
		4);
	(void)pthread_mutex_lock(&l->lock);
	rc = append(l, head, payload);
	(void)pthread_mutex_unlock(&l->lock);
	return rc;
}

enum ward_rc
ward_ledger_sync(struct ward_ledger *l)
{
	enum ward_rc rc = WARD_OK;

	(void)pthread_mutex_lock(&l->lock);
	if (l->unsaved.len > 0) {
		rc = ward_fd_pwrite_all(l->fd, ward_buf_span(&l->unsaved), l->size);
		if (rc == WARD_OK)
			rc = ward_entry_sync(l->fd);
		if (rc == WARD_OK) {
			l->size += l->unsaved.len;
			l->unsaved_count = 0;
			ward_buf_clear(&l->unsaved);
		}
	}
	(void)pthread_mutex_unlock(&l->lock);
	return rc;
}

enum ward_rc
ward_ledger_reset(struct ward_ledger *l)
{
	enum ward_rc rc;

	(void)pthread_mutex_lock(&l->lock);
	ward_buf_clear(&l->unsaved);
	l->count = l->unsaved_count = 0;
	l->size = MAGIC;
	rc = cut(l);
	(void)pthread_mutex_unlock(&l->lock);
	return rc;
}

/* --- reading --- */

enum ward_rc
ward_ledger_read(struct ward_ledger *l, ward_ledger_visit visit, void *ctx)
{
	WARD_AUTO(entry_done) struct entry e = {.bytes = {0}};
	enum ward_rc rc = WARD_OK;

	entry_init(&e);
	(void)pthread_mutex_lock(&l->lock);
	for (uint64_t at = MAGIC; rc == WARD_OK && at < l->size; at += HEAD + e.head.len) {
		rc = read_entry(l->fd, at, &e);
		if (rc == WARD_OK)
			rc = visit(ctx, e.head.number, e.head.taken_ms, payload_of(&e));
	}
	(void)pthread_mutex_unlock(&l->lock);
	return rc;
}

enum ward_rc
ward_ledger_last(struct ward_ledger *l, size_t count, ward_ledger_visit visit, void *ctx)
{
	WARD_AUTO(entry_done) struct entry e = {.bytes = {0}};
	uint64_t left;
	enum ward_rc rc = WARD_OK;

	entry_init(&e);
	(void)pthread_mutex_lock(&l->lock);
	left = l->count - l->unsaved_count;
	if (count > WARD_LEDGER_LAST_MAX)
		count = WARD_LEDGER_LAST_MAX;
	for (; rc == WARD_OK && count > 0 && left > 0 && l->count - left < WARD_LEDGER_LAST_MAX;
	     count--) {
		rc = read_entry(l->fd, l->last[--left % WARD_LEDGER_LAST_MAX], &e);
		if (rc == WARD_OK)
			rc = visit(ctx, e.head.number, e.head.taken_ms, payload_of(&e));
	}
	(void)pthread_mutex_unlock(&l->lock);
	return rc;
}
