/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pe/pe.h"

#include "base/text.h"

/* "kernel32.dll" is "kernel32"; other endings stay. */
static struct ward_span
stem(struct ward_span dll)
{
	static const char *const endings[] = {".dll", ".ocx", ".sys"};
	size_t i;

	for (i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		struct ward_span end = ward_span_cut(dll, dll.len < 4 ? dll.len : dll.len - 4, 4);

		if (ward_text_eq_nocase(end, endings[i]))
			return ward_span_cut(dll, 0, dll.len - 4);
	}
	return dll;
}

static enum ward_rc
append_lower(struct ward_buf *out, struct ward_span text)
{
	enum ward_rc rc = WARD_OK;
	size_t i;

	for (i = 0; i < text.len && rc == WARD_OK; i++)
		rc = ward_buf_byte(out, ward_text_lower(text.data[i]));
	return rc;
}

static enum ward_rc
append_symbol(struct ward_buf *out, struct ward_span dll, const struct ward_pe_symbol *s)
{
	enum ward_rc rc = out->len ? ward_buf_byte(out, ',') : WARD_OK;
	const char *name = s->name.len ? NULL : ward_pe_ordinal_name(dll, s->ordinal);

	if (rc == WARD_OK)
		rc = append_lower(out, stem(dll));
	if (rc == WARD_OK)
		rc = ward_buf_byte(out, '.');
	if (rc)
		return rc;
	if (s->name.len)
		return append_lower(out, s->name);
	return name ? ward_buf_str(out, name) : ward_buf_printf(out, "ord%u", s->ordinal);
}

enum ward_rc
ward_pe_imphash(const struct ward_pe_imports *imports, struct ward_arena *arena,
		uint8_t ret_md5[WARD_MD5_LEN])
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	enum ward_rc rc;
	size_t i, k;

	ward_buf_init(&text, SIZE_MAX, ward_arena_budget(arena));
	if (imports->count == 0)
		return WARD_E_NOENT;
	for (i = 0; i < imports->count; i++)
		for (k = 0; k < imports->dlls[i].count; k++) {
			rc = append_symbol(&text, imports->dlls[i].dll,
					   &imports->dlls[i].symbols[k]);
			if (rc)
				return rc;
		}
	return ward_digest(WARD_MD5, ward_buf_span(&text), ret_md5);
}
