/* SPDX-License-Identifier: Apache-2.0 */
/* Root, snapshot and timestamp; targets.c has the largest one. */
#include "trust/metadata.h"

#include "sys/digest.h"
#include "trust/metadata-priv.h"

/* The end of the year 9999, as for records. */
#define TIME_MAX_MS UINT64_C(253402300799999)

enum ward_rc
ward_trust_role_add(struct ward_trust_role *role, const uint8_t public_key[WARD_SIGN_PUBLIC])
{
	struct ward_trust_key key;
	size_t at = 0;
	enum ward_rc rc = ward_trust_key_of(public_key, &key);

	if (rc)
		return rc;
	while (at < role->count &&
	       memcmp(role->keys[at].public_key, public_key, WARD_SIGN_PUBLIC) < 0)
		at++;
	if (at < role->count &&
	    memcmp(role->keys[at].public_key, public_key, WARD_SIGN_PUBLIC) == 0)
		return WARD_OK;
	if (role->count == WARD_ROLE_KEYS_MAX)
		return WARD_E_LIMIT;
	memmove(role->keys + at + 1, role->keys + at, (role->count++ - at) * sizeof(role->keys[0]));
	role->keys[at] = key;
	return WARD_OK;
}

enum ward_rc
ward_trust_meta_of(uint64_t version, struct ward_span envelope, struct ward_trust_meta *ret)
{
	struct ward_trust_meta meta = {.version = version, .content.size = envelope.len};
	enum ward_rc rc = ward_digest(WARD_SHA256, envelope, meta.content.sha256);

	if (!rc)
		*ret = meta;
	return rc;
}

bool
ward_trust_scope_covers(const struct ward_trust_scope *scope, const struct ward_trust_scope *other)
{
	static const uint8_t any[16];

	if (scope->kind == WARD_SCOPE_ALL)
		return true;
	if (scope->kind != other->kind)
		return false;
	if (scope->kind == WARD_SCOPE_DEVICE)
		return memcmp(scope->device, any, 16) == 0 ||
		       memcmp(scope->device, other->device, 16) == 0;
	return !scope->name || !scope->name[0] || strcmp(scope->name, other->name) == 0;
}

/* --- parts --- */

enum ward_rc
ward_trust_malformed(enum ward_rc rc, const char *what, struct ward_refusal *ret_refusal)
{
	return rc && rc != WARD_E_PROTO
		       ? rc
		       : WARD_REFUSE(ret_refusal, WARD_REFUSED_FORMAT, "it is no %s", what);
}

const char *
ward_trust_dates_wrong(uint64_t version, uint64_t expires_ms)
{
	if (version == 0)
		return "version: from 1";
	return expires_ms >= 1 && expires_ms <= TIME_MAX_MS ? NULL
							    : "expiry: a time in milliseconds";
}

bool
ward_trust_reference_take(const Ward__Trust__V1__Reference *m, struct ward_trust_reference *ret)
{
	if (!m || m->sha256.len != 32 || m->size == 0 || m->size > UINT64_C(1) << 40)
		return false;
	memcpy(ret->sha256, m->sha256.data, 32);
	ret->size = m->size;
	return true;
}

void
ward_trust_reference_put(const struct ward_trust_reference *r, Ward__Trust__V1__Reference *m)
{
	ward__trust__v1__reference__init(m);
	m->sha256 = ward_trust_bytes(r->sha256, 32);
	m->size = r->size;
}

bool
ward_trust_head_take(const Ward__Trust__V1__TreeHead *m, struct ward_head *ret)
{
	if (!m || m->root.len != WARD_MERKLE_HASH)
		return false;
	memcpy(ret->root.bytes, m->root.data, WARD_MERKLE_HASH);
	ret->size = m->size;
	return true;
}

void
ward_trust_head_put(const struct ward_head *h, Ward__Trust__V1__TreeHead *m)
{
	ward__trust__v1__tree_head__init(m);
	m->size = h->size;
	m->root = ward_trust_bytes(h->root.bytes, WARD_MERKLE_HASH);
}

/* --- root --- */

static bool
role_take(const Ward__Trust__V1__Role *m, struct ward_trust_role *ret)
{
	if (!m || m->n_keys > WARD_ROLE_KEYS_MAX)
		return false;
	for (size_t i = 0; i < m->n_keys; i++) {
		if (m->keys[i].len != WARD_SIGN_PUBLIC ||
		    (i > 0 &&
		     memcmp(m->keys[i - 1].data, m->keys[i].data, WARD_SIGN_PUBLIC) >= 0) ||
		    ward_trust_key_of(m->keys[i].data, &ret->keys[i]))
			return false;
	}
	ret->count = m->n_keys;
	ret->threshold = m->threshold;
	return true;
}

static const char *
root_wrong(const struct ward_trust_root *r)
{
	const char *wrong = ward_trust_dates_wrong(r->version, r->expires_ms);

	for (unsigned i = 0; i < WARD_ROLES && !wrong; i++)
		if (r->roles[i].threshold == 0 || r->roles[i].threshold > r->roles[i].count)
			wrong = "roles: each has a threshold from 1 and as many keys";
	return wrong;
}

enum ward_rc
ward_trust_root_decode(struct ward_span payload, struct ward_arena *arena,
		       struct ward_trust_root *ret, struct ward_refusal *ret_refusal)
{
	Ward__Trust__V1__Root *m = NULL;
	struct ward_trust_root r = {0};
	const char *wrong;
	enum ward_rc rc = ward_trust_unpack(&ward__trust__v1__root__descriptor, payload, arena, &m);

	if (rc || m->log.len != WARD_LOG_ID || !role_take(m->root, &r.roles[WARD_DSSE_ROOT]) ||
	    !role_take(m->targets, &r.roles[WARD_DSSE_TARGETS]) ||
	    !role_take(m->snapshot, &r.roles[WARD_DSSE_SNAPSHOT]) ||
	    !role_take(m->timestamp, &r.roles[WARD_DSSE_TIMESTAMP]))
		return ward_trust_malformed(rc, "root", ret_refusal);
	r.version = m->version;
	r.expires_ms = m->expires_ms;
	memcpy(r.log, m->log.data, WARD_LOG_ID);
	wrong = root_wrong(&r);
	if (wrong)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_FIELD, "the root's %s", wrong);
	*ret = r;
	return WARD_OK;
}

/* A role's message with its keys. */
struct role_parts {
	Ward__Trust__V1__Role m;
	ProtobufCBinaryData keys[WARD_ROLE_KEYS_MAX];
};

static Ward__Trust__V1__Role *
role_put(const struct ward_trust_role *role, struct role_parts *p)
{
	ward__trust__v1__role__init(&p->m);
	for (size_t i = 0; i < role->count; i++)
		p->keys[i] = ward_trust_bytes(role->keys[i].public_key, WARD_SIGN_PUBLIC);
	p->m.threshold = role->threshold;
	p->m.n_keys = role->count;
	p->m.keys = p->keys;
	return &p->m;
}

enum ward_rc
ward_trust_root_encode(const struct ward_trust_root *root, struct ward_buf *out,
		       struct ward_refusal *ret_refusal)
{
	Ward__Trust__V1__Root m = WARD__TRUST__V1__ROOT__INIT;
	struct role_parts parts[WARD_ROLES];
	const char *wrong = root_wrong(root);

	if (wrong)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_FIELD, "the root's %s", wrong);
	m.version = root->version;
	m.expires_ms = root->expires_ms;
	m.log = ward_trust_bytes(root->log, WARD_LOG_ID);
	m.root = role_put(&root->roles[WARD_DSSE_ROOT], &parts[0]);
	m.targets = role_put(&root->roles[WARD_DSSE_TARGETS], &parts[1]);
	m.snapshot = role_put(&root->roles[WARD_DSSE_SNAPSHOT], &parts[2]);
	m.timestamp = role_put(&root->roles[WARD_DSSE_TIMESTAMP], &parts[3]);
	return ward_trust_pack(&m.base, out);
}

/* --- snapshot and timestamp --- */

static bool
meta_take(const Ward__Trust__V1__Meta *m, struct ward_trust_meta *ret)
{
	if (!m || m->version == 0)
		return false;
	ret->version = m->version;
	return ward_trust_reference_take(m->content, &ret->content);
}

/* A meta's message with its reference. */
struct meta_parts {
	Ward__Trust__V1__Meta m;
	Ward__Trust__V1__Reference content;
};

static Ward__Trust__V1__Meta *
meta_put(const struct ward_trust_meta *meta, struct meta_parts *p)
{
	ward__trust__v1__meta__init(&p->m);
	ward_trust_reference_put(&meta->content, &p->content);
	p->m.version = meta->version;
	p->m.content = &p->content;
	return &p->m;
}

static const char *
meta_wrong(const struct ward_trust_meta *m)
{
	return m->version && m->content.size ? NULL : "list: version and size of what it names";
}

enum ward_rc
ward_trust_snapshot_decode(struct ward_span payload, struct ward_arena *arena,
			   struct ward_trust_snapshot *ret, struct ward_refusal *ret_refusal)
{
	Ward__Trust__V1__Snapshot *m = NULL;
	struct ward_trust_snapshot s = {0};
	const char *wrong;
	enum ward_rc rc =
		ward_trust_unpack(&ward__trust__v1__snapshot__descriptor, payload, arena, &m);

	if (rc || !meta_take(m->targets, &s.targets))
		return ward_trust_malformed(rc, "snapshot", ret_refusal);
	s.version = m->version;
	s.expires_ms = m->expires_ms;
	wrong = ward_trust_dates_wrong(s.version, s.expires_ms);
	if (wrong)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_FIELD, "the snapshot's %s", wrong);
	*ret = s;
	return WARD_OK;
}

enum ward_rc
ward_trust_snapshot_encode(const struct ward_trust_snapshot *snapshot, struct ward_buf *out,
			   struct ward_refusal *ret_refusal)
{
	Ward__Trust__V1__Snapshot m = WARD__TRUST__V1__SNAPSHOT__INIT;
	struct meta_parts targets;
	const char *wrong = ward_trust_dates_wrong(snapshot->version, snapshot->expires_ms);

	if (!wrong)
		wrong = meta_wrong(&snapshot->targets);
	if (wrong)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_FIELD, "the snapshot's %s", wrong);
	m.version = snapshot->version;
	m.expires_ms = snapshot->expires_ms;
	m.targets = meta_put(&snapshot->targets, &targets);
	return ward_trust_pack(&m.base, out);
}

enum ward_rc
ward_trust_timestamp_decode(struct ward_span payload, struct ward_arena *arena,
			    struct ward_trust_timestamp *ret, struct ward_refusal *ret_refusal)
{
	Ward__Trust__V1__Timestamp *m = NULL;
	struct ward_trust_timestamp t = {0};
	const char *wrong;
	enum ward_rc rc =
		ward_trust_unpack(&ward__trust__v1__timestamp__descriptor, payload, arena, &m);

	if (rc || m->log.len != WARD_LOG_ID || !meta_take(m->snapshot, &t.snapshot) ||
	    !ward_trust_head_take(m->head, &t.head))
		return ward_trust_malformed(rc, "timestamp", ret_refusal);
	t.version = m->version;
	t.expires_ms = m->expires_ms;
	memcpy(t.log, m->log.data, WARD_LOG_ID);
	wrong = ward_trust_dates_wrong(t.version, t.expires_ms);
	if (wrong)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_FIELD, "the timestamp's %s", wrong);
	*ret = t;
	return WARD_OK;
}

enum ward_rc
ward_trust_timestamp_encode(const struct ward_trust_timestamp *timestamp, struct ward_buf *out,
			    struct ward_refusal *ret_refusal)
{
	Ward__Trust__V1__Timestamp m = WARD__TRUST__V1__TIMESTAMP__INIT;
	Ward__Trust__V1__TreeHead head;
	struct meta_parts snapshot;
	const char *wrong = ward_trust_dates_wrong(timestamp->version, timestamp->expires_ms);

	if (!wrong)
		wrong = meta_wrong(&timestamp->snapshot);
	if (wrong)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_FIELD, "the timestamp's %s", wrong);
	ward_trust_head_put(&timestamp->head, &head);
	m.version = timestamp->version;
	m.expires_ms = timestamp->expires_ms;
	m.snapshot = meta_put(&timestamp->snapshot, &snapshot);
	m.log = ward_trust_bytes(timestamp->log, WARD_LOG_ID);
	m.head = &head;
	return ward_trust_pack(&m.base, out);
}
