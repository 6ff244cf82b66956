/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions of a loop share the buffer of the frame being sent: answers of many connections, taken out
 * in turns and in pieces, arrive whole, and a message that several send stays theirs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cloud/edge/edge-priv.h"

enum { PAIRS = 7, MESSAGES = 5, MESSAGE = 40000 };

/* One connection, both ends; what the client's stream got. */
struct pair {
	struct edge_conn *server;
	nghttp2_session *client;
	size_t got;
	bool wrong;
	unsigned sent;
};

static struct pair pairs[PAIRS];

/* Byte `at` of what pair `who` is sent: no two are alike. */
static uint8_t
byte_of(size_t who, size_t at)
{
	return (uint8_t)((at * 31 + at / 251) ^ (who * 37 + 11));
}

static size_t
who_is(const struct ward_call *call)
{
	size_t i = 0;

	while (pairs[i].server != call->conn)
		i++;
	return i;
}

static void
on_message(struct ward_call *call, struct ward_span message)
{
	(void)message;
	ward_call_wake(call);
}

static struct ward_message *
on_next(struct ward_call *call)
{
	size_t who = who_is(call), from = (size_t)pairs[who].sent * MESSAGE;
	struct ward_message *message;
	uint8_t *body;

	if (pairs[who].sent == MESSAGES)
		return NULL;
	pairs[who].sent++;
	message = ward_message_new(MESSAGE - WARD_GRPC_PREFIX, &body);
	assert_non_null(message);
	for (size_t i = WARD_GRPC_PREFIX; i < MESSAGE; i++)
		body[i - WARD_GRPC_PREFIX] = byte_of(who, from + i);
	return message;
}

static const struct ward_method methods[] = {
	{.path = "/s",
	 .kind = WARD_CALL_SERVER_STREAM,
	 .open = true,
	 .message_max = 100,
	 .message = on_message,
	 .next = on_next},
};

static struct ward_edge edge = {
	.o = {.method_count = 1,
	      .streams_max = 4,
	      .address_max = PAIRS,
	      .idle_ms = 60000,
	      .stall_ms = 60000,
	      .loop_memory = 64 << 20},
	.methods = (struct ward_method *)(uintptr_t)methods,
	.loop_count = 1,
};
static struct edge_loop loop = {.edge = &edge, .poller = -1, .wakeup = -1, .listener = -1};

/* --- the client's end --- */

static int
on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data, size_t len,
	void *context)
{
	struct pair *p = context;
	size_t who = (size_t)(p - pairs);

	(void)session;
	(void)flags;
	(void)stream;
	for (size_t i = 0; i < len; i++, p->got++)
		p->wrong |= p->got % MESSAGE >= WARD_GRPC_PREFIX && data[i] != byte_of(who, p->got);
	return 0;
}

static ssize_t
give_request(nghttp2_session *session, int32_t stream, uint8_t *into, size_t room, uint32_t *flags,
	     nghttp2_data_source *source, void *context)
{
	(void)session;
	(void)stream;
	(void)room;
	(void)source;
	(void)context;
	memset(into, 0, WARD_GRPC_PREFIX);
	*flags |= NGHTTP2_DATA_FLAG_EOF;
	return WARD_GRPC_PREFIX;
}

static nghttp2_nv
header(const char *name, const char *value)
{
	return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name),
			    strlen(value), 0};
}

static void
begin(struct pair *p)
{
	nghttp2_nv nv[] = {header(":method", "POST"), header(":scheme", "https"),
			   header(":path", "/s"), header(":authority", "x"),
			   header("content-type", "application/grpc")};
	nghttp2_data_provider provider = {.read_callback = give_request};
	nghttp2_session_callbacks *callbacks;

	p->server = calloc(1, sizeof(*p->server));
	assert_non_null(p->server);
	*p->server = (struct edge_conn){.loop = &loop, .fd = -1, .shaken = true};
	p->server->memory = (struct ward_budget){.cap = 1 << 20, .parent = &loop.memory};
	p->server->next = loop.conns;
	if (p->server->next)
		p->server->next->prev = p->server;
	loop.conns = p->server;
	assert_true(edge_address_take(&loop, ""));
	assert_int_equal(edge_conn_session(p->server), WARD_OK);
	assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	assert_int_equal(nghttp2_session_client_new(&p->client, callbacks, p), 0);
	nghttp2_session_callbacks_del(callbacks);
	assert_int_equal(nghttp2_submit_settings(p->client, 0, NULL, 0), 0);
	assert_true(nghttp2_submit_request(p->client, NULL, nv, 5, &provider, NULL) > 0);
}

/* One frame from the one to the other; false: it has none. */
static bool
carry(nghttp2_session *from, nghttp2_session *to)
{
	const uint8_t *data;
	ssize_t n = nghttp2_session_mem_send(from, &data);

	assert_true(n >= 0);
	if (n > 0)
		assert_int_equal(nghttp2_session_mem_recv(to, data, (size_t)n), n);
	return n > 0;
}

static void
test_shared_frame(void **state)
{
	bool more = true;

	(void)state;
	for (size_t i = 0; i < PAIRS; i++)
		begin(&pairs[i]);
	while (more) { /* a frame of each in turn: the buffer is everybody's in between */
		more = false;
		for (size_t i = 0; i < PAIRS; i++) {
			more |= carry(pairs[i].client, pairs[i].server->session);
			more |= carry(pairs[i].server->session, pairs[i].client);
		}
	}
	for (size_t i = 0; i < PAIRS; i++) {
		assert_int_equal(pairs[i].got, MESSAGES * MESSAGE);
		assert_false(pairs[i].wrong);
		nghttp2_session_del(pairs[i].client);
		edge_conn_free(pairs[i].server);
	}
	assert_int_equal(loop.memory.used, 0);
}

static void
test_counted(void **state)
{
	uint8_t *body;
	struct ward_message *message = ward_message_new(3, &body);

	(void)state;
	assert_non_null(message);
	memcpy(body, "abc", 3);
	assert_ptr_equal(ward_message_share(message), message);
	ward_message_done(message);
	assert_memory_equal(message->bytes, "\0\0\0\0\3abc", 8);
	ward_message_done(message);
	ward_message_done(NULL);
}

static int
setup(void **state)
{
	(void)state;
	return edge_loop_init(&loop) ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	edge_loop_done(&loop);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared_frame),
		cmocka_unit_test(test_counted),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
