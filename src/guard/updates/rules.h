/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules and signatures out of records into a small pack, which scanners use beside the one in use. They are
 * compiled by the process that reads packs (guard/updates/child.h), without any rights; one that does not compile,
 * or that ends or holds up that process, is left out, and the others are there all the same.
 */
#ifndef WARD_GUARD_UPDATES_RULES_H
#define WARD_GUARD_UPDATES_RULES_H

#include "guard/updates/reader.h"

enum {
	WARD_RULES_MAX = 4096,
	WARD_RULES_BYTES_MAX = 16 << 20, /* of all texts */
};

/* All borrowed. */
struct ward_rule {
	uint64_t number;    /* the record's; each once */
	const char *format; /* "yar", or one of ClamAV's: "hdb", "hsb", "ldb", "ndb" */
	struct ward_span text;
};

/* Why one of them is left out; borrowed. */
typedef void (*ward_rules_bad)(void *ctx, uint64_t number, const char *why);

/*
 * *ret_fd is a sealed file in memory with the pack, the caller's; -1: there is nothing in it. Waits for the
 * child, reader->patience_ms for each that is at fault. WARD_E_LIMIT: too many or too long. WARD_E_INVAL: no
 * such format. Others: it could not be tried, or all of them together make no pack.
 */
enum ward_rc ward_rules_compile(const struct ward_reader *reader, const struct ward_rule *rules,
				size_t count, ward_rules_bad bad, void *ctx,
				int *ret_fd) WARD_MUST_CHECK;

#endif
