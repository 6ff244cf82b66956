/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/ask/peer.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/ipc.h"
#include "sys/process.h"

enum {
	BACKOFF_MIN = 200 * 1000,
	BACKOFF_MAX = 30 * 1000 * 1000,
	PROVEN = 60 * 1000 * 1000, /* after so long a life it starts at once again */
	MESSAGES_A_TURN = 256,
	STOP_MS = 1000,
};

struct ward_peer {
	struct ward_peer_options o;
	/* the turning thread's */
	struct ward_process process;
	uint64_t start_at, started_at, backoff;
	uint8_t message[WARD_IPC_MESSAGE_MAX];
	struct ward_buf pieces; /* of one message about updates, as far as it is there */
	uint64_t pieces_of;
	pthread_mutex_t lock; /* of what follows */
	int channel;
	bool ready;
	struct ward_buf out;
	struct ward_peer_figures figures;
};

enum ward_rc
ward_peer_new(const struct ward_peer_options *options, struct ward_peer **ret_peer)
{
	struct ward_peer *p = calloc(1, sizeof(*p));

	if (!p)
		return WARD_E_NOMEM;
	p->o = *options;
	p->process.pidfd = -1;
	p->channel = -1;
	(void)pthread_mutex_init(&p->lock, NULL);
	ward_buf_init(&p->out, WARD_UPLINK_MESSAGE_MAX, NULL);
	ward_buf_init(&p->pieces, WARD_WIRE_MESSAGE_MAX, NULL);
	*ret_peer = p;
	return WARD_OK;
}

/* --- saying --- */

static enum ward_rc
send_locked(struct ward_peer *p, const ward_uplink_request *request, int fd)
{
	enum ward_rc rc;

	if (p->channel < 0)
		return WARD_E_GONE;
	ward_buf_clear(&p->out);
	rc = ward_uplink_request_encode(request, &p->out);
	if (rc != WARD_OK)
		return rc;
	return ward_ipc_send(p->channel, ward_buf_span(&p->out), &fd, fd < 0 ? 0 : 1, false);
}

enum ward_rc
ward_peer_send(struct ward_peer *p, const ward_uplink_request *request, int fd)
{
	enum ward_rc rc;

	(void)pthread_mutex_lock(&p->lock);
	rc = p->ready ? send_locked(p, request, fd) : WARD_E_GONE;
	(void)pthread_mutex_unlock(&p->lock);
	return rc;
}

static enum ward_rc
send_fetch(struct ward_peer *p, Ward__Uplink__V1__Fetch *fetch)
{
	ward_uplink_request request = WARD__UPLINK__V1__REQUEST__INIT;

	request.what_case = WARD__UPLINK__V1__REQUEST__WHAT_FETCH;
	request.fetch = fetch;
	return ward_peer_send(p, &request, -1);
}

enum ward_rc
ward_peer_fetch_updates(struct ward_peer *p, uint64_t id, uint64_t after, uint32_t limit)
{
	Ward__Uplink__V1__Fetch fetch = WARD__UPLINK__V1__FETCH__INIT;
	Ward__V1__UpdatesRequest updates = WARD__V1__UPDATES_REQUEST__INIT;

	updates.after = after;
	updates.limit = limit;
	fetch.id = id;
	fetch.what_case = WARD__UPLINK__V1__FETCH__WHAT_UPDATES;
	fetch.updates = &updates;
	return send_fetch(p, &fetch);
}

enum ward_rc
ward_peer_fetch_metadata(struct ward_peer *p, uint64_t id, Ward__V1__Role role, uint64_t version)
{
	Ward__Uplink__V1__Fetch fetch = WARD__UPLINK__V1__FETCH__INIT;
	Ward__V1__MetadataRequest metadata = WARD__V1__METADATA_REQUEST__INIT;

	metadata.role = role;
	metadata.version = version;
	fetch.id = id;
	fetch.what_case = WARD__UPLINK__V1__FETCH__WHAT_METADATA;
	fetch.metadata = &metadata;
	return send_fetch(p, &fetch);
}

static void
fill(struct ward_peer_settings *from, Ward__Uplink__V1__Settings *to)
{
	ward__uplink__v1__settings__init(to);
	to->enabled = from->enabled;
	to->policy = &from->policy;
	to->server = from->server;
	to->proxy = from->proxy;
	to->engine_version = from->engine_version;
	to->intelligence_version = from->intelligence_version;
}

void
ward_peer_set(struct ward_peer *p, const struct ward_peer_settings *settings)
{
	ward_uplink_request request = WARD__UPLINK__V1__REQUEST__INIT;
	Ward__Uplink__V1__Settings message;

	(void)pthread_mutex_lock(&p->lock);
	p->o.settings = *settings;
	fill(&p->o.settings, &message);
	request.what_case = WARD__UPLINK__V1__REQUEST__WHAT_SETTINGS;
	request.settings = &message;
	/* One that cannot be told is started anew, with these. */
	if (p->channel >= 0 && send_locked(p, &request, -1) != WARD_OK)
		ward_process_kill(p->process.pidfd);
	(void)pthread_mutex_unlock(&p->lock);
}

static enum ward_rc
say_start(struct ward_peer *p)
{
	ward_uplink_request request = WARD__UPLINK__V1__REQUEST__INIT;
	Ward__Uplink__V1__Start start = WARD__UPLINK__V1__START__INIT;
	Ward__Uplink__V1__Settings settings;

	fill(&p->o.settings, &settings);
	start.version = WARD_UPLINK_VERSION;
	start.settings = &settings;
	request.what_case = WARD__UPLINK__V1__REQUEST__WHAT_START;
	request.start = &start;
	return send_locked(p, &request, -1);
}

/* --- its life --- */

/* Before it opens anything: the opens of our own wait for nobody. */
static void
born(void *ctx, pid_t pid)
{
	struct ward_peer *p = ctx;

	if (p->o.process)
		p->o.process(p->o.ctx, pid, true);
}

static enum ward_rc
run_program(struct ward_peer *p, int end)
{
	static const char *const environment[] = {"LC_ALL=C.UTF-8", NULL};
	const char *const argv[] = {"ward-uplink", p->o.directory, NULL};
	const struct ward_process_fd map = {.from = end, .to = WARD_UPLINK_CHANNEL};
	const struct ward_process_options options = {
		.program = p->o.program,
		.argv = argv,
		.envp = environment,
		.fds = &map,
		.fd_count = 1,
		.born = born,
		.ctx = p,
	};

	return ward_process_spawn(&options, &p->process);
}

static void
schedule(struct ward_peer *p)
{
	uint64_t now = ward_clock_monotonic();

	if (p->started_at && now - p->started_at > PROVEN)
		p->backoff = 0;
	p->start_at = now + p->backoff;
	p->backoff = p->backoff ? p->backoff * 2 : BACKOFF_MIN;
	if (p->backoff > BACKOFF_MAX)
		p->backoff = BACKOFF_MAX;
}

static void
start(struct ward_peer *p)
{
	int ends[2];
	enum ward_rc rc = ward_ipc_pair(ends);

	p->started_at = ward_clock_monotonic();
	if (rc == WARD_OK) {
		rc = run_program(p, ends[1]);
		ward_fd_close(&ends[1]);
		if (rc != WARD_OK)
			ward_fd_close(&ends[0]);
	}
	(void)pthread_mutex_lock(&p->lock);
	p->figures.failed = rc != WARD_OK;
	(void)pthread_mutex_unlock(&p->lock);
	if (rc != WARD_OK) {
		schedule(p);
		return;
	}
	(void)pthread_mutex_lock(&p->lock);
	p->channel = ends[0];
	p->figures.starts++;
	p->figures.pid = p->process.pid;
	rc = say_start(p);
	(void)pthread_mutex_unlock(&p->lock);
	if (rc != WARD_OK) /* it ended already, which the next turn sees */
		ward_process_kill(p->process.pidfd);
}

static void
bury(struct ward_peer *p)
{
	int pid = p->process.pid;
	bool ran = p->process.pidfd >= 0;

	(void)pthread_mutex_lock(&p->lock);
	ward_fd_close(&p->channel);
	p->ready = false;
	p->figures.pid = 0;
	p->figures.ends += ran;
	(void)pthread_mutex_unlock(&p->lock);
	ward_process_end(&p->process);
	if (ran && p->o.process)
		p->o.process(p->o.ctx, pid, false);
}

static void
lose(struct ward_peer *p)
{
	bury(p);
	ward_buf_clear(&p->pieces);
	schedule(p);
	p->o.lost(p->o.ctx);
}

struct ward_peer *
ward_peer_free(struct ward_peer *p)
{
	ward_uplink_request request = WARD__UPLINK__V1__REQUEST__INIT;
	Ward__Uplink__V1__Stop stop = WARD__UPLINK__V1__STOP__INIT;
	struct pollfd ended;

	if (!p)
		return NULL;
	request.what_case = WARD__UPLINK__V1__REQUEST__WHAT_STOP;
	request.stop = &stop;
	ended = (struct pollfd){.fd = p->process.pidfd, .events = POLLIN};
	if (ward_peer_send(p, &request, -1) == WARD_OK)
		(void)poll(&ended, 1, STOP_MS);
	bury(p);
	ward_buf_done(&p->out);
	ward_buf_done(&p->pieces);
	explicit_bzero(&p->o.settings, sizeof(p->o.settings));
	(void)pthread_mutex_destroy(&p->lock);
	free(p);
	return NULL;
}

/* --- hearing --- */

static void
take(struct ward_peer *p, const ward_uplink_reply *reply)
{
	if (reply->what_case == WARD__UPLINK__V1__REPLY__WHAT_STARTED) {
		(void)pthread_mutex_lock(&p->lock);
		p->ready = true;
		p->figures.user = reply->started->user;
		(void)pthread_mutex_unlock(&p->lock);
	}
	p->o.reply(p->o.ctx, reply);
}

static void
take_whole(struct ward_peer *p, const Ward__Uplink__V1__Piece *last)
{
	struct ward_span whole = ward_buf_span(&p->pieces);

	if (last->id == 0 && p->o.pushed)
		p->o.pushed(p->o.ctx, whole);
	else if (last->id != 0 && p->o.fetched)
		p->o.fetched(p->o.ctx, last->id, whole, last->why);
	ward_buf_clear(&p->pieces);
}

static enum ward_rc
take_piece(struct ward_peer *p, const Ward__Uplink__V1__Piece *piece)
{
	enum ward_rc rc;

	if (p->pieces.len > 0 && (piece->id != p->pieces_of || *piece->why))
		return WARD_E_PROTO;
	p->pieces_of = piece->id;
	rc = ward_buf_append(&p->pieces, piece->data.data, piece->data.len);
	if (rc == WARD_OK && piece->last)
		take_whole(p, piece);
	return rc == WARD_E_LIMIT ? WARD_E_PROTO : rc;
}

/* WARD_E_LIMIT: that was all. */
static enum ward_rc
read_one(struct ward_peer *p)
{
	struct ward_budget budget = {.cap = WARD_UPLINK_ARENA};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = NULL;
	ward_uplink_reply *reply = NULL;
	struct ward_ipc_message m;
	enum ward_rc rc = ward_ipc_recv(p->channel, p->message, &m, false);

	if (rc != WARD_OK)
		return rc;
	arena = ward_arena_new(&budget);
	rc = arena ? ward_uplink_reply_decode(ward_span_of(p->message, m.len), m.fd_count, arena,
					      &reply, NULL)
		   : WARD_E_NOMEM;
	ward_ipc_message_close(&m);
	/* `started` comes first, and once. */
	if (rc == WARD_OK &&
	    p->ready == (reply->what_case == WARD__UPLINK__V1__REPLY__WHAT_STARTED))
		rc = WARD_E_PROTO;
	if (rc == WARD_OK && reply->what_case == WARD__UPLINK__V1__REPLY__WHAT_PIECE)
		rc = take_piece(p, reply->piece);
	else if (rc == WARD_OK)
		take(p, reply);
	return rc == WARD_E_LIMIT ? WARD_E_PROTO : rc;
}

void
ward_peer_turn(struct ward_peer *p)
{
	enum ward_rc rc = WARD_OK;

	if (p->channel < 0) {
		if (ward_clock_monotonic() >= p->start_at)
			start(p);
		return;
	}
	for (int i = 0; i < MESSAGES_A_TURN && rc == WARD_OK; i++)
		rc = read_one(p);
	if (rc != WARD_OK && rc != WARD_E_LIMIT)
		lose(p);
}

int
ward_peer_fd(const struct ward_peer *p)
{
	return p->channel;
}

uint64_t
ward_peer_next(const struct ward_peer *p)
{
	return p->channel < 0 ? p->start_at : UINT64_MAX;
}

struct ward_peer_figures
ward_peer_figures(struct ward_peer *p)
{
	struct ward_peer_figures figures;

	(void)pthread_mutex_lock(&p->lock);
	figures = p->figures;
	figures.ready = p->ready;
	(void)pthread_mutex_unlock(&p->lock);
	return figures;
}
