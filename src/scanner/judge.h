/* SPDX-License-Identifier: Apache-2.0 */
/* The real judge: the engine with the matchers of all packs. */
#ifndef WARD_SCANNER_JUDGE_H
#define WARD_SCANNER_JUDGE_H

#include "base/buf.h"
#include "engine/engine.h"

struct ward_judge {
	struct ward_engine *engine;
};

/* struct ward_scanner_ops's members; ctx is a zeroed struct ward_judge. */
enum ward_rc ward_judge_load(void *ctx, const struct ward_span *packs, size_t count,
			     struct ward_buf *why);
enum ward_rc ward_judge_scan(void *ctx, const struct ward_scan_request *request,
			     struct ward_result **ret_result);

#endif
