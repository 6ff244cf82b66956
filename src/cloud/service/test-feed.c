/* SPDX-License-Identifier: Apache-2.0 */
/* The feed over a log of its own: everything once and in order, from any position; encoded once. */
#include "cloud/service/feed.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cloud/log/file.h"

enum { OLD = 1000, TICK_MS = 20 };

static char root[] = "/tmp/ward-feed-XXXXXX";
static struct ward_log *ward_log;
static struct service_feed *feed;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;
static unsigned wakes;

static void
on_wake(void *context)
{
	(void)context;
	pthread_mutex_lock(&lock);
	wakes++;
	pthread_cond_signal(&woken);
	pthread_mutex_unlock(&lock);
}

/* Until the feed has woken us again. */
static void
sleep_until_woken(void)
{
	unsigned seen;

	pthread_mutex_lock(&lock);
	seen = wakes;
	while (wakes == seen)
		pthread_cond_wait(&woken, &lock);
	pthread_mutex_unlock(&lock);
}

/* Says of `count` files from `number` on that they are bad; the last one's position. */
static uint64_t
publish(uint32_t number, size_t count)
{
	struct ward_budget budget = {.cap = 8 << 20};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_log_item items[OLD];
	struct ward_log_position positions[OLD];

	assert_non_null(arena);
	for (uint32_t i = 0; i < count; i++) {
		Ward__Log__V1__Record record = WARD__LOG__V1__RECORD__INIT;
		Ward__V1__VerdictChange change = WARD__V1__VERDICT_CHANGE__INIT;
		uint8_t *sha256 = ward_arena_alloc(arena, 32);
		uint32_t n = number + i;

		assert_non_null(sha256);
		memset(sha256, 0, 32);
		memcpy(sha256, &n, sizeof(n));
		change.sha256 = (ProtobufCBinaryData){32, sha256};
		change.verdict = WARD__V1__VERDICT__VERDICT_MALICIOUS;
		change.tier = WARD__V1__TIER__TIER_REPUTATION;
		record.time_ms = 1 + n;
		record.fact_case = WARD__LOG__V1__RECORD__FACT_CHANGE;
		record.change = &change;
		assert_int_equal(ward_record_item(&record, arena, &items[i]), WARD_OK);
	}
	assert_int_equal(ward_log_append_wait(ward_log, items, count, positions), WARD_OK);
	ward_arena_free(arena);
	return positions[count - 1].offset + 1;
}

/* The next one after `position`, waited for; it is the shared one. */
static struct ward_message *
wait_next(uint64_t position, uint64_t *ret_position)
{
	struct ward_message *message = NULL;
	enum service_feed_answer answer;

	while ((answer = service_feed_next(feed, position, &message, ret_position)) !=
	       SERVICE_FEED_MESSAGE) {
		assert_int_not_equal(answer, SERVICE_FEED_LOST);
		sleep_until_woken();
	}
	return message;
}

static uint32_t
number_of(const struct ward_message *message)
{
	struct ward_span body = ward_message_body(message);
	Ward__V1__Update *update = ward__v1__update__unpack(NULL, body.len, body.data);
	uint32_t number;

	assert_non_null(update);
	assert_int_equal(update->what_case, WARD__V1__UPDATE__WHAT_VERDICT);
	memcpy(&number, update->verdict->sha256.data, sizeof(number));
	ward__v1__update__free_unpacked(update, NULL);
	return number;
}

static void
test_all_from_anywhere(void **state)
{
	static const uint64_t starts[] = {0, 1, 255, 256, 257, 700, OLD - 1};

	(void)state;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		uint64_t at = starts[i];

		while (at < OLD) {
			struct ward_message *message = wait_next(at, &at);

			assert_int_equal(number_of(message), at - 1);
			ward_message_done(message);
		}
		assert_int_equal(service_feed_next(feed, at, &(struct ward_message *){NULL}, &at),
				 SERVICE_FEED_NONE);
	}
}

static void
test_encoded_once(void **state)
{
	uint64_t at, again;
	struct ward_message *first = wait_next(5, &at), *second = wait_next(5, &again);

	(void)state;
	assert_ptr_equal(first, second);
	assert_int_equal(at, again);
	ward_message_done(first);
	assert_int_equal(number_of(second), 5);
	ward_message_done(second);
}

static void
test_new_ones_come(void **state)
{
	uint64_t end = service_feed_end(feed);

	(void)state;
	for (uint32_t i = 0; i < 60; i++) {
		uint64_t at = 0, position = publish((uint32_t)end + i, 1);
		struct ward_message *message;

		assert_int_equal(position, end + i + 1);
		service_feed_news(feed, position);
		message = wait_next(end + i, &at);
		assert_int_equal(at, position);
		assert_int_equal(number_of(message), end + i);
		ward_message_done(message);
	}
}

/* Nobody tells of it: it is found all the same. */
static void
test_untold(void **state)
{
	uint64_t end = service_feed_end(feed), at;
	struct ward_message *message;

	(void)state;
	publish((uint32_t)end, 1);
	message = wait_next(end, &at);
	assert_int_equal(at, end + 1);
	ward_message_done(message);
}

static int
setup(void **state)
{
	struct ward_log_file_options options = {.directory = root, .segment_bytes = 1 << 20};

	(void)state;
	if (!mkdtemp(root) || ward_log_open_file(&options, &ward_log, NULL))
		return -1;
	if (publish(0, OLD) != OLD)
		return -1;
	return service_feed_new(ward_log, NULL, TICK_MS, on_wake, NULL, &feed) ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	service_feed_stop(feed);
	service_feed_free(feed);
	ward_log_close(ward_log);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_from_anywhere),
		cmocka_unit_test(test_encoded_once),
		cmocka_unit_test(test_new_ones_come),
		cmocka_unit_test(test_untold),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
