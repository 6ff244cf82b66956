/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guard/origin/proc.h"
#include "sys/fd.h"

static void
test_stat_of_a_process_with_a_hostile_name(void **state)
{
	static const char text[] = "7 (a) R 1 (x) S 42 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 "
				   "9000 1 2\n";
	static const char *const bad[] = {
		"",
		"7 a S 1",
		"7 (a",
		"7 )a( S 1",
		"7 (a) S x 1",
		"7 (a) S 99999999999 7 7 0 -1 4 1 2 3 4 5 6 7 8 2 0 1 0 9"};
	struct ward_proc_stat stat;

	(void)state;
	assert_int_equal(ward_proc_parse_stat(ward_span_str(text), &stat), WARD_OK);
	assert_string_equal(stat.name, "a) R 1 (x");
	assert_int_equal(stat.state, 'S');
	assert_int_equal(stat.parent, 42);
	assert_int_equal(stat.start, 9000);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ward_proc_parse_stat(ward_span_str(bad[i]), &stat), WARD_E_FORMAT);
	assert_int_equal(ward_proc_stat(getpid(), &stat), WARD_OK);
	assert_int_equal(stat.parent, getppid());
}

static void
test_sockets(void **state)
{
	static const struct {
		const char *remote;
		bool is;
	} ends[] = {
		{"010200C0:01BB", true},			  /* 192.0.2.1 */
		{"0100007F:01BB", false},			  /* 127.0.0.1 */
		{"00000000:0000", false},			  /* listening */
		{"00000000000000000000000001000000:01BB", false}, /* ::1 */
		{"00000000000000000000000000000000:0000", false},
		{"B80D0120000000000000000001000000:01BB", true},  /* 2001:db8::1 */
		{"0000000000000000FFFF00000100007F:01BB", false}, /* ::ffff:127.0.0.1 */
		{"0000000000000000FFFF0000010200C0:01BB", true},
		{"xyz", false},
	};
	char line[256];

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct ward_proc_socket socket;
		struct ward_span rest;

		(void)snprintf(line, sizeof(line),
			       "   1: 0100007F:1F90 %s 01 00000000:00000000 00:00000000 00000000  "
			       "1000        0 4711 1 0 20\n",
			       ends[i].remote);
		rest = ward_span_str(line);
		assert_int_equal(ward_proc_next_socket(&rest, &socket), WARD_OK);
		assert_int_equal(socket.inode, 4711);
		assert_int_equal(socket.remote, ends[i].is);
		assert_int_equal(ward_proc_next_socket(&rest, &socket), WARD_E_NOENT);
	}
}

/* A UDP socket's connect sends nothing. */
static void
test_a_connection_of_our_own(void **state)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	WARD_AUTO(ward_fd_close) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_true(fd >= 0);
	assert_false(ward_proc_has_connection(getpid()));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_false(ward_proc_has_connection(getpid()));
	/* Bound to the loopback address now. */
	ward_fd_close(&fd);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(inet_pton(AF_INET, "192.0.2.1", &to.sin_addr), 1);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		assert_int_equal(errno, ENETUNREACH);
		print_message("no route to anywhere: a connection cannot be shown here\n");
		skip();
	}
	assert_true(ward_proc_has_connection(getpid()));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stat_of_a_process_with_a_hostile_name),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_a_connection_of_our_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
