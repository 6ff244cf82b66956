/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/judge.h"

#include <stdlib.h>

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

static enum ward_rc
open_packs(struct ward_judge *j, const struct ward_span *packs, size_t count, struct ward_buf *why)
{
	for (size_t i = 0; i < count; i++) {
		enum ward_rc rc = ward_pack_open(packs[i], &j->packs[i]);

		if (rc != WARD_OK) {
			(void)!ward_buf_printf(why, "intelligence pack %zu of %zu: %s", i + 1,
					       count, ward_rc_str(rc));
			return rc;
		}
		j->pack_count++;
	}
	return WARD_OK;
}

static enum ward_rc
collect_matchers(struct ward_judge *j)
{
	size_t total = 0, n;

	for (size_t i = 0; i < j->pack_count; i++) {
		(void)ward_pack_matchers(j->packs[i], &n);
		total += n;
	}
	j->matchers = calloc(total ? total : 1, sizeof(struct ward_matcher *));
	if (!j->matchers)
		return WARD_E_NOMEM;
	for (size_t i = 0; i < j->pack_count; i++) {
		struct ward_matcher *const *list = ward_pack_matchers(j->packs[i], &n);

		for (size_t k = 0; k < n; k++)
			j->matchers[j->matcher_count++] = list[k];
	}
	return WARD_OK;
}

enum ward_rc
ward_judge_load(void *ctx, const struct ward_span *packs, size_t count, struct ward_buf *why)
{
	struct ward_judge *j = ctx;
	enum ward_rc rc = count > WARD_PROTO_PACKS_MAX ? WARD_E_INVAL : warm_up();

	if (rc == WARD_OK)
		rc = open_packs(j, packs, count, why);
	if (rc == WARD_OK)
		rc = collect_matchers(j);
	if (rc == WARD_OK)
		rc = ward_engine_new(j->matchers, j->matcher_count, NULL, &j->engine);
	return rc;
}

enum ward_rc
ward_judge_scan(void *ctx, const struct ward_scan_request *request, struct ward_result **ret_result)
{
	const struct ward_judge *j = ctx;

	return ward_engine_scan(j->engine, request, ret_result);
}

void
ward_judge_done(struct ward_judge *j)
{
	(void)ward_engine_free(j->engine);
	free(j->matchers);
	for (size_t i = 0; i < j->pack_count; i++)
		(void)ward_pack_free(j->packs[i]);
	*j = (struct ward_judge){0};
}
