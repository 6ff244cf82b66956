/* SPDX-License-Identifier: Apache-2.0 */
/* What a channel can be tested for without a server; tests/cloud/client.bats has the rest. */
#include "client/client.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/net.h"

#include <poll.h>
#include <stdio.h>

static void
test_addresses(void **state)
{
	(void)state;
	assert_true(ward_address_valid("cloud.example.org:7443"));
	assert_true(ward_address_valid("127.0.0.1:1"));
	assert_true(ward_address_valid("[::1]:65535"));
	assert_false(ward_address_valid("cloud.example.org"));
	assert_false(ward_address_valid("a:0"));
	assert_false(ward_address_valid("a:65536"));
	assert_false(ward_address_valid("a:+1"));
	assert_false(ward_address_valid(":443"));
	assert_false(ward_address_valid("a/b:443"));
	assert_false(ward_address_valid("user@a:443"));
	assert_false(ward_address_valid("a b:443"));
	assert_false(ward_address_valid("[::1:443"));
	assert_false(ward_address_valid(""));
}

static void
test_proxies(void **state)
{
	char shown[64];

	(void)state;
	assert_true(ward_proxy_valid("http://proxy:3128"));
	assert_true(ward_proxy_valid("socks5h://u:p%40x@[::1]:1080"));
	assert_false(ward_proxy_valid("proxy:3128"));
	assert_false(ward_proxy_valid("ftp://proxy:3128"));
	assert_false(ward_proxy_valid("http://proxy"));
	assert_false(ward_proxy_valid("http://proxy:3128/path"));
	assert_false(ward_proxy_valid("http://pro xy:3128"));
	assert_string_equal(ward_proxy_shown("http://u:secret@proxy:3128", shown, sizeof(shown)),
			    "http://***@proxy:3128");
	assert_string_equal(ward_proxy_shown("http://proxy:3128", shown, sizeof(shown)),
			    "http://proxy:3128");
}

struct seen {
	unsigned done, order[4], timers;
	struct ward_call_end end;
	struct ward_client *client;
};

static void
on_done(void *context, const struct ward_call_end *end, const void *reply)
{
	struct seen *seen = context;

	assert_null(reply);
	seen->done++;
	seen->end = *end;
}

/* A look-up at this address, with the CA's fingerprint all zero. */
static struct ward_client *
client_for(const char *server)
{
	static const uint8_t nobody[32];
	struct ward_channel_options options = {
		.server = server, .ca_sha256 = nobody, .connect_ms = 300};
	struct ward_client *client = NULL;

	assert_int_equal(ward_client_new(&options, &client), WARD_OK);
	return client;
}

static struct ward_ask *
ask(struct ward_client *client, struct seen *seen, unsigned deadline_ms, unsigned attempts)
{
	Ward__V1__LookupRequest request = WARD__V1__LOOKUP_REQUEST__INIT;
	const ProtobufCMessage *message = &request.base;
	struct ward_ask_spec spec = {.kind = WARD_ASK_LOOKUP,
				     .messages = &message,
				     .message_count = 1,
				     .deadline_ms = deadline_ms,
				     .attempts = attempts,
				     .done = on_done,
				     .context = seen};
	struct ward_ask *started = NULL;

	assert_int_equal(ward_ask_start(client, &spec, &started), WARD_OK);
	return started;
}

static void
test_options(void **state)
{
	struct ward_channel_options options = {.server = "localhost:1"};
	struct ward_channel *channel = NULL;

	(void)state;
	assert_int_equal(ward_channel_new(&options, &channel), WARD_E_INVAL); /* no CA */
	options.ca = ward_span_str("x");
	options.server = "localhost";
	assert_int_equal(ward_channel_new(&options, &channel), WARD_E_INVAL);
	options.server = "localhost:1";
	options.proxy = "localhost:3128";
	assert_int_equal(ward_channel_new(&options, &channel), WARD_E_INVAL);
	assert_null(channel);
}

/* Nobody listens: tried again, then the breaker says no at once. */
static void
test_refused_and_breaker(void **state)
{
	struct ward_client *client = client_for("127.0.0.1:1");
	struct seen seen = {0};

	(void)state;
	ward_client_breaker(client)->threshold = 2;
	(void)ask(client, &seen, 10000, 2);
	while (!seen.done)
		ward_client_wait(client, 1000);
	assert_int_equal(seen.end.fault, WARD_FAULT_CONNECT);
	assert_int_equal(seen.end.attempts, 2);
	assert_int_equal(ward_client_breaker(client)->state, WARD_BREAKER_OPEN);
	assert_true(ward_client_contact(client)->failed_ms > 0);
	(void)ask(client, &seen, 10000, 4);
	while (seen.done < 2)
		ward_client_wait(client, 1000);
	assert_int_equal(seen.end.fault, WARD_FAULT_BREAKER);
	assert_int_equal(seen.end.attempts, 0);
	assert_int_equal(ward_client_asking(client), 0);
	ward_client_free(client);
}

/* A socket that takes connections and says nothing. */
static void
test_silence(void **state)
{
	struct ward_client *client;
	struct seen seen = {0};
	char server[32];
	int listener = -1;

	(void)state;
	assert_int_equal(ward_net_listen("127.0.0.1:0", &listener), WARD_OK);
	(void)snprintf(server, sizeof(server), "127.0.0.1:%u", ward_net_port(listener));
	client = client_for(server);
	(void)ask(client, &seen, 10000, 1);
	while (!seen.done)
		ward_client_wait(client, 1000);
	assert_int_equal(seen.end.fault, WARD_FAULT_TIMEOUT);
	assert_string_equal(seen.end.text, "in the TLS handshake");
	/* cancelled while it waits */
	seen.done = 0;
	ward_ask_cancel(ask(client, &seen, 10000, 1));
	while (!seen.done)
		ward_client_wait(client, 1000);
	assert_int_equal(seen.end.fault, WARD_FAULT_CANCELLED);
	/* freed while it waits */
	seen.done = 0;
	(void)ask(client, &seen, 10000, 1);
	ward_client_work(client);
	ward_client_work(client);
	ward_client_free(client);
	assert_int_equal(seen.done, 1);
	assert_int_equal(seen.end.fault, WARD_FAULT_CANCELLED);
	ward_fd_close(&listener);
}

struct timed {
	struct ward_timer timer;
	struct seen *seen;
	unsigned name;
};

static void
on_timer(void *context)
{
	struct timed *t = context;

	t->seen->order[t->seen->timers++] = t->name;
}

static void
test_timers(void **state)
{
	static const uint8_t nobody[32];
	struct ward_channel_options options = {.server = "localhost:1", .ca_sha256 = nobody};
	struct ward_channel *channel = NULL;
	struct seen seen = {0};
	struct timed timers[3] = {
		{.seen = &seen, .name = 1}, {.seen = &seen, .name = 2}, {.seen = &seen, .name = 3}};
	struct pollfd p;
	uint64_t now = ward_clock_monotonic();

	(void)state;
	assert_int_equal(ward_channel_new(&options, &channel), WARD_OK);
	ward_timer_set(channel, &timers[0].timer, now + 2000, on_timer, &timers[0]);
	ward_timer_set(channel, &timers[1].timer, now + 1000, on_timer, &timers[1]);
	ward_timer_set(channel, &timers[2].timer, now + 1500, on_timer, &timers[2]);
	ward_timer_clear(&timers[2].timer);
	ward_timer_clear(&timers[2].timer);
	p = (struct pollfd){.fd = ward_channel_fd(channel), .events = POLLIN};
	assert_int_equal(poll(&p, 1, 5000), 1); /* the one descriptor tells of timers too */
	while (seen.timers < 2)
		ward_channel_wait(channel, 1000);
	assert_int_equal(seen.order[0], 2);
	assert_int_equal(seen.order[1], 1);
	ward_channel_free(channel);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses), cmocka_unit_test(test_proxies),
		cmocka_unit_test(test_options),	  cmocka_unit_test(test_refused_and_breaker),
		cmocka_unit_test(test_silence),	  cmocka_unit_test(test_timers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
