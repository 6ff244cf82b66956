/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/ipc.h"

static uint8_t room[WARD_IPC_MESSAGE_MAX];

static void
test_messages_keep_their_borders(void **state)
{
	struct ward_ipc_message m;
	int ends[2];

	(void)state;
	assert_int_equal(ward_ipc_pair(ends), WARD_OK);
	assert_int_equal(ward_ipc_recv(ends[1], room, &m, false), WARD_E_LIMIT);
	assert_int_equal(ward_ipc_send(ends[0], ward_span_str("one"), NULL, 0, true), WARD_OK);
	assert_int_equal(ward_ipc_send(ends[0], ward_span_str("two!"), NULL, 0, true), WARD_OK);
	assert_int_equal(ward_ipc_recv(ends[1], room, &m, true), WARD_OK);
	assert_int_equal(m.len, 3);
	assert_int_equal(m.fd_count, 0);
	assert_int_equal(ward_ipc_recv(ends[1], room, &m, true), WARD_OK);
	assert_memory_equal(room, "two!", 4);
	ward_fd_close(&ends[0]);
	assert_int_equal(ward_ipc_recv(ends[1], room, &m, true), WARD_E_GONE);
	assert_int_equal(ward_ipc_send(ends[1], ward_span_str("x"), NULL, 0, true), WARD_E_GONE);
	ward_fd_close(&ends[1]);
}

static void
test_sizes(void **state)
{
	uint8_t *big = calloc(1, WARD_IPC_MESSAGE_MAX + 1);
	struct ward_ipc_message m;
	int ends[2];

	(void)state;
	assert_non_null(big);
	assert_int_equal(ward_ipc_pair(ends), WARD_OK);
	assert_int_equal(ward_ipc_send(ends[0], ward_span_of(big, 0), NULL, 0, true), WARD_E_INVAL);
	assert_int_equal(
		ward_ipc_send(ends[0], ward_span_of(big, WARD_IPC_MESSAGE_MAX + 1), NULL, 0, true),
		WARD_E_INVAL);
	assert_int_equal(
		ward_ipc_send(ends[0], ward_span_of(big, WARD_IPC_MESSAGE_MAX), NULL, 0, true),
		WARD_OK);
	assert_int_equal(ward_ipc_recv(ends[1], room, &m, true), WARD_OK);
	assert_int_equal(m.len, WARD_IPC_MESSAGE_MAX);
	/* A peer that does not keep to this face. */
	assert_int_equal(send(ends[0], big, WARD_IPC_MESSAGE_MAX + 1, 0), WARD_IPC_MESSAGE_MAX + 1);
	assert_int_equal(ward_ipc_recv(ends[1], room, &m, true), WARD_E_PROTO);
	while (ward_ipc_send(ends[0], ward_span_of(big, WARD_IPC_MESSAGE_MAX), NULL, 0, false) ==
	       WARD_OK)
		;
	assert_int_equal(ward_ipc_send(ends[0], ward_span_of(big, 9), NULL, 0, false),
			 WARD_E_LIMIT);
	ward_fd_close(&ends[0]);
	ward_fd_close(&ends[1]);
	free(big);
}

static void
test_descriptors_travel(void **state)
{
	struct ward_ipc_message m;
	int ends[2], fds[WARD_IPC_FDS_MAX];
	struct ward_fd_stat here, there;

	(void)state;
	assert_int_equal(ward_ipc_pair(ends), WARD_OK);
	for (int i = 0; i < WARD_IPC_FDS_MAX; i++)
		assert_int_equal(ward_fd_memory("t", &fds[i]), WARD_OK);
	assert_int_equal(ward_ipc_send(ends[0], ward_span_str("x"), fds, WARD_IPC_FDS_MAX, true),
			 WARD_OK);
	assert_int_equal(ward_ipc_recv(ends[1], room, &m, true), WARD_OK);
	assert_int_equal(m.fd_count, WARD_IPC_FDS_MAX);
	for (int i = 0; i < WARD_IPC_FDS_MAX; i++) {
		assert_int_equal(fcntl(m.fds[i], F_GETFD), FD_CLOEXEC);
		assert_int_equal(ward_fd_stat(fds[i], &here), WARD_OK);
		assert_int_equal(ward_fd_stat(m.fds[i], &there), WARD_OK);
		assert_int_equal(here.inode, there.inode);
		ward_fd_close(&fds[i]);
	}
	ward_ipc_message_close(&m);
	assert_int_equal(m.fd_count, 0);
	ward_fd_close(&ends[0]);
	ward_fd_close(&ends[1]);
}

/* A worker that answers one request and crashes on the next has not read the third. */
static void
test_last_words_are_heard(void **state)
{
	struct ward_ipc_message m;
	int ends[2];

	(void)state;
	assert_int_equal(ward_ipc_pair(ends), WARD_OK);
	assert_int_equal(ward_ipc_send(ends[0], ward_span_str("read"), NULL, 0, true), WARD_OK);
	assert_int_equal(ward_ipc_send(ends[0], ward_span_str("unread"), NULL, 0, true), WARD_OK);
	assert_int_equal(ward_ipc_recv(ends[1], room, &m, true), WARD_OK);
	assert_int_equal(ward_ipc_send(ends[1], ward_span_str("answer"), NULL, 0, true), WARD_OK);
	ward_fd_close(&ends[1]);
	assert_int_equal(ward_ipc_recv(ends[0], room, &m, true), WARD_OK);
	assert_memory_equal(room, "answer", 6);
	assert_int_equal(ward_ipc_recv(ends[0], room, &m, true), WARD_E_GONE);
	ward_fd_close(&ends[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages_keep_their_borders),
		cmocka_unit_test(test_last_words_are_heard),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_descriptors_travel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
