/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/net.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void
test_listen_and_accept(void **state)
{
	int first = -1, second = -1, taken = -1, client;
	char address[64], from[WARD_NET_ADDRESS];
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	(void)state;
	assert_int_equal(ward_net_listen("127.0.0.1:0", &first), WARD_OK);
	assert_true(ward_net_port(first) > 0);
	assert_int_equal(
		ward_net_with_port("127.0.0.1:0", ward_net_port(first), address, sizeof(address)),
		WARD_OK);
	assert_int_equal(ward_net_listen(address, &second), WARD_OK);
	close(second);
	assert_int_equal(ward_net_accept(first, &taken, from), WARD_E_NOENT);
	to.sin_port = htons(ward_net_port(first));
	client = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(ward_net_accept(first, &taken, from), WARD_OK);
	assert_string_equal(from, "127.0.0.1");
	close(taken);
	close(client);
	close(first);
}

static void
test_connect(void **state)
{
	struct pollfd writable = {.fd = -1, .events = POLLOUT};
	char from[WARD_NET_ADDRESS], address[64];
	int listener = -1, taken = -1;

	(void)state;
	assert_int_equal(ward_net_listen("127.0.0.1:0", &listener), WARD_OK);
	assert_int_equal(ward_net_with_port("127.0.0.1:0", ward_net_port(listener), address,
					    sizeof(address)),
			 WARD_OK);
	assert_int_equal(ward_net_connect(address, &writable.fd), WARD_OK);
	assert_int_equal(poll(&writable, 1, 10000), 1);
	assert_int_equal(ward_net_connected(writable.fd), WARD_OK);
	assert_int_equal(ward_net_accept(listener, &taken, from), WARD_OK);
	close(taken);
	close(writable.fd);
	close(listener);
	/* nobody listens any more: refused now or later */
	if (!ward_net_connect(address, &writable.fd)) {
		assert_int_equal(poll(&writable, 1, 10000), 1);
		assert_int_not_equal(ward_net_connected(writable.fd), WARD_OK);
		close(writable.fd);
	}
	assert_int_equal(ward_net_connect("localhost:1", &taken), WARD_E_INVAL);
}

static void
test_addresses(void **state)
{
	static const char *const bad[] = {
		"",	  "1",	"127.0.0.1", "x:1", ":1", "127.0.0.1:65536", "127.0.0.1:1x",
		"[::1:1", "::1"};
	int fd = -1;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ward_net_listen(bad[i], &fd), WARD_E_INVAL);
	assert_int_equal(fd, -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listen_and_accept),
		cmocka_unit_test(test_connect),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
