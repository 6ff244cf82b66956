/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed update records as this machine takes them: what the network process hands over is checked here,
 * by root's side, made durable and put in force (overlay.h). The network process can withhold; what it
 * makes up is refused, and what was applied stays in force.
 *
 * A thread of its own does all that; who hands something over never waits. Whom to believe is the file
 * `updates.root` beside the enrolment's (docs/updates.md); it counts if root made it, once it was seen it stays
 * pinned, and another one (a new enrolment) begins anew, an empty one ends it.
 */
#ifndef WARD_GUARD_INTAKE_INTAKE_H
#define WARD_GUARD_INTAKE_INTAKE_H

#include "guard/intake/overlay.h"
#include "trust/accept.h"

struct ward_intake;

/* What to ask the service for. */
struct ward_intake_want {
	bool records;		  /* else metadata: */
	enum ward_dsse_type role; /* root to timestamp */
	uint64_t version;	  /* 0: the newest */
	uint64_t after;		  /* records behind this number */
	uint32_t limit;
};

/* What came into force, for those who remember verdicts. */
struct ward_intake_change {
	/* SHA-256 of contents that new records are about. */
	const uint8_t (*digests)[32];
	size_t digest_count;
	unsigned about; /* WARD_OVERLAY_…: of those, and of others as well */
};

/* All on the intake's thread, which holds nothing meanwhile. */
struct ward_intake_ops {
	/* Ask; the answer comes by ward_intake_fetched with this id. Anything but WARD_OK: not now. */
	enum ward_rc (*need)(void *ctx, uint64_t id, const struct ward_intake_want *want);
	/* Something is in force, or is no more. */
	void (*changed)(void *ctx, const struct ward_intake_change *change);
	/* For the history: refusals, damage, new roots. One line; `word` is for programs. */
	void (*event)(void *ctx, const char *word, const char *text);
	void *ctx;
};

struct ward_intake_options {
	const char *directory; /* where it keeps its state; made if need be; borrowed */
	const char *enrolment; /* borrowed */
	struct ward_intake_ops ops;
	uint64_t (*now_ms)(void); /* NULL: the wall clock */
};

/* Reads what is stored, so that it is in force. WARD_E_NOMEM, or the directory cannot be used. */
enum ward_rc ward_intake_new(const struct ward_intake_options *options,
			     struct ward_intake **ret) WARD_MUST_CHECK;
enum ward_rc ward_intake_start(struct ward_intake *i) WARD_MUST_CHECK;
/* Ends its thread; what is in force stays so, what comes from now on waits for ever. */
void ward_intake_stop(struct ward_intake *i);
/* Stops, too. NULL is fine. */
struct ward_intake *ward_intake_free(struct ward_intake *i);

/* Borrowed, as long as the intake. */
struct ward_overlay *ward_intake_overlay(struct ward_intake *i);

/* --- what comes; any thread, copied; what is too much is dropped and fetched later --- */

/* The bytes of a ward.v1.Updates. */
void ward_intake_pushed(struct ward_intake *i, struct ward_span updates);
/* The answer to a need: ward.v1.Updates or ward.v1.MetadataReply. */
void ward_intake_fetched(struct ward_intake *i, uint64_t id, enum ward_rc rc,
			 struct ward_span message);
/* A record that stood in an answer: a sign that there is more. */
void ward_intake_record(struct ward_intake *i, struct ward_span envelope);
/* The service can be asked again. */
void ward_intake_online(struct ward_intake *i);
/* Who this machine is, for scopes; copied. What is in force follows. */
void ward_intake_self(struct ward_intake *i, const struct ward_trust_self *self);

/* --- what is --- */

struct ward_intake_state {
	bool pinned; /* a root is there */
	bool silent; /* the timestamp is over, or there is none: nothing new may be believed */
	uint64_t root_version, last_number, head_number;
	uint64_t timestamp_version, timestamp_until_ms;
	uint64_t heard_ms; /* when a timestamp was taken last; 0: never */
	uint64_t batches, records, refusals, dropped, unsaved; /* since the start */
	uint64_t refused_ms;				       /* the last refusal; 0: none */
	char refusal[32], refusal_text[WARD_REFUSAL_TEXT];
	struct ward_overlay_counts overlay;
};
/* Any thread. */
void ward_intake_state(struct ward_intake *i, struct ward_intake_state *ret);
/* The last records that were taken, the newest first, those for other devices too. Reads the disk. Any
 * thread. `visit` must not call the intake. */
enum ward_rc ward_intake_records(struct ward_intake *i, size_t count,
				 void (*visit)(void *ctx, const struct ward_trust_record *record,
					       uint64_t taken_ms, bool mine),
				 void *ctx) WARD_MUST_CHECK;

/* Does what the thread would do now, for tests. */
void ward_intake_turn(struct ward_intake *i);

#endif
