/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/import/child.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "cloud/import/testing.h"
#include "proto/wire.h"
#include "sys/fd.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static int
file_of(const char *text)
{
	int fd = -1;

	assert_int_equal(ward_fd_memory("list", &fd), WARD_OK);
	assert_int_equal(ward_fd_write_all(fd, ward_span_str(text)), WARD_OK);
	return fd;
}

static struct ward_import_child *
start(uint64_t memory)
{
	struct ward_import_child_options options = {ward_seen_terms(), NULL, memory};
	struct ward_import_child *c = NULL;

	assert_int_equal(ward_import_child_start(&options, &c), WARD_OK);
	return c;
}

static enum ward_rc
count(void *context, struct ward_span record)
{
	struct ward_budget budget = {.cap = 32 * 1024 * 1024};
	struct ward_arena *arena = ward_arena_new(&budget);
	Ward__Log__V1__Record *r;

	assert_non_null(arena);
	assert_int_equal(
		ward_wire_decode(&ward__log__v1__record__descriptor, record, arena, &r, NULL),
		WARD_OK);
	assert_int_equal(r->fact_case, WARD__LOG__V1__RECORD__FACT_REPUTATION);
	*(size_t *)context += r->reputation->digests.len / 32;
	ward_arena_free(arena);
	return WARD_OK;
}

static void
test_files_become_records(void **state)
{
	struct ward_import_child *c = start(0);
	char *text = malloc((size_t)5000 * 210), *at = text;
	struct ward_import_figures figures;
	struct ward_import_totals totals;
	size_t taken = 0;
	int fd;

	(void)state;
	for (unsigned i = 0; i < 5000; i++) /* long names: a record of several messages */
		at += snprintf(at, 210, "%08x%056x %0100u\n", i * 2654435761U, i, i);
	fd = file_of(text);
	assert_int_equal(ward_import_child_read(c, fd, "/a/list", &figures), WARD_OK);
	assert_string_equal(figures.format, "list");
	assert_int_equal(figures.entries, 5000);
	close(fd);
	fd = file_of("\n");
	assert_int_equal(ward_import_child_read(c, fd, "empty", &figures), WARD_OK);
	assert_int_equal(figures.entries, 0);
	close(fd);
	assert_int_equal(ward_import_child_finish(c, count, &taken, &totals), WARD_OK);
	assert_int_equal(taken, 5000);
	assert_int_equal(totals.malicious, 5000);
	ward_import_child_end(c);
	free(text);
}

/* The sanitizers need memory of their own: under AddressSanitizer none is limited (sys/sandbox.h), and
 * ThreadSanitizer's own ends the child. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LIMITED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LIMITED 0
#endif
#endif
#ifndef LIMITED
#define LIMITED 1
#endif

static void
test_memory_has_a_limit(void **state)
{
	enum { COUNT = 400 * 1000 };
	struct ward_import_child *c = start(8 * 1024 * 1024);
	char *text = malloc((size_t)COUNT * 66 + 1), *at = text;
	struct ward_import_figures figures;
	enum ward_rc rc;
	int fd;

	(void)state;
	for (unsigned i = 0; i < COUNT; i++)
		at += snprintf(at, 67, "%064x\n", i);
	fd = file_of(text);
	rc = ward_import_child_read(c, fd, "list", &figures);
	if (LIMITED)
		assert_int_equal(rc, WARD_E_NOMEM);
	close(fd);
	ward_import_child_end(c);
	free(text);
}

/* What is no file of lines or JSON, and a descriptor that cannot be read. */
static void
test_odd_descriptors(void **state)
{
	struct ward_import_child *c = start(0);
	struct ward_import_figures figures;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_not_equal(ward_import_child_read(c, ends[1], "pipe", &figures), WARD_OK);
	close(ends[0]);
	close(ends[1]);
	assert_null(ward_import_child_end(c));
	assert_null(ward_import_child_end(NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_become_records),
		cmocka_unit_test(test_memory_has_a_limit),
		cmocka_unit_test(test_odd_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
