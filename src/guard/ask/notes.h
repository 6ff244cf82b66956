/* SPDX-License-Identifier: Apache-2.0 */
/* Events that the network process has not acknowledged yet: a queue with a maximum, whose front is
 * sent and stays until it is kept. Thread-safe; nothing waits. */
#ifndef WARD_GUARD_ASK_NOTES_H
#define WARD_GUARD_ASK_NOTES_H

#include "base/verdict.h"
#include "formats/type.h"
#include "guard/ask/peer.h"

struct ward_notes;

enum ward_note_kind { WARD_NOTE_FILE, WARD_NOTE_TAMPER, WARD_NOTE_HEALTH };

/* Texts within the limits of ward.proto. */
struct ward_note {
	enum ward_note_kind kind;
	union {
		/* One detection, or (WARD_UNKNOWN) a file that was met while nobody could be asked. */
		struct {
			uint8_t sha256[32];
			uint64_t size;
			enum ward_type type;
			enum ward_verdict verdict;
			Ward__V1__Action action;
			char threat[129], layer[32], rule[129];
		} file;
		struct {
			Ward__V1__TamperKind kind;
			char deed[65], setting[129];
		} tamper;
		struct {
			uint64_t scanned, not_scanned; /* since the last one */
			uint64_t policy_version;
			char mode[17], intelligence[65];
			char issues[257]; /* codes, with commas between */
		} health;
	};
};

/* NULL without memory. */
struct ward_notes *ward_notes_new(void) WARD_MUST_CHECK;
struct ward_notes *ward_notes_free(struct ward_notes *n);

/* When it is full the note is dropped and counted. */
void ward_notes_put(struct ward_notes *n, const struct ward_note *note);
/* Sends the front, unless that is under way. */
void ward_notes_send(struct ward_notes *n, struct ward_peer *peer);
/* The answer to what was sent: kept or not wanted, either way it is done with. */
void ward_notes_kept(struct ward_notes *n, const Ward__Uplink__V1__Kept *kept);
/* Nobody will answer: it is sent again, with the same ids. */
void ward_notes_lost(struct ward_notes *n);
/* How many are not kept yet. */
size_t ward_notes_waiting(struct ward_notes *n);
uint64_t ward_notes_dropped(struct ward_notes *n);

#endif
