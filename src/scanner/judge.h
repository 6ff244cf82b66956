/* SPDX-License-Identifier: Apache-2.0 */
/* The real judge: the engine with the matchers of all packs. Lives as long as the program. */
#ifndef WARD_SCANNER_JUDGE_H
#define WARD_SCANNER_JUDGE_H

#include "base/buf.h"
#include "engine/engine.h"
#include "intel/pack.h"
#include "proto/scan.h"

struct ward_judge {
	struct ward_pack *packs[WARD_PROTO_PACKS_MAX];
	size_t pack_count;
	struct ward_matcher **matchers; /* of all packs, in their order; owned by them */
	size_t matcher_count;
	struct ward_engine *engine;
};

/*
 * struct ward_scanner_ops's members; ctx is a zeroed struct ward_judge. A pack that does not open
 * is named in `why` by its place on the list, counted from 1: its name never comes this far.
 */
enum ward_rc ward_judge_load(void *ctx, const struct ward_span *packs, size_t count,
			     struct ward_buf *why);
enum ward_rc ward_judge_scan(void *ctx, const struct ward_scan_request *request,
			     struct ward_result **ret_result);
/* Frees what _load made; j is then zeroed. For tests: the program ends without it. */
void ward_judge_done(struct ward_judge *j);

#endif
