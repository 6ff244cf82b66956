/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guard does to ward-uplink, by hand: reads commands, one a line, and prints each message
 * that comes back.
 *
 *	ask FILE MS [nofd]	asks about a file and waits for nothing
 *	cancel ID		asks are numbered from 1
 *	report COUNT		so many events about files nobody else knows
 *	set NAME VALUE		enabled, private: 0 or 1; samples: 1 safe, 2 all, 3 none; hold: ms
 *	until WORD [MS]		turns until a line with this text came; exits with 1 when it does not
 *	pause MS		turns for so long
 *	kill, where		ends the uplink with SIGKILL; prints its number and user
 *	raw HEX			starts another one, sends it this, and prints how it ended
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "formats/type.h"
#include "guard/ask/peer.h"
#include "sys/clock.h"
#include "sys/digest.h"
#include "sys/fd.h"
#include "sys/ipc.h"
#include "sys/process.h"

enum { LINES_MAX = 64 * 1024, FILE_MAX = 16 << 20 };

struct driver {
	struct ward_peer_options o;
	struct ward_peer *peer;
	uint64_t asked, asked_at[4096];
	uint64_t reports, random;
	char seen[LINES_MAX]; /* what was printed since the last `until` */
	size_t seen_len;
};

__attribute__((format(printf, 2, 3))) static void
say(struct driver *d, const char *format, ...)
{
	va_list args;
	char line[1024];

	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	(void)puts(line);
	(void)fflush(stdout);
	if (d->seen_len + strlen(line) + 1 < sizeof(d->seen))
		d->seen_len += (size_t)snprintf(d->seen + d->seen_len,
						sizeof(d->seen) - d->seen_len, "%s\n", line);
}

/* --- what comes --- */

static const char *
outcome_word(Ward__Uplink__V1__Outcome o)
{
	static const char *const words[] = {"?", "verdict", "unavailable", "timeout", "off"};

	return words[o];
}

static void
on_answer(struct driver *d, const Ward__Uplink__V1__Answer *a)
{
	static const char *const samples[] = {"not-asked-for", "refused", "sent", "known",
					      "failed"};
	uint64_t ms = (ward_clock_monotonic() - d->asked_at[a->id % 4096]) / 1000;

	if (a->verdict)
		say(d, "answer %llu%s verdict=%s threat=%s tier=%d sample=%s ms=%llu",
		    (unsigned long long)a->id, a->late ? " late" : "",
		    ward_verdict_name(ward_wire_verdict_from(a->verdict->verdict)),
		    a->verdict->threat, (int)a->verdict->tier, samples[a->sample],
		    (unsigned long long)ms);
	else
		say(d, "answer %llu outcome=%s sample=%s why=%s ms=%llu", (unsigned long long)a->id,
		    outcome_word(a->outcome), samples[a->sample], a->why, (unsigned long long)ms);
}

static void
on_state(struct driver *d, const Ward__Uplink__V1__State *s)
{
	say(d,
	    "state enrolled=%d connected=%d down=%d breaker=%d outbox=%llu position=%llu "
	    "lookups=%llu samples=%llu certificate=%d problem=%s",
	    s->enrolled, s->connected, s->down_since_ms != 0, s->breaker_open,
	    (unsigned long long)s->outbox, (unsigned long long)s->position,
	    (unsigned long long)s->lookups, (unsigned long long)s->samples,
	    s->certificate_until_ms != 0, s->problem);
}

static void
on_change(struct driver *d, const Ward__Uplink__V1__Change *c)
{
	char hex[65];

	if (c->what_case == WARD__UPLINK__V1__CHANGE__WHAT_RESTART) {
		say(d, "change restart");
		return;
	}
	ward_text_hex(ward_span_of(c->verdict->sha256.data, 32), hex);
	say(d, "change %s verdict=%d threat=%s", hex, (int)c->verdict->verdict, c->verdict->threat);
}

static void
on_reply(void *ctx, const ward_uplink_reply *r)
{
	struct driver *d = ctx;

	switch ((int)r->what_case) {
	case WARD__UPLINK__V1__REPLY__WHAT_STARTED:
		say(d, "started user=%u landlock=%d", r->started->user, r->started->landlock > 0);
		break;
	case WARD__UPLINK__V1__REPLY__WHAT_ANSWER:
		on_answer(d, r->answer);
		break;
	case WARD__UPLINK__V1__REPLY__WHAT_KEPT:
		say(d, "kept %llu %d", (unsigned long long)r->kept->id, r->kept->kept);
		break;
	case WARD__UPLINK__V1__REPLY__WHAT_CHANGE:
		on_change(d, r->change);
		break;
	default:
		on_state(d, r->state);
		break;
	}
}

static void
on_lost(void *ctx)
{
	say(ctx, "lost");
}

/* --- what is done --- */

static void
turn_until(struct driver *d, uint64_t end, const char *word)
{
	while (ward_clock_monotonic() < end && !(word && strstr(d->seen, word))) {
		struct pollfd p = {.fd = ward_peer_fd(d->peer), .events = POLLIN};

		(void)poll(&p, 1, 10);
		ward_peer_turn(d->peer);
	}
}

static bool
read_file(const char *path, int *ret_fd, uint8_t sha256[32], uint64_t *ret_size)
{
	struct ward_buf bytes;
	bool good;

	ward_buf_init(&bytes, FILE_MAX, NULL);
	good = ward_fd_open_regular(-1, path, true, ret_fd, NULL) == WARD_OK &&
	       ward_fd_read_all(*ret_fd, &bytes) == WARD_OK && bytes.len > 0 &&
	       ward_digest(WARD_SHA256, ward_buf_span(&bytes), sha256) == WARD_OK;
	*ret_size = bytes.len;
	ward_buf_done(&bytes);
	return good;
}

static void
ask(struct driver *d, const char *path, unsigned ms, bool with_fd)
{
	ward_uplink_request r = WARD__UPLINK__V1__REQUEST__INIT;
	Ward__Uplink__V1__Ask a = WARD__UPLINK__V1__ASK__INIT;
	Ward__V1__FileQuery file = WARD__V1__FILE_QUERY__INIT;
	WARD_AUTO(ward_fd_close) int fd = -1;
	uint8_t sha256[32];
	enum ward_rc rc;

	if (!read_file(path, &fd, sha256, &file.size)) {
		say(d, "no such file: %s", path);
		return;
	}
	file.sha256 = (ProtobufCBinaryData){sizeof(sha256), sha256};
	file.type = (char *)(uintptr_t)ward_type_name(WARD_TYPE_SHELL);
	a.id = ++d->asked;
	a.file = &file;
	a.type = WARD_TYPE_SHELL;
	a.deadline_ms = ms;
	r.what_case = WARD__UPLINK__V1__REQUEST__WHAT_ASK;
	r.ask = &a;
	d->asked_at[a.id % 4096] = ward_clock_monotonic();
	rc = ward_peer_send(d->peer, &r, with_fd ? fd : -1);
	if (rc != WARD_OK)
		say(d, "ask %llu: %s", (unsigned long long)a.id, ward_rc_str(rc));
}

static void
cancel(struct driver *d, uint64_t id)
{
	ward_uplink_request r = WARD__UPLINK__V1__REQUEST__INIT;
	Ward__Uplink__V1__Cancel c = WARD__UPLINK__V1__CANCEL__INIT;

	c.id = id;
	r.what_case = WARD__UPLINK__V1__REQUEST__WHAT_CANCEL;
	r.cancel = &c;
	(void)!ward_peer_send(d->peer, &r, -1);
}

static void
fill_random(struct driver *d, uint8_t *into, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		d->random = d->random * 6364136223846793005u + 1442695040888963407u;
		into[i] = (uint8_t)(d->random >> 56);
	}
}

/* One event about a file that nobody else knows, and what it points to. */
struct sighting {
	Ward__V1__Event event;
	Ward__V1__Sighting sighting;
	Ward__V1__FileQuery file;
	uint8_t sha256[32], id[16];
};

static void
fill_sighting(struct driver *d, struct sighting *s)
{
	uint8_t random[10];

	fill_random(d, s->sha256, sizeof(s->sha256));
	fill_random(d, random, sizeof(random));
	ward_wire_uuid_make(ward_clock_wall() / 1000, random, s->id);
	ward__v1__file_query__init(&s->file);
	s->file.sha256 = (ProtobufCBinaryData){sizeof(s->sha256), s->sha256};
	s->file.size = 1;
	ward__v1__sighting__init(&s->sighting);
	s->sighting.file = &s->file;
	ward__v1__event__init(&s->event);
	s->event.id = (ProtobufCBinaryData){sizeof(s->id), s->id};
	s->event.time_ms = ward_clock_wall() / 1000;
	s->event.what_case = WARD__V1__EVENT__WHAT_SIGHTING;
	s->event.sighting = &s->sighting;
}

static void
report(struct driver *d, size_t count)
{
	static struct sighting sightings[WARD_UPLINK_EVENTS_MAX];
	Ward__V1__Event *events[WARD_UPLINK_EVENTS_MAX];
	ward_uplink_request r = WARD__UPLINK__V1__REQUEST__INIT;
	Ward__Uplink__V1__Report report = WARD__UPLINK__V1__REPORT__INIT;

	for (size_t i = 0; i < count; i++) {
		fill_sighting(d, &sightings[i]);
		events[i] = &sightings[i].event;
	}
	report.id = ++d->reports;
	report.worth = WARD__UPLINK__V1__WORTH__WORTH_NORMAL;
	report.events = events;
	report.n_events = count;
	r.what_case = WARD__UPLINK__V1__REQUEST__WHAT_REPORT;
	r.report = &report;
	if (ward_peer_send(d->peer, &r, -1) != WARD_OK)
		say(d, "report %llu is lost", (unsigned long long)report.id);
}

static void
set(struct driver *d, const char *name, unsigned value)
{
	struct ward_peer_settings *s = &d->o.settings;

	if (strcmp(name, "enabled") == 0)
		s->enabled = value != 0;
	else if (strcmp(name, "private") == 0)
		s->policy.private_lookup = value != 0;
	else if (strcmp(name, "samples") == 0)
		s->policy.samples = (Ward__V1__Samples)value;
	else if (strcmp(name, "hold") == 0)
		s->policy.hold_ms = value;
	ward_peer_set(d->peer, s);
}

/* A bad message costs its sender the channel: the uplink ends in order, by itself. */
static void
raw(struct driver *d, const char *hex)
{
	const char *const argv[] = {"ward-uplink", d->o.directory, NULL};
	const char *const envp[] = {NULL};
	uint8_t bytes[256], reply[WARD_IPC_MESSAGE_MAX];
	size_t len = strlen(hex) / 2;
	struct ward_process p = {.pidfd = -1};
	struct ward_process_exit how = {0};
	struct ward_ipc_message m;
	struct pollfd ended;
	int ends[2];
	pid_t pid;

	if (len > sizeof(bytes) || !ward_text_unhex(ward_span_str(hex), bytes, len) ||
	    ward_ipc_pair(ends) != WARD_OK)
		return;
	const struct ward_process_fd map = {ends[1], WARD_UPLINK_CHANNEL};
	const struct ward_process_options o = {
		.program = d->o.program, .argv = argv, .envp = envp, .fds = &map, .fd_count = 1};

	if (ward_process_spawn(&o, &p) == WARD_OK) {
		ward_fd_close(&ends[1]);
		(void)!ward_ipc_send(ends[0], ward_span_of(bytes, len), NULL, 0, true);
		ended = (struct pollfd){.fd = p.pidfd, .events = POLLIN};
		say(d, "raw ended=%d", poll(&ended, 1, 10000));
		while (ward_process_reap(&pid, &how) && pid != p.pid)
			;
		say(d, "raw code=%d signal=%d said=%d", how.code, how.signal,
		    ward_ipc_recv(ends[0], reply, &m, false) == WARD_OK);
		ward_fd_close(&p.pidfd);
	}
	ward_fd_close(&ends[0]);
}

/* True when the text came. */
static bool
until(struct driver *d, const char *text, unsigned ms)
{
	bool came;

	turn_until(d, ward_clock_monotonic() + (ms ? ms : 10000) * UINT64_C(1000), text);
	came = strstr(d->seen, text) != NULL;
	d->seen_len = 0;
	d->seen[0] = 0;
	if (!came)
		say(d, "in vain: %s", text);
	return came;
}

static void
next_word(struct ward_span *rest, char *into, size_t room)
{
	struct ward_span part = {NULL, 0};

	into[0] = 0;
	if (ward_text_split(rest, ' ', &part) && part.len < room)
		(void)snprintf(into, room, "%.*s", (int)part.len, (const char *)part.data);
}

static bool
command(struct driver *d, const char *line)
{
	struct ward_span rest = ward_span_of(line, strcspn(line, "\n"));
	char word[16], first[4096], second[32], third[16];
	unsigned number;

	next_word(&rest, word, sizeof(word));
	next_word(&rest, first, sizeof(first));
	next_word(&rest, second, sizeof(second));
	next_word(&rest, third, sizeof(third));
	number = (unsigned)strtoul(second, NULL, 10);
	if (strcmp(word, "ask") == 0) {
		ask(d, first, number, strcmp(third, "nofd") != 0);
	} else if (strcmp(word, "cancel") == 0) {
		cancel(d, strtoull(first, NULL, 10));
	} else if (strcmp(word, "report") == 0) {
		report(d, strtoul(first, NULL, 10) % (WARD_UPLINK_EVENTS_MAX + 1));
	} else if (strcmp(word, "set") == 0) {
		set(d, first, number);
	} else if (strcmp(word, "pause") == 0) {
		turn_until(d, ward_clock_monotonic() + strtoul(first, NULL, 10) * 1000, NULL);
	} else if (strcmp(word, "kill") == 0) {
		(void)kill(ward_peer_figures(d->peer).pid, SIGKILL);
	} else if (strcmp(word, "where") == 0) {
		say(d, "pid=%d user=%u", ward_peer_figures(d->peer).pid,
		    ward_peer_figures(d->peer).user);
	} else if (strcmp(word, "raw") == 0) {
		raw(d, first);
	} else if (strcmp(word, "until") == 0) {
		return until(d, first, number);
	}
	return true;
}

int
main(int argc, char **argv)
{
	static struct driver d;
	char line[8192];
	bool good = true;

	if (argc != 3)
		return 2;
	d.random = ward_clock_wall();
	d.o = (struct ward_peer_options){
		.program = argv[1],
		.directory = argv[2],
		.reply = on_reply,
		.lost = on_lost,
		.ctx = &d,
	};
	d.o.settings.enabled = true;
	ward__v1__policy__init(&d.o.settings.policy);
	d.o.settings.policy.samples = WARD__V1__SAMPLES__SAMPLES_SAFE;
	d.o.settings.policy.hold_ms = 10000;
	(void)snprintf(d.o.settings.engine_version, 65, "test");
	if (ward_peer_new(&d.o, &d.peer) != WARD_OK)
		return 1;
	while (good && fgets(line, sizeof(line), stdin))
		good = command(&d, line);
	d.peer = ward_peer_free(d.peer);
	return good ? 0 : 1;
}
