/* SPDX-License-Identifier: Apache-2.0 */
/* Public words for what the protocol numbers; static, never NULL. Values nobody knows are "other". */
#ifndef WARD_CLIENT_WORDS_H
#define WARD_CLIENT_WORDS_H

#include "proto/wire.h"

/* "not wanted", "wanted", "here". */
const char *ward_word_sample(Ward__V1__SampleWish wish);
/* "system", "download"…; "other" for none. */
const char *ward_word_path_class(Ward__V1__PathClass place);

/* An own copy of a verdict, freed by ward_said_free; NULL when there is no memory. */
Ward__V1__FileVerdict *ward_said_copy(const Ward__V1__FileVerdict *verdict) WARD_MUST_CHECK;
Ward__V1__FileVerdict *ward_said_free(Ward__V1__FileVerdict *verdict);

#endif
