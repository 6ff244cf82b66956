/* SPDX-License-Identifier: Apache-2.0 */
/* Names of functions and words of texts: what they are about, and their place in hashed columns. */
#ifndef WARD_ML_FEATURES_WORDS_H
#define WARD_ML_FEATURES_WORDS_H

#include "base/span.h"

enum ward_word_group {
#define WARD_WORD_GROUP(name, about) WARD_WORD_##name,
#include "ml/features/word-groups.def"
#undef WARD_WORD_GROUP
	WARD_WORD_GROUPS,
};

/* Longer ones are about nothing. */
enum { WARD_WORD_MAX = 32 };

/*
 * The group of a word without regard to ASCII case; WARD_WORD_GROUPS when it is in none. Of names of
 * functions the leading underscores and the A or W of Windows do not count.
 */
enum ward_word_group ward_word_group_of(struct ward_span word);
enum ward_word_group ward_word_group_of_function(struct ward_span name);

/*
 * Feature hashing (Weinberger et al. 2009, without signs): 32-bit FNV-1a over the first 256 bytes in
 * lower case, upper half folded in by exclusive or, modulo `buckets`.
 */
unsigned ward_word_bucket(struct ward_span word, unsigned buckets);

#endif
