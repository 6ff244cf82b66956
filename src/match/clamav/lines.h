/* SPDX-License-Identifier: Apache-2.0 */
/* Line by line readers of the hash and ignore databases. See clamav.h for the
 * formats' source. */
#ifndef WARD_MATCH_CLAMAV_LINES_H
#define WARD_MATCH_CLAMAV_LINES_H

#include "match/hash/table.h"
#include "match/load.h"

struct ward_clamav_mode {
	bool section;		   /* .mdb .msb: size comes first, digests are of PE sections */
	enum ward_verdict verdict; /* WARD_CLEAN: an allow list */
};

/* hash:size:name[:minimum[:maximum engine level]] or, for sections,
 * size:hash:name…; a size of * is any. `arg` is a const struct
 * ward_clamav_mode *. A ward_load_line. */
const char *ward_clamav_hash_line(const struct ward_load *load, struct ward_load_report *report,
				  struct ward_span line, void *arg, enum ward_rc *ret_rc);

/* name: signatures of that name are left out, wherever they come from. The form
 * name:md5 (only that wording of the signature) is counted as not supported. A
 * ward_load_line. */
const char *ward_clamav_ignore_line(const struct ward_load *load, struct ward_load_report *report,
				    struct ward_span line, void *arg, enum ward_rc *ret_rc);

/* WARD_SUSPICIOUS for potentially unwanted applications, else `otherwise`. */
enum ward_verdict ward_clamav_verdict(struct ward_span name, enum ward_verdict otherwise);

#endif
