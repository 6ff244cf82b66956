/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/updates/updates.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "guard/updates/note.h"
#include "guard/updates/proof.h"
#include "guard/updates/reader.h"
#include "guard/updates/trial.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { PATIENCE_MS = 10 * 60 * 1000, PIECE = 256 * 1024 };

struct ward_updates {
	struct ward_updates_options o;
	pthread_mutex_t work; /* who changes something, one after the other */
	pthread_mutex_t lock; /* of the shelf's state and what follows */
	struct ward_shelf *shelf;
	bool updating;
	bool lost; /* the state cannot be written: the pack that came with the program */
	char failed[512];
	struct ward_proof_figures figures; /* of the pack with the id; the work's */
	uint8_t figures_of[WARD_SHELF_ID];
	struct ward_trial trial;
};

static const struct ward_updates_author nobody = {.uid = 0, .program = "wardd"};

/* --- state --- */

static struct ward_shelf_state
state_of(struct ward_updates *u)
{
	struct ward_shelf_state s;

	(void)pthread_mutex_lock(&u->lock);
	s = *ward_shelf_state(u->shelf);
	(void)pthread_mutex_unlock(&u->lock);
	return s;
}

static void
sweep(struct ward_updates *u)
{
	(void)pthread_mutex_lock(&u->lock);
	ward_shelf_sweep(u->shelf);
	(void)pthread_mutex_unlock(&u->lock);
}

/* `change` is made to the state as it is now. */
static enum ward_rc
alter(struct ward_updates *u, void (*change)(struct ward_shelf_state *s, const void *ctx),
      const void *ctx)
{
	struct ward_shelf_state s;
	enum ward_rc rc;

	(void)pthread_mutex_lock(&u->lock);
	s = *ward_shelf_state(u->shelf);
	change(&s, ctx);
	rc = ward_shelf_set(u->shelf, &s);
	if (rc == WARD_OK)
		u->lost = false;
	(void)pthread_mutex_unlock(&u->lock);
	return rc;
}

static void
mark_bad(struct ward_shelf_state *s, const uint8_t id[WARD_SHELF_ID])
{
	if (s->bad_count == WARD_SHELF_BAD) {
		memmove(s->bad[0], s->bad[1], sizeof(s->bad) - sizeof(s->bad[0]));
		s->bad_count--;
	}
	memcpy(s->bad[s->bad_count++], id, WARD_SHELF_ID);
}

static bool
is_bad(const struct ward_shelf_state *s, const uint8_t id[WARD_SHELF_ID])
{
	for (size_t i = 0; i < s->bad_count; i++)
		if (memcmp(s->bad[i], id, WARD_SHELF_ID) == 0)
			return true;
	return false;
}

static bool
same(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, WARD_SHELF_ID) == 0;
}

static const struct ward_shelf_pack no_pack;

static void
set_candidate(struct ward_shelf_state *s, const void *ctx)
{
	s->candidate = *(const struct ward_shelf_pack *)ctx;
}

static void
use_candidate(struct ward_shelf_state *s, const void *ctx)
{
	const struct ward_updates_limits *limits = ctx;

	s->previous = s->current;
	s->current = s->candidate;
	s->candidate = no_pack;
	s->current.taken_ms = ward_clock_wall() / 1000;
	s->trial_until_ms = s->current.taken_ms + limits->trial_ms;
	s->fell = false;
}

static void
turn_back(struct ward_shelf_state *s, const void *ctx)
{
	struct ward_shelf_pack former = s->current;

	(void)ctx;
	s->current = s->previous;
	s->previous = former;
	s->current.taken_ms = ward_clock_wall() / 1000;
	s->trial_until_ms = 0;
	s->fell = false;
}

/* As it was, if nobody else has changed it since. */
struct undo {
	struct ward_shelf_state before;
	uint8_t tried[WARD_SHELF_ID];
};

static void
put_back(struct ward_shelf_state *s, const void *ctx)
{
	const struct undo *undo = ctx;

	s->candidate = no_pack;
	if (!same(s->current.id, undo->tried))
		return;
	s->current = undo->before.current;
	s->previous = undo->before.previous;
	s->trial_until_ms = undo->before.trial_until_ms;
	s->fell = undo->before.fell;
}

static void
fall(struct ward_shelf_state *s, const void *ctx)
{
	(void)ctx;
	mark_bad(s, s->current.id);
	s->current = s->previous;
	s->previous = no_pack;
	s->trial_until_ms = 0;
	s->fell = true;
}

static void
set_frozen(struct ward_shelf_state *s, const void *ctx)
{
	s->frozen = *(const bool *)ctx;
}

/* --- taking something in --- */

/* One try. */
struct attempt {
	struct ward_updates *u;
	const struct ward_updates_author *author;
	struct ward_buf *why;
	struct ward_updates_limits limits;
	struct ward_reader reader;
	struct ward_shelf_state before;
	struct ward_updates_look look;
	const char *how; /* "pack", "delta" */
	unsigned slot;
	int fd; /* the pack, on the shelf, not named yet */
};

static WARD_PRINTF(3, 4) enum ward_rc
	refuse(struct attempt *a, enum ward_rc rc, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	(void)!ward_buf_str(a->why, text);
	return rc;
}

/* Whoever handed it over may write into his file meanwhile: what counts is our copy. */
static enum ward_rc
copy_in(const struct attempt *a, int from, int to)
{
	uint8_t *piece = malloc(PIECE);
	uint64_t at = 0;
	size_t n = 1;
	enum ward_rc rc = piece ? WARD_OK : WARD_E_NOMEM;

	while (rc == WARD_OK && n > 0) {
		rc = ward_fd_pread(from, piece, PIECE, at, &n);
		if (rc == WARD_OK && n > a->limits.size_max - at)
			rc = WARD_E_LIMIT;
		if (rc == WARD_OK)
			rc = ward_fd_write_all(to, ward_span_of(piece, n));
		at += n;
	}
	free(piece);
	return rc;
}

static enum ward_rc
why_not_read(struct attempt *a, enum ward_rc rc, const char *what)
{
	switch ((int)rc) {
	case WARD_E_FORMAT:
	case WARD_E_UNSUPPORTED:
		return refuse(a, WARD_E_FORMAT, "%s is damaged, or of another kind", what);
	case WARD_E_LIMIT:
		return refuse(a, WARD_E_FORMAT, "%s is larger than updates.size_max", what);
	case WARD_E_GONE:
		return refuse(a, WARD_E_FORMAT, "%s: who reads it has crashed", what);
	default:
		return refuse(a, rc, "%s: %s", what, ward_rc_str(rc));
	}
}

/* Its result takes its place. */
static enum ward_rc
apply_delta(struct attempt *a, int *delta)
{
	WARD_AUTO(ward_fd_close) int base = -1;
	const struct ward_updates_look wanted = a->look;
	int out = -1;
	enum ward_rc rc = ward_shelf_open_pack(a->u->shelf, wanted.base, &base);

	a->how = "delta";
	if (rc == WARD_E_NOENT)
		return refuse(a, rc, "the pack that this delta starts from is not here");
	if (rc == WARD_OK)
		rc = ward_shelf_new_file(a->u->shelf, 1, &out);
	if (rc == WARD_OK)
		rc = ward_reader_apply(&a->reader, *delta, base, out);
	if (rc == WARD_OK)
		rc = ward_reader_look(&a->reader, out, &a->look);
	ward_fd_close(delta);
	*delta = out;
	a->slot = 1;
	if (rc == WARD_OK && (a->look.is_delta || !same(a->look.id, wanted.id)))
		rc = WARD_E_FORMAT;
	return rc == WARD_OK ? rc : why_not_read(a, rc, "the delta");
}

static enum ward_rc
take_in(struct attempt *a, int file)
{
	int fd = -1;
	enum ward_rc rc = ward_shelf_new_file(a->u->shelf, 0, &fd);

	if (rc == WARD_OK)
		rc = copy_in(a, file, fd);
	if (rc == WARD_OK)
		rc = ward_reader_look(&a->reader, fd, &a->look);
	if (rc != WARD_OK)
		rc = why_not_read(a, rc, "the file");
	else if (a->look.is_delta)
		rc = apply_delta(a, &fd);
	a->fd = fd;
	return rc;
}

static enum ward_rc
may_take(struct attempt *a, bool again)
{
	const struct ward_shelf_state *s = &a->before;

	if (same(a->look.id, s->current.id))
		return refuse(a, WARD_E_STOPPED, "this pack is in use already");
	if (again)
		return WARD_OK;
	if (is_bad(s, a->look.id))
		return refuse(a, WARD_E_PERM,
			      "this pack failed here before (--again takes it anyway)");
	if (a->look.number < s->current.number)
		return refuse(a, WARD_E_PERM,
			      "it is number %llu, and %llu is in use (--again takes it anyway)",
			      (unsigned long long)a->look.number,
			      (unsigned long long)s->current.number);
	return WARD_OK;
}

/* --- proving --- */

static struct ward_proof
proof_of(const struct attempt *a)
{
	return (struct ward_proof){
		.scanner = a->u->o.scanner,
		.load_ms = a->limits.load_ms,
		.load_memory = a->limits.load_memory,
		.more = a->u->o.canaries,
		.on_process = a->u->o.on_process,
		.ctx = a->u->o.ctx,
	};
}

/* Of the pack in use; false: there is none to compare with. */
static bool
former_figures(struct attempt *a)
{
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_proof proof = proof_of(a);
	struct ward_updates *u = a->u;

	if (ward_shelf_is_none(a->before.current.id))
		return false;
	if (same(u->figures_of, a->before.current.id))
		return true;
	ward_buf_init(&why, 4096, NULL);
	if (ward_shelf_open_pack(u->shelf, a->before.current.id, &fd) != WARD_OK ||
	    ward_proof_run(&proof, fd, NULL, &u->figures, &why) != WARD_OK)
		return false;
	memcpy(u->figures_of, a->before.current.id, WARD_SHELF_ID);
	return true;
}

static enum ward_rc
prove(struct attempt *a)
{
	struct ward_proof_figures figures;
	struct ward_proof proof = proof_of(a);
	const struct ward_proof_figures *former = former_figures(a) ? &a->u->figures : NULL;
	enum ward_rc rc = ward_proof_run(&proof, a->fd, former, &figures, a->why);

	if (rc != WARD_OK)
		return rc == WARD_E_FORMAT
			       ? rc
			       : refuse(a, rc, "it could not be tried: %s", ward_rc_str(rc));
	a->u->figures = figures;
	memcpy(a->u->figures_of, a->look.id, WARD_SHELF_ID);
	return WARD_OK;
}

/* --- using --- */

static enum ward_rc
use(struct attempt *a)
{
	struct undo undo = {.before = a->before};
	enum ward_rc rc = alter(a->u, use_candidate, &a->limits);

	memcpy(undo.tried, a->look.id, WARD_SHELF_ID);
	if (rc == WARD_OK) {
		ward_trial_begin(&a->u->trial);
		rc = a->u->o.swap(a->u->o.ctx, a->why);
	}
	if (rc == WARD_OK)
		return rc;
	if (a->why->len == 0)
		rc = refuse(a, rc, "it could not be put to use: %s", ward_rc_str(rc));
	(void)!alter(a->u, put_back, &undo);
	return rc;
}

static enum ward_rc
put_on_shelf(struct attempt *a)
{
	struct ward_shelf_pack pack = {
		.number = a->look.number,
		.made_s = a->look.made_s,
		.taken_ms = ward_clock_wall() / 1000,
	};
	enum ward_rc rc;

	memcpy(pack.id, a->look.id, sizeof(pack.id));
	rc = ward_shelf_keep(a->u->shelf, a->slot, a->fd, pack.id);
	if (rc == WARD_OK)
		rc = alter(a->u, set_candidate, &pack);
	return rc == WARD_OK ? rc : refuse(a, rc, "it cannot be kept: %s", ward_rc_str(rc));
}

static enum ward_rc
try(struct attempt *a, int file, bool again)
{
	enum ward_rc rc = take_in(a, file);

	if (rc == WARD_OK)
		rc = may_take(a, again);
	if (rc != WARD_OK)
		return rc;
	rc = put_on_shelf(a);
	if (rc == WARD_OK)
		rc = prove(a);
	if (rc == WARD_OK)
		return use(a);
	(void)!alter(a->u, set_candidate, &no_pack);
	return rc;
}

/* --- what is asked for --- */

static void
set_updating(struct ward_updates *u, bool updating, const char *failed)
{
	(void)pthread_mutex_lock(&u->lock);
	u->updating = updating;
	if (failed)
		(void)snprintf(u->failed, sizeof(u->failed), "%s", failed);
	(void)pthread_mutex_unlock(&u->lock);
}

static void
note(struct ward_updates *u, const struct ward_updates_author *author, struct ward_update_note n)
{
	n.author = author;
	ward_update_note(u->o.history, &n);
}

static void
text_of(const struct ward_buf *why, char ret[512])
{
	(void)snprintf(ret, 512, "%.*s", (int)why->len, why->len ? (const char *)why->data : "");
}

static void
begin(struct ward_updates *u, struct attempt *a)
{
	(void)pthread_mutex_lock(&u->work);
	set_updating(u, true, NULL);
	u->o.limits(u->o.ctx, &a->limits);
	a->before = state_of(u);
	a->reader = (struct ward_reader){
		.program = u->o.child,
		.max = a->limits.size_max,
		.patience_ms = PATIENCE_MS,
		.on_process = u->o.on_process,
		.ctx = u->o.ctx,
	};
}

enum ward_rc
ward_updates_apply(struct ward_updates *u, int file, bool again,
		   const struct ward_updates_author *author, struct ward_buf *why)
{
	struct attempt a = {.u = u, .author = author, .why = why, .how = "pack", .fd = -1};
	struct ward_shelf_pack tried = {.number = 0};
	char text[512];
	enum ward_rc rc;

	begin(u, &a);
	rc = a.before.frozen ? refuse(&a, WARD_E_PERM, "updates are frozen (ward updates unfreeze)")
			     : try(&a, file, again);
	ward_fd_close(&a.fd);
	sweep(u);
	text_of(why, text);
	memcpy(tried.id, a.look.id, sizeof(tried.id));
	tried.number = a.look.number;
	if (rc != WARD_E_STOPPED)
		note(u, author,
		     (struct ward_update_note){.action = rc ? "refused" : "taken",
					       .from = &a.before.current,
					       .to = &tried,
					       .how = a.how,
					       .why = text});
	set_updating(u, false, rc != WARD_OK && rc != WARD_E_STOPPED ? text : "");
	(void)pthread_mutex_unlock(&u->work);
	return rc == WARD_E_STOPPED ? WARD_OK : rc;
}

enum ward_rc
ward_updates_rollback(struct ward_updates *u, const struct ward_updates_author *author,
		      struct ward_buf *why)
{
	struct attempt a = {.u = u, .author = author, .why = why, .fd = -1};
	struct undo undo;
	enum ward_rc rc = WARD_E_NOENT;

	begin(u, &a);
	undo.before = a.before;
	memcpy(undo.tried, a.before.previous.id, WARD_SHELF_ID);
	if (ward_shelf_is_none(a.before.current.id) && ward_shelf_is_none(a.before.previous.id))
		rc = refuse(&a, rc, "the pack that came with the program is in use");
	else
		rc = alter(u, turn_back, NULL);
	if (rc == WARD_OK) {
		ward_trial_begin(&u->trial);
		rc = u->o.swap(u->o.ctx, why);
		if (rc != WARD_OK)
			(void)!alter(u, put_back, &undo);
		note(u, author,
		     (struct ward_update_note){.action = rc ? "refused" : "rolled-back",
					       .from = &a.before.current,
					       .to = &a.before.previous,
					       .how = "rollback",
					       .why = rc ? ward_rc_str(rc) : ""});
	}
	if (rc != WARD_OK && why->len == 0)
		rc = refuse(&a, rc, "%s", ward_rc_str(rc));
	set_updating(u, false, NULL);
	(void)pthread_mutex_unlock(&u->work);
	return rc;
}

enum ward_rc
ward_updates_freeze(struct ward_updates *u, bool frozen, const struct ward_updates_author *author,
		    struct ward_buf *why)
{
	struct ward_shelf_state before;
	enum ward_rc rc;

	(void)pthread_mutex_lock(&u->work);
	before = state_of(u);
	rc = alter(u, set_frozen, &frozen);
	if (rc != WARD_OK)
		(void)!ward_buf_printf(why, "this cannot be kept: %s", ward_rc_str(rc));
	else if (before.frozen != frozen)
		note(u, author,
		     (struct ward_update_note){.action = frozen ? "frozen" : "unfrozen",
					       .from = &before.current,
					       .to = &before.current,
					       .how = "",
					       .why = ""});
	(void)pthread_mutex_unlock(&u->work);
	return rc;
}

enum ward_rc
ward_updates_refresh(struct ward_updates *u, struct ward_buf *why)
{
	enum ward_rc rc;

	(void)pthread_mutex_lock(&u->work);
	rc = u->o.swap(u->o.ctx, why);
	(void)pthread_mutex_unlock(&u->work);
	return rc;
}

/* --- what is known --- */

enum ward_rc
ward_updates_open(struct ward_updates *u, int *ret_fd, uint8_t ret_id[WARD_SHELF_ID])
{
	const uint8_t *id;
	enum ward_rc rc = WARD_E_NOENT;

	(void)pthread_mutex_lock(&u->lock);
	id = ward_shelf_state(u->shelf)->current.id;
	if (!u->lost && !ward_shelf_is_none(id))
		rc = ward_shelf_open_pack(u->shelf, id, ret_fd);
	if (rc == WARD_OK)
		memcpy(ret_id, id, WARD_SHELF_ID);
	(void)pthread_mutex_unlock(&u->lock);
	return rc;
}

void
ward_updates_status(struct ward_updates *u, struct ward_updates_status *ret_status)
{
	(void)pthread_mutex_lock(&u->lock);
	ret_status->state = *ward_shelf_state(u->shelf);
	ret_status->updating = u->updating;
	memcpy(ret_status->failed, u->failed, sizeof(u->failed));
	(void)pthread_mutex_unlock(&u->lock);
}

/* --- when scanners crash --- */

void
ward_updates_crashed(struct ward_updates *u, uint64_t file)
{
	ward_trial_crashed(&u->trial, file);
}

bool
ward_updates_fall_back(struct ward_updates *u, const char *why)
{
	struct ward_shelf_state before = state_of(u);

	if (u->lost || ward_shelf_is_none(before.current.id))
		return false;
	if (alter(u, fall, NULL) != WARD_OK) {
		(void)pthread_mutex_lock(&u->lock);
		u->lost = true;
		(void)pthread_mutex_unlock(&u->lock);
	}
	ward_trial_begin(&u->trial);
	note(u, &nobody,
	     (struct ward_update_note){.action = "fell-back",
				       .from = &before.current,
				       .to = &before.previous,
				       .how = "by itself",
				       .why = why});
	return true;
}

bool
ward_updates_judge(struct ward_updates *u, bool broken)
{
	struct ward_shelf_state s = state_of(u);
	struct ward_updates_limits limits;
	char why[128];
	size_t count;

	if (s.trial_until_ms == 0 || ward_clock_wall() / 1000 >= s.trial_until_ms)
		return false;
	u->o.limits(u->o.ctx, &limits);
	count = ward_trial_count(&u->trial);
	if (!broken && count < limits.trial_crashes)
		return false;
	(void)snprintf(why, sizeof(why),
		       broken ? "scanners cannot be kept running with it"
			      : "scanners crashed on %zu files that were fine before",
		       count);
	return ward_updates_fall_back(u, why);
}

/* --- life --- */

enum ward_rc
ward_updates_new(const struct ward_updates_options *options, struct ward_updates **ret_updates)
{
	struct ward_updates *u = calloc(1, sizeof(*u));
	bool mended = false;
	enum ward_rc rc;

	if (!u)
		return WARD_E_NOMEM;
	u->o = *options;
	rc = ward_shelf_open(&options->shelf, &u->shelf, &mended);
	if (rc != WARD_OK) {
		free(u);
		return rc;
	}
	(void)pthread_mutex_init(&u->work, NULL);
	(void)pthread_mutex_init(&u->lock, NULL);
	ward_trial_init(&u->trial);
	if (mended)
		note(u, &nobody,
		     (struct ward_update_note){.action = "mended",
					       .from = &ward_shelf_state(u->shelf)->current,
					       .to = &ward_shelf_state(u->shelf)->current,
					       .how = "at the start",
					       .why = "an update was cut off"});
	*ret_updates = u;
	return WARD_OK;
}

struct ward_updates *
ward_updates_free(struct ward_updates *u)
{
	if (!u)
		return NULL;
	ward_trial_done(&u->trial);
	ward_shelf_freep(&u->shelf);
	(void)pthread_mutex_destroy(&u->work);
	(void)pthread_mutex_destroy(&u->lock);
	free(u);
	return NULL;
}
