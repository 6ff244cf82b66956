/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An intelligence pack: everything a scanner knows, in one file that is mapped
 * and used where it lies, shared by all scanners of a machine.
 *
 * Layout, version 1, little-endian, sections at multiples of 64:
 *
 *   header, 64 bytes  "WARDPACK", u32 version, u32 sections, u64 total length,
 *                     u32 kind and u32 length of a signature (of the id; it will
 *                     follow the total length; both zero in version 1), id
 *   sections, 64 each u32 type, u32 flags, u64 offset, u64 length, u64 zero,
 *                     SHA-256 of the section
 *
 * The id is the SHA-256 of the header's first 24 bytes and the section table, so
 * it names the whole content: two packs with one id are the same pack. Opening
 * checks the id against the table, and the digests of the sections that foreign
 * code reads (YARA); the hash and body sections are bounds-checked at every
 * read instead, so that 10 million hashes open without being read.
 * ward_pack_verify checks every byte; it belongs before a pack is adopted.
 *
 * A section of an unknown type is passed over when its flag OPTIONAL is set,
 * otherwise the pack is refused as unsupported.
 */
#ifndef WARD_INTEL_PACK_H
#define WARD_INTEL_PACK_H

#include "base/buf.h"
#include "intel/edition.h"
#include "match/hash/table.h"
#include "match/match.h"

enum { WARD_PACK_HEADER = 64, WARD_PACK_SECTION = 64, WARD_PACK_ID_LEN = WARD_SHA256_LEN };
enum { WARD_PACK_MAX_SECTIONS = 64, WARD_PACK_ID_AT = 32, WARD_PACK_ALIGN = 64 };

enum ward_pack_type {
	WARD_PACK_MANIFEST = 1, /* JSON: where all this came from */
	WARD_PACK_HASHES = 2,	/* match/hash/table.h; at most one */
	WARD_PACK_BODIES = 3,	/* match/clamav/body.h; at most one */
	WARD_PACK_YARA = 4,	/* match/yara's block; any number */
	WARD_PACK_EDITION = 5,	/* intel/edition.h; optional, at most one counts */
};

enum { WARD_PACK_OPTIONAL = 1 };

struct ward_pack_counts {
	uint64_t hashes[WARD_HASH_KINDS];
	uint64_t bodies;
	uint64_t yara_rules;
};

struct ward_pack;

/*
 * Opens a pack in `mapped`, which is borrowed and must outlive it. WARD_E_FORMAT
 * when it is damaged or no pack, WARD_E_UNSUPPORTED for another version or a
 * section that must be understood.
 */
enum ward_rc ward_pack_open(struct ward_span mapped, struct ward_pack **ret) WARD_MUST_CHECK;
/* NULL is fine. Always returns NULL. */
struct ward_pack *ward_pack_free(struct ward_pack *p);

/* The matchers over its sections; owned by the pack. */
struct ward_matcher *const *ward_pack_matchers(const struct ward_pack *p, size_t *ret_count);
/* WARD_PACK_ID_LEN bytes, borrowed. */
const uint8_t *ward_pack_id(const struct ward_pack *p);
/* JSON text, borrowed; empty when there is none. */
struct ward_span ward_pack_manifest(const struct ward_pack *p);
/* Its place in a series; all zero when it has none. */
struct ward_edition ward_pack_edition(const struct ward_pack *p);
struct ward_pack_counts ward_pack_count(const struct ward_pack *p);
/* The i-th section of a type; an empty span when there is none. */
struct ward_span ward_pack_section(const struct ward_pack *p, enum ward_pack_type type, size_t i);

/* Is every byte as the id says? WARD_OK, WARD_E_FORMAT (not), WARD_E_UNSUPPORTED. */
enum ward_rc ward_pack_verify(struct ward_span mapped) WARD_MUST_CHECK;

/* What a whole pack is called: its id (WARD_PACK_ID_LEN bytes) and edition, of which the notes are borrowed.
 * Opens nothing that foreign code reads. As _verify fails, which it does not stand for. */
enum ward_rc ward_pack_name(struct ward_span mapped, uint8_t *ret_id,
			    struct ward_edition *ret_edition) WARD_MUST_CHECK;

/* Appends what people want to know of a pack: id, counts, manifest. */
enum ward_rc ward_pack_describe(const struct ward_pack *p, struct ward_buf *out) WARD_MUST_CHECK;

#endif
