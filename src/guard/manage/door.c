/* SPDX-License-Identifier: Apache-2.0 */
/* The socket: one thread lets people in and reads what they ask, others answer. */
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "guard/manage/manage-priv.h"
#include "guard/manage/rights.h"
#include "sys/clock.h"
#include "sys/entry.h"
#include "sys/fd.h"
#include "sys/ipc.h"
#include "sys/local.h"
#include "sys/process.h"

enum {
	GUESTS_MAX = 64,    /* who have not asked yet */
	GUESTS_COMMON = 48, /* of these, who are no administrators */
	GUESTS_A_USER = 8,  /* of these, the same user */
	JOBS_MAX = 16,	    /* that wait, in each lane */
	JOBS_A_USER = 4,    /* of these, the same user, if he is no administrator */
	PATIENCE_USEC = 5 * 1000 * 1000,
	LISTENER = GUESTS_MAX,
	WAKE,
};

/* Administrators do not wait behind everybody. */
enum { LANE_ADMINS, LANE_OTHERS, LANES };
enum { WORKERS_ADMINS = 2, WORKERS = 3 };
enum { HOUSE_S = 6 * 3600 };

struct guest {
	int fd; /* -1: nobody */
	uint64_t since;
	uint32_t uid;
	bool admin;
};

struct job {
	struct job *next;
	int fd, file;
	bool admin;
	uint32_t uid;
	size_t len;
	uint8_t message[];
};

struct lane {
	struct job *first, *last;
	size_t count;
};

struct ward_manage {
	struct desk desk;
	char *path;
	int listener, epoll, wake;
	struct guest guests[GUESTS_MAX];
	uint8_t message[WARD_IPC_MESSAGE_MAX];
	pthread_mutex_t lock; /* of the lanes and `stop` */
	pthread_cond_t more;
	struct lane lanes[LANES];
	bool stop;
	pthread_t door, workers[WORKERS], house;
	size_t threads; /* that run: the door, then workers, then who keeps house */
};

/* --- the lanes --- */

static void
job_free(struct job *job)
{
	ward_fd_close(&job->fd);
	ward_fd_close(&job->file);
	free(job);
}

/* Takes the job. */
static bool
put_job(struct ward_manage *m, struct job *job)
{
	struct lane *lane = &m->lanes[job->admin ? LANE_ADMINS : LANE_OTHERS];
	size_t same = 0;
	bool room;

	(void)pthread_mutex_lock(&m->lock);
	for (const struct job *j = lane->first; j; j = j->next)
		same += j->uid == job->uid;
	room = lane->count < JOBS_MAX && (job->admin || same < JOBS_A_USER);
	if (room) {
		*(lane->last ? &lane->last->next : &lane->first) = job;
		lane->last = job;
		lane->count++;
		(void)pthread_cond_broadcast(&m->more);
	}
	(void)pthread_mutex_unlock(&m->lock);
	return room;
}

/* NULL: the end. */
static struct job *
take_job(struct ward_manage *m, struct lane *lane)
{
	struct job *job;

	(void)pthread_mutex_lock(&m->lock);
	while (!lane->first && !m->stop)
		(void)pthread_cond_wait(&m->more, &m->lock);
	job = lane->first;
	if (job) {
		lane->first = job->next;
		if (!lane->first)
			lane->last = NULL;
		lane->count--;
	}
	(void)pthread_mutex_unlock(&m->lock);
	return job;
}

/* --- who answers --- */

/* Nobody is waited for: there is room for one message in the socket, or its owner does not read. */
static void
send_reply(int fd, const struct ward_buf *out)
{
	(void)!ward_ipc_send(fd, ward_buf_span(out), NULL, 0, false);
}

static void
do_job(struct ward_manage *m, struct job *job)
{
	struct ward_budget budget = {.cap = (size_t)2 * WARD_MANAGE_ARENA};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct call *c = calloc(1, sizeof(*c));
	struct ward_buf out;

	ward_buf_init(&out, WARD_IPC_MESSAGE_MAX, NULL);
	if (arena && c && ward_peer_of(job->fd, &c->peer) == WARD_OK) {
		c->admin = job->admin;
		c->file = job->file;
		c->arena = arena;
		ward_process_program(c->peer.pid, -1, c->program, sizeof(c->program));
		desk_answer(&m->desk, c, ward_span_of(job->message, job->len), &out);
		send_reply(job->fd, &out);
	}
	ward_buf_done(&out);
	free(c);
}

static void
work(struct ward_manage *m, struct lane *lane)
{
	struct job *job;

	while ((job = take_job(m, lane))) {
		do_job(m, job);
		job_free(job);
	}
}

static void *
serve_admins(void *ctx)
{
	struct ward_manage *m = ctx;

	work(m, &m->lanes[LANE_ADMINS]);
	return NULL;
}

static void *
serve_others(void *ctx)
{
	struct ward_manage *m = ctx;

	work(m, &m->lanes[LANE_OTHERS]);
	return NULL;
}

/* --- retention --- */

static void *
keep_house(void *ctx)
{
	struct ward_manage *m = ctx;
	struct timespec until;

	(void)pthread_mutex_lock(&m->lock);
	while (!m->stop) {
		(void)pthread_mutex_unlock(&m->lock);
		house_keep(&m->desk);
		until = (struct timespec){.tv_sec =
						  (time_t)(ward_clock_wall() / 1000000) + HOUSE_S};
		(void)pthread_mutex_lock(&m->lock);
		while (!m->stop && pthread_cond_timedwait(&m->more, &m->lock, &until) == 0)
			continue;
	}
	(void)pthread_mutex_unlock(&m->lock);
	return NULL;
}

/* --- the door --- */

static bool
is_admin(const struct ward_peer *peer)
{
	uint32_t group;

	if (peer->uid == 0)
		return true;
	return ward_peer_group(WARD_ADMIN_GROUP, &group) == WARD_OK &&
	       ward_manage_is_admin(peer, &group);
}

static enum ward_rc
watch(const struct ward_manage *m, int fd, uint32_t tag)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = tag};

	return epoll_ctl(m->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? WARD_OK : WARD_E_LIMIT;
}

/* A free place, as far as this user may have one. */
static struct guest *
place_for(struct ward_manage *m, const struct guest *who)
{
	struct guest *free_place = NULL;
	size_t common = 0, same = 0;

	for (size_t i = 0; i < GUESTS_MAX; i++) {
		struct guest *g = &m->guests[i];

		if (g->fd < 0)
			free_place = g;
		common += g->fd >= 0 && !g->admin;
		same += g->fd >= 0 && !g->admin && g->uid == who->uid;
	}
	if (!who->admin && (common >= GUESTS_COMMON || same >= GUESTS_A_USER))
		return NULL;
	return free_place;
}

static void
welcome(struct ward_manage *m)
{
	static _Thread_local struct ward_peer peer;
	int fd;

	while (ward_local_accept(m->listener, &fd) == WARD_OK) {
		struct guest who = {.fd = fd, .since = ward_clock_monotonic()};
		struct guest *place = NULL;

		if (ward_peer_of(fd, &peer) == WARD_OK) {
			who.uid = peer.uid;
			who.admin = is_admin(&peer);
			place = place_for(m, &who);
		}
		if (place && watch(m, fd, (uint32_t)(place - m->guests)) == WARD_OK)
			*place = who;
		else
			ward_fd_close(&fd);
	}
}

/* He has asked; the connection goes to who answers. */
static void
hand_over(struct ward_manage *m, struct guest *g, struct ward_ipc_message *message)
{
	struct job *job = malloc(sizeof(*job) + message->len);

	if (!job || message->fd_count > 1) {
		free(job);
		return;
	}
	*job = (struct job){
		.fd = g->fd, .file = -1, .admin = g->admin, .uid = g->uid, .len = message->len};
	memcpy(job->message, m->message, message->len);
	if (message->fd_count == 1) {
		job->file = message->fds[0];
		message->fds[0] = -1;
	}
	(void)epoll_ctl(m->epoll, EPOLL_CTL_DEL, g->fd, NULL);
	g->fd = -1;
	if (!put_job(m, job))
		job_free(job);
}

static void
hear(struct ward_manage *m, struct guest *g)
{
	struct ward_ipc_message message;
	enum ward_rc rc;

	if (g->fd < 0)
		return;
	rc = ward_ipc_recv(g->fd, m->message, &message, false);
	if (rc == WARD_E_LIMIT)
		return;
	if (rc == WARD_OK) {
		hand_over(m, g, &message);
		ward_ipc_message_close(&message);
	}
	ward_fd_close(&g->fd); /* unless it was handed over */
}

static void
tidy(struct ward_manage *m)
{
	uint64_t now = ward_clock_monotonic();

	for (size_t i = 0; i < GUESTS_MAX; i++) {
		if (m->guests[i].fd >= 0 && now - m->guests[i].since > PATIENCE_USEC)
			ward_fd_close(&m->guests[i].fd);
	}
}

static void *
keep_door(void *ctx)
{
	struct ward_manage *m = ctx;
	struct epoll_event events[GUESTS_MAX + 2];
	bool stop = false;

	while (!stop) {
		int n = epoll_wait(m->epoll, events, GUESTS_MAX + 2, 1000);

		for (int i = 0; i < n; i++) {
			uint32_t tag = events[i].data.u32;

			stop |= tag == WAKE;
			if (tag < GUESTS_MAX)
				hear(m, &m->guests[tag]);
		}
		tidy(m);
		welcome(m);
	}
	return NULL;
}

/* --- beginning and end --- */

static enum ward_rc
make_directory(const char *path)
{
	char directory[108]; /* sun_path */
	const char *slash = strrchr(path, '/');
	enum ward_rc rc;

	if (!slash || slash == path || (size_t)(slash - path) >= sizeof(directory))
		return WARD_OK;
	memcpy(directory, path, (size_t)(slash - path));
	directory[slash - path] = 0;
	rc = ward_entry_make_directory(-1, directory, 0755);
	return rc == WARD_E_PERM ? WARD_OK : rc; /* it is there; else listening will tell */
}

static enum ward_rc
open_door(struct ward_manage *m)
{
	enum ward_rc rc = make_directory(m->path);

	m->epoll = epoll_create1(EPOLL_CLOEXEC);
	m->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (rc == WARD_OK && (m->epoll < 0 || m->wake < 0))
		rc = WARD_E_LIMIT;
	if (rc == WARD_OK)
		rc = ward_local_listen_open(m->path, &m->listener);
	if (rc == WARD_OK)
		rc = watch(m, m->listener, LISTENER);
	return rc ? rc : watch(m, m->wake, WAKE);
}

static enum ward_rc
start_threads(struct ward_manage *m)
{
	if (pthread_create(&m->door, NULL, keep_door, m) != 0)
		return WARD_E_LIMIT;
	for (m->threads = 1; m->threads <= WORKERS; m->threads++) {
		bool admins = m->threads <= WORKERS_ADMINS;

		if (pthread_create(&m->workers[m->threads - 1], NULL,
				   admins ? serve_admins : serve_others, m) != 0)
			return WARD_E_LIMIT;
	}
	if (pthread_create(&m->house, NULL, keep_house, m) != 0)
		return WARD_E_LIMIT;
	m->threads++;
	return WARD_OK;
}

enum ward_rc
ward_manage_new(const struct ward_manage_options *options, struct ward_manage **ret_manage)
{
	struct ward_manage *m = calloc(1, sizeof(*m));
	enum ward_rc rc;

	if (!m)
		return WARD_E_NOMEM;
	m->listener = m->epoll = m->wake = -1;
	for (size_t i = 0; i < GUESTS_MAX; i++)
		m->guests[i].fd = -1;
	m->desk.o = *options;
	(void)pthread_mutex_init(&m->desk.lock, NULL);
	(void)pthread_mutex_init(&m->lock, NULL);
	(void)pthread_cond_init(&m->more, NULL);
	m->path = strdup(options->socket);
	rc = m->path ? open_door(m) : WARD_E_NOMEM;
	if (rc == WARD_OK)
		rc = start_threads(m);
	if (rc == WARD_OK)
		*ret_manage = m;
	else
		(void)ward_manage_free(m);
	return rc;
}

/* What waits is let go; what is being answered is finished. */
static void
stop(struct ward_manage *m)
{
	uint64_t one = 1;

	(void)pthread_mutex_lock(&m->lock);
	m->stop = true;
	for (size_t i = 0; i < LANES; i++) {
		while (m->lanes[i].first) {
			struct job *job = m->lanes[i].first;

			m->lanes[i].first = job->next;
			job_free(job);
		}
	}
	(void)pthread_cond_broadcast(&m->more);
	(void)pthread_mutex_unlock(&m->lock);
	(void)!write(m->wake, &one, sizeof(one));
	if (m->threads > 0)
		(void)pthread_join(m->door, NULL);
	for (size_t i = 1; i < m->threads; i++)
		(void)pthread_join(i <= WORKERS ? m->workers[i - 1] : m->house, NULL);
}

struct ward_manage *
ward_manage_free(struct ward_manage *m)
{
	if (!m)
		return NULL;
	stop(m);
	if (m->listener >= 0)
		(void)unlink(m->path);
	for (size_t i = 0; i < LANES; i++) {
		while (m->lanes[i].first) {
			struct job *job = m->lanes[i].first;

			m->lanes[i].first = job->next;
			job_free(job);
		}
	}
	for (size_t i = 0; i < GUESTS_MAX; i++)
		ward_fd_close(&m->guests[i].fd);
	ward_fd_close(&m->listener);
	ward_fd_close(&m->epoll);
	ward_fd_close(&m->wake);
	(void)pthread_cond_destroy(&m->more);
	(void)pthread_mutex_destroy(&m->lock);
	(void)pthread_mutex_destroy(&m->desk.lock);
	free(m->path);
	free(m);
	return NULL;
}
