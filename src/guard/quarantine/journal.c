/* SPDX-License-Identifier: Apache-2.0 */
/* ID.journal: "WARDJ\0\0\1", a nonce, and the sealed record of an original that is being removed. */
#include <stddef.h>
#include <stdlib.h>

#include "guard/quarantine/fields.h"
#include "guard/quarantine/quarantine-priv.h"
#include "sys/crypto.h"
#include "sys/entry.h"

enum { MAGIC_LEN = 8, PREFIX = MAGIC_LEN + WARD_AEAD_NONCE, JOURNAL_MAX = 16 * 1024 };

static const uint8_t MAGIC[MAGIC_LEN] = {'W', 'A', 'R', 'D', 'J', 0, 0, 1};

#define AT(member) offsetof(struct ward_original, member)

static const struct ward_field FIELDS[] = {
	{1, WARD_FIELD_BYTES, AT(id), WARD_ITEM_ID},
	{2, WARD_FIELD_SPAN, AT(parent), WARD_ENTRY_PATH_MAX},
	{3, WARD_FIELD_SPAN, AT(name), 255},
	{4, WARD_FIELD_BYTES, AT(stash), WARD_STASH_NAME},
	{5, WARD_FIELD_U64, AT(parent_device), 0},
	{6, WARD_FIELD_U64, AT(parent_inode), 0},
	{7, WARD_FIELD_SPAN, AT(handle), 4 + WARD_ENTRY_HANDLE_MAX},
	{8, WARD_FIELD_U64, AT(device), 0},
	{9, WARD_FIELD_U64, AT(inode), 0},
	{10, WARD_FIELD_U64, AT(size), 0},
	{11, WARD_FIELD_U64, AT(mtime), 0},
	{12, WARD_FIELD_U32, AT(generation), 0},
};

enum { FIELD_COUNT = sizeof(FIELDS) / sizeof(FIELDS[0]) };

enum ward_rc
ward_original_encode(const struct ward_original *o, struct ward_buf *out)
{
	return ward_fields_put(out, FIELDS, FIELD_COUNT, o);
}

/* One component, not one of the two that lead elsewhere. */
static bool
is_name(struct ward_span name)
{
	return name.len > 0 && !memchr(name.data, 0, name.len) &&
	       !memchr(name.data, '/', name.len) && !ward_span_eq(name, ward_span_str(".")) &&
	       !ward_span_eq(name, ward_span_str(".."));
}

enum ward_rc
ward_original_decode(struct ward_span in, struct ward_original *ret)
{
	struct ward_original o = {0};
	enum ward_rc rc = ward_fields_get(in, FIELDS, FIELD_COUNT, &o, NULL, NULL);
	size_t len;

	if (rc)
		return rc;
	len = strnlen((const char *)o.stash, sizeof(o.stash));
	if (!is_name(o.name) || o.parent.len == 0 || o.parent.data[0] != '/' ||
	    memchr(o.parent.data, 0, o.parent.len) || len == sizeof(o.stash) ||
	    !is_name(ward_span_of(o.stash, len)) || (o.handle.len > 0 && o.handle.len <= 4))
		return WARD_E_FORMAT;
	*ret = o;
	return WARD_OK;
}

static enum ward_rc
journal_key(struct ward_quarantine *q, struct ward_aead **ret_aead)
{
	uint8_t key[WARD_KEY_LEN];
	enum ward_rc rc =
		ward_crypto_hkdf(ward_span_of(q->master, sizeof(q->master)), ward_span_of(NULL, 0),
				 ward_span_str("ward quarantine 1 journal"), key, sizeof(key));

	if (!rc)
		rc = ward_aead_new(key, ret_aead);
	ward_crypto_wipe(key, sizeof(key));
	return rc;
}

static enum ward_rc
seal(struct ward_quarantine *q, const struct ward_original *o, struct ward_buf *out)
{
	WARD_AUTO(ward_buf_done) struct ward_buf plain = {0};
	WARD_AUTO(ward_aead_freep) struct ward_aead *aead = NULL;
	uint8_t nonce[WARD_AEAD_NONCE], *at;
	enum ward_rc rc = journal_key(q, &aead);

	ward_buf_init(&plain, JOURNAL_MAX, NULL);
	if (!rc)
		rc = ward_original_encode(o, &plain);
	if (!rc)
		rc = ward_crypto_random(nonce, sizeof(nonce));
	if (!rc)
		rc = ward_buf_append(out, MAGIC, MAGIC_LEN);
	if (!rc)
		rc = ward_buf_append(out, nonce, sizeof(nonce));
	at = rc ? NULL : ward_buf_reserve(out, plain.len + WARD_AEAD_TAG);
	if (!at)
		return rc ? rc : WARD_E_LIMIT;
	rc = ward_aead_seal(aead, nonce, ward_span_of(MAGIC, MAGIC_LEN), ward_buf_span(&plain), at);
	if (!rc)
		ward_buf_grown(out, plain.len + WARD_AEAD_TAG);
	return rc;
}

static enum ward_rc
write_durably(struct ward_quarantine *q, const char *name, struct ward_span bytes)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	enum ward_rc rc = ward_fd_create(q->dir, name, 0600, &fd);

	if (!rc)
		rc = ward_fd_write_all(fd, bytes);
	return rc ? rc : ward_entry_sync(fd);
}

enum ward_rc
ward_journal_write(struct ward_quarantine *q, const struct ward_original *o)
{
	WARD_AUTO(ward_buf_done) struct ward_buf sealed = {0};
	char name[WARD_QUARANTINE_NAME], temporary[WARD_QUARANTINE_NAME];
	enum ward_rc rc;

	ward_quarantine_name(o->id, ".journal", name);
	ward_quarantine_name(o->id, ".jtmp", temporary);
	ward_buf_init(&sealed, JOURNAL_MAX + PREFIX + WARD_AEAD_TAG, NULL);
	rc = seal(q, o, &sealed);
	if (rc)
		return rc;
	ward_quarantine_step(q, "write journal");
	rc = write_durably(q, temporary, ward_buf_span(&sealed));
	ward_quarantine_step(q, "name journal");
	if (!rc)
		rc = ward_entry_replace(q->dir, temporary, name);
	if (rc) {
		(void)!ward_entry_remove(q->dir, temporary, false);
		return rc;
	}
	ward_quarantine_step(q, "sync journal");
	return ward_entry_sync(q->dir);
}

enum ward_rc
ward_journal_read(struct ward_quarantine *q, const uint8_t id[WARD_ITEM_ID], struct ward_buf *into,
		  struct ward_original *ret)
{
	WARD_AUTO(ward_buf_done) struct ward_buf sealed = {0};
	WARD_AUTO(ward_aead_freep) struct ward_aead *aead = NULL;
	WARD_AUTO(ward_fd_close) int fd = -1;
	char name[WARD_QUARANTINE_NAME];
	struct ward_span body;
	uint8_t *at;
	enum ward_rc rc;

	ward_quarantine_name(id, ".journal", name);
	ward_buf_init(&sealed, JOURNAL_MAX + PREFIX + WARD_AEAD_TAG, NULL);
	rc = ward_fd_open_regular(q->dir, name, false, &fd, NULL);
	if (!rc)
		rc = ward_fd_read_all(fd, &sealed);
	if (!rc)
		rc = journal_key(q, &aead);
	if (rc)
		return rc;
	if (!ward_span_starts(ward_buf_span(&sealed), MAGIC, MAGIC_LEN) ||
	    sealed.len < PREFIX + WARD_AEAD_TAG)
		return WARD_E_FORMAT;
	body = ward_span_cut(ward_buf_span(&sealed), PREFIX, sealed.len);
	at = ward_buf_reserve(into, body.len);
	if (!at)
		return WARD_E_LIMIT;
	rc = ward_aead_open(aead, sealed.data + MAGIC_LEN, ward_span_of(MAGIC, MAGIC_LEN), body,
			    at);
	if (!rc)
		rc = ward_original_decode(ward_span_of(at, body.len - WARD_AEAD_TAG), ret);
	return rc || memcmp(ret->id, id, WARD_ITEM_ID) == 0 ? rc : WARD_E_FORMAT;
}

enum ward_rc
ward_journal_end(struct ward_quarantine *q, const uint8_t id[WARD_ITEM_ID])
{
	char name[WARD_QUARANTINE_NAME];
	enum ward_rc rc;

	ward_quarantine_name(id, ".journal", name);
	ward_quarantine_step(q, "end journal");
	rc = ward_quarantine_forget(q, name);
	return rc == WARD_E_NOENT ? WARD_OK : rc;
}
