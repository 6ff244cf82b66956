/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain lists of hashes: one a line in hex, SHA-256, SHA-1 or MD5 by its length, then perhaps white
 * space, a comma or a semicolon and a threat's name. '#' begins a comment.
 */
#ifndef WARD_CLOUD_IMPORT_LIST_H
#define WARD_CLOUD_IMPORT_LIST_H

#include "base/rc.h"
#include "base/span.h"
#include "record.pb-c.h"

struct ward_import_figures {
	uint64_t taken, duplicates, bad,
		first_bad; /* lines not understood; the first one's number */
};

/* Gets each batch: digests sorted and different, names set; the rest is the callee's to fill. */
typedef enum ward_rc (*ward_import_fn)(void *context, Ward__Log__V1__Reputation *batch);

/* Calls `fn` until the list is through or it fails. Takes about 40 bytes of memory a hash.
 * WARD_E_LIMIT: more than 100 million hashes. */
enum ward_rc ward_import_list(struct ward_span text, ward_import_fn fn, void *context,
			      struct ward_import_figures *ret) WARD_MUST_CHECK;

#endif
