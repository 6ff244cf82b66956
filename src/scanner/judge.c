/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/judge.h"

/* Libraries that set themselves up on first use would open files then, which the sandbox does not
   let them: this is the first use. */
static enum ward_rc
warm_up(void)
{
	uint8_t digest[WARD_DIGEST_MAX];

	for (int kind = 0; kind < WARD_DIGEST_KINDS; kind++) {
		enum ward_rc rc =
			ward_digest((enum ward_digest_kind)kind, ward_span_str("ward"), digest);

		if (rc != WARD_OK)
			return rc;
	}
	return WARD_OK;
}

enum ward_rc
ward_judge_load(void *ctx, const struct ward_span *packs, size_t count, struct ward_buf *why)
{
	struct ward_judge *judge = ctx;
	enum ward_rc rc = warm_up();

	(void)packs;
	if (rc != WARD_OK)
		return rc;
	if (count) {
		(void)!ward_buf_str(why, "packs are not read yet");
		return WARD_E_UNSUPPORTED;
	}
	return ward_engine_new(NULL, 0, NULL, &judge->engine);
}

enum ward_rc
ward_judge_scan(void *ctx, const struct ward_scan_request *request, struct ward_result **ret_result)
{
	const struct ward_judge *judge = ctx;

	return ward_engine_scan(judge->engine, request, ret_result);
}
