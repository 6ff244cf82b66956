/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects of a PDF file. They are found by looking for `N G obj` through the whole file: hostile
 * files have wrong cross-reference tables, and viewers repair them the same way. Objects inside
 * object streams (7.5.7) join the same table.
 */
#ifndef WARD_FORMATS_PDF_DOC_H
#define WARD_FORMATS_PDF_DOC_H

#include "formats/pdf/filter.h"
#include "formats/pdf/value.h"

/* What other objects say about a stream or string. */
enum ward_pdf_role {
	WARD_PDF_ROLE_NONE = 0,
	WARD_PDF_ROLE_JAVASCRIPT,
	WARD_PDF_ROLE_EMBEDDED,
	WARD_PDF_ROLE_XFA,
};

struct ward_pdf_entry {
	uint32_t number;
	enum ward_pdf_role role;
	struct ward_span body; /* where its value is; may reach too far, never beyond the input */
	size_t offset;	       /* of body in the file; SIZE_MAX: in an object stream */
	const char *name;      /* of an embedded file; NULL: not known */
};

struct ward_pdf_doc {
	struct ward_span in;
	struct ward_arena *arena;
	const struct ward_sink *sink;
	struct ward_pdf_entry *entries; /* in file order, then those of object streams */
	size_t count;
	size_t room;
	uint32_t *index; /* entry numbers sorted by object number; the last definition counts */
	size_t indexed;	 /* how many of them; entries added since are not found yet */
	size_t end_from; /* the first `endstream` behind end_from is at end_at */
	size_t end_at;
	bool encrypted;
	bool lengths_lie; /* some stream is not as long as it says */
};

/* An object at hand; lives in the arena. */
struct ward_pdf_object {
	struct ward_pdf_value *value;
	bool is_stream;
	struct ward_span stream; /* as stored */
};

/* Finds the objects. WARD_E_FORMAT: none. WARD_E_LIMIT, WARD_E_STOPPED: as usual. */
enum ward_rc ward_pdf_doc_open(struct ward_pdf_doc *doc) WARD_MUST_CHECK;

/* WARD_E_FORMAT: there is no object there after all. */
enum ward_rc ward_pdf_doc_load(struct ward_pdf_doc *doc, const struct ward_pdf_entry *entry,
			       struct ward_pdf_object *ret_object) WARD_MUST_CHECK;

/* The entry an object number stands for, or NULL. Valid until the table grows. */
struct ward_pdf_entry *ward_pdf_doc_find(const struct ward_pdf_doc *doc, int64_t number);

/*
 * What a value stands for: itself, or the object it refers to (at most WARD_PDF_HOPS_MAX steps; only
 * the first 64 KiB of that object are read). NULL when there is none. WARD_E_LIMIT from the arena.
 */
enum { WARD_PDF_HOPS_MAX = 8 };
enum ward_rc ward_pdf_doc_resolve(const struct ward_pdf_doc *doc,
				  const struct ward_pdf_value *value,
				  const struct ward_pdf_value **ret_value) WARD_MUST_CHECK;

/*
 * The stream's bytes behind all its filters into `out` (emptied first). *ret_image: an image codec
 * is left on it. Results as of ward_pdf_filter_decode; a refusing sink's code with *ret_refused.
 */
struct ward_pdf_decoded {
	struct ward_buf bytes; /* init by the caller */
	struct ward_buf spare;
	struct ward_span view; /* the result: in `bytes`, or the stored stream itself */
	bool image;
	bool refused;
};
enum ward_rc ward_pdf_doc_decode(const struct ward_pdf_doc *doc,
				 const struct ward_pdf_object *object,
				 struct ward_pdf_decoded *d) WARD_MUST_CHECK;
void ward_pdf_decoded_init(struct ward_pdf_decoded *d, const struct ward_pdf_doc *doc);
void ward_pdf_decoded_done(struct ward_pdf_decoded *d);

#endif
