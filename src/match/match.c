/* SPDX-License-Identifier: Apache-2.0 */
#include "match/match.h"

enum ward_rc
ward_matcher_scan(const struct ward_matcher *m, const struct ward_match_object *object,
		  ward_match_report report, void *ctx)
{
	return m->scan(m, object, report, ctx);
}

struct ward_matcher *
ward_matcher_free(struct ward_matcher *m)
{
	if (m)
		m->free(m);
	return NULL;
}
