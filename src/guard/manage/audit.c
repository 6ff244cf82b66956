/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the signed log is one for everybody (guard/intake/audit.h). */
#include <inttypes.h>

#include "base/text.h"
#include "guard/intake/audit.h"
#include "guard/manage/manage-priv.h"
#include "sys/fd.h"

enum {
	RECORD_MAX = 96 * 1024 + WARD_DSSE_AROUND,
	HEAD_MAX = 64 * 1024,
	SLACK = 65536,
};

static void
put_hash(struct ward_page *p, const char *name, const struct ward_hash *hash)
{
	ward_page_hex(p, name, ward_span_of(hash->bytes, sizeof(hash->bytes)));
}

/* More than a digest. */
static void
put_bytes(struct call *c, const char *name, struct ward_span bytes)
{
	char *hex = ward_arena_alloc(c->arena, 2 * bytes.len + 1);

	if (!hex)
		return;
	ward_text_hex(bytes, hex);
	ward_page_str(&c->page, name, hex);
}

static void
put_head(struct ward_page *p, const struct ward_audit_head *h)
{
	ward_page_hex(p, "log", ward_span_of(h->log, sizeof(h->log)));
	ward_page_number(p, "log_size", h->head.size);
	put_hash(p, "log_head", &h->head.root);
	ward_page_number(p, "timestamp_version", h->version);
	ward_page_time(p, "timestamp_until", h->expires_ms);
}

static enum ward_rc
no_intake(struct call *c)
{
	return call_fail(c, WARD_E_NOENT, "the guard takes no signed records");
}

static enum ward_rc
refused(struct call *c, enum ward_rc rc, const struct ward_refusal *why)
{
	if (rc == WARD_E_PERM)
		return call_fail(c, rc, "%s: %s", ward_refusal_word(why->code), why->text);
	if (rc == WARD_E_NOENT)
		return call_fail(c, rc,
				 "that is not among the records of the signed log that are here");
	return call_fail(c, rc, "the records here cannot be read: %s", ward_rc_str(rc));
}

enum ward_rc
audit_head(struct call *c)
{
	WARD_AUTO(ward_buf_done) struct ward_buf envelope = {0};
	struct ward_audit_head h;
	enum ward_rc rc;

	if (!c->desk->o.intake)
		return no_intake(c);
	ward_buf_init(&envelope, HEAD_MAX, NULL);
	rc = ward_audit_head(c->desk->o.intake, &h, &envelope);
	if (rc == WARD_E_NOENT)
		return call_fail(c, rc, "no signed head of the log is known here");
	if (rc != WARD_OK)
		return rc;
	put_head(&c->page, &h);
	put_bytes(c, "timestamp", ward_buf_span(&envelope));
	return ward_page_entry(&c->page);
}

/* --- a record --- */

static enum ward_rc
read_sent(struct call *c, struct ward_buf *into)
{
	enum ward_rc rc = ward_fd_reread(c->file, into);

	return rc == WARD_OK ? rc
			     : call_fail(c, rc, "the file cannot be read: %s", ward_rc_str(rc));
}

/* The record in the envelope that was sent; *ret_payload lives in the call's arena. */
static enum ward_rc
read_record(struct call *c, struct ward_span *ret_payload, uint64_t *ret_number)
{
	WARD_AUTO(ward_buf_done) struct ward_buf bytes = {0};
	struct ward_budget budget = {.cap = 0};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = NULL;
	struct ward_trust_record r = {.number = 0};
	struct ward_dsse d = {.signature_count = 0};
	struct ward_refusal why = {.text = ""};
	const char *copy;
	enum ward_rc rc;

	ward_buf_init(&bytes, RECORD_MAX, NULL);
	rc = read_sent(c, &bytes);
	if (rc != WARD_OK)
		return rc;
	budget.cap = 256 * bytes.len + 2 * SLACK;
	arena = ward_arena_new(&budget);
	if (!arena)
		return WARD_E_NOMEM;
	rc = ward_dsse_read(ward_buf_span(&bytes), WARD_DSSE_RECORD, arena, &d, &why);
	if (rc == WARD_OK)
		rc = ward_trust_record_decode(d.payload, arena, &r, &why);
	if (rc != WARD_OK)
		return refused(c, rc, &why);
	copy = ward_arena_strdup(c->arena, d.payload);
	if (!copy)
		return WARD_E_NOMEM;
	*ret_payload = ward_span_of(copy, d.payload.len);
	*ret_number = r.number;
	return WARD_OK;
}

static void
put_record(struct ward_page *p, struct ward_span payload)
{
	struct ward_budget budget = {.cap = 128 * payload.len + SLACK};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_trust_record r = {.number = 0};
	struct ward_refusal ignored;

	if (!arena || ward_trust_record_decode(payload, arena, &r, &ignored) != WARD_OK)
		return;
	ward_page_str(p, "record", ward_trust_kind_word(r.kind));
	ward_page_time(p, "made", r.time_ms);
	ward_page_str(p, "threat", r.threat);
	ward_page_str(p, "role", r.role);
	ward_page_str(p, "author", r.author);
	ward_page_str(p, "reason", r.reason);
	ward_page_str(p, "evidence", r.evidence);
}

static enum ward_rc
put_proof(struct call *c, const struct ward_audit_record *r)
{
	WARD_AUTO(ward_buf_done) struct ward_buf bytes = {0};
	enum ward_rc rc;

	ward_buf_init(&bytes, WARD_MERKLE_PROOF_MAX * WARD_MERKLE_HASH, NULL);
	rc = ward_proof_write(&r->proof, &bytes);
	put_hash(&c->page, "leaf", &r->leaf);
	put_bytes(c, "proof", ward_buf_span(&bytes));
	return rc;
}

static bool
same(struct ward_span a, const struct ward_buf *b)
{
	return a.len == b->len && a.data && b->data && memcmp(a.data, b->data, a.len) == 0;
}

enum ward_rc
audit_record(struct call *c)
{
	WARD_AUTO(ward_buf_done) struct ward_buf payload = {0};
	struct ward_span sent = ward_span_of(NULL, 0);
	uint64_t number = c->request.bytes;
	struct ward_refusal why = {.text = ""};
	struct ward_audit_record r;
	enum ward_rc rc = WARD_OK;

	if (!c->desk->o.intake)
		return no_intake(c);
	if (c->file >= 0)
		rc = read_record(c, &sent, &number);
	if (rc != WARD_OK)
		return rc;
	ward_buf_init(&payload, RECORD_MAX, NULL);
	rc = ward_audit_record(c->desk->o.intake, number, &r, &payload, &why);
	if (rc != WARD_OK)
		return refused(c, rc, &why);
	if (c->file >= 0 && !same(sent, &payload))
		return call_fail(c, WARD_E_PERM,
				 "record %" PRIu64 " of the signed log is another one", number);
	ward_page_number(&c->page, "number", number);
	ward_page_time(&c->page, "taken", r.taken_ms);
	put_record(&c->page, ward_buf_span(&payload));
	put_head(&c->page, &r.under);
	rc = put_proof(c, &r);
	return rc == WARD_OK ? ward_page_entry(&c->page) : rc;
}

/* --- heads of others --- */

enum ward_rc
audit_compare(struct call *c)
{
	static const char *const words[] = {
		[WARD_AUDIT_AGREES] = "agrees",
		[WARD_AUDIT_DIFFERS] = "differs",
		[WARD_AUDIT_AHEAD] = "ahead",
	};
	WARD_AUTO(ward_buf_done) struct ward_buf bytes = {0};
	struct ward_refusal why = {.text = ""};
	struct ward_audit_head other;
	enum ward_audit_word word;
	enum ward_rc rc;

	if (!c->desk->o.intake)
		return no_intake(c);
	if (c->file < 0)
		return call_fail(c, WARD_E_INVAL, "no file came with it");
	ward_buf_init(&bytes, HEAD_MAX, NULL);
	rc = read_sent(c, &bytes);
	if (rc != WARD_OK)
		return rc;
	rc = ward_audit_compare(c->desk->o.intake, ward_buf_span(&bytes), &other, &word, &why);
	if (rc != WARD_OK)
		return refused(c, rc, &why);
	ward_page_str(&c->page, "result", words[word]);
	put_head(&c->page, &other);
	return ward_page_entry(&c->page);
}
