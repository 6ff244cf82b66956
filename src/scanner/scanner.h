/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of a scanner program: a zygote that loads the intelligence once and forks sandboxed
 * workers from it. What is loaded and how a file is judged comes from outside, so that the tests
 * can put a compromised judge into the real sandbox.
 */
#ifndef WARD_SCANNER_SCANNER_H
#define WARD_SCANNER_SCANNER_H

#include "base/buf.h"
#include "engine/engine.h"

struct ward_scanner_ops {
	/* In the zygote, without privileges but before the sandbox closes. The packs stay mapped.
	 * On failure `why` gets lines for people. */
	enum ward_rc (*load)(void *ctx, const struct ward_span *packs, size_t count,
			     struct ward_buf *why);
	/* In a worker, inside the sandbox; ward_engine_scan's contract. */
	enum ward_rc (*scan)(void *ctx, const struct ward_scan_request *request,
			     struct ward_result **ret_result);
	void *ctx;
};

/* The control channel, and in a worker its own channel, is this descriptor. */
enum { WARD_SCANNER_CHANNEL = 3 };

/* Runs the zygote until its client is gone; returns the program's exit code. Workers never return
 * from it. */
int ward_scanner_run(const struct ward_scanner_ops *ops);

#endif
