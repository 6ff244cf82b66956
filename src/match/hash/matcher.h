/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The matcher that knows hashes. SHA-256 of every whole object is looked up;
 * MD5 and SHA-1 are computed only for objects of a size that some entry names
 * (or when an entry is for any size), PE sections likewise.
 */
#ifndef WARD_MATCH_HASH_MATCHER_H
#define WARD_MATCH_HASH_MATCHER_H

#include "match/hash/table.h"
#include "match/match.h"

/*
 * `table` (match/hash/table.h) is borrowed and must outlive the matcher.
 * WARD_E_FORMAT and WARD_E_UNSUPPORTED as for ward_hash_table_open. Its scan
 * also returns WARD_E_FORMAT when the table turns out to be damaged, and
 * WARD_E_LIMIT when a PE's sections overlap so much that hashing them would
 * read the object more than 4 times.
 */
enum ward_rc ward_hash_matcher_new(struct ward_span table,
				   struct ward_matcher **ret) WARD_MUST_CHECK;

#endif
