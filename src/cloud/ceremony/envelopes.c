/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/ceremony/envelopes.h"

#include <inttypes.h>
#include <stdio.h>

#include "cloud/ceremony/secret.h"
#include "cloud/keys/authority.h"
#include "cloud/keys/directory.h"
#include "sys/fd.h"

enum { BUDGET = 256 * 1024 * 1024, ENVELOPE_MAX = 1024 * 1024 };

struct ward_arena *
ward_envelopes_arena(struct ward_budget *budget)
{
	struct ward_arena *arena;

	budget->cap = BUDGET;
	arena = ward_arena_new(budget);
	if (!arena)
		(void)ward_ceremony_fail(ward_rc_str(WARD_E_NOMEM));
	return arena;
}

static bool
complain(const char *path, enum ward_rc rc)
{
	(void)fprintf(stderr, "wardcloud: keys: %s: %s\n", path, ward_rc_str(rc));
	return false;
}

bool
ward_envelopes_read(const char *path, struct ward_arena *arena, struct ward_span *ret)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	WARD_AUTO(ward_buf_done) struct ward_buf bytes = {0};
	uint8_t *copy;
	enum ward_rc rc = ward_fd_open_regular(-1, path, true, &fd, NULL);

	ward_buf_init(&bytes, ENVELOPE_MAX, NULL);
	if (!rc)
		rc = ward_fd_read_all(fd, &bytes);
	copy = rc ? NULL : ward_arena_alloc(arena, bytes.len);
	if (!copy)
		return complain(path, rc ? rc : WARD_E_LIMIT);
	if (bytes.len > 0)
		memcpy(copy, bytes.data, bytes.len);
	*ret = ward_span_of(copy, bytes.len);
	return true;
}

bool
ward_envelopes_write(const char *path, struct ward_span envelope)
{
	enum ward_rc rc = ward_fd_write_atomic(path, envelope, 0644);

	return rc ? complain(path, rc) : true;
}

bool
ward_envelopes_base(const struct ward_ceremony_options *o, enum ward_dsse_type type,
		    struct ward_arena *arena, struct ward_trust_piece *ret, bool *ret_found)
{
	struct ward_trust_names names = {0};
	struct ward_refusal why = {0};
	struct ward_dsse d = {0};
	struct ward_span bytes = {0};
	char path[WARD_KEY_PATH_MAX + 64];
	enum ward_rc rc;

	*ret_found = false;
	if (o->first)
		return true;
	if (o->from) {
		(void)snprintf(path, sizeof(path), "%s", o->from);
	} else {
		rc = ward_trust_names_read(o->directory, &names, &why);
		if (rc)
			return (void)ward_ceremony_refused(rc, &why), false;
		if (names.count[type] == 0)
			return true;
		(void)snprintf(path, sizeof(path), "%s/%" PRIu64 ".%s", o->directory,
			       ward_trust_names_last(&names, type), ward_dsse_type_word(type));
	}
	if (!ward_envelopes_read(path, arena, &bytes))
		return false;
	rc = ward_dsse_read(bytes, type, arena, &d, &why);
	if (!rc)
		rc = ward_trust_piece_decode(d.payload, type, arena, ret, &why);
	if (rc)
		return (void)ward_ceremony_refused(rc, &why), false;
	*ret_found = true;
	return true;
}

bool
ward_envelopes_key(const char *path, struct ward_trust_key *ret)
{
	struct ward_refusal why = {0};
	enum ward_rc rc = ward_key_file_public(path, ret, &why);

	if (rc)
		(void)ward_ceremony_refused(rc, &why);
	return rc == WARD_OK;
}

/* --- taking in --- */

int
ward_envelopes_install(struct ward_ceremony_options *o, const struct ward_span *envelopes,
		       size_t count)
{
	WARD_AUTO(ward_authority_closep) struct ward_authority *a = NULL;
	struct ward_refusal why = {0};
	enum ward_rc rc = ward_authority_open(o->directory, o->now_ms, &a, &why);

	if (rc == WARD_E_NOENT)
		rc = ward_authority_create(o->directory, envelopes, count, o->now_ms, &a, &why);
	else if (!rc)
		rc = ward_authority_install(a, envelopes, count, o->now_ms, &why);
	if (rc) {
		(void)ward_ceremony_refused(rc, &why);
		(void)fputs("Nothing was changed.\n", stderr);
		return 2;
	}
	(void)printf("Taken into %s. A running service sees it within seconds.\n", o->directory);
	return 0;
}

static void
tell(const struct ward_ceremony_options *o, const struct ward_dsse *d)
{
	if (o->out)
		(void)printf("%s: %s, %zu signature%s\n", o->out, ward_dsse_type_text(d->type),
			     d->signature_count, d->signature_count == 1 ? "" : "s");
}

int
ward_envelopes_finish(struct ward_ceremony_options *o, enum ward_dsse_type type,
		      struct ward_span payload)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	struct ward_dsse d = {.type = type, .payload = payload};
	struct ward_span envelope;

	if (!o->out && !o->install)
		return ward_ceremony_fail("say where it goes: --out FILE, --install, or both");
	ward_buf_init(&out, ENVELOPE_MAX, NULL);
	if (!ward_secret_sign(o, &d))
		return 2;
	if (ward_dsse_write(&d, &out))
		return ward_ceremony_fail("it is too large");
	envelope = ward_buf_span(&out);
	if (o->out && !ward_envelopes_write(o->out, envelope))
		return 2;
	tell(o, &d);
	return o->install ? ward_envelopes_install(o, &envelope, 1) : 0;
}
