/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manifest: JSON that tells people and programs what a pack was made of.
 *
 *   {"format": "ward-pack", "version": 1, "created": TEXT,
 *    "counts": {"sha256": N, …, "body-signatures": N, "yara-rules": N},
 *    "sources": [{"file": TEXT, "kind": TEXT, "loaded": N, "note": TEXT,
 *                 "unsupported": {WHAT: N, …}}, …]}
 *
 * Members that would be 0 or empty are left out, except "loaded".
 */
#ifndef WARD_INTEL_MANIFEST_H
#define WARD_INTEL_MANIFEST_H

#include "intel/pack.h"
#include "match/load.h"

/* Appends one source's object to `sources`, with a comma before it when it is
 * not the first. */
enum ward_rc ward_manifest_source(struct ward_buf *sources,
				  const struct ward_load_report *report) WARD_MUST_CHECK;

/* Appends the whole manifest. `created`: as the caller wants it ("2026-01-31T…"),
 * for libraries have no clock. */
enum ward_rc ward_manifest_write(struct ward_buf *out, const char *created,
				 const struct ward_pack_counts *counts,
				 struct ward_span sources) WARD_MUST_CHECK;

#endif
