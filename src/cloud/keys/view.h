/* SPDX-License-Identifier: Apache-2.0 */
/* What an organisation's trust is at one moment: read, checked, and never changed afterwards. Between
 * authority.c, which hands it out, and install.c, which makes the next one. */
#ifndef WARD_CLOUD_KEYS_VIEW_H
#define WARD_CLOUD_KEYS_VIEW_H

#include "cloud/keys/directory.h"
#include "cloud/keys/keyfile.h"
#include "trust/piece.h"

struct ward_trust_view {
	unsigned refs; /* the authority's lock guards it */
	struct ward_budget budget;
	struct ward_arena *arena;
	struct ward_key_ring ring;
	struct ward_trust_names names;
	/* by ward_dsse_type; an empty envelope: there is none that goes with the root */
	struct ward_span envelopes[WARD_TRUST_FILES];
	struct ward_trust_piece pieces[WARD_TRUST_FILES];
	struct ward_refusal problem; /* why there is no targets or snapshot; "": there are */
};

/* Empty, with the keys of DIRECTORY/keys. */
enum ward_rc ward_view_new(const char *directory, struct ward_trust_view **ret,
			   struct ward_refusal *ret_why) WARD_MUST_CHECK;
/* Wipes the keys. */
struct ward_trust_view *ward_view_free(struct ward_trust_view *v);
void ward_view_freep(struct ward_trust_view **v);

/* Reads the directory: the whole chain of roots, then the highest targets that go with the last one, and
 * the highest snapshot that names those. WARD_E_NOENT: there is no root. Nothing is written. */
enum ward_rc ward_view_read(const char *directory, struct ward_trust_view **ret,
			    struct ward_refusal *ret_why) WARD_MUST_CHECK;
/* Takes an envelope in, a copy of it, if the view's root (or, a root, itself) says that it is good. */
enum ward_rc ward_view_take(struct ward_trust_view *v, enum ward_dsse_type type,
			    struct ward_span envelope,
			    struct ward_refusal *ret_why) WARD_MUST_CHECK;

/* Whether a snapshot has to be made: there is none, or a third of its life is over. */
bool ward_view_wants_snapshot(const struct ward_trust_view *v, uint64_t now_ms);
/* Makes it, with the next version, and takes it in; it is not yet in the directory. */
enum ward_rc ward_view_make_snapshot(struct ward_trust_view *v, uint64_t now_ms,
				     struct ward_refusal *ret_why) WARD_MUST_CHECK;

/* Appends an envelope signed by all of the role's keys that the ring has. WARD_E_NOENT: too few. */
enum ward_rc ward_view_seal(const struct ward_trust_view *v, enum ward_dsse_type type,
			    struct ward_span payload, struct ward_buf *out,
			    struct ward_refusal *ret_why) WARD_MUST_CHECK;
/* Appends a timestamp about the view's snapshot. */
enum ward_rc ward_view_timestamp(const struct ward_trust_view *v, uint64_t version,
				 const struct ward_head *head, uint64_t now_ms,
				 struct ward_buf *out,
				 struct ward_refusal *ret_why) WARD_MUST_CHECK;
/* What an endpoint has, and the roots that it gets. */
struct ward_view_roots {
	struct ward_span from;
	const struct ward_span *next; /* in order */
	size_t count;
};

/* What an endpoint would do that has and gets these roots (NULL: it has the view's), this timestamp and the view's
 * snapshot and targets. */
enum ward_rc ward_view_prove(const struct ward_trust_view *v, const struct ward_view_roots *roots,
			     struct ward_span timestamp, uint64_t now_ms,
			     struct ward_refusal *ret_why) WARD_MUST_CHECK;

#endif
