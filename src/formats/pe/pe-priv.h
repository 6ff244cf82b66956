/* SPDX-License-Identifier: Apache-2.0 */
/* Inside formats/pe only. */
#ifndef WARD_FORMATS_PE_PRIV_H
#define WARD_FORMATS_PE_PRIV_H

#include "formats/pe/pe.h"

/* True when the address lies in a section's memory or, outside all, inside the file: where pefile
 * reads (perhaps too few bytes) instead of giving up. */
bool ward_pe_is_mapped(const struct ward_pe *pe, uint64_t rva);
/* Bytes at the address up to a NUL, at most `max`. */
struct ward_span ward_pe_string_at(const struct ward_pe *pe, uint64_t rva, size_t max);
/* "TYPE/NAME/LANG" in the arena; NULL when that is full. */
const char *ward_pe_resource_path(const struct ward_pe_resource *r,
				  struct ward_arena *arena) WARD_MUST_CHECK;
/* All facts of a file. WARD_E_LIMIT: arena. */
enum ward_rc ward_pe_tell(const struct ward_pe *pe, const struct ward_pe_resources *resources,
			  struct ward_arena *arena, const struct ward_sink *sink) WARD_MUST_CHECK;

#endif
