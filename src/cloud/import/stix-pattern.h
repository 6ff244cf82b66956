/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STIX patterns (OASIS STIX 2.1 §9) that say no more than "a file with one of these hashes":
 *
 *	[file:hashes.'SHA-256' = '…' OR file:hashes.MD5 IN ('…', '…')] OR [ … ]
 *
 * Anything else (AND, NOT, FOLLOWEDBY, other properties, qualifiers, parentheses around comparisons) is
 * not usable, for half a pattern means something else. Bytes are strangers'.
 */
#ifndef WARD_CLOUD_IMPORT_STIX_PATTERN_H
#define WARD_CLOUD_IMPORT_STIX_PATTERN_H

#include "cloud/import/entries.h"

typedef enum ward_rc (*ward_stix_hash_fn)(void *context, enum ward_import_kind kind,
					  const uint8_t *digest);

/* Calls `fn` for each hash, but only when all of the pattern is understood. NULL: it was, and *ret_rc
 * is what `fn` said. Otherwise why it is not usable (static). */
const char *ward_stix_pattern(struct ward_span pattern, ward_stix_hash_fn fn, void *context,
			      enum ward_rc *ret_rc);

#endif
