/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists are strangers' bytes: they are parsed in a child that gave up root, can open nothing (Landlock,
 * seccomp) and has a limit of memory and CPU time. It gets open files one after the other and answers
 * with figures, and at the end with batches. What it answers is presumed hostile: whoever takes the
 * batches decodes and checks them.
 *
 * One thread, and started while the process has no other one (sys/process.h).
 */
#ifndef WARD_CLOUD_IMPORT_CHILD_H
#define WARD_CLOUD_IMPORT_CHILD_H

#include "cloud/import/entries.h"

struct ward_import_child;

struct ward_import_child_options {
	struct ward_import_terms terms;
	const char *format;    /* NULL: told by content */
	uint64_t memory_bytes; /* private memory it may have; 0: no limit */
};

enum ward_rc ward_import_child_start(const struct ward_import_child_options *options,
				     struct ward_import_child **ret) WARD_MUST_CHECK;
/* Kills it when it still runs. NULL is fine. */
struct ward_import_child *ward_import_child_end(struct ward_import_child *child);
void ward_import_child_endp(struct ward_import_child **child);

/*
 * Has the open file read; the descriptor stays the caller's. `name` helps to tell the format. WARD_E_GONE:
 * the child crashed or used up its time; WARD_E_NOMEM: its memory, WARD_E_LIMIT: too many hashes. Then
 * it takes no more. Texts in the figures end with NUL, but may hold anything.
 */
enum ward_rc ward_import_child_read(struct ward_import_child *child, int fd, const char *name,
				    struct ward_import_figures *ret_figures) WARD_MUST_CHECK;

/* Gets packed Ward__Log__V1__Record messages of reputation, unchecked, with "-" for a list. */
typedef enum ward_rc (*ward_import_record_fn)(void *context, struct ward_span record);
/* What was read, without duplicates. Ends the child. */
enum ward_rc ward_import_child_finish(struct ward_import_child *child, ward_import_record_fn fn,
				      void *context,
				      struct ward_import_totals *ret_totals) WARD_MUST_CHECK;

#endif
