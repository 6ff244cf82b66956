/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guard/origin/address.h"

static char host[WARD_HOST_ROOM];

static void
test_hosts(void **state)
{
	static const char *const good[][2] = {
		{"https://Example.ORG/a?b=c@d", "example.org"},
		{"HTTP://user:pass@host.example:8080/x", "host.example"},
		{"http://bank.example@evil.example/", "evil.example"},
		{"ftp://a@b@c.example", "c.example"},
		{"http://[2001:DB8::1]:443/", "[2001:db8::1]"},
		{"http://h.example:/", "h.example"},
		{"http://evil.example\\@bank.example/", "evil.example"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(ward_address_host(ward_span_str(good[i][0]), host), WARD_OK);
		assert_string_equal(host, good[i][1]);
	}
}

static void
test_what_is_no_host(void **state)
{
	static const char *const bad[] = {
		"",
		"http://",
		"file:///etc/passwd",
		"javascript:alert(1)",
		"http:///path",
		"http://a b/",
		"http://a\nb/",
		"http://h:99999/",
		"http://h:x/",
		"http://[::1",
		"http://[]/",
		"http://[::1]x/",
		"http://\xff/",
	};
	char longest[WARD_ADDRESS_MAX + 8];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ward_address_host(ward_span_str(bad[i]), host), WARD_E_FORMAT);
	assert_int_equal(ward_address_host(ward_span_of("http://a\0b", 10), host), WARD_E_FORMAT);
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "http://", 7);
	assert_int_equal(ward_address_host(ward_span_of(longest, 7 + 253), host), WARD_OK);
	assert_int_equal(ward_address_host(ward_span_of(longest, 7 + 254), host), WARD_E_FORMAT);
	assert_int_equal(ward_address_host(ward_span_of(longest, sizeof(longest)), host),
			 WARD_E_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_what_is_no_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
