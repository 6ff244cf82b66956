/* SPDX-License-Identifier: Apache-2.0 */
/* Adds a pack to a directory of publications (README.md). One writer at a time: a lock sees to it. */
#ifndef WARD_CLOUD_PUBLISH_PUBLISH_H
#define WARD_CLOUD_PUBLISH_PUBLISH_H

#include "base/buf.h"
#include "intel/compile.h"

enum { WARD_PUBLISH_DELTAS = 8, WARD_PUBLISH_DELTAS_MAX = 64 };

struct ward_publish;

/* Makes what is missing of the directory. WARD_E_PERM: another command works on it, or rights are
 * missing. WARD_E_FORMAT: the index cannot be read. `why` gets a line for people. */
enum ward_rc ward_publish_open(const char *directory, struct ward_publish **ret_publish,
			       struct ward_buf *why) WARD_MUST_CHECK;
void ward_publish_closep(struct ward_publish **publish);

/* Of the newest pack; 0: there is none. */
uint64_t ward_publish_number(const struct ward_publish *p);

struct ward_publish_job {
	int pack; /* borrowed; a whole pack with an edition */
	const struct ward_intel_result *result;
	const struct ward_edition *edition; /* its number is above ward_publish_number() */
	unsigned
		deltas; /* from so many packs before; older packs go. At most WARD_PUBLISH_DELTAS_MAX */
};

struct ward_publish_figures {
	uint64_t size; /* of the pack */
	unsigned deltas;
	uint64_t delta_size; /* from the pack before; 0: there is none */
};

/* The pack, its deltas, then the index that names them. WARD_E_INVAL: the number does not grow. `why` gets
 * a line for people. */
enum ward_rc ward_publish_add(struct ward_publish *p, const struct ward_publish_job *job,
			      struct ward_publish_figures *ret_figures,
			      struct ward_buf *why) WARD_MUST_CHECK;

#endif
