/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/views/effective.h"

#include "record.pb-c.h"

static bool
convicts(const struct ward_said *s)
{
	return s->verdict == WARD_MALICIOUS || s->verdict == WARD_SUSPICIOUS;
}

static int
list_rank(const struct ward_said *s)
{
	if (s->verdict == WARD_CLEAN)
		return 50;
	return s->verdict == WARD_MALICIOUS ? 49 : 48;
}

/* Higher holds. */
static int
rank(const struct ward_said *s)
{
	switch (s->source) {
	case WARD__LOG__V1__SOURCE__SOURCE_ANALYST:
		return s->scoped ? 100 : 90;
	case WARD__LOG__V1__SOURCE__SOURCE_DETONATION:
		return convicts(s) ? 80 : 40;
	case WARD__LOG__V1__SOURCE__SOURCE_SAMPLE:
		return convicts(s) ? 70 : 30;
	case WARD__LOG__V1__SOURCE__SOURCE_IMPORT:
		return list_rank(s);
	case WARD__LOG__V1__SOURCE__SOURCE_GRAPH:
		return 20;
	default:
		return 0;
	}
}

bool
ward_said_outweighs(const struct ward_said *a, const struct ward_said *b)
{
	int difference = rank(a) - rank(b);

	if (difference == 0 && a->time_ms != b->time_ms)
		return a->time_ms > b->time_ms;
	if (difference == 0)
		difference = (int)a->confidence - (int)b->confidence;
	if (difference == 0)
		difference = strcmp(a->list, b->list);
	if (difference == 0)
		difference = strcmp(a->threat, b->threat);
	return difference > 0;
}
