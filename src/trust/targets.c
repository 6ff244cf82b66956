/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/metadata-priv.h"

/* --- values --- */

static const char *
delegation_wrong(const struct ward_trust_delegation *d)
{
	const uint64_t all = (UINT64_C(1) << WARD_KIND_END) - 2;

	if (!d->name || !ward_trust_is_name(d->name))
		return "delegation: a name";
	if (d->threshold == 0 || d->threshold > d->key_count)
		return "delegation: a threshold from 1 and as many keys";
	if (d->kinds == 0 || (d->kinds & ~all) != 0)
		return "delegation: kinds of records that there are";
	if (d->scope_count == 0)
		return "delegation: a scope";
	for (size_t i = 0; i < d->scope_count; i++)
		if (ward_trust_scope_wrong(&d->scopes[i], true))
			return "delegation: scopes as those of records";
	for (size_t i = 1; i < d->key_count; i++)
		if (memcmp(d->keys[i - 1].key.public_key, d->keys[i].key.public_key,
			   WARD_SIGN_PUBLIC) >= 0)
			return "delegation: keys in ascending order";
	return NULL;
}

static const char *
pack_wrong(const struct ward_trust_pack *p)
{
	if (!p->name || !ward_trust_is_name(p->name) || p->version == 0 || p->content.size == 0)
		return "pack: a name, a version and a size";
	for (size_t i = 0; i < p->delta_count; i++)
		if (p->deltas[i].from == 0 || p->deltas[i].from >= p->version ||
		    p->deltas[i].content.size == 0 ||
		    (i > 0 && p->deltas[i - 1].from >= p->deltas[i].from))
			return "pack: deltas from earlier versions, in ascending order";
	return NULL;
}

/* Below 0 when a stands before b. */
static int
pack_order(const struct ward_trust_pack *a, const struct ward_trust_pack *b)
{
	int names = strcmp(a->name, b->name);

	return names ? names : (a->version > b->version) - (a->version < b->version);
}

static const char *
targets_wrong(const struct ward_trust_targets *t)
{
	const char *wrong = ward_trust_dates_wrong(t->version, t->expires_ms);

	for (size_t i = 0; i < t->delegation_count && !wrong; i++) {
		wrong = delegation_wrong(&t->delegations[i]);
		if (!wrong && i > 0 &&
		    strcmp(t->delegations[i - 1].name, t->delegations[i].name) >= 0)
			wrong = "delegations: in ascending order, each once";
	}
	for (size_t i = 0; i < t->pack_count && !wrong; i++) {
		wrong = pack_wrong(&t->packs[i]);
		if (!wrong && i > 0 && pack_order(&t->packs[i - 1], &t->packs[i]) >= 0)
			wrong = "packs: in ascending order, each once";
	}
	return wrong;
}

/* --- from messages --- */

static bool
delegation_take(const Ward__Trust__V1__Delegation *m, struct ward_trust_delegation *d)
{
	if (m->n_keys > WARD_ROLE_KEYS_MAX || m->n_scopes > WARD_DELEGATION_SCOPES_MAX)
		return false;
	for (size_t i = 0; i < m->n_keys; i++) {
		if (m->keys[i]->key.len != WARD_SIGN_PUBLIC ||
		    ward_trust_key_of(m->keys[i]->key.data, &d->keys[i].key))
			return false;
		d->keys[i].last_number = m->keys[i]->last_number;
	}
	for (size_t i = 0; i < m->n_scopes; i++)
		if (!ward_trust_scope_take(m->scopes[i], &d->scopes[i]))
			return false;
	d->name = m->name;
	d->threshold = m->threshold;
	d->key_count = m->n_keys;
	d->kinds = m->kinds;
	d->scope_count = m->n_scopes;
	return true;
}

static bool
pack_take(const Ward__Trust__V1__Pack *m, struct ward_trust_pack *p)
{
	if (m->n_deltas > WARD_DELTAS_MAX || !ward_trust_reference_take(m->content, &p->content) ||
	    !ward_trust_head_take(m->contains, &p->contains))
		return false;
	for (size_t i = 0; i < m->n_deltas; i++) {
		if (!ward_trust_reference_take(m->deltas[i]->content, &p->deltas[i].content))
			return false;
		p->deltas[i].from = m->deltas[i]->from;
	}
	p->name = m->name;
	p->version = m->version;
	p->delta_count = m->n_deltas;
	return true;
}

static enum ward_rc
targets_take(const Ward__Trust__V1__Targets *m, struct ward_arena *arena,
	     struct ward_trust_targets *t)
{
	if (m->n_delegations > WARD_DELEGATIONS_MAX || m->n_packs > WARD_PACKS_MAX)
		return WARD_E_PROTO;
	t->delegations = ward_arena_array(arena, m->n_delegations, sizeof(*t->delegations));
	t->packs = ward_arena_array(arena, m->n_packs, sizeof(*t->packs));
	if (!t->delegations || !t->packs)
		return WARD_E_LIMIT;
	for (size_t i = 0; i < m->n_delegations; i++)
		if (!delegation_take(m->delegations[i], &t->delegations[i]))
			return WARD_E_PROTO;
	for (size_t i = 0; i < m->n_packs; i++)
		if (!pack_take(m->packs[i], &t->packs[i]))
			return WARD_E_PROTO;
	t->version = m->version;
	t->expires_ms = m->expires_ms;
	t->delegation_count = m->n_delegations;
	t->pack_count = m->n_packs;
	return WARD_OK;
}

enum ward_rc
ward_trust_targets_decode(struct ward_span payload, struct ward_arena *arena,
			  struct ward_trust_targets *ret, struct ward_refusal *ret_refusal)
{
	Ward__Trust__V1__Targets *m = NULL;
	struct ward_trust_targets t = {0};
	const char *wrong;
	enum ward_rc rc =
		ward_trust_unpack(&ward__trust__v1__targets__descriptor, payload, arena, &m);

	if (!rc)
		rc = targets_take(m, arena, &t);
	if (rc)
		return ward_trust_malformed(rc, "list of targets", ret_refusal);
	wrong = targets_wrong(&t);
	if (wrong)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_FIELD, "the targets' %s", wrong);
	*ret = t;
	return WARD_OK;
}

/* --- to messages --- */

struct delegation_parts {
	Ward__Trust__V1__Delegation m;
	Ward__Trust__V1__DelegatedKey keys[WARD_ROLE_KEYS_MAX], *key_list[WARD_ROLE_KEYS_MAX];
	Ward__Trust__V1__Scope scopes[WARD_DELEGATION_SCOPES_MAX],
		*scope_list[WARD_DELEGATION_SCOPES_MAX];
};

static Ward__Trust__V1__Delegation *
delegation_put(const struct ward_trust_delegation *d, struct delegation_parts *p)
{
	ward__trust__v1__delegation__init(&p->m);
	for (size_t i = 0; i < d->key_count; i++) {
		ward__trust__v1__delegated_key__init(&p->keys[i]);
		p->keys[i].key = ward_trust_bytes(d->keys[i].key.public_key, WARD_SIGN_PUBLIC);
		p->keys[i].last_number = d->keys[i].last_number;
		p->key_list[i] = &p->keys[i];
	}
	for (size_t i = 0; i < d->scope_count; i++) {
		ward_trust_scope_put(&d->scopes[i], &p->scopes[i]);
		p->scope_list[i] = &p->scopes[i];
	}
	p->m.name = ward_trust_text(d->name);
	p->m.threshold = d->threshold;
	p->m.n_keys = d->key_count;
	p->m.keys = p->key_list;
	p->m.kinds = d->kinds;
	p->m.n_scopes = d->scope_count;
	p->m.scopes = p->scope_list;
	return &p->m;
}

struct pack_parts {
	Ward__Trust__V1__Pack m;
	Ward__Trust__V1__Reference content, delta_contents[WARD_DELTAS_MAX];
	Ward__Trust__V1__TreeHead contains;
	Ward__Trust__V1__Delta deltas[WARD_DELTAS_MAX], *delta_list[WARD_DELTAS_MAX];
};

static Ward__Trust__V1__Pack *
pack_put(const struct ward_trust_pack *pack, struct pack_parts *p)
{
	ward__trust__v1__pack__init(&p->m);
	ward_trust_reference_put(&pack->content, &p->content);
	ward_trust_head_put(&pack->contains, &p->contains);
	for (size_t i = 0; i < pack->delta_count; i++) {
		ward__trust__v1__delta__init(&p->deltas[i]);
		ward_trust_reference_put(&pack->deltas[i].content, &p->delta_contents[i]);
		p->deltas[i].from = pack->deltas[i].from;
		p->deltas[i].content = &p->delta_contents[i];
		p->delta_list[i] = &p->deltas[i];
	}
	p->m.name = ward_trust_text(pack->name);
	p->m.version = pack->version;
	p->m.content = &p->content;
	p->m.contains = &p->contains;
	p->m.n_deltas = pack->delta_count;
	p->m.deltas = p->delta_list;
	return &p->m;
}

enum ward_rc
ward_trust_targets_encode(const struct ward_trust_targets *targets, struct ward_arena *arena,
			  struct ward_buf *out, struct ward_refusal *ret_refusal)
{
	Ward__Trust__V1__Delegation *delegations[WARD_DELEGATIONS_MAX];
	Ward__Trust__V1__Targets m = WARD__TRUST__V1__TARGETS__INIT;
	Ward__Trust__V1__Pack *packs[WARD_PACKS_MAX];
	struct delegation_parts *d;
	struct pack_parts *p;
	const char *wrong;

	if (targets->delegation_count > WARD_DELEGATIONS_MAX ||
	    targets->pack_count > WARD_PACKS_MAX)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_FIELD, "the targets are too many");
	wrong = targets_wrong(targets);
	if (wrong)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_FIELD, "the targets' %s", wrong);
	d = ward_arena_array(arena, targets->delegation_count, sizeof(*d));
	p = ward_arena_array(arena, targets->pack_count, sizeof(*p));
	if (!d || !p)
		return WARD_E_LIMIT;
	for (size_t i = 0; i < targets->delegation_count; i++)
		delegations[i] = delegation_put(&targets->delegations[i], &d[i]);
	for (size_t i = 0; i < targets->pack_count; i++)
		packs[i] = pack_put(&targets->packs[i], &p[i]);
	m.version = targets->version;
	m.expires_ms = targets->expires_ms;
	m.n_delegations = targets->delegation_count;
	m.delegations = delegations;
	m.n_packs = targets->pack_count;
	m.packs = packs;
	return ward_trust_pack(&m.base, out);
}
