/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a format's reader tells the engine what it finds. A reader is one
 * function over a run of bytes; it never keeps state between calls, never reads
 * files, and hands each embedded object to the sink at once, so that only one
 * path through a nest of containers is in memory.
 *
 * Every wrapper below takes a sink whose members may be NULL (a fuzzer's, say)
 * and then does nothing.
 */
#ifndef WARD_FORMATS_SINK_H
#define WARD_FORMATS_SINK_H

#include "base/arena.h"
#include "base/verdict.h"
#include "formats/layout.h"
#include "formats/type.h"

/* Traits a reader saw; they raise what the object can do, never convict by
 * themselves. */
enum ward_trait {
	WARD_TRAIT_MACRO = 1u << 0,	/* document with macro code */
	WARD_TRAIT_AUTOEXEC = 1u << 1,	/* code that runs on opening */
	WARD_TRAIT_SCRIPT = 1u << 2,	/* document with script (PDF JavaScript, HTML <script>) */
	WARD_TRAIT_EXTERNAL = 1u << 3,	/* loads a remote template or launches a program */
	WARD_TRAIT_MALFORMED = 1u << 4, /* structure contradicts itself */
	WARD_TRAIT_PACKED = 1u << 5,	/* looks packed or compressed code */
	WARD_TRAIT_ENCRYPTED = 1u << 6, /* some contents need a password */
	WARD_TRAIT_OVERLAY = 1u << 7,	/* bytes after the end of the structure */
};

struct ward_child {
	const char *name;	/* inner path component, NUL-terminated raw bytes (display
				   escapes it) */
	struct ward_span bytes; /* valid during the call */
	uint64_t packed;	/* bytes it took inside its container, 0 if not known */
	enum ward_type type;	/* when the reader knows what the bytes cannot tell (VBA
				   source); else WARD_TYPE_DATA: identified by content */
	bool derived;		/* another view of the parent's own bytes (normalised text), not
				   an object inside it: matched, not counted as a file, not
				   hashed against lists */
};

struct ward_sink {
	void *ctx;
	/* Takes one embedded object and scans it before returning. WARD_E_STOPPED:
	   enough is known; WARD_E_LIMIT: a limit of the whole scan is reached. The
	   reader returns either unchanged. */
	enum ward_rc (*child)(void *ctx, const struct ward_child *child);
	/* `name` (inner path component, NULL: the object itself) could not be read.
	 */
	void (*gap)(void *ctx, const char *name, enum ward_reason why);
	/* One thing to tell people: key dotted lower case ("pe.machine"), value UTF-8
	 * or raw text. */
	void (*fact)(void *ctx, const char *key, const char *value);
	void (*trait)(void *ctx, enum ward_trait trait);
	/* Where an executable's parts lie. Copied. */
	void (*layout)(void *ctx, const struct ward_layout *layout);
	/* `produced` more bytes were unpacked from `consumed` (0 if unknown) bytes.
	   WARD_E_LIMIT when bytes, ratio or time are used up (the engine notes
	   which): stop and return it. Call it at least once per 64 KiB produced, and
	   with (0, 0) in long loops that produce nothing. */
	enum ward_rc (*charge)(void *ctx, uint64_t produced, uint64_t consumed);
	/* Largest child in bytes that will be taken; 0: no limit told. */
	uint64_t max_child;
	/* Derived children are not wanted: nothing loaded reads contents. Do not make them. */
	bool skip_views;
};

/*
 * A format's entry point. `arena` is for the reader's own structures and is
 * emptied after the call. WARD_OK: read as far as the format goes (what was
 * missed went to sink->gap). WARD_E_FORMAT or WARD_E_TRUNCATED: nothing, or
 * only a part, could be read (the engine notes "corrupt"). WARD_E_ENCRYPTED,
 * WARD_E_UNSUPPORTED: noted under those names. WARD_E_LIMIT, WARD_E_STOPPED: as
 * the sink said; WARD_E_LIMIT from the arena is noted as "memory".
 */
typedef enum ward_rc (*ward_reader)(struct ward_span in, struct ward_arena *arena,
				    const struct ward_sink *sink);

enum ward_rc ward_sink_child(const struct ward_sink *sink,
			     const struct ward_child *child) WARD_MUST_CHECK;
/* The common child: bytes under a name, identified by content. */
enum ward_rc ward_sink_object(const struct ward_sink *sink, const char *name,
			      struct ward_span bytes) WARD_MUST_CHECK;
void ward_sink_gap(const struct ward_sink *sink, const char *name, enum ward_reason why);
void ward_sink_fact(const struct ward_sink *sink, const char *key, const char *fmt, ...)
	WARD_PRINTF(3, 4);
void ward_sink_trait(const struct ward_sink *sink, enum ward_trait trait);
void ward_sink_layout(const struct ward_sink *sink, const struct ward_layout *layout);
enum ward_rc ward_sink_charge(const struct ward_sink *sink, uint64_t produced,
			      uint64_t consumed) WARD_MUST_CHECK;
/* ward_sink_charge in the shape sys/inflate.h wants; `sink` is a const struct
 * ward_sink *. */
enum ward_rc ward_sink_inflate_charge(void *sink, uint64_t produced);
/* The smaller of `max` and the sink's own limit for one child. */
size_t ward_sink_child_max(const struct ward_sink *sink, size_t max);

#endif
