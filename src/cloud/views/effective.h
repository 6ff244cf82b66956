/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of the things said about a file holds. In this order, expired ones left out:
 *
 *	1. the analyst's word for this device, then the analyst's word for everybody;
 *	2. detonation, then the analysis of the sample, when they convict or suspect;
 *	3. lists: known good (clean) before malicious before suspicious. An OS vendor's list of its own
 *	   files is right far more often than a block list that names one of them, and a wrong block
 *	   there stops machines; who knows better says so as an analyst;
 *	4. detonation and analysis that found nothing;
 *	5. the graph.
 *
 * Among equals the later one, then the more confident, then by name, so that all nodes agree.
 */
#ifndef WARD_CLOUD_VIEWS_EFFECTIVE_H
#define WARD_CLOUD_VIEWS_EFFECTIVE_H

#include "base/span.h"
#include "base/verdict.h"

struct ward_said {
	int source; /* Ward__Log__V1__Source */
	enum ward_verdict verdict;
	uint16_t confidence;
	bool scoped; /* for one device; those of other devices are not handed in */
	uint64_t expires_ms, time_ms;
	const char *threat, *list;
};

/* True when `a` outweighs `b`. Neither is expired. */
bool ward_said_outweighs(const struct ward_said *a, const struct ward_said *b);

#endif
