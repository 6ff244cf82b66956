/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the analysis of a sample found, as records for the log: its verdict, the change for everybody
 * if it is convicted, and for each object inside it that it was met there, with a verdict of its own
 * if that convicts it. Of other objects inside nothing is said: as files of their own they are asked
 * for and analysed whole.
 */
#ifndef WARD_CLOUD_VERDICT_FOUND_H
#define WARD_CLOUD_VERDICT_FOUND_H

#include "cloud/log/record.h"
#include "engine/result.h"
#include "proto/wire.h"

enum { WARD_FOUND_ITEMS_MAX = 2 + 3 * WARD_INNERS_MAX };

/* Borrowed. The result's texts are a scanner's, bytes of any kind. */
struct ward_found {
	const uint8_t *sha256; /* of the sample */
	const struct ward_result *result;
	const char *version; /* of the intelligence, at most 64 bytes */
	uint64_t now_ms;
};

/* The sample's own verdict; texts and evidence live in the arena. */
void ward_found_verdict(const struct ward_found *found, struct ward_arena *arena,
			Ward__Log__V1__Verdict *ret_verdict);
/* All records, `items` has room for WARD_FOUND_ITEMS_MAX; they live in the arena. WARD_E_NOMEM: the
 * arena's budget is used up. */
enum ward_rc ward_found_items(const struct ward_found *found, const Ward__Log__V1__Verdict *verdict,
			      struct ward_arena *arena, struct ward_log_item *items,
			      size_t *ret_count) WARD_MUST_CHECK;

#endif
