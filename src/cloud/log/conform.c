/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/log/conform.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PATIENCE_MS = 30 * 1000, THREADS = 4, EACH = 250 };

static struct ward_log_item
item(enum ward_log_channel channel, const char *route, const char *key, const void *body,
     size_t len)
{
	return (struct ward_log_item){channel, ward_span_str(route), ward_span_str(key),
				      ward_span_of(body, len)};
}

static struct ward_log_position
append_text(struct ward_log *log, enum ward_log_channel channel, const char *route,
	    const char *text)
{
	struct ward_log_item one = item(channel, route, "key", text, strlen(text));
	struct ward_log_position position;

	assert_int_equal(ward_log_append_wait(log, &one, 1, &position), WARD_OK);
	return position;
}

/* From the beginning of every partition of the channel. */
static struct ward_log_reader *
read_all(struct ward_log *log, enum ward_log_channel channel)
{
	static struct ward_log_position from[WARD_LOG_PARTITIONS_MAX];
	uint32_t partitions = ward_log_partitions(log, channel);
	struct ward_log_reader *reader = NULL;

	for (uint32_t p = 0; p < partitions; p++)
		from[p] = (struct ward_log_position){channel, p, 0};
	assert_int_equal(ward_log_reader_new(log, from, partitions, &reader), WARD_OK);
	return reader;
}

static void
expect(struct ward_log_reader *reader, const char *text)
{
	struct ward_log_entry entry;

	assert_int_equal(ward_log_reader_next(reader, PATIENCE_MS, &entry), WARD_OK);
	assert_true(ward_span_eq(entry.body, ward_span_str(text)));
}

static void
what_is_appended_is_read(const struct ward_log_conform *backend)
{
	struct ward_log *log = backend->open("read");
	struct ward_log_reader *reader;
	struct ward_log_position first, second;
	struct ward_log_entry entry;
	uint64_t begin, end;

	first = append_text(log, WARD_LOG_UPDATES, "", "one");
	second = append_text(log, WARD_LOG_UPDATES, "", "two");
	assert_int_equal(second.offset, first.offset + 1);
	assert_int_equal(ward_log_bounds(log, WARD_LOG_UPDATES, 0, &begin, &end), WARD_OK);
	assert_int_equal(begin, first.offset);
	assert_int_equal(end, second.offset + 1);
	reader = read_all(log, WARD_LOG_UPDATES);
	expect(reader, "one");
	assert_int_equal(ward_log_reader_next(reader, PATIENCE_MS, &entry), WARD_OK);
	assert_true(ward_span_eq(entry.key, ward_span_str("key")));
	assert_int_equal(entry.position.offset, second.offset);
	assert_int_equal(ward_log_reader_next(reader, 50, &entry), WARD_E_TIMEOUT);
	append_text(log, WARD_LOG_UPDATES, "", "three");
	expect(reader, "three");
	ward_log_reader_free(reader);
	assert_int_equal(ward_log_reader_new(log, &second, 1, &reader), WARD_OK);
	expect(reader, "two");
	ward_log_reader_wake(reader);
	expect(reader, "three");
	assert_int_equal(ward_log_reader_next(reader, PATIENCE_MS, &entry), WARD_E_STOPPED);
	ward_log_reader_free(reader);
	ward_log_close(log);
}

static void
sizes_and_mistakes(const struct ward_log_conform *backend)
{
	struct ward_log *log = backend->open("sizes");
	static uint8_t big[WARD_LOG_BODY_MAX + 1];
	struct ward_log_item items[] = {item(WARD_LOG_STATE, "", "k", big, WARD_LOG_BODY_MAX),
					item(WARD_LOG_STATE, "", "k", big, 1),
					item(WARD_LOG_STATE, "", "k", NULL, 0)};
	struct ward_log_item bad;
	struct ward_log_reader *reader;
	struct ward_log_entry entry;

	memset(big, 7, sizeof(big));
	assert_int_equal(ward_log_append_wait(log, items, 3, NULL), WARD_OK);
	reader = read_all(log, WARD_LOG_STATE);
	assert_int_equal(ward_log_reader_next(reader, PATIENCE_MS, &entry), WARD_OK);
	assert_true(ward_span_eq(entry.body, items[0].body));
	assert_int_equal(ward_log_reader_next(reader, PATIENCE_MS, &entry), WARD_OK);
	assert_int_equal(entry.body.len, 1);
	assert_int_equal(ward_log_reader_next(reader, PATIENCE_MS, &entry), WARD_OK);
	assert_int_equal(entry.body.len, 0);
	ward_log_reader_free(reader);
	bad = item(WARD_LOG_STATE, "", "k", big, sizeof(big));
	assert_int_equal(ward_log_append_wait(log, &bad, 1, NULL), WARD_E_INVAL);
	bad = item(WARD_LOG_STATE, "", "", big, 1);
	assert_int_equal(ward_log_append_wait(log, &bad, 1, NULL), WARD_E_INVAL);
	assert_int_equal(ward_log_append_wait(log, items, 0, NULL), WARD_E_INVAL);
	ward_log_close(log);
}

static void
a_route_has_one_partition(const struct ward_log_conform *backend)
{
	struct ward_log *log = backend->open("routes");
	struct ward_log_position a = append_text(log, WARD_LOG_EVENTS, "aaaa", "1");
	struct ward_log_position b = append_text(log, WARD_LOG_EVENTS, "aaaab", "2");

	assert_int_equal(a.partition, b.partition);
	assert_true(b.offset > a.offset);
	assert_int_equal(append_text(log, WARD_LOG_EVENTS, "", "3").partition, 0);
	assert_int_equal(ward_log_partitions(log, WARD_LOG_UPDATES), 1);
	ward_log_close(log);
}

struct appender {
	struct ward_log *log;
	unsigned number;
	_Atomic unsigned acknowledged;
};

static void
count(void *context, enum ward_rc rc, const struct ward_log_position *positions, size_t n)
{
	struct appender *a = context;

	(void)positions;
	if (!rc)
		atomic_fetch_add(&a->acknowledged, (unsigned)n);
}

static void *
append_many(void *context)
{
	struct appender *a = context;

	for (unsigned i = 0; i < EACH; i++) {
		uint32_t body[2] = {a->number, i};
		struct ward_log_item one = item(WARD_LOG_EVENTS, "same", "", body, sizeof(body));

		while (ward_log_append(a->log, &one, 1, count, a))
			;
	}
	return NULL;
}

/* Each thread's records are there once, and in its order. */
static void
many_appenders(const struct ward_log_conform *backend)
{
	struct ward_log *log = backend->open("many");
	struct appender appenders[THREADS];
	pthread_t threads[THREADS];
	uint32_t expected[THREADS] = {0};
	struct ward_log_reader *reader = read_all(log, WARD_LOG_EVENTS);

	for (unsigned i = 0; i < THREADS; i++) {
		appenders[i] = (struct appender){log, i, 0};
		assert_int_equal(pthread_create(&threads[i], NULL, append_many, &appenders[i]), 0);
	}
	for (unsigned i = 0; i < THREADS * EACH; i++) {
		struct ward_log_entry entry;
		uint32_t body[2];

		assert_int_equal(ward_log_reader_next(reader, PATIENCE_MS, &entry), WARD_OK);
		memcpy(body, entry.body.data, sizeof(body));
		assert_int_equal(body[1], expected[body[0]]++);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ward_log_reader_free(reader);
	ward_log_close(log); /* waits for the acknowledgements */
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(appenders[i].acknowledged, EACH);
}

static void
closing_acknowledges_and_reopening_goes_on(const struct ward_log_conform *backend)
{
	struct ward_log *log = backend->open("again");
	struct appender a = {log, 0, 0};
	struct ward_log_position last;
	struct ward_log_reader *reader;

	append_many(&a);
	ward_log_close(log);
	assert_int_equal(a.acknowledged, EACH);
	log = backend->open("again");
	last = append_text(log, WARD_LOG_EVENTS, "same", "after");
	assert_int_equal(last.offset, EACH);
	assert_int_equal(ward_log_reader_new(log, &last, 1, &reader), WARD_OK);
	expect(reader, "after");
	ward_log_reader_free(reader);
	ward_log_close(log);
}

static void
truncated_is_gone(const struct ward_log_conform *backend)
{
	struct ward_log *log = backend->open("truncate");
	static uint8_t big[64 * 1024];
	struct ward_log_item one = item(WARD_LOG_EVENTS, "", "", big, sizeof(big));
	struct ward_log_position last, begin;
	struct ward_log_reader *reader = NULL;
	uint64_t first, next;

	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(ward_log_append_wait(log, &one, 1, &last), WARD_OK);
	assert_int_equal(ward_log_truncate(log, &last), WARD_OK);
	assert_int_equal(ward_log_bounds(log, WARD_LOG_EVENTS, last.partition, &first, &next),
			 WARD_OK);
	assert_int_equal(next, last.offset + 1);
	assert_true(first <= last.offset);
	begin = (struct ward_log_position){WARD_LOG_EVENTS, last.partition, 0};
	if (backend->truncates) {
		assert_true(first > 0);
		assert_int_equal(ward_log_reader_new(log, &begin, 1, &reader), WARD_E_NOENT);
	}
	begin.offset = last.offset;
	assert_int_equal(ward_log_reader_new(log, &begin, 1, &reader), WARD_OK);
	ward_log_reader_free(reader);
	ward_log_close(log);
}

void
ward_log_conform(const struct ward_log_conform *backend)
{
	static const char *const names[] = {"read", "sizes", "routes", "many", "again", "truncate"};

	what_is_appended_is_read(backend);
	sizes_and_mistakes(backend);
	a_route_has_one_partition(backend);
	many_appenders(backend);
	closing_acknowledges_and_reopening_goes_on(backend);
	truncated_is_gone(backend);
	for (size_t i = 0; backend->remove && i < sizeof(names) / sizeof(names[0]); i++)
		backend->remove(names[i]);
}
