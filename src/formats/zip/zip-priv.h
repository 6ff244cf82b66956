/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the walk over a zip (zip.c), its directory (directory.c) and one entry's data
 * (entry.c). */
#ifndef WARD_FORMATS_ZIP_ZIP_PRIV_H
#define WARD_FORMATS_ZIP_ZIP_PRIV_H

#include "base/buf.h"
#include "base/cursor.h"
#include "formats/zip/zip.h"

/* General purpose flags (4.4.4). */
enum {
	WARD_ZIP_ENCRYPTED = 1 << 0,
	WARD_ZIP_DICT_8K = 1 << 1,   /* of implode */
	WARD_ZIP_LIT_TREE = 1 << 2,  /* of implode */
	WARD_ZIP_DESCRIPTOR = 1 << 3 /* sizes stand behind the data */
};

struct ward_zip_entry {
	struct ward_span name;
	uint16_t flags;
	uint16_t method;
	uint64_t packed;
	uint64_t size;
	uint64_t local;	   /* offset of the local header */
	uint64_t data;	   /* offset of the data */
	bool size_unknown; /* the local header leaves the sizes to the descriptor */
};

struct ward_zip_range {
	uint64_t start;
	uint64_t end;
};

struct ward_zip_walk {
	struct ward_span in;
	struct ward_arena *arena;
	const struct ward_sink *sink;
	ward_zip_other other;
	struct ward_buf buf;
	struct ward_span directory; /* central file headers, cut at the end record */
	uint64_t shift;		    /* bytes put in front of the zip */
	uint64_t entries;
};

/* Finds the central directory; false when there is none. */
bool ward_zip_directory_find(struct ward_zip_walk *w);
/* The next central file header; false at the end of the directory. The local offset is corrected
 * for what was put in front of the zip. */
bool ward_zip_directory_next(const struct ward_zip_walk *w, struct ward_cursor *c,
			     struct ward_zip_entry *ret_entry);
/* The local header at `offset`; false when there is none that makes sense. */
bool ward_zip_local_read(struct ward_span in, uint64_t offset, struct ward_zip_entry *ret_entry);
/* Unpacks an entry whose `data` is known and hands it on. */
enum ward_rc ward_zip_entry_read(struct ward_zip_walk *w,
				 const struct ward_zip_entry *entry) WARD_MUST_CHECK;

#endif
