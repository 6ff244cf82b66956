/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

static int ends[2];

static const char *
line(void)
{
	static char text[16384];
	ssize_t n = read(ends[0], text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = 0;
	return text;
}

static void
test_json(void **state)
{
	json_t *object;

	(void)state;
	ward_say_init("test", ends[1], WARD_INFO, false);
	ward_say(WARD_WARNING, "a.b", "say \"it\"\n", "name", "v\xff\x01\\", "other", "2", NULL);
	object = json_loads(line(), 0, NULL);
	assert_non_null(object);
	assert_string_equal(json_string_value(json_object_get(object, "message")), "say \"it\"\n");
	assert_string_equal(json_string_value(json_object_get(object, "log.level")), "warning");
	assert_string_equal(json_string_value(json_object_get(object, "name")),
			    "v\xef\xbf\xbd\x01\\");
	assert_string_equal(json_string_value(json_object_get(object, "other")), "2");
	json_decref(object);
	ward_say(WARD_DEBUG, "a.b", "not this", NULL);
	assert_string_equal(line(), "");
}

static void
test_text(void **state)
{
	(void)state;
	ward_say_init("test", ends[1], WARD_DEBUG, true);
	ward_say(WARD_DEBUG, "a.b", "started", "port", "1", NULL);
	assert_non_null(strstr(line(), "Z debug   started port=\"1\"\n"));
}

static void
test_a_full_pipe_is_not_waited_for(void **state)
{
	static char block[4096];
	uint64_t before = ward_say_dropped();

	(void)state;
	while (write(ends[1], block, sizeof(block)) > 0)
		;
	ward_say_init("test", ends[1], WARD_INFO, false);
	ward_say(WARD_INFO, "a.b", "lost", NULL);
	assert_int_equal(ward_say_dropped(), before + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_a_full_pipe_is_not_waited_for),
	};

	if (pipe2(ends, O_NONBLOCK))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
