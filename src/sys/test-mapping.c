/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "sys/fd.h"
#include "sys/mapping.h"

static int
file_of_pages(size_t pages)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int fd = -1;

	assert_int_equal(ward_fd_memory("t", &fd), WARD_OK);
	for (size_t i = 0; i < pages; i++)
		assert_int_equal(pwrite(fd, "x", 1, (off_t)(i * page)), 1);
	assert_int_equal(ftruncate(fd, (off_t)(pages * page)), 0);
	return fd;
}

static void
test_packs_are_mapped(void **state)
{
	struct ward_mapping m = {{NULL, 0}};
	int fd = -1;

	(void)state;
	assert_int_equal(ward_fd_memory("t", &fd), WARD_OK);
	assert_int_equal(ward_mapping_open(fd, &m), WARD_OK);
	assert_int_equal(m.bytes.len, 0);
	ward_mapping_done(&m);
	assert_int_equal(ward_fd_write_all(fd, ward_span_str("pack")), WARD_OK);
	assert_int_equal(ward_mapping_open(fd, &m), WARD_OK);
	ward_fd_close(&fd);
	assert_true(ward_span_eq(m.bytes, ward_span_str("pack")));
	ward_mapping_done(&m);
	ward_mapping_done(&m);
	assert_null(m.bytes.data);
	fd = STDIN_FILENO;
	assert_int_equal(ward_mapping_open(-1, &m), WARD_E_INVAL);
}

static unsigned
sum(struct ward_span s)
{
	const volatile uint8_t *p = s.data;
	unsigned total = 0;

	for (size_t i = 0; i < s.len; i++)
		total += p[i];
	return total;
}

static void
test_a_cut_file_reads_as_zeros(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct ward_mapping m = {{NULL, 0}};
	int fd = file_of_pages(16);

	(void)state;
	assert_int_equal(ward_mapping_open_sequential(fd, 16 * page, &m), WARD_OK);
	assert_int_equal(ward_mapping_guard(&m, fd), WARD_OK);
	assert_int_equal(sum(m.bytes), 16 * 'x');
	assert_false(ward_mapping_unguard());
	assert_int_equal(ward_mapping_guard(&m, fd), WARD_OK);
	assert_int_equal(ftruncate(fd, (off_t)(3 * page)), 0);
	assert_int_equal(sum(m.bytes), 3 * 'x');
	assert_true(ward_mapping_unguard());
	ward_mapping_done(&m);
	/* The next file starts without the last one's fault. */
	assert_int_equal(ward_mapping_open_sequential(fd, 3 * page, &m), WARD_OK);
	assert_int_equal(ward_mapping_guard(&m, fd), WARD_OK);
	assert_false(ward_mapping_unguard());
	ward_mapping_done(&m);
	ward_fd_close(&fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packs_are_mapped),
		cmocka_unit_test(test_a_cut_file_reads_as_zeros),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
