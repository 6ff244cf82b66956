/* SPDX-License-Identifier: Apache-2.0 */
/* What there is, who signed it, how long it holds, and what somebody should do about it. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "cloud/ceremony/envelopes.h"
#include "cloud/ceremony/show.h"
#include "cloud/keys/authority.h"
#include "cloud/keys/directory.h"

enum { SOON_DAYS = 30, DAY_MS = 86400 * 1000, ENVELOPE_MAX = 1024 * 1024 };

struct status {
	struct ward_ceremony_options *o;
	struct ward_authority *a;
	struct ward_arena *arena;
	struct ward_show_names names;
	struct ward_key_ring ring;
	struct ward_trust_piece root, targets;
	unsigned warnings;
};

static void warn(struct status *s, const char *fmt, ...) WARD_PRINTF(2, 3);

static void
warn(struct status *s, const char *fmt, ...)
{
	va_list args;

	if (s->warnings++ == 0)
		(void)fputs("warnings\n", stdout);
	(void)fputs("  ", stdout);
	va_start(args, fmt);
	(void)vprintf(fmt, args);
	va_end(args);
	(void)fputs("\n", stdout);
}

/* --- metadata --- */

/* False: there is none. */
static bool
piece_of(struct status *s, enum ward_dsse_type type, struct ward_trust_piece *ret,
	 struct ward_dsse *ret_envelope)
{
	WARD_AUTO(ward_buf_done) struct ward_buf bytes = {0};
	struct ward_refusal why;
	uint8_t *copy;

	ward_buf_init(&bytes, ENVELOPE_MAX, NULL);
	if (ward_authority_envelope(s->a, type, 0, &bytes))
		return false;
	copy = ward_arena_alloc(s->arena, bytes.len);
	if (!copy)
		return false;
	memcpy(copy, bytes.data, bytes.len);
	return !ward_dsse_read(ward_span_of(copy, bytes.len), type, s->arena, ret_envelope, &why) &&
	       !ward_trust_piece_decode(ret_envelope->payload, type, s->arena, ret, &why);
}

static void
show_piece(struct status *s, enum ward_dsse_type type, struct ward_trust_piece *ret)
{
	struct ward_dsse d = {0};

	(void)printf("%-10s ", ward_dsse_type_word(type));
	if (!piece_of(s, type, ret, &d)) {
		(void)fputs("none\n", stdout);
		return;
	}
	(void)printf("version %" PRIu64 ", expires ", ret->version);
	ward_show_time(ret->expires_ms, s->o->now_ms);
	(void)printf("\n           signed by");
	for (size_t i = 0; i < d.signature_count; i++) {
		(void)fputs(" ", stdout);
		ward_show_key(&s->names, d.signatures[i].key_id);
	}
	(void)fputs("\n", stdout);
}

static void
show_roles(struct status *s)
{
	(void)fputs("roles\n", stdout);
	for (int i = 0; i < WARD_ROLES; i++) {
		const struct ward_trust_role *role = &s->root.is.root.roles[i];

		(void)printf("  %-10s %u of %zu:", ward_dsse_type_word((enum ward_dsse_type)i),
			     role->threshold, role->count);
		for (size_t k = 0; k < role->count; k++) {
			(void)fputs(" ", stdout);
			ward_show_key(&s->names, role->keys[k].id);
		}
		(void)fputs("\n", stdout);
	}
	(void)fputs("delegations\n", stdout);
	for (size_t i = 0; s->targets.version && i < s->targets.is.targets.delegation_count; i++)
		ward_show_delegation(&s->names, &s->targets.is.targets.delegations[i]);
}

/* --- warnings --- */

static void
warn_of_age(struct status *s, const struct ward_trust_piece *p, const char *what)
{
	if (p->version && p->expires_ms > s->o->now_ms &&
	    p->expires_ms - s->o->now_ms < (uint64_t)SOON_DAYS * DAY_MS)
		warn(s, "the %s expires in less than 30 days: sign the next one", what);
}

/* Whether a secret key of that name lies here. */
static bool
lies_here(const struct status *s, const char *name)
{
	struct ward_refusal why;
	ward_key_path keys, path;
	uint8_t secret[WARD_SIGN_SECRET];
	enum ward_rc rc;

	if (!ward_key_path_of(s->o->directory, "keys", "", keys) ||
	    !ward_key_path_of(keys, name, ".key", path))
		return false;
	rc = ward_key_file_read(path, ward_span_of(NULL, 0), secret, &why);
	ward_sign_forget(secret);
	return rc != WARD_E_NOENT;
}

static void
warn_of_secrets(struct status *s, enum ward_dsse_type type, const char *what)
{
	const struct ward_trust_role *role = &s->root.is.root.roles[type];

	for (size_t k = 0; k < role->count; k++)
		for (size_t i = 0; i < s->names.count; i++) {
			if (memcmp(s->names.keys[i].key.id, role->keys[k].id, WARD_TRUST_KEY_ID) !=
				    0 ||
			    !lies_here(s, s->names.keys[i].name))
				continue;
			warn(s, "%s.key, a key of the %s, lies on this machine%s: move it away",
			     s->names.keys[i].name, what,
			     ward_key_ring_find(&s->ring, role->keys[k].id) ? ", NOT sealed" : "");
		}
}

/* A key in two roles makes one theft two. */
static void
warn_of_doubles(struct status *s)
{
	const struct ward_trust_role *roles = s->root.is.root.roles;

	for (int i = 0; i < WARD_ROLES; i++)
		for (int j = i + 1; j < WARD_ROLES; j++)
			for (size_t k = 0; k < roles[i].count * roles[j].count; k++)
				if (memcmp(roles[i].keys[k / roles[j].count].id,
					   roles[j].keys[k % roles[j].count].id,
					   WARD_TRUST_KEY_ID) == 0)
					warn(s, "a key of the %s stands in another role, too",
					     ward_dsse_type_word((enum ward_dsse_type)i));
}

/* The highest file should be the one in force. */
static void
warn_of_ignored(struct status *s)
{
	struct ward_trust_names names;
	struct ward_refusal why;

	if (!ward_trust_names_read(s->o->directory, &names, &why) &&
	    ward_trust_names_last(&names, WARD_DSSE_TARGETS) > s->targets.version)
		warn(s, "the highest list of targets does not go with the root and is not used");
}

/* --- all of it --- */

static int
show_all(struct status *s)
{
	struct ward_trust_piece snapshot = {0};
	struct ward_refusal why = {0};
	enum ward_rc rc;

	(void)printf("directory  %s\n", s->o->directory);
	show_piece(s, WARD_DSSE_ROOT, &s->root);
	show_piece(s, WARD_DSSE_TARGETS, &s->targets);
	show_piece(s, WARD_DSSE_SNAPSHOT, &snapshot);
	show_roles(s);
	warn_of_age(s, &s->root, "root");
	warn_of_age(s, &s->targets, "list of targets");
	warn_of_secrets(s, WARD_DSSE_ROOT, "root");
	warn_of_secrets(s, WARD_DSSE_TARGETS, "targets");
	warn_of_doubles(s);
	warn_of_ignored(s);
	rc = ward_authority_ready(s->a, s->o->now_ms, &why);
	if (!rc) {
		(void)fputs("state      endpoints believe what is signed here\n", stdout);
		return 0;
	}
	(void)printf("state      ENDPOINTS BELIEVE NOTHING NEW: %s%s%s\n",
		     ward_refusal_word(why.code), *ward_refusal_word(why.code) ? ": " : "",
		     why.text[0] ? why.text : ward_rc_str(rc));
	return 1;
}

int
ward_status(struct ward_ceremony_options *o)
{
	static struct status s;
	struct ward_budget budget = {0};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_envelopes_arena(&budget);
	struct ward_refusal why = {0};
	ward_key_path keys;
	enum ward_rc rc;
	int status;

	if (!arena)
		return 2;
	s.o = o;
	s.arena = arena;
	ward_show_names_read(o->directory, &s.names);
	rc = ward_authority_open(o->directory, o->now_ms, &s.a, &why);
	if (!rc)
		rc = ward_key_path_of(o->directory, "keys", "", keys)
			     ? ward_key_ring_read(keys, &s.ring, &why)
			     : WARD_E_LIMIT;
	status = rc ? ward_ceremony_refused(rc, &why) : show_all(&s);
	ward_key_ring_done(&s.ring);
	ward_authority_closep(&s.a);
	return status;
}
