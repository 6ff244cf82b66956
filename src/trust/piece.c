/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/piece.h"

static enum ward_rc
enough(const struct ward_dsse *d, const struct ward_trust_role *role, const char *whose,
       struct ward_refusal *ret_refusal)
{
	const struct ward_trust_key *keys[WARD_ROLE_KEYS_MAX];
	size_t good = 0;
	enum ward_rc rc;

	for (size_t i = 0; i < role->count; i++)
		keys[i] = &role->keys[i];
	rc = ward_dsse_count(d, keys, role->count, &good);
	if (!rc && good < role->threshold)
		rc = WARD_REFUSE(ret_refusal, WARD_REFUSED_THRESHOLD,
				 "the %s is signed by %zu of the %u keys %s that it needs",
				 ward_dsse_type_text(d->type), good, role->threshold, whose);
	return rc;
}

static enum ward_rc
decode(struct ward_trust_piece *p, struct ward_arena *arena, struct ward_refusal *ret_refusal)
{
	switch (p->type) {
	case WARD_DSSE_ROOT:
		return ward_trust_root_decode(p->payload, arena, &p->is.root, ret_refusal);
	case WARD_DSSE_TARGETS:
		return ward_trust_targets_decode(p->payload, arena, &p->is.targets, ret_refusal);
	case WARD_DSSE_SNAPSHOT:
		return ward_trust_snapshot_decode(p->payload, arena, &p->is.snapshot, ret_refusal);
	case WARD_DSSE_TIMESTAMP:
		return ward_trust_timestamp_decode(p->payload, arena, &p->is.timestamp,
						   ret_refusal);
	case WARD_DSSE_RECORD:
	case WARD_DSSE_TYPES:
		break;
	}
	return WARD_E_INVAL;
}

/* What all have, out of the one that it is. */
static void
name_dates(struct ward_trust_piece *p)
{
	if (p->type == WARD_DSSE_ROOT) {
		p->version = p->is.root.version;
		p->expires_ms = p->is.root.expires_ms;
	} else if (p->type == WARD_DSSE_TARGETS) {
		p->version = p->is.targets.version;
		p->expires_ms = p->is.targets.expires_ms;
	} else if (p->type == WARD_DSSE_SNAPSHOT) {
		p->version = p->is.snapshot.version;
		p->expires_ms = p->is.snapshot.expires_ms;
	} else {
		p->version = p->is.timestamp.version;
		p->expires_ms = p->is.timestamp.expires_ms;
	}
}

enum ward_rc
ward_trust_piece_decode(struct ward_span payload, enum ward_dsse_type type,
			struct ward_arena *arena, struct ward_trust_piece *ret,
			struct ward_refusal *ret_refusal)
{
	struct ward_trust_piece p = {.type = type, .payload = payload};
	enum ward_rc rc = decode(&p, arena, ret_refusal);

	if (rc)
		return rc;
	name_dates(&p);
	*ret = p;
	return WARD_OK;
}

enum ward_rc
ward_trust_piece_size(struct ward_span envelope, enum ward_dsse_type type,
		      struct ward_refusal *ret_refusal)
{
	size_t most = ward_dsse_payload_max(type) + WARD_DSSE_AROUND;

	if (envelope.len <= most)
		return WARD_OK;
	return WARD_REFUSE(ret_refusal, WARD_REFUSED_SIZE,
			   "the %s has %zu bytes; at most %zu are taken", ward_dsse_type_text(type),
			   envelope.len, most);
}

enum ward_rc
ward_trust_piece_read(struct ward_span envelope, enum ward_dsse_type type,
		      const struct ward_trust_role *role, struct ward_arena *arena,
		      struct ward_trust_piece *ret, struct ward_refusal *ret_refusal)
{
	struct ward_trust_piece p = {0};
	struct ward_dsse d = {0};
	enum ward_rc rc = ward_trust_piece_size(envelope, type, ret_refusal);

	if (!rc)
		rc = ward_dsse_read(envelope, type, arena, &d, ret_refusal);
	if (!rc && role)
		rc = enough(&d, role, "of the trusted root", ret_refusal);
	if (!rc)
		rc = ward_trust_piece_decode(d.payload, type, arena, &p, ret_refusal);
	if (!rc && type == WARD_DSSE_ROOT)
		rc = enough(&d, &p.is.root.roles[WARD_DSSE_ROOT], "of its own", ret_refusal);
	if (!rc)
		*ret = p;
	return rc;
}
