/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compound files ([MS-CFB]): the little file system inside .doc, .xls, .ppt,
 * .msi, .msg and vbaProject.bin. Every table is read tolerantly: a chain that
 * loops, leaves the file or crosses another one costs that stream only, and
 * what came before the damage is still given. Borrows the input; memory comes
 * from the arena. One thread per struct.
 */
#ifndef WARD_FORMATS_OLE_CFB_H
#define WARD_FORMATS_OLE_CFB_H

#include "base/buf.h"
#include "formats/sink.h"

/* [MS-CFB] 2.6.1 Object Type. */
enum ward_cfb_kind {
	WARD_CFB_UNUSED = 0,
	WARD_CFB_STORAGE = 1,
	WARD_CFB_STREAM = 2,
	WARD_CFB_ROOT = 5,
};

/* "No entry" in left, right, child and parent ([MS-CFB] 2.6.1 NOSTREAM). */
#define WARD_CFB_NONE 0xFFFFFFFFu

struct ward_cfb_entry {
	struct ward_span name;	/* UTF-16LE without the NUL, inside the input */
	struct ward_span clsid; /* 16 bytes as stored, inside the input */
	uint8_t kind;		/* enum ward_cfb_kind; other values are damage */
	uint32_t left, right, child;
	uint32_t start; /* first sector */
	uint64_t size;
	uint32_t parent; /* index of the storage it lies in; WARD_CFB_NONE for the
			    root and for entries no storage leads to */
};

/* Singly linked sectors with marks, so that a loop is seen on its first
 * repeated step. */
struct ward_cfb_table {
	uint32_t *next;
	uint32_t *owner; /* the stream the sector was last read for; 0: none */
	uint32_t *seen;	 /* the walk that last met it */
	uint32_t len;
};

struct ward_cfb {
	struct ward_span in;
	const struct ward_sink *sink; /* charged for copied bytes */
	unsigned shift, mini_shift;   /* log2 of the sector sizes */
	uint64_t cutoff;	      /* streams shorter than this live in the mini stream */
	uint32_t first_dir, first_mini, first_difat;
	struct ward_cfb_table fat, mini;
	uint32_t *mini_sectors; /* the sectors the mini stream consists of, in order */
	uint32_t mini_sectors_len;
	struct ward_cfb_entry *entries;
	uint32_t entries_len;
	uint32_t walks; /* serial number of the last walk along a chain */
	bool damaged;	/* a table or the directory is broken somewhere */
	bool too_many;	/* the directory has more than 65 536 entries; the rest was left */
	bool overlaps;	/* two streams share a sector (set as streams are read) */
	bool malformed; /* header fields outside the specification, yet readable */
};

/*
 * Reads header, tables and directory. `sink` is borrowed by the result.
 * WARD_E_FORMAT: not a compound file, or no directory entry could be read;
 * WARD_E_TRUNCATED: shorter than its header; WARD_E_LIMIT: arena or sink.
 */
enum ward_rc ward_cfb_open(struct ward_span in, struct ward_arena *arena,
			   const struct ward_sink *sink, struct ward_cfb *ret_cfb) WARD_MUST_CHECK;

/*
 * The bytes of stream `index`, borrowed from the input when its sectors follow
 * one another, else put together in `buf` (cleared first). With WARD_E_FORMAT
 * the chain is broken or shorter than the stream says, and *ret_bytes is what
 * there is. WARD_E_LIMIT: `buf` is full or the sink refuses.
 */
enum ward_rc ward_cfb_read(struct ward_cfb *cfb, uint32_t index, struct ward_buf *buf,
			   struct ward_span *ret_bytes) WARD_MUST_CHECK;

/* The name of entry `index` is `ascii`, without regard to case. */
bool ward_cfb_named(const struct ward_cfb *cfb, uint32_t index, const char *ascii);

/* The stream or storage of that UTF-16LE name in storage `parent`, or
 * WARD_CFB_NONE. ASCII case is ignored. */
uint32_t ward_cfb_find(const struct ward_cfb *cfb, uint32_t parent, struct ward_span name);

#endif
