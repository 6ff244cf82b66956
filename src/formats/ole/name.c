/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/ole/name.h"

#include "base/cursor.h"
#include "base/utf.h"

enum {
	LEVELS_MAX = 32, /* of a path that is shown */
	/* Windows Installer's name coding, as msidb and wine read it. */
	MSI_PAIR = 0x3800,   /* + low | high << 6: two characters */
	MSI_SINGLE = 0x4800, /* + one character */
	MSI_TABLE = 0x4840,  /* the stream is a table of the database */
};

static enum ward_rc
put_msi(struct ward_buf *out, uint32_t unit)
{
	static const char set[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._";
	enum ward_rc rc;

	if (unit == MSI_TABLE)
		return ward_buf_byte(out, '!');
	if (unit < MSI_PAIR || unit > MSI_TABLE)
		return ward_utf_put(out, unit ? unit : '?');
	if (unit >= MSI_SINGLE)
		return ward_buf_byte(out, (uint8_t)set[unit - MSI_SINGLE]);
	rc = ward_buf_byte(out, (uint8_t)set[(unit - MSI_PAIR) & 63]);
	return rc == WARD_OK ? ward_buf_byte(out, (uint8_t)set[(unit - MSI_PAIR) >> 6]) : rc;
}

static enum ward_rc
put_name(struct ward_buf *out, struct ward_span name, bool msi)
{
	struct ward_cursor c = ward_cursor_of(name);
	enum ward_rc rc = WARD_OK;

	if (!msi)
		return ward_utf_from_utf16(out, name, false);
	while (rc == WARD_OK && ward_cursor_left(&c) >= 2)
		rc = put_msi(out, ward_cursor_u16le(&c));
	return rc;
}

/* The entry and its storages, innermost first, without the root. */
static int
levels(const struct ward_cfb *cfb, uint32_t index, uint32_t *ret_levels)
{
	int n = 0;

	while (index != 0 && index != WARD_CFB_NONE && n < LEVELS_MAX) {
		ret_levels[n++] = index;
		index = cfb->entries[index].parent;
	}
	return n;
}

char *
ward_ole_name(const struct ward_cfb *cfb, uint32_t index, bool msi, struct ward_arena *arena)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {.data = NULL};
	uint32_t path[LEVELS_MAX];
	int n = levels(cfb, index, path);
	enum ward_rc rc = WARD_OK;

	ward_buf_init(&out, LEVELS_MAX * 256, ward_arena_budget(arena));
	if (n && cfb->entries[path[n - 1]].parent == WARD_CFB_NONE)
		rc = ward_buf_str(&out, "orphan/");
	for (int i = n - 1; i >= 0 && rc == WARD_OK; i--) {
		size_t before = out.len;

		rc = put_name(&out, cfb->entries[path[i]].name, msi);
		if (rc == WARD_OK && out.len == before)
			rc = ward_buf_byte(&out, '?');
		if (rc == WARD_OK && i)
			rc = ward_buf_byte(&out, '/');
	}
	if (rc != WARD_OK)
		return NULL;
	/* A NUL inside a name would end the string early. */
	for (size_t i = 0; i < out.len; i++)
		if (!out.data[i])
			out.data[i] = '?';
	return ward_arena_strdup(arena, ward_buf_span(&out));
}
