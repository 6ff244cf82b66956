/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain lists of digests, as `sha256sum` and most feeds write them: one per
 * line in hex (the length tells MD5, SHA-1 or SHA-256), then, after white
 * space, a comma or a colon, an optional threat name. A list means: malicious,
 * of any size.
 */
#ifndef WARD_MATCH_HASH_LIST_H
#define WARD_MATCH_HASH_LIST_H

#include "match/hash/table.h"
#include "match/load.h"

/* Loads the list into load->hashes. Entries without a name are called
 * "Listed.Hash". WARD_E_FORMAT when a line did not parse. */
enum ward_rc ward_hash_list_load(const struct ward_load *load, const char *file,
				 struct ward_span text) WARD_MUST_CHECK;

/* Sets the kind, told from the number of hex digits (32, 40, 64), and digest of
 * an entry; false otherwise. `section`: of PE sections. */
bool ward_hash_entry_digest(struct ward_span hex, bool section,
			    struct ward_hash_entry *ret) WARD_MUST_CHECK;

#endif
