/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include <stdlib.h>

#include "engine/scan-priv.h"

static void
put(struct ward_engine *e, struct ward_matcher *const *matchers, size_t count, bool wants_bytes)
{
	for (size_t i = 0; i < count; i++)
		if (matchers[i]->wants_bytes == wants_bytes)
			e->matchers[e->matcher_count++] = matchers[i];
}

enum ward_rc
ward_engine_new(struct ward_matcher *const *matchers, size_t count,
		const struct ward_format *formats, struct ward_engine **ret_engine)
{
	struct ward_engine *e = calloc(1, sizeof(*e) + count * sizeof(e->matchers[0]));

	if (!e)
		return WARD_E_NOMEM;
	e->formats = formats ? formats : ward_registry_builtin();
	/* Digests are cheap and an allow-listed digest ends the work: they come first. */
	put(e, matchers, count, false);
	e->wants_bytes = e->matcher_count < count;
	put(e, matchers, count, true);
	*ret_engine = e;
	return WARD_OK;
}

struct ward_engine *
ward_engine_free(struct ward_engine *engine)
{
	free(engine);
	return NULL;
}
