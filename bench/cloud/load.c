/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Load over HTTP/2 and TLS with client certificates: closed (a new request for each answer) or at a
 * given rate, where latency counts from the moment a request was due, not from when it could be sent
 * (no coordinated omission). One thread; pin it with taskset. Prints one line of JSON; "late_p99_us"
 * is how late this client itself was with its requests: much of it means that it measured itself.
 *
 *	load HOST PORT PATH --body FILE [--get] [--ca PEM --cert PEM --key PEM] [--connections 8]
 *	     [--streams 32] [--seconds 5] [--warm 1] [--rate N | --once]
 *
 * FILE holds gRPC messages with their prefixes; they are sent in turn, with --once each
 * of them once, however long that takes. --get sends GET without one.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/span.h"
#include "sys/clock.h"

enum { OUT = 256 * 1024, BUCKETS = 64 * 32, BODIES_MAX = 65536 };

struct stream {
	uint64_t due; /* µs */
	size_t body, sent;
	bool good;
	struct stream *next; /* free list */
};

struct connection {
	int fd;
	SSL *ssl;
	nghttp2_session *session;
	uint8_t *out;
	size_t out_len, out_sent;
	unsigned active;
	bool want_write;
};

static struct {
	const char *host, *port, *path, *body_file, *ca, *cert, *key;
	bool get, once;
	unsigned connections, streams;
	double seconds, warm, rate;
} opt = {.connections = 8, .streams = 32, .seconds = 5, .warm = 1};

static struct ward_span bodies[BODIES_MAX];
static size_t body_count, next_body, taken;
static struct connection *connections;
static struct stream *free_streams;
static uint64_t started, measured, done, failed, bytes_in;
static uint64_t histogram[BUCKETS], late[BUCKETS]; /* 32 buckets a power of two, ns */
static int poller;

static void
die(const char *what)
{
	(void)fprintf(stderr, "load: %s\n", what);
	exit(2);
}

/* --- latency --- */

static size_t
bucket_of(uint64_t ns)
{
	unsigned power;

	if (ns < 32)
		return (size_t)ns;
	power = 63U - (unsigned)__builtin_clzll(ns);
	return (size_t)(power - 4) * 32 + (size_t)(ns >> (power - 5)) - 32;
}

static double
bucket_usec(size_t bucket)
{
	if (bucket < 32)
		return (double)bucket / 1000;
	return (double)(((uint64_t)(bucket % 32) + 33) << (bucket / 32 - 1)) / 1000;
}

static double
quantile(const uint64_t histogram_of[BUCKETS], double q)
{
	uint64_t sum = 0, all = 0;

	for (size_t i = 0; i < BUCKETS; i++)
		all += histogram_of[i];
	for (size_t i = 0; i < BUCKETS; i++) {
		sum += histogram_of[i];
		if ((double)sum >= q * (double)all)
			return bucket_usec(i);
	}
	return 0;
}

/* --- HTTP/2 --- */

static struct stream *
take_stream(uint64_t due)
{
	struct stream *s = free_streams;

	if (s)
		free_streams = s->next;
	else
		s = malloc(sizeof(*s));
	if (!s)
		die("no memory");
	*s = (struct stream){.due = due, .body = next_body};
	taken++;
	if (body_count)
		next_body = (next_body + 1) % body_count;
	return s;
}

static ssize_t
give_body(nghttp2_session *session, int32_t id, uint8_t *into, size_t room, uint32_t *flags,
	  nghttp2_data_source *source, void *context)
{
	struct stream *s = source->ptr;
	struct ward_span left = ward_span_cut(bodies[s->body], s->sent, room);

	(void)session;
	(void)id;
	(void)context;
	memcpy(into, left.data, left.len);
	s->sent += left.len;
	if (s->sent == bodies[s->body].len)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)left.len;
}

#define NV(n, v)                                                                                   \
	{                                                                                          \
		(uint8_t *)(uintptr_t)(n), (uint8_t *)(uintptr_t)(v), sizeof(n) - 1, strlen(v),    \
			NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE               \
	}

static void
submit(struct connection *c, uint64_t due)
{
	nghttp2_nv grpc[] = {NV(":method", "POST"),
			     NV(":scheme", "https"),
			     NV(":path", opt.path),
			     NV(":authority", opt.host),
			     NV("content-type", "application/grpc"),
			     NV("te", "trailers")};
	nghttp2_nv get[] = {NV(":method", "GET"), NV(":scheme", "https"), NV(":path", opt.path),
			    NV(":authority", opt.host)};
	struct stream *s = take_stream(due);
	nghttp2_data_provider provider = {.source.ptr = s, .read_callback = give_body};

	if ((opt.get ? nghttp2_submit_request(c->session, NULL, get, 4, NULL, s)
		     : nghttp2_submit_request(c->session, NULL, grpc, 6, &provider, s)) < 0)
		die("submit");
	c->active++;
}

static int
on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
	  size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *context)
{
	struct stream *s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

	(void)flags;
	(void)context;
	if (s && ward_span_eq(ward_span_of(name, name_len),
			      ward_span_str(opt.get ? ":status" : "grpc-status")))
		s->good = ward_span_eq(ward_span_of(value, value_len),
				       ward_span_str(opt.get ? "200" : "0"));
	return 0;
}

static int
on_close(nghttp2_session *session, int32_t id, uint32_t code, void *context)
{
	struct stream *s = nghttp2_session_get_stream_user_data(session, id);
	struct connection *c = context;
	uint64_t now = ward_clock_monotonic();

	(void)code;
	c->active--;
	if (!s)
		return 0;
	if (now >= measured) {
		done++;
		failed += !s->good;
		histogram[bucket_of((now > s->due ? now - s->due : 0) * 1000)]++;
	}
	s->next = free_streams;
	free_streams = s;
	return 0;
}

static void
new_session(struct connection *c)
{
	nghttp2_session_callbacks *callbacks;
	nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
					     {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 24}};

	nghttp2_session_callbacks_new(&callbacks);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
	nghttp2_session_client_new(&c->session, callbacks, c);
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_submit_settings(c->session, 0, settings, 2);
	nghttp2_session_set_local_window_size(c->session, 0, 0, 1 << 26);
}

/* --- TLS --- */

static SSL_CTX *
new_context(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (!ctx || !SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION))
		die("TLS");
	if (opt.ca) {
		if (!SSL_CTX_load_verify_locations(ctx, opt.ca, NULL))
			die("--ca");
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	}
	if (opt.cert && (SSL_CTX_use_certificate_chain_file(ctx, opt.cert) != 1 ||
			 SSL_CTX_use_PrivateKey_file(ctx, opt.key, SSL_FILETYPE_PEM) != 1))
		die("--cert, --key");
	SSL_CTX_set_alpn_protos(ctx, (const uint8_t *)"\x02h2", 3);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return ctx;
}

static void
open_connection(struct connection *c, SSL_CTX *ctx, const struct addrinfo *address)
{
	int one = 1;

	c->fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, address->ai_addr, address->ai_addrlen) != 0)
		die("cannot connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c->ssl = SSL_new(ctx);
	SSL_set_fd(c->ssl, c->fd);
	if (SSL_connect(c->ssl) != 1)
		die("handshake");
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	c->out = malloc(OUT);
	new_session(c);
	epoll_ctl(poller, EPOLL_CTL_ADD, c->fd,
		  &(struct epoll_event){.events = EPOLLIN, .data.ptr = c});
}

static void
watch_writable(struct connection *c, bool want)
{
	if (c->want_write == want)
		return;
	c->want_write = want;
	epoll_ctl(poller, EPOLL_CTL_MOD, c->fd,
		  &(struct epoll_event){.events = EPOLLIN | (want ? EPOLLOUT : 0U), .data.ptr = c});
}

static bool
fill_out(struct connection *c)
{
	const uint8_t *data;
	ssize_t n;

	c->out_len = c->out_sent = 0;
	while (c->out_len < OUT - 20000 && (n = nghttp2_session_mem_send(c->session, &data)) > 0) {
		memcpy(c->out + c->out_len, data, (size_t)n);
		c->out_len += (size_t)n;
	}
	return c->out_len > 0;
}

static void
flush(struct connection *c)
{
	do {
		while (c->out_sent < c->out_len) {
			int n = SSL_write(c->ssl, c->out + c->out_sent,
					  (int)(c->out_len - c->out_sent));

			if (n <= 0) {
				watch_writable(c, true);
				return;
			}
			c->out_sent += (size_t)n;
		}
	} while (fill_out(c));
	watch_writable(c, false);
}

static void
drain(struct connection *c)
{
	static uint8_t in[256 * 1024];
	int n;

	while ((n = SSL_read(c->ssl, in, sizeof(in))) > 0) {
		bytes_in += (uint64_t)n;
		if (nghttp2_session_mem_recv(c->session, in, (size_t)n) < 0)
			die("protocol error");
	}
	if (SSL_get_error(c->ssl, n) != SSL_ERROR_WANT_READ)
		die("the server closed the connection");
}

/* --- load --- */

static void
refill(struct connection *c, uint64_t now)
{
	while (c->active < opt.streams && !(opt.once && taken == body_count))
		submit(c, now);
}

/* What is due by now goes out on the next connection that has room, in one piece. */
static void
arrivals(uint64_t now, uint64_t *made)
{
	static unsigned turn;
	uint64_t due = (uint64_t)((double)(now - started) * opt.rate / 1e6);

	for (unsigned tried = 0; tried < opt.connections && *made < due; tried++) {
		struct connection *c = &connections[turn++ % opt.connections];

		/* what finds no room stays due: its latency goes on counting */
		for (; c->active < opt.streams && *made < due; (*made)++) {
			uint64_t at = started + (uint64_t)((double)*made * 1e6 / opt.rate);

			if (now >= measured)
				late[bucket_of((now - at) * 1000)]++;
			submit(c, at);
		}
	}
}

static void
run(void)
{
	struct epoll_event events[64];
	uint64_t made = 0, end;

	started = ward_clock_monotonic();
	measured = started + (uint64_t)(opt.warm * 1e6);
	end = measured + (uint64_t)(opt.seconds * 1e6);
	for (uint64_t now = started; opt.once ? done < body_count : now < end;
	     now = ward_clock_monotonic()) {
		int n;

		if (opt.rate > 0)
			arrivals(now, &made);
		for (unsigned i = 0; i < opt.connections; i++) {
			if (opt.rate <= 0)
				refill(&connections[i], now);
			if (!connections[i].want_write)
				flush(&connections[i]);
		}
		n = epoll_wait(poller, events, 64, opt.rate > 0 ? 0 : 10);
		for (int i = 0; i < n; i++) {
			struct connection *c = events[i].data.ptr;

			if (events[i].events & EPOLLOUT)
				flush(c);
			if (events[i].events & ~(unsigned)EPOLLOUT)
				drain(c);
		}
	}
}

static void
read_bodies(void)
{
	static uint8_t data[64 << 20];
	FILE *file = fopen(opt.body_file, "rb");
	size_t len = file ? fread(data, 1, sizeof(data), file) : 0, at = 0;

	while (at + 5 <= len && body_count < BODIES_MAX) {
		size_t size = 5 + ((size_t)data[at + 1] << 24 | (size_t)data[at + 2] << 16 |
				   (size_t)data[at + 3] << 8 | data[at + 4]);

		if (at + size > len)
			die("--body is cut");
		bodies[body_count++] = ward_span_of(data + at, size);
		at += size;
	}
	if (body_count == 0)
		die("--body: no messages");
	(void)fclose(file);
}

static void
options(int argc, char **argv)
{
	static const struct option table[] = {
		{"body", 1, NULL, 'b'},	   {"get", 0, NULL, 'g'},     {"ca", 1, NULL, 'a'},
		{"cert", 1, NULL, 'c'},	   {"key", 1, NULL, 'k'},     {"connections", 1, NULL, 'n'},
		{"streams", 1, NULL, 'm'}, {"seconds", 1, NULL, 's'}, {"warm", 1, NULL, 'w'},
		{"rate", 1, NULL, 'r'},	   {"once", 0, NULL, 'o'},    {NULL, 0, NULL, 0}};
	int o;

	while ((o = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (o) {
		case 'b':
			opt.body_file = optarg;
			break;
		case 'o':
			opt.once = true;
			break;
		case 'g':
			opt.get = true;
			break;
		case 'a':
			opt.ca = optarg;
			break;
		case 'c':
			opt.cert = optarg;
			break;
		case 'k':
			opt.key = optarg;
			break;
		case 'n':
			opt.connections = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'm':
			opt.streams = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 's':
			opt.seconds = strtod(optarg, NULL);
			break;
		case 'w':
			opt.warm = strtod(optarg, NULL);
			break;
		case 'r':
			opt.rate = strtod(optarg, NULL);
			break;
		default:
			exit(2);
		}
	}
	if (argc - optind != 3 || (!opt.get && !opt.body_file))
		die("usage: load HOST PORT PATH --body FILE");
	opt.host = argv[optind];
	opt.port = argv[optind + 1];
	opt.path = argv[optind + 2];
}

int
main(int argc, char **argv)
{
	struct addrinfo *address = NULL, hints = {.ai_socktype = SOCK_STREAM};
	SSL_CTX *ctx;

	options(argc, argv);
	if (!opt.get)
		read_bodies();
	if (opt.once)
		opt.warm = 0;
	ctx = new_context();
	poller = epoll_create1(EPOLL_CLOEXEC);
	connections = calloc(opt.connections, sizeof(*connections));
	if (getaddrinfo(opt.host, opt.port, &hints, &address) != 0 || !connections)
		die("no such address");
	for (unsigned i = 0; i < opt.connections; i++) {
		open_connection(&connections[i], ctx, address);
		flush(&connections[i]); /* who says nothing for long is not kept */
	}
	run();
	if (opt.once)
		opt.seconds = (double)(ward_clock_monotonic() - started) / 1e6;
	printf("{\"requests\": %llu, \"failed\": %llu, \"per_second\": %.0f, \"bytes_in\": %llu, "
	       "\"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"late_p99_us\": %.1f}\n",
	       (unsigned long long)done, (unsigned long long)failed, (double)done / opt.seconds,
	       (unsigned long long)bytes_in, quantile(histogram, 0.5), quantile(histogram, 0.99),
	       quantile(histogram, 0.999), quantile(late, 0.99));
	return failed > 0;
}
