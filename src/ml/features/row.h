/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a file's bytes to its row of numbers. Pure: the same bytes give the same row, on the endpoint,
 * in the cloud and in training. Nothing is believed of the input; what a broken file does not have is
 * NaN.
 *
 * Time is linear in the file: contents are counted once over the first WARD_FEATURES_BYTES bytes;
 * sections, segments and resources may overlap, so all of them together are read for at most twice the
 * file's length. Memory: 300 KiB and what the format's parser takes, all from the arena.
 */
#ifndef WARD_ML_FEATURES_ROW_H
#define WARD_ML_FEATURES_ROW_H

#include "base/arena.h"
#include "ml/features/feature.h"

enum {
	WARD_FEATURES_MAX = 4096,	/* columns of any schema */
	WARD_FEATURES_BYTES = 64 << 20, /* of a file whose contents are counted */
};

struct ward_row {
	const struct ward_schema *schema;
	uint64_t version; /* of the schema */
	float *values;	  /* schema->columns of them; in the arena */
};

/*
 * WARD_E_UNSUPPORTED: no schema for files of that type; WARD_E_FORMAT: they are not what `type` says;
 * WARD_E_LIMIT: the arena is full; WARD_E_IO: no digest.
 */
enum ward_rc ward_row_make(enum ward_type type, struct ward_span in, struct ward_arena *arena,
			   struct ward_row *ret_row) WARD_MUST_CHECK;

#endif
