/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes in, verdict out. Pure: no files, no sockets, no clock. An engine is immutable once made and
 * may serve any number of threads; each scan has its own memory.
 */
#ifndef WARD_ENGINE_ENGINE_H
#define WARD_ENGINE_ENGINE_H

#include "engine/limits.h"
#include "engine/registry.h"
#include "engine/result.h"
#include "match/match.h"

struct ward_engine;

/*
 * The matchers are borrowed and must outlive the engine; those that do not want bytes are asked
 * first, otherwise in the order given. `formats` is borrowed too: NULL means the built-in registry.
 */
enum ward_rc ward_engine_new(struct ward_matcher *const *matchers, size_t count,
			     const struct ward_format *formats,
			     struct ward_engine **ret_engine) WARD_MUST_CHECK;
/* NULL is fine. Always returns NULL. */
struct ward_engine *ward_engine_free(struct ward_engine *engine);

struct ward_scan_request {
	struct ward_span bytes;		 /* the whole file; borrowed */
	struct ward_match_origin origin; /* members must not be NULL */
	struct ward_limits limits;
	bool all_matches; /* go on after the first malicious finding */
	bool want_facts;  /* collect what the readers can tell people */
	bool want_row;	  /* make the numbers models are asked with */
	bool want_inners; /* name the objects inside, each with its own verdict */
	/* Time is up: asked at least once per 64 KiB unpacked and per object. May be NULL. */
	bool (*expired)(void *ctx);
	void *ctx;
};

/*
 * Scans one file. The result is the caller's (ward_result_free); it is always complete in the sense
 * that whatever was not looked at is among its gaps. WARD_E_NOMEM only when not even a result could
 * be allocated.
 */
enum ward_rc ward_engine_scan(const struct ward_engine *engine,
			      const struct ward_scan_request *request,
			      struct ward_result **ret_result) WARD_MUST_CHECK;

#endif
