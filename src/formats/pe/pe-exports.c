/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pe/pe.h"

#include "base/cursor.h"
#include "formats/pe/pe-priv.h"

enum { NAME_MAX_BYTES = 512 };

struct ward_span
ward_pe_string_at(const struct ward_pe *pe, uint64_t rva, size_t max)
{
	struct ward_span s = ward_span_cut(ward_pe_at(pe, rva), 0, max);
	const uint8_t *nul = s.len ? memchr(s.data, 0, s.len) : NULL;

	if (nul)
		s.len = (size_t)(nul - s.data);
	return s;
}

static enum ward_rc
read_names(const struct ward_pe *pe, struct ward_arena *arena, uint32_t table,
	   struct ward_pe_exports *out)
{
	struct ward_cursor c = ward_cursor_of(ward_pe_at(pe, table));
	size_t n = out->name_count;
	struct ward_span *names;

	if (n > ward_cursor_left(&c) / 4) {
		n = ward_cursor_left(&c) / 4;
		out->malformed = true;
	}
	if (n > WARD_PE_EXPORT_NAMES_MAX)
		n = WARD_PE_EXPORT_NAMES_MAX;
	names = ward_arena_array(arena, n, sizeof(*names));
	if (!names)
		return WARD_E_LIMIT;
	for (; out->count < n; out->count++)
		names[out->count] = ward_pe_string_at(pe, ward_cursor_u32le(&c), NAME_MAX_BYTES);
	out->names = names;
	return WARD_OK;
}

enum ward_rc
ward_pe_exports_read(const struct ward_pe *pe, struct ward_arena *arena,
		     struct ward_pe_exports *ret_exports)
{
	const struct ward_pe_directory *d = &pe->directories[WARD_PE_DIR_EXPORT];
	struct ward_cursor c = ward_cursor_of(ward_pe_at(pe, d->virtual_address));
	struct ward_pe_exports out = {.base = 0};
	enum ward_rc rc;
	uint32_t names;

	if (d->virtual_address == 0)
		return WARD_E_NOENT;
	ward_cursor_skip(&c, 4);
	out.time_date_stamp = ward_cursor_u32le(&c);
	ward_cursor_skip(&c, 4);
	out.dll = ward_pe_string_at(pe, ward_cursor_u32le(&c), NAME_MAX_BYTES);
	out.base = ward_cursor_u32le(&c);
	out.function_count = ward_cursor_u32le(&c);
	out.name_count = ward_cursor_u32le(&c);
	ward_cursor_skip(&c, 4);
	names = ward_cursor_u32le(&c);
	out.malformed = !ward_cursor_ok(&c);
	rc = out.malformed ? WARD_OK : read_names(pe, arena, names, &out);
	if (rc)
		return rc;
	*ret_exports = out;
	return WARD_OK;
}
