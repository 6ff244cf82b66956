/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "engine/identify.h"

struct sample {
	enum ward_type type;
	const char *text;
};

static void
check_texts(const struct sample *samples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum ward_type got = ward_identify(ward_span_str(samples[i].text));

		if (got != samples[i].type)
			fail_msg("%s instead of %s for: %.60s", ward_type_name(got),
				 ward_type_name(samples[i].type), samples[i].text);
	}
}

static void
test_scripts_by_first_line(void **state)
{
	static const struct sample samples[] = {
		{WARD_TYPE_SHELL, "#!/bin/sh\ntrue\n"},
		{WARD_TYPE_SHELL, "#! /usr/bin/env -S bash -e\n"},
		{WARD_TYPE_PYTHON, "#!/usr/bin/env python3.11\nprint(1)\n"},
		{WARD_TYPE_PYTHON, "#!/usr/bin/python3"},
		{WARD_TYPE_PERL, "#!/usr/bin/perl -w\n"},
		{WARD_TYPE_JAVASCRIPT, "#!/usr/bin/env node\n"},
		{WARD_TYPE_LUA, "#!/usr/bin/lua5.4\n"},
		{WARD_TYPE_TEXT, "#!/opt/own/thing\nhello\n"},
	};

	(void)state;
	check_texts(samples, sizeof(samples) / sizeof(samples[0]));
}

static void
test_texts_by_content(void **state)
{
	static const struct sample samples[] = {
		{WARD_TYPE_PHP, "<div>\n<?php echo 1; ?>\n</div>"},
		{WARD_TYPE_HTML, "\xef\xbb\xbf  <!DOCTYPE HTML>\n<p>x"},
		{WARD_TYPE_XML, "<?xml version=\"1.0\"?><a/>"},
		{WARD_TYPE_BATCH, "@ECHO OFF\r\ndir\r\n"},
		{WARD_TYPE_JSP, "<%@ page import=\"java.io.*\" %>"},
		{WARD_TYPE_JAVASCRIPT,
		 "function f(a) { var x = unescape(a); return typeof x; }\nf('%41');"},
		{WARD_TYPE_POWERSHELL, "$c = New-Object Net.WebClient; IEX $c.Get('x')"},
		{WARD_TYPE_MAIL, "From: a@example.org\nTo: b@example.org\nSubject: hi\n\nbody"},
		{WARD_TYPE_MBOX, "From a@example.org Thu Jan  1 00:00:00 1970\nFrom: a\nTo: b\n"
				 "Subject: c\n\nbody\n"},
		{WARD_TYPE_TEXT, "From here on it is only prose.\nTo be read.\n"},
		{WARD_TYPE_TEXT,
		 "This function is const; import it yourself, said the author of the "
		 "document about typeof and undefined values in a long line of prose."},
		{WARD_TYPE_TEXT, "plain words only\n"},
	};

	(void)state;
	check_texts(samples, sizeof(samples) / sizeof(samples[0]));
}

static void
check_at(enum ward_type want, size_t size, size_t offset, const void *bytes, size_t len)
{
	uint8_t *buf = test_calloc(1, size);

	memcpy(buf + offset, bytes, len);
	assert_string_equal(ward_type_name(ward_identify(ward_span_of(buf, size))),
			    ward_type_name(want));
	test_free(buf);
}

static void
test_magic_numbers(void **state)
{
	(void)state;
	check_at(WARD_TYPE_ELF, 64, 0,
		 "\x7f"
		 "ELF",
		 4);
	check_at(WARD_TYPE_ZIP, 64, 0, "PK\3\4", 4);
	check_at(WARD_TYPE_OOXML, 640, 0, "PK\3\4..........................[Content_Types].xml",
		 49);
	check_at(WARD_TYPE_TAR, 1024, 257, "ustar", 5);
	check_at(WARD_TYPE_ISO, 40000, 32769, "CD001", 5);
	check_at(WARD_TYPE_PDF, 64, 10, "%PDF-1.4", 8);
	check_at(WARD_TYPE_GZIP, 64, 0, "\x1f\x8b\x08\x00", 4);
	check_at(WARD_TYPE_DATA, 64, 0, "\x1f\x8b\x08\xe0", 4);
	check_at(WARD_TYPE_BZIP2, 64, 0, "BZh91AY&SY", 10);
	check_at(WARD_TYPE_DATA, 64, 0, "BZh9xxxxxx", 10);
	check_at(WARD_TYPE_JAVA_CLASS, 64, 0, "\xca\xfe\xba\xbe\0\0\0\x34", 8);
	check_at(WARD_TYPE_MACHO, 64, 0, "\xca\xfe\xba\xbe\0\0\0\x02", 8);
	check_at(WARD_TYPE_DATA, 64, 0, "MZ", 2);
	check_at(WARD_TYPE_LZMA, 64, 0, "\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0", 14);
	check_at(WARD_TYPE_COMPRESS, 64, 0, "\x1f\x9d\x90", 3);
	check_at(WARD_TYPE_ARJ, 64, 0, "\x60\xea\x2c\0\x22\x0b\1\2\x10\0\2", 11);
	check_at(WARD_TYPE_DATA, 64, 0, "\x60\xea\x2c\0\x22\x0b\1\2\x10\0\3", 11);
	check_at(WARD_TYPE_LHA, 64, 2, "-lh5-", 5);
	check_at(WARD_TYPE_NSIS, 64, 4, "\xef\xbe\xad\xdeNullsoftInst", 16);
	check_at(WARD_TYPE_TNEF, 64, 0, "\x78\x9f\x3e\x22", 4);
	assert_int_equal(ward_identify(ward_span_of(NULL, 0)), WARD_TYPE_EMPTY);
}

static void
test_pe_needs_its_signature(void **state)
{
	uint8_t file[128] = {'M', 'Z'};

	(void)state;
	file[60] = 64;
	assert_int_equal(ward_identify(ward_span_of(file, sizeof(file))), WARD_TYPE_DATA);
	memcpy(file + 64, "PE\0\0", 4);
	assert_int_equal(ward_identify(ward_span_of(file, sizeof(file))), WARD_TYPE_PE);
	memset(file + 60, 0xff, 4);
	assert_int_equal(ward_identify(ward_span_of(file, sizeof(file))), WARD_TYPE_DATA);
}

static void
test_old_tar_needs_its_checksum(void **state)
{
	uint8_t header[512] = {'a'};
	unsigned sum = 'a' + 8 * ' ';

	(void)state;
	assert_int_equal(ward_identify(ward_span_of(header, sizeof(header))), WARD_TYPE_DATA);
	(void)snprintf((char *)header + 148, 8, "%06o", sum);
	assert_int_equal(ward_identify(ward_span_of(header, sizeof(header))), WARD_TYPE_TAR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scripts_by_first_line),
		cmocka_unit_test(test_texts_by_content),
		cmocka_unit_test(test_magic_numbers),
		cmocka_unit_test(test_pe_needs_its_signature),
		cmocka_unit_test(test_old_tar_needs_its_checksum),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
