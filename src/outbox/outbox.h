/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events that wait for the cloud to acknowledge them. One process; any thread, one call at a time
 * inside. Calls wait for the disk.
 */
#ifndef WARD_OUTBOX_OUTBOX_H
#define WARD_OUTBOX_OUTBOX_H

#include "base/rc.h"
#include "base/span.h"

enum { WARD_OUTBOX_ID = 16, WARD_OUTBOX_BODY_MAX = 1 << 20 };

/* What an event is worth when not all can stay. */
enum ward_outbox_worth {
	WARD_OUTBOX_LOW = 0,	/* sightings of clean files */
	WARD_OUTBOX_NORMAL = 1, /* sightings of unknown files, scan summaries */
	WARD_OUTBOX_HIGH = 2,	/* detections, tampering */
};

struct ward_outbox;

struct ward_outbox_options {
	const char *path;
	uint64_t max_rows;  /* 0: 100,000 */
	uint64_t max_bytes; /* of bodies; 0: 64 MiB */
};

/* As ward_db_open; *ret_set_aside: what was there could not be read. */
enum ward_rc ward_outbox_open(const struct ward_outbox_options *options,
			      struct ward_outbox **ret_outbox, bool *ret_set_aside) WARD_MUST_CHECK;
void ward_outbox_freep(struct ward_outbox **outbox);

struct ward_outbox_event {
	uint8_t id[WARD_OUTBOX_ID]; /* UUID of version 7; the caller's, chosen once */
	enum ward_outbox_worth worth;
	struct ward_span body; /* the encoded event */
	uint64_t since_ms;     /* when it was put in; set by the outbox */
};

/*
 * Keeps the events, all or none, durably. One whose id is there already counts as kept. To make room,
 * events of less worth and then the oldest of the same go. WARD_E_LIMIT: even that would not do, or a
 * body is too large; nothing was kept then, and *all* of them count as dropped.
 */
enum ward_rc ward_outbox_put(struct ward_outbox *o, const struct ward_outbox_event *events,
			     size_t count) WARD_MUST_CHECK;

/* Borrowed during the call. Anything but WARD_OK stops and is returned. Must not call the outbox. */
typedef enum ward_rc (*ward_outbox_visit)(void *ctx, const struct ward_outbox_event *event);
/* The next to send: the most worth first, then the oldest; at most so many, and no more after so
 * many bytes (but always one). They stay until acknowledged. */
enum ward_rc ward_outbox_peek(struct ward_outbox *o, size_t max_events, uint64_t max_bytes,
			      ward_outbox_visit visit, void *ctx) WARD_MUST_CHECK;
/* The service has them, or has refused them for good. Unknown ids are fine. */
enum ward_rc ward_outbox_acknowledge(struct ward_outbox *o, const uint8_t (*ids)[WARD_OUTBOX_ID],
				     size_t count) WARD_MUST_CHECK;

struct ward_outbox_totals {
	uint64_t rows, bytes;
	uint64_t dropped;   /* pushed out or refused since the beginning */
	uint64_t oldest_ms; /* since 1970; 0: empty */
};
enum ward_rc ward_outbox_totals(struct ward_outbox *o,
				struct ward_outbox_totals *ret_totals) WARD_MUST_CHECK;

#endif
