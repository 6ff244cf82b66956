/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiles any mix of published intelligence into one pack. The same files in
 * the same order give the same bytes. Not thread-safe.
 */
#ifndef WARD_INTEL_BUILDER_H
#define WARD_INTEL_BUILDER_H

#include "intel/pack.h"
#include "match/yara/yara.h"

enum ward_intel_kind {
	WARD_INTEL_UNKNOWN = 0,
	WARD_INTEL_CLAMAV,	  /* .hdb .ndb .cvd … (match/clamav/clamav.h) */
	WARD_INTEL_LIST,	  /* one hash per line (match/hash/list.h) */
	WARD_INTEL_YARA,	  /* .yar .yara */
	WARD_INTEL_YARA_COMPILED, /* .yarc, or compiled rules by their first bytes */
	WARD_INTEL_PACK,	  /* another pack */
};

/* Told by the first bytes where they are certain, else by the extension; a file
 * without a known extension whose first line is a hash is a list. */
enum ward_intel_kind ward_intel_kind_of(const char *name, struct ward_span bytes);

struct ward_pack_config {
	ward_match_notice notice; /* may be NULL */
	void *notice_ctx;
	ward_yara_include include; /* resolves YARA includes; NULL: refused */
	void *include_ctx;
	bool lenient; /* YARA sources that do not compile are left out, with a notice */
	const struct ward_edition *edition; /* NULL: of no series */
};

/* Takes the next bytes of the pack. */
typedef enum ward_rc (*ward_pack_write)(void *ctx, struct ward_span bytes);

struct ward_pack_builder;

enum ward_rc ward_pack_builder_new(const struct ward_pack_config *config,
				   struct ward_pack_builder **ret) WARD_MUST_CHECK;
/* NULL is fine. Always returns NULL. */
struct ward_pack_builder *ward_pack_builder_free(struct ward_pack_builder *b);

/*
 * Adds one file; `bytes` is borrowed during the call. WARD_E_FORMAT when
 * something in it does not parse, WARD_E_UNSUPPORTED when it is of no known
 * kind: both were told through the notice, with file and line, and _finish will
 * refuse; other files may still be added, to hear about their errors too.
 */
enum ward_rc ward_pack_builder_add(struct ward_pack_builder *b, const char *name,
				   struct ward_span bytes) WARD_MUST_CHECK;

/*
 * Writes the pack, front to back. `created` goes into the manifest as it is.
 * WARD_E_FORMAT when a file did not parse (YARA sources are compiled here) or
 * there is nothing to detect in the end; nothing was written then. To be called
 * once. ret_counts and ret_id (WARD_PACK_ID_LEN bytes) may be NULL.
 */
enum ward_rc ward_pack_builder_finish(struct ward_pack_builder *b, const char *created,
				      ward_pack_write write, void *ctx,
				      struct ward_pack_counts *ret_counts,
				      uint8_t *ret_id) WARD_MUST_CHECK;

#endif
