/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of engine/ only. */
#ifndef WARD_ENGINE_SCAN_PRIV_H
#define WARD_ENGINE_SCAN_PRIV_H

#include "engine/engine.h"

struct ward_engine {
	const struct ward_format *formats;
	bool wants_bytes; /* some matcher reads contents */
	size_t matcher_count;
	const struct ward_matcher *matchers[]; /* those on digests first */
};

#endif
