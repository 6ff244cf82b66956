/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records as tagged fields: u16 tag, u32 length, that many bytes, all little-endian, in any order.
 * Tags from 0x8000 up may be skipped by readers that do not know them; others may not, and may come
 * once only. A table says which field of a structure belongs to which tag.
 */
#ifndef WARD_GUARD_QUARANTINE_FIELDS_H
#define WARD_GUARD_QUARANTINE_FIELDS_H

#include "base/buf.h"

enum ward_field_kind {
	WARD_FIELD_U32,	  /* uint32_t, 4 bytes */
	WARD_FIELD_U64,	  /* uint64_t or int64_t, 8 bytes */
	WARD_FIELD_BYTES, /* uint8_t[size] */
	WARD_FIELD_SPAN,  /* struct ward_span of at most `size` bytes; left out when empty */
};

struct ward_field {
	uint16_t tag;
	enum ward_field_kind kind;
	size_t offset; /* in the structure */
	size_t size;
};

enum { WARD_FIELDS_MAX = 64, WARD_FIELD_SKIPPABLE = 0x8000 };

/* One record; for what has no place in a table. */
enum ward_rc ward_field_put(struct ward_buf *out, uint16_t tag,
			    struct ward_span bytes) WARD_MUST_CHECK;
/* All fields of the table; WARD_E_LIMIT when a span is longer than its size. */
enum ward_rc ward_fields_put(struct ward_buf *out, const struct ward_field *table, size_t count,
			     const void *from) WARD_MUST_CHECK;

/* Called with records whose tags are not in the table; WARD_E_NOENT: not known here either. */
typedef enum ward_rc (*ward_field_other)(void *ctx, uint16_t tag, struct ward_span bytes);

/*
 * Reads records to the end of `in` into the structure; spans borrow `in`. WARD_E_FORMAT: a length is
 * wrong, a field of fixed size is missing, one came twice; WARD_E_UNSUPPORTED: a tag nobody knows.
 * What it wrote before it failed stays.
 */
enum ward_rc ward_fields_get(struct ward_span in, const struct ward_field *table, size_t count,
			     void *into, ward_field_other other, void *ctx) WARD_MUST_CHECK;

#endif
