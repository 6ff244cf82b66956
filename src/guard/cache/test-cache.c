/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard/cache/cache.h"

static const struct ward_cache_verdict clean = {.verdict = WARD_CLEAN};
static const struct ward_cache_verdict bad = {.verdict = WARD_MALICIOUS, .threat = 7};

static struct ward_key
key_of(uint64_t inode)
{
	return (struct ward_key){
		.device = 1, .inode = inode, .size = 100, .ctime = 5, .generation = 2};
}

static void
test_only_the_same_content_is_known(void **state)
{
	struct ward_cache *c = ward_cache_new(64);
	struct ward_key key = key_of(1), other;
	struct ward_cache_verdict v;

	(void)state;
	assert_false(ward_cache_find(c, &key, 0, &v));
	ward_cache_put(c, &key, 0, &bad);
	assert_true(ward_cache_find(c, &key, 0, &v));
	assert_int_equal(v.verdict, WARD_MALICIOUS);
	assert_int_equal(v.threat, 7);
	for (int field = 0; field < 5; field++) {
		other = key;
		other.device += field == 0;
		other.inode += field == 1;
		other.size += field == 2;
		other.ctime += field == 3;
		other.generation += field == 4;
		assert_false(ward_cache_find(c, &other, 0, &v));
	}
	/* A later content of the file takes the place of the earlier one. */
	other = key;
	other.ctime = 9;
	ward_cache_put(c, &other, 0, &clean);
	assert_false(ward_cache_find(c, &key, 0, &v));
	assert_true(ward_cache_find(c, &other, 0, &v));
	ward_cache_drop(c, &key);
	assert_false(ward_cache_find(c, &other, 0, &v));
	(void)ward_cache_free(c);
}

static void
test_an_older_epoch_is_no_answer(void **state)
{
	struct ward_cache *c = ward_cache_new(64);
	struct ward_key key = key_of(1);
	struct ward_cache_verdict v;
	struct ward_cache_stats stats;

	(void)state;
	ward_cache_put(c, &key, 3, &clean);
	assert_true(ward_cache_find(c, &key, 3, &v));
	assert_false(ward_cache_find(c, &key, 4, &v));
	ward_cache_stats(c, &stats);
	assert_int_equal(stats.outdated, 1);
	assert_int_equal(stats.hits, 1);
	assert_int_equal(stats.entries, 1);
	(void)ward_cache_free(c);
}

static void
test_memory_is_fixed_and_the_useful_stays(void **state)
{
	struct ward_cache *c = ward_cache_new(1000);
	struct ward_cache_stats stats;
	struct ward_cache_verdict v;
	struct ward_key often = key_of(1);

	(void)state;
	ward_cache_put(c, &often, 0, &clean);
	for (uint64_t i = 2; i < 100000; i++) {
		struct ward_key key = key_of(i);

		ward_cache_put(c, &key, 0, &clean);
		assert_true(ward_cache_find(c, &often, 0, &v));
	}
	ward_cache_stats(c, &stats);
	assert_int_equal(stats.room, 1024);
	assert_true(stats.entries <= stats.room);
	assert_true(stats.entries > 1000);
	assert_int_equal(stats.replaced, 99999 - stats.entries);
	(void)ward_cache_free(c);
}

static void
test_keys_of_files(void **state)
{
	char name[] = "/tmp/ward-test-key-XXXXXX";
	int fd = mkstemp(name);
	struct ward_key a, b;
	enum ward_fd_kind kind;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ward_key_of(fd, &a, &kind), WARD_OK);
	assert_int_equal(kind, WARD_FD_REGULAR);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(ward_key_of(fd, &b, &kind), WARD_OK);
	assert_true(ward_key_same_file(&a, &b));
	assert_false(ward_key_equal(&a, &b));
	assert_int_equal(b.size, 1);
	assert_int_equal(ward_key_of(-1, &b, &kind), WARD_E_INVAL);
	(void)close(fd);
	(void)unlink(name);
}

static void
test_a_fresh_change_may_hide_another(void **state)
{
	struct ward_key key = key_of(1);
	const uint64_t now = 1000000; /* µs */

	(void)state;
	key.ctime = (int64_t)(now * 1000);
	assert_true(ward_key_racy(&key, now));
	key.ctime = (int64_t)(now * 1000) - WARD_KEY_RACY_NS;
	assert_false(ward_key_racy(&key, now));
	key.ctime++;
	assert_true(ward_key_racy(&key, now));
	key.ctime = (int64_t)(now * 1000) + 5000000000; /* the clock was set back */
	assert_true(ward_key_racy(&key, now));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_the_same_content_is_known),
		cmocka_unit_test(test_an_older_epoch_is_no_answer),
		cmocka_unit_test(test_memory_is_fixed_and_the_useful_stays),
		cmocka_unit_test(test_keys_of_files),
		cmocka_unit_test(test_a_fresh_change_may_hide_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
