/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/grpc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Three messages, the second one empty, in pieces of every size. */
static void
test_pieces(void **state)
{
	static const uint8_t stream[] = {0, 0, 0, 0, 3, 'a', 'b', 'c', 0,  0,
					 0, 0, 0, 0, 0, 0,   0,	  1,   'd'};
	static const char *const expected[] = {"abc", "", "d"};

	(void)state;
	for (size_t size = 1; size <= sizeof(stream); size++) {
		struct ward_grpc_deframer d;
		size_t n = 0;

		ward_grpc_deframer_init(&d, 3, NULL);
		for (size_t at = 0; at < sizeof(stream); at += size) {
			struct ward_span in =
				ward_span_cut(ward_span_of(stream, sizeof(stream)), at, size);
			struct ward_span message = {0};
			enum ward_rc rc;

			while (!(rc = ward_grpc_deframe(&d, &in, &message))) {
				if (n == 3)
					fail();
				assert_true(ward_span_eq(message, ward_span_str(expected[n++])));
			}
			assert_int_equal(rc, WARD_E_NOENT);
			assert_int_equal(in.len, 0);
		}
		assert_int_equal(n, 3);
		assert_true(ward_grpc_deframer_idle(&d));
		ward_grpc_deframer_done(&d);
	}
}

static enum ward_rc
first(const char *bytes, size_t len)
{
	struct ward_span in = ward_span_of(bytes, len), message;
	struct ward_grpc_deframer d;
	enum ward_rc rc;

	ward_grpc_deframer_init(&d, 100, NULL);
	rc = ward_grpc_deframe(&d, &in, &message);
	assert_int_equal(ward_grpc_deframer_idle(&d), rc != WARD_E_NOENT || len == 0);
	ward_grpc_deframer_done(&d);
	return rc;
}

static void
test_refused(void **state)
{
	(void)state;
	assert_int_equal(first("\0\0\0\0\x65", 5), WARD_E_LIMIT);
	assert_int_equal(first("\0\xff\xff\xff\xff", 5), WARD_E_LIMIT);
	assert_int_equal(first("\1\0\0\0\1x", 6), WARD_E_UNSUPPORTED);
	assert_int_equal(first("\2\0\0\0\1x", 6), WARD_E_PROTO);
	assert_int_equal(first("\0\0\0", 3), WARD_E_NOENT);
	assert_int_equal(first("", 0), WARD_E_NOENT);
}

static void
test_timeouts(void **state)
{
	static const struct {
		const char *text;
		uint64_t usec;
	} good[] = {{"1H", UINT64_C(3600000000)},
		    {"2M", 120000000},
		    {"3S", 3000000},
		    {"4m", 4000},
		    {"5u", 5},
		    {"6000n", 6}};
	static const char *const bad[] = {"", "1", "S", "-1S", "1s", "123456789S", "1 S"};
	uint64_t usec = 0;
	char text[16];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(ward_grpc_timeout_parse(ward_span_str(good[i].text), &usec),
				 WARD_OK);
		assert_int_equal(usec, good[i].usec);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ward_grpc_timeout_parse(ward_span_str(bad[i]), &usec),
				 WARD_E_FORMAT);
	ward_grpc_timeout_text(5000000, text);
	assert_string_equal(text, "5000000u");
	ward_grpc_timeout_text(UINT64_MAX, text);
	assert_string_equal(text, "99999999m");
}

static void
test_messages(void **state)
{
	char text[64], back[64];

	(void)state;
	ward_grpc_message_encode("a%b\n\xc3\xa4", text, sizeof(text));
	assert_string_equal(text, "a%25b%0A%C3%A4");
	ward_grpc_message_decode(ward_span_str(text), back, sizeof(back));
	assert_string_equal(back, "a%b\n\xc3\xa4");
	assert_int_equal(ward_grpc_message_encode("%%", text, 6), 3);
	ward_grpc_message_decode(ward_span_str("100%"), back, sizeof(back));
	assert_string_equal(back, "100%");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_timeouts),
		cmocka_unit_test(test_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
