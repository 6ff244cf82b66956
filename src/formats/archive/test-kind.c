/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "formats/archive/kind.h"

static enum ward_archive_kind kinds[WARD_ARCHIVE_KINDS_MAX];

static void
test_nothing_is_nothing(void **state)
{
	static const uint8_t zeros[1024];

	(void)state;
	assert_int_equal(ward_archive_kinds(ward_span_of(NULL, 0), kinds), 0);
	assert_int_equal(ward_archive_kinds(ward_span_of(zeros, sizeof(zeros)), kinds), 0);
	assert_int_equal(ward_archive_kinds(ward_span_str("just a line of text, not more"), kinds),
			 0);
}

static void
make_tar(uint8_t block[512])
{
	unsigned sum = 0;

	memset(block, 0, 512);
	memcpy(block, "name", 4);
	memset(block + 148, ' ', 8);
	for (int i = 0; i < 512; i++)
		sum += block[i];
	(void)snprintf((char *)block + 148, 8, "%06o", sum);
}

static void
test_tar_needs_its_checksum(void **state)
{
	uint8_t block[512];

	(void)state;
	make_tar(block);
	assert_true(ward_archive_is_tar(ward_span_of(block, 512)));
	assert_false(ward_archive_is_tar(ward_span_of(block, 511)));
	block[0]++;
	assert_false(ward_archive_is_tar(ward_span_of(block, 512)));
}

static void
test_every_reading_of_a_polyglot_is_found(void **state)
{
	static uint8_t disk[40000];

	(void)state;
	make_tar(disk);
	memcpy(disk + 16 * 2048 + 1, "CD001", 5);
	memcpy(disk + sizeof(disk) - 100, "PK\5\6", 4);
	assert_int_equal(ward_archive_kinds(ward_span_of(disk, sizeof(disk)), kinds), 3);
	assert_int_equal(kinds[0], WARD_ARCHIVE_TAR);
	assert_int_equal(kinds[1], WARD_ARCHIVE_ISO);
	assert_int_equal(kinds[2], WARD_ARCHIVE_ZIP);
}

static void
test_lzma_is_recognised_without_magic(void **state)
{
	uint8_t head[14] = {0x5d, 0, 0, 0x80, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0};

	(void)state;
	assert_int_equal(ward_archive_kinds(ward_span_of(head, sizeof(head)), kinds), 1);
	assert_int_equal(kinds[0], WARD_ARCHIVE_LZMA);
	assert_true(ward_archive_is_stream(kinds[0]));
	assert_false(ward_archive_is_stream(WARD_ARCHIVE_ZIP));
	head[2] = 7; /* not a dictionary size anybody writes */
	assert_int_equal(ward_archive_kinds(ward_span_of(head, sizeof(head)), kinds), 0);
	assert_int_equal(ward_archive_kinds(ward_span_of(head, 13), kinds), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_nothing),
		cmocka_unit_test(test_tar_needs_its_checksum),
		cmocka_unit_test(test_every_reading_of_a_polyglot_is_found),
		cmocka_unit_test(test_lzma_is_recognised_without_magic),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
