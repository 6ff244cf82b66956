/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a format's reader hands out, gathered for a row: texts (scripts, macros, normalised views) in
 * one piece each, everything else counted. The reader is run here, apart from the scan, with limits of
 * its own; what goes beyond them is not counted, and said by `cut`.
 */
#ifndef WARD_ML_FEATURES_VIEWS_H
#define WARD_ML_FEATURES_VIEWS_H

#include "base/buf.h"
#include "formats/sink.h"

enum {
	WARD_VIEWS_UNPACKED = 32 << 20, /* bytes a reader may produce */
	WARD_VIEWS_TEXT = 4 << 20,	/* bytes of each text that are looked at */
	WARD_VIEWS_CHILDREN = 20000,
};

struct ward_views {
	struct ward_arena *arena;
	struct ward_buf source; /* scripts and macros inside, one after the other */
	struct ward_buf view;	/* the normalised views of the object and of those */
	uint64_t sources;	/* how many */
	uint64_t children;	/* other objects inside */
	uint64_t child_bytes;
	uint64_t programs; /* of the children: ELF and PE files */
	uint64_t decoded;  /* literals decoded (formats/codec/blob.h) */
	uint64_t decoded_bytes;
	uint64_t produced; /* bytes unpacked */
	unsigned depth;
	unsigned traits; /* enum ward_trait */
	uint64_t gaps;
	bool encrypted;
	bool cut;
	/* The facts that rows want; told of each. May be NULL. */
	void (*fact)(void *ctx, const char *key, const char *value);
	void *ctx;
};

/* Nothing yet; borrows the arena, and draws from its budget until _done. Then `fact` may be set. */
void ward_views_init(struct ward_views *v, struct ward_arena *arena);
void ward_views_done(struct ward_views *v);

/* Runs the reader of `type` over `in`. WARD_E_LIMIT: arena; what else is wrong with the input is
 * counted as a gap. */
enum ward_rc ward_views_read(struct ward_views *v, enum ward_type type,
			     struct ward_span in) WARD_MUST_CHECK;

#endif
