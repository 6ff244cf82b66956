/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The uplink from inside: one thread, one loop. channel.c speaks with the guard, link.c keeps the
 * connection to the service, ask.c questions about files, sample.c their samples, report.c the events.
 * Times are monotonic µs unless they end in _ms (since 1970).
 */
#ifndef WARD_UPLINK_UPLINK_PRIV_H
#define WARD_UPLINK_UPLINK_PRIV_H

#include "client/query.h"
#include "client/state.h"
#include "client/submit.h"
#include "client/subscribe.h"
#include "outbox/outbox.h"
#include "proto/uplink.h"

enum {
	QUESTIONS_MAX = 4096,
	ASKERS_MAX = 16384,
	BUCKETS = 4096,
	SUBMITS_MAX = 8, /* samples on their way at once */
	FETCH_MS = 30 * 1000,
};

#define SECOND (UINT64_C(1000) * 1000)

/* --- questions --- */

/* Somebody at the guard who wants to know. */
struct asker {
	struct asker *next;
	uint64_t id;
	uint64_t deadline;
	bool answered; /* what follows is late */
};

enum stage {
	STAGE_QUEUED,	  /* goes with the next look-up */
	STAGE_LOOKING_UP, /* in a batch */
	STAGE_WAITS,	  /* to send its sample */
	STAGE_SENDING,
	STAGE_RESTS, /* the sample is there; asks again at `due` */
};

struct question {
	struct question *hash_next, *next, **place;
	struct uplink *u;
	uint8_t sha256[32];
	Ward__V1__FileQuery *file; /* as the guard described it; ours */
	enum ward_type type;
	struct asker *askers;
	enum stage stage;
	uint64_t due, until;
	unsigned polls;
	size_t prefix; /* bytes of the digest that are told; 0: all */
	struct ward_submit_file sample;
	Ward__Uplink__V1__Sample happened; /* to the sample */
	bool sample_done;
	Ward__V1__Verdict said; /* the last verdict that was told */
};

struct asking {
	struct question *buckets[BUCKETS];
	struct question *first;
	size_t questions, askers, queued, waiting, submits;
	uint64_t flush_at;   /* 0: nothing is queued */
	uint64_t next_check; /* when a deadline, a rest or a life ends */
};

/* --- the link --- */

struct link {
	struct ward_state state;
	bool enrolled, loaded;
	char problem[256];
	struct ward_client *client; /* NULL: none, or switched off */
	struct ward_subscription *subscription;
	bool streaming;
	uint64_t position, saved_position;
	uint64_t look_at; /* when to look at the files again */
	struct ward_fd_stat file;
	uint64_t down_since_ms;
	uint64_t certificate_until_ms;
	char organisation[128];
	bool renewing, reopen;
	struct ward_buf new_key;
	int renewal_lock;
	uint64_t renew_at, contact_at;
};

/* --- reports --- */

struct reporting {
	struct ward_outbox *outbox;
	bool sending;
	uint64_t due; /* UINT64_MAX: nothing to send */
	unsigned failures;
	size_t batch; /* events at most */
	uint8_t (*ids)[WARD_OUTBOX_ID];
	size_t id_count;
	struct ward_outbox_totals totals;
};

struct settings {
	bool enabled;
	Ward__V1__Policy policy;
	char server[256], proxy[512], engine_version[65], intelligence_version[65];
};

struct uplink {
	const char *directory;
	uint32_t uid, landlock;
	bool started, stop, broken;
	uint64_t now; /* of this turn of the loop */
	struct settings settings;
	struct link link;
	struct asking asking;
	struct reporting reporting;
	struct {
		uint64_t lookups, samples, unavailable;
	} count;
	struct {
		uint64_t at;
		unsigned brief; /* enrolled, connected, …: what is told at once */
	} told;
	struct ward_buf out;
	uint8_t message[64 * 1024];
};

/* channel.c: works off what the guard has sent. What breaks sets `broken`. */
void channel_read(struct uplink *u);
void channel_send(struct uplink *u, const ward_uplink_reply *reply);
void channel_started(struct uplink *u);
/* The state, if there is something new about it or it was not told for long. */
void channel_tell_state(struct uplink *u);
uint64_t channel_next(const struct uplink *u);

/* link.c */
/* Reads what is kept and connects, or finds out why not. */
void link_open(struct uplink *u);
/* Ends everything under way; questions get their answers. */
void link_close(struct uplink *u);
void link_work(struct uplink *u);
uint64_t link_next(const struct uplink *u);
/* NULL, or why nobody can be asked now. */
const char *link_refusal(const struct uplink *u);
bool link_off(const struct uplink *u);

/* renew.c: asks for a new certificate when that is due. */
void renew_work(struct uplink *u);

/* ask.c */
/* Takes the descriptor (-1: none). */
void ask_take(struct uplink *u, const Ward__Uplink__V1__Ask *ask, int take_fd);
void ask_cancel(struct uplink *u, uint64_t id);
/* Looks up what is queued, ends what is over. */
void ask_work(struct uplink *u);
uint64_t ask_next(const struct uplink *u);
/* Everybody who waits gets an error, and the questions are gone but for those under way. */
void ask_give_up(struct uplink *u, Ward__Uplink__V1__Outcome outcome, const char *why);
/* A verdict for one question; what follows from it. */
void ask_judge(struct question *q, const Ward__V1__FileVerdict *verdict);
/* Nobody could say. */
void ask_fail(struct question *q, const char *why);
void ask_rest(struct question *q);
void ask_set_stage(struct question *q, enum stage stage);
void ask_free_all(struct uplink *u);

/* answer.c: what the askers of a question hear. */
void answer_all(struct question *q, const Ward__V1__FileVerdict *verdict);
void answer_error(struct question *q, struct asker *asker, Ward__Uplink__V1__Outcome outcome,
		  const char *why);
void answer_refuse(struct uplink *u, const Ward__Uplink__V1__Ask *ask,
		   Ward__Uplink__V1__Outcome outcome, const char *why);
bool answer_awaited(const struct question *q);
/* The latest deadline of those who wait; 0: nobody does. */
uint64_t answer_deadline(const struct question *q);

/* sample.c */
/* Whether the sample may be sent; false also when it cannot. */
bool sample_may(const struct question *q);
/* Sends the next samples that wait, as many as may be on their way. */
void sample_work(struct uplink *u);

/* fetch.c */
/* Hands what the stream brought about updates to the guard, if it did. */
void fetch_pushed(struct uplink *u, const Ward__V1__Update *update);
void fetch_take(struct uplink *u, const Ward__Uplink__V1__Fetch *fetch);

/* report.c */
enum ward_rc report_open(struct uplink *u) WARD_MUST_CHECK;
void report_close(struct uplink *u);
void report_take(struct uplink *u, const Ward__Uplink__V1__Report *report);
void report_work(struct uplink *u);
uint64_t report_next(const struct uplink *u);

#endif
