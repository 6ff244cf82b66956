/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/store.h"

#include "sys/digest.h"
#include "sys/fd.h"
#include "trust/codec-priv.h"
#include "trust/trust-priv.h"

enum { MAGIC = 8, DIGEST = 32, SLACK = 64 * 1024 };

static const char magic[MAGIC] = {'W', 'A', 'R', 'D', 'T', 'R', 'U', '1'};

static ProtobufCBinaryData
piece(const struct ward_trust *t, enum ward_dsse_type type)
{
	struct ward_span s = ward_trust_envelope(t, type);

	return ward_trust_bytes(s.data, s.len);
}

static enum ward_rc
pack_state(const struct ward_trust *t, struct ward_buf *out)
{
	WARD_AUTO(ward_buf_done) struct ward_buf frontier = {0};
	Ward__Trust__V1__State m = WARD__TRUST__V1__STATE__INIT;
	enum ward_rc rc;

	ward_buf_init(&frontier, WARD_MERKLE_LEVELS * WARD_MERKLE_HASH, NULL);
	rc = ward_frontier_write(&t->frontier, &frontier);
	if (rc)
		return rc;
	m.root = piece(t, WARD_DSSE_ROOT);
	m.targets = piece(t, WARD_DSSE_TARGETS);
	m.snapshot = piece(t, WARD_DSSE_SNAPSHOT);
	m.timestamp = piece(t, WARD_DSSE_TIMESTAMP);
	m.size = t->frontier.size;
	m.frontier = ward_trust_bytes(frontier.data, frontier.len);
	return ward_trust_pack(&m.base, out);
}

enum ward_rc
ward_trust_save(const struct ward_trust *t, struct ward_buf *out)
{
	WARD_AUTO(ward_buf_done) struct ward_buf all = {0};
	uint8_t digest[DIGEST];
	enum ward_rc rc;

	ward_buf_init(&all, WARD_STATE_MAX, NULL);
	rc = ward_buf_append(&all, magic, MAGIC);
	if (!rc)
		rc = pack_state(t, &all);
	if (!rc)
		rc = ward_digest(WARD_SHA256, ward_buf_span(&all), digest);
	if (!rc)
		rc = ward_buf_append(&all, digest, DIGEST);
	return rc ? rc : ward_buf_append(out, all.data, all.len);
}

static enum ward_rc
damaged(enum ward_rc rc, struct ward_refusal *ret_refusal)
{
	if (rc == WARD_E_NOMEM || rc == WARD_E_LIMIT)
		return rc;
	return WARD_REFUSE(ret_refusal, WARD_REFUSED_STATE,
			   "what was stored about trusted updates is damaged");
}

/* A piece as it was believed; none when there was none. */
static enum ward_rc
adopt(struct ward_trust *t, ProtobufCBinaryData bytes, enum ward_dsse_type type,
      struct ward_refusal *ret_refusal)
{
	if (bytes.len == 0)
		return WARD_OK;
	return ward_slot_read(ward_trust_span(bytes), type, &ward_trust_root_now(t)->roles[type],
			      &t->slots[type], ret_refusal);
}

static enum ward_rc
adopt_all(const Ward__Trust__V1__State *m, struct ward_trust **ret, struct ward_refusal *refusal)
{
	WARD_AUTO(ward_trust_freep) struct ward_trust *t = NULL;
	enum ward_rc rc = ward_trust_new(ward_trust_span(m->root), &t, refusal);

	if (!rc)
		rc = adopt(t, m->targets, WARD_DSSE_TARGETS, refusal);
	if (!rc)
		rc = adopt(t, m->snapshot, WARD_DSSE_SNAPSHOT, refusal);
	if (!rc)
		rc = adopt(t, m->timestamp, WARD_DSSE_TIMESTAMP, refusal);
	if (!rc)
		rc = ward_frontier_read(m->size, ward_trust_span(m->frontier), &t->frontier);
	if (rc)
		return rc;
	*ret = t;
	t = NULL;
	return WARD_OK;
}

enum ward_rc
ward_trust_load(struct ward_span bytes, struct ward_trust **ret, struct ward_refusal *ret_refusal)
{
	struct ward_budget budget = {.cap = 128 * bytes.len + SLACK};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	Ward__Trust__V1__State *m = NULL;
	uint8_t digest[DIGEST];
	size_t len = bytes.len - DIGEST;
	enum ward_rc rc;

	if (!arena)
		return WARD_E_NOMEM;
	if (bytes.len < MAGIC + DIGEST || bytes.len > WARD_STATE_MAX ||
	    !ward_span_starts(bytes, magic, MAGIC))
		return damaged(WARD_E_FORMAT, ret_refusal);
	rc = ward_digest(WARD_SHA256, ward_span_cut(bytes, 0, len), digest);
	if (!rc && memcmp(digest, bytes.data + len, DIGEST) != 0)
		rc = WARD_E_FORMAT;
	if (!rc)
		rc = ward_trust_unpack(&ward__trust__v1__state__descriptor,
				       ward_span_cut(bytes, MAGIC, len - MAGIC), arena, &m);
	if (!rc)
		rc = adopt_all(m, ret, ret_refusal);
	return rc ? damaged(rc, ret_refusal) : WARD_OK;
}

enum ward_rc
ward_trust_write(const struct ward_trust *t, const char *path)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	enum ward_rc rc;

	ward_buf_init(&out, WARD_STATE_MAX, NULL);
	rc = ward_trust_save(t, &out);
	return rc ? rc : ward_fd_write_atomic(path, ward_buf_span(&out), 0600);
}

static enum ward_rc
read_file(const char *path, struct ward_trust **ret, struct ward_refusal *ret_refusal)
{
	WARD_AUTO(ward_buf_done) struct ward_buf bytes = {0};
	WARD_AUTO(ward_fd_close) int fd = -1;
	enum ward_rc rc = ward_fd_open_regular(-1, path, false, &fd, NULL);

	ward_buf_init(&bytes, WARD_STATE_MAX + 1, NULL);
	if (rc)
		return rc;
	rc = ward_fd_read_all(fd, &bytes);
	if (rc == WARD_E_LIMIT)
		return damaged(WARD_E_FORMAT, ret_refusal);
	return rc ? rc : ward_trust_load(ward_buf_span(&bytes), ret, ret_refusal);
}

enum ward_rc
ward_trust_open(const char *path, struct ward_span shipped_root, struct ward_trust **ret,
		enum ward_trust_opened *ret_opened, struct ward_refusal *ret_refusal)
{
	enum ward_trust_opened opened = WARD_TRUST_STORED;
	struct ward_refusal of_root;
	enum ward_rc rc;

	ret_refusal->code = WARD_REFUSED_NOT;
	rc = read_file(path, ret, ret_refusal);
	if (rc == WARD_E_NOENT)
		opened = WARD_TRUST_FIRST;
	else if (rc == WARD_E_PERM && ret_refusal->code == WARD_REFUSED_STATE)
		opened = WARD_TRUST_DAMAGED;
	if (opened != WARD_TRUST_STORED) {
		rc = ward_trust_new(shipped_root, ret, &of_root);
		if (rc == WARD_E_PERM)
			*ret_refusal = of_root;
	}
	if (!rc)
		*ret_opened = opened;
	return rc;
}
