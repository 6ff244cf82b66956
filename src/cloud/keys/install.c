/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New metadata comes in. Everything is tried as an endpoint would that has the root of before; only then it
 * is written: targets, roots, snapshot. After a crash between these the highest files that go together
 * count (ward_view_read), and doing the same again completes it.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "cloud/keys/authority-priv.h"
#include "cloud/keys/fail.h"
#include "sys/entry.h"
#include "sys/fd.h"

enum { BUDGET = 512 * 1024 * 1024, ENVELOPE_MAX = 1024 * 1024 };

struct arrived {
	struct ward_span envelope;
	struct ward_trust_piece piece;
};

struct job {
	struct ward_authority *a;
	struct ward_trust_view *old, *new; /* old: NULL when there was no root */
	struct ward_budget budget;
	struct ward_arena *arena;
	struct arrived *arrived; /* by type, then version */
	size_t count;
	struct ward_span *roots; /* those that are new, in order */
	size_t root_count;
	uint64_t now_ms;
	struct ward_refusal *why;
};

/* --- what has come --- */

static int
by_type_and_version(const void *a, const void *b)
{
	const struct arrived *x = a, *y = b;

	if (x->piece.type != y->piece.type)
		return x->piece.type < y->piece.type ? -1 : 1;
	return (x->piece.version > y->piece.version) - (x->piece.version < y->piece.version);
}

static enum ward_rc
arrive(struct job *j, const struct ward_span *envelopes, size_t count)
{
	enum ward_rc rc = WARD_OK;

	j->arrived = ward_arena_array(j->arena, count, sizeof(*j->arrived));
	j->roots = ward_arena_array(j->arena, count, sizeof(*j->roots));
	if (!j->arrived || !j->roots)
		return WARD_E_LIMIT;
	for (size_t i = 0; i < count && !rc; i++) {
		struct ward_dsse d = {0};

		rc = ward_dsse_read_any(envelopes[i], j->arena, &d, j->why);
		if (!rc && (d.type == WARD_DSSE_RECORD || d.type == WARD_DSSE_TIMESTAMP))
			rc = WARD_REFUSE(
				j->why, WARD_REFUSED_TYPE,
				"a %s is not installed: the service makes and publishes it",
				ward_dsse_type_text(d.type));
		if (!rc)
			rc = ward_trust_piece_decode(d.payload, d.type, j->arena,
						     &j->arrived[i].piece, j->why);
		j->arrived[i].envelope = envelopes[i];
	}
	j->count = count;
	if (!rc)
		qsort(j->arrived, count, sizeof(*j->arrived), by_type_and_version);
	return rc;
}

/* The last of a type that has come; NULL: none. */
static const struct arrived *
last_of(const struct job *j, enum ward_dsse_type type)
{
	const struct arrived *found = NULL;

	for (size_t i = 0; i < j->count; i++)
		if (j->arrived[i].piece.type == type)
			found = &j->arrived[i];
	return found;
}

/* --- what becomes of it --- */

static bool
is_new(const struct job *j, const struct arrived *one)
{
	return !j->old || one->piece.version > j->old->pieces[one->piece.type].version;
}

/* Roots that were known before have to be the same ones; what is new is put aside. */
static enum ward_rc
sort_roots(struct job *j)
{
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < j->count && !rc; i++) {
		const struct arrived *one = &j->arrived[i];

		if (one->piece.type != WARD_DSSE_ROOT)
			continue;
		if (is_new(j, one))
			j->roots[j->root_count++] = one->envelope;
		else if (one->piece.version == j->old->pieces[WARD_DSSE_ROOT].version &&
			 !ward_span_eq(one->piece.payload, j->old->pieces[WARD_DSSE_ROOT].payload))
			rc = WARD_REFUSE(j->why, WARD_REFUSED_FORK,
					 "there is another root %" PRIu64 " already",
					 one->piece.version);
	}
	return rc;
}

static enum ward_rc
take_root(struct job *j)
{
	if (j->root_count > 0)
		return ward_view_take(j->new, WARD_DSSE_ROOT, j->roots[j->root_count - 1], j->why);
	return j->old ? ward_view_take(j->new, WARD_DSSE_ROOT, j->old->envelopes[WARD_DSSE_ROOT],
				       j->why)
		      : WARD_REFUSE(j->why, WARD_REFUSED_ORDER,
				    "the first thing to come is a root");
}

/* Those that have come, or those that are there if they go with the root. */
static enum ward_rc
take_targets(struct job *j)
{
	const struct arrived *one = last_of(j, WARD_DSSE_TARGETS);
	const struct ward_trust_piece *known = j->old ? &j->old->pieces[WARD_DSSE_TARGETS] : NULL;
	enum ward_rc rc;

	if (one && known && one->piece.version < known->version)
		return WARD_REFUSE(j->why, WARD_REFUSED_ROLLBACK,
				   "the list of targets has version %" PRIu64 ", but %" PRIu64
				   " is known already",
				   one->piece.version, known->version);
	if (one && known && one->piece.version == known->version &&
	    !ward_span_eq(one->envelope, j->old->envelopes[WARD_DSSE_TARGETS]))
		return WARD_REFUSE(j->why, WARD_REFUSED_FORK,
				   "there is another list of targets of version %" PRIu64
				   " already; give it the next version",
				   known->version);
	if (one)
		return ward_view_take(j->new, WARD_DSSE_TARGETS, one->envelope, j->why);
	if (!known || known->version == 0)
		return WARD_REFUSE(j->why, WARD_REFUSED_ORDER,
				   "there is no list of targets yet: it has to come, too");
	rc = ward_view_take(j->new, WARD_DSSE_TARGETS, j->old->envelopes[WARD_DSSE_TARGETS],
			    j->why);
	if (rc == WARD_E_PERM && j->why->code == WARD_REFUSED_THRESHOLD)
		rc = WARD_REFUSE(j->why, WARD_REFUSED_THRESHOLD,
				 "the new root has other keys for the targets: a list of targets "
				 "signed by them has to come together with it");
	return rc;
}

/* The one that is there goes on if it can; one that came if it is newer; otherwise a new one is made. */
static enum ward_rc
take_snapshot(struct job *j)
{
	const struct arrived *one = last_of(j, WARD_DSSE_SNAPSHOT);
	struct ward_refusal why;

	if (one && is_new(j, one))
		return ward_view_take(j->new, WARD_DSSE_SNAPSHOT, one->envelope, j->why);
	if (j->old && j->old->envelopes[WARD_DSSE_SNAPSHOT].len > 0)
		(void)!ward_view_take(j->new, WARD_DSSE_SNAPSHOT,
				      j->old->envelopes[WARD_DSSE_SNAPSHOT], &why);
	return ward_view_wants_snapshot(j->new, j->now_ms)
		       ? ward_view_make_snapshot(j->new, j->now_ms, j->why)
		       : WARD_OK;
}

/* As endpoints would, from the root they have; and from the new one, as those that enrol now. */
static enum ward_rc
prove(struct job *j)
{
	WARD_AUTO(ward_buf_done) struct ward_buf timestamp = {0};
	static const struct ward_frontier empty;
	struct ward_head head = {0};
	size_t known = j->old ? 0 : 1;
	const struct ward_view_roots roots = {
		.from = j->old ? j->old->envelopes[WARD_DSSE_ROOT] : j->roots[0],
		.next = j->roots + known,
		.count = j->root_count - known,
	};
	enum ward_rc rc = ward_frontier_root(&empty, &head.root);

	ward_buf_init(&timestamp, ENVELOPE_MAX, NULL);
	if (!rc)
		rc = ward_view_timestamp(j->new, 1, &head, j->now_ms, &timestamp, j->why);
	return rc ? rc
		  : ward_view_prove(j->new, &roots, ward_buf_span(&timestamp), j->now_ms, j->why);
}

/* --- writing --- */

static enum ward_rc
write_one(struct job *j, enum ward_dsse_type type)
{
	return ward_trust_file_write(j->a->directory, type, j->new->pieces[type].version,
				     j->new->envelopes[type], j->why);
}

static enum ward_rc
write_all(struct job *j)
{
	enum ward_rc rc = write_one(j, WARD_DSSE_TARGETS);

	for (size_t i = 0; i < j->count && !rc; i++)
		if (j->arrived[i].piece.type == WARD_DSSE_ROOT && is_new(j, &j->arrived[i]))
			rc = ward_trust_file_write(j->a->directory, WARD_DSSE_ROOT,
						   j->arrived[i].piece.version,
						   j->arrived[i].envelope, j->why);
	return rc ? rc : write_one(j, WARD_DSSE_SNAPSHOT);
}

static enum ward_rc
run(struct job *j, const struct ward_span *envelopes, size_t count)
{
	enum ward_rc rc = ward_trust_names_read(j->a->directory, &j->new->names, j->why);

	if (!rc)
		rc = arrive(j, envelopes, count);
	if (!rc)
		rc = sort_roots(j);
	if (!rc)
		rc = take_root(j);
	if (!rc)
		rc = take_targets(j);
	if (!rc)
		rc = take_snapshot(j);
	if (!rc)
		rc = prove(j);
	return rc ? rc : write_all(j);
}

/* With the directory locked. The view that was just written is read again, so that what is handed out is
 * what is there. */
static enum ward_rc
install(struct ward_authority *a, const struct ward_span *envelopes, size_t count, uint64_t now_ms,
	struct ward_refusal *ret_why)
{
	WARD_AUTO(ward_fd_close) int lock = -1;
	WARD_AUTO(ward_view_freep) struct ward_trust_view *old = NULL;
	WARD_AUTO(ward_view_freep) struct ward_trust_view *new = NULL;
	WARD_AUTO(ward_view_freep) struct ward_trust_view *read = NULL;
	struct job j = {.a = a, .budget.cap = BUDGET, .now_ms = now_ms, .why = ret_why};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&j.budget);
	enum ward_rc rc = arena ? ward_trust_lock(a->directory, &lock, ret_why) : WARD_E_NOMEM;

	if (!rc)
		rc = ward_view_read(a->directory, &old, ret_why);
	if (rc == WARD_E_NOENT)
		rc = WARD_OK;
	if (!rc)
		rc = ward_view_new(a->directory, &new, ret_why);
	if (rc)
		return rc;
	j.arena = arena;
	j.old = old;
	j.new = new;
	rc = run(&j, envelopes, count);
	if (!rc)
		rc = ward_view_read(a->directory, &read, ret_why);
	if (!rc)
		ward_authority_put(a, &read);
	return rc;
}

enum ward_rc
ward_authority_install(struct ward_authority *a, const struct ward_span *envelopes, size_t count,
		       uint64_t now_ms, struct ward_refusal *ret_why)
{
	enum ward_rc rc;

	memset(ret_why, 0, sizeof(*ret_why));
	(void)pthread_mutex_lock(&a->writer);
	rc = install(a, envelopes, count, now_ms, ret_why);
	(void)pthread_mutex_unlock(&a->writer);
	return rc;
}

enum ward_rc
ward_authority_create(const char *directory, const struct ward_span *envelopes, size_t count,
		      uint64_t now_ms, struct ward_authority **ret, struct ward_refusal *ret_why)
{
	WARD_AUTO(ward_authority_closep) struct ward_authority *a = NULL;
	WARD_AUTO(ward_view_freep) struct ward_trust_view *there = NULL;
	enum ward_rc rc;

	memset(ret_why, 0, sizeof(*ret_why));
	rc = ward_view_read(directory, &there, ret_why);
	if (!rc)
		return WARD_KEYS_FAIL(ret_why, WARD_E_PERM, "%s: there is a root already",
				      directory);
	if (rc == WARD_E_NOENT)
		rc = ward_authority_make(directory, &a);
	if (!rc)
		rc = ward_authority_install(a, envelopes, count, now_ms, ret_why);
	if (rc)
		return rc;
	*ret = a;
	a = NULL;
	return WARD_OK;
}
