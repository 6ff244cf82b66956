/* SPDX-License-Identifier: Apache-2.0 */
/* A reply's entries, as many as fit into one message. Texts are copied to the arena. */
#ifndef WARD_GUARD_MANAGE_PAGE_H
#define WARD_GUARD_MANAGE_PAGE_H

#include "proto/manage.h"

struct ward_page {
	struct ward_arena *arena;
	size_t limit; /* entries */
	struct ward_manage_entry *entries;
	size_t count;
	struct ward_manage_field fields[WARD_MANAGE_FIELDS_MAX]; /* of the open entry */
	size_t field_count;
	size_t cost, room; /* bytes */
	bool short_of_memory;
};

/* `limit` 0 or too large: as many as a reply may have. WARD_E_NOMEM. */
enum ward_rc ward_page_init(struct ward_page *p, struct ward_arena *arena,
			    size_t limit) WARD_MUST_CHECK;

/* Fields of the entry that is being made. Empty texts are left out. */
void ward_page_text(struct ward_page *p, const char *name, struct ward_span text);
void ward_page_str(struct ward_page *p, const char *name, const char *text);
void ward_page_json(struct ward_page *p, const char *name, struct ward_span json);
void ward_page_number(struct ward_page *p, const char *name, uint64_t number);
void ward_page_bool(struct ward_page *p, const char *name, bool value);
/* 0 is left out. */
void ward_page_time(struct ward_page *p, const char *name, uint64_t ms);
void ward_page_uuid(struct ward_page *p, const char *name, struct ward_span id);
void ward_page_hex(struct ward_page *p, const char *name, struct ward_span bytes);

/* Ends the entry. WARD_E_STOPPED: it does not fit and was dropped; the page is full. */
enum ward_rc ward_page_entry(struct ward_page *p) WARD_MUST_CHECK;

#endif
