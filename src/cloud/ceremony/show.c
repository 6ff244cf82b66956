/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/ceremony/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/text.h"
#include "base/utf.h"
#include "cloud/ceremony/envelopes.h"
#include "sys/entry.h"
#include "sys/fd.h"

enum { ID_SHOWN = 8, DAY_MS = 86400 * 1000, ESCAPED = 8192 };

/* --- words --- */

static void
print_hex(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		(void)printf("%02x", bytes[i]);
}

static void
print_text(const char *text)
{
	WARD_AUTO(ward_buf_done) struct ward_buf escaped = {0};

	ward_buf_init(&escaped, ESCAPED, NULL);
	if (text && !ward_utf_escape(&escaped, ward_span_str(text)) && escaped.len > 0)
		(void)fwrite(escaped.data, 1, escaped.len, stdout);
}

void
ward_show_time(uint64_t ms, uint64_t now_ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	char text[40] = "";
	uint64_t days = (ms > now_ms ? ms - now_ms : now_ms - ms) / DAY_MS;

	if (gmtime_r(&seconds, &tm))
		(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &tm);
	if (ms > now_ms)
		(void)printf("%s, in %" PRIu64 " days", text, days);
	else
		(void)printf("%s: EXPIRED %" PRIu64 " days ago", text, days);
}

/* --- names of keys --- */

struct reading {
	const char *keys;
	struct ward_show_names *names;
};

static enum ward_rc
add_name(void *ctx, const char *name)
{
	struct reading *r = ctx;
	size_t len = strlen(name);
	struct ward_refusal why;
	ward_key_path path;
	size_t at = r->names->count;

	if (at == WARD_SHOW_NAMES || len < 5 || len >= WARD_SHOW_NAME ||
	    strcmp(name + len - 4, ".pub") != 0 || !ward_key_path_of(r->keys, name, "", path) ||
	    ward_key_file_public(path, &r->names->keys[at].key, &why))
		return WARD_OK;
	(void)snprintf(r->names->keys[at].name, WARD_SHOW_NAME, "%.*s", (int)len - 4, name);
	r->names->count++;
	return WARD_OK;
}

void
ward_show_names_read(const char *directory, struct ward_show_names *ret)
{
	WARD_AUTO(ward_fd_close) int dir = -1;
	ward_key_path keys;
	struct reading r = {keys, ret};

	ret->count = 0;
	if (ward_key_path_of(directory, "keys", "", keys) &&
	    !ward_fd_open_directory(-1, keys, &dir))
		(void)!ward_entry_list(dir, add_name, &r);
}

void
ward_show_key(const struct ward_show_names *names, const uint8_t id[WARD_TRUST_KEY_ID])
{
	for (size_t i = 0; names && i < names->count; i++)
		if (memcmp(names->keys[i].key.id, id, WARD_TRUST_KEY_ID) == 0) {
			(void)printf("%s (", names->keys[i].name);
			print_hex(id, ID_SHOWN);
			(void)fputs(")", stdout);
			return;
		}
	print_hex(id, ID_SHOWN);
}

/* --- metadata --- */

static void
show_role(const struct ward_show_names *names, const struct ward_trust_root *root,
	  enum ward_dsse_type type)
{
	const struct ward_trust_role *role = &root->roles[type];

	(void)printf("  %-10s %u of %zu:", ward_dsse_type_word(type), role->threshold, role->count);
	for (size_t i = 0; i < role->count; i++) {
		(void)fputs(" ", stdout);
		ward_show_key(names, role->keys[i].id);
	}
	(void)fputs("\n", stdout);
}

static void
show_scope(const struct ward_trust_scope *s)
{
	static const char *const words[] = {"?", "all", "ring", "tag", "device"};

	(void)printf(" %s", words[s->kind]);
	if (s->kind == WARD_SCOPE_DEVICE) {
		(void)fputs(":", stdout);
		print_hex(s->device, 16);
	} else if (s->name && s->name[0]) {
		(void)fputs(":", stdout);
		print_text(s->name);
	}
}

void
ward_show_delegation(const struct ward_show_names *names, const struct ward_trust_delegation *d)
{
	(void)printf("  %-10s %u of %zu:", d->name, d->threshold, d->key_count);
	for (size_t i = 0; i < d->key_count; i++) {
		(void)fputs(" ", stdout);
		ward_show_key(names, d->keys[i].key.id);
		if (d->keys[i].last_number)
			(void)printf(" up to record %" PRIu64, d->keys[i].last_number);
	}
	(void)fputs("\n             kinds:", stdout);
	for (int k = 1; k < WARD_KIND_END; k++)
		if (d->kinds >> k & 1)
			(void)printf(" %s", ward_trust_kind_word((enum ward_trust_kind)k));
	(void)fputs("\n             devices:", stdout);
	for (size_t i = 0; i < d->scope_count; i++)
		show_scope(&d->scopes[i]);
	(void)fputs("\n", stdout);
}

static void
show_content(const struct ward_show_names *names, const struct ward_trust_piece *p)
{
	if (p->type == WARD_DSSE_ROOT) {
		(void)fputs("  log        ", stdout);
		print_hex(p->is.root.log, WARD_LOG_ID);
		(void)fputs("\n", stdout);
		for (int i = 0; i < WARD_ROLES; i++)
			show_role(names, &p->is.root, (enum ward_dsse_type)i);
	} else if (p->type == WARD_DSSE_TARGETS) {
		for (size_t i = 0; i < p->is.targets.delegation_count; i++)
			ward_show_delegation(names, &p->is.targets.delegations[i]);
		(void)printf("  packs      %zu\n", p->is.targets.pack_count);
	} else if (p->type == WARD_DSSE_SNAPSHOT) {
		(void)printf("  targets    version %" PRIu64 "\n", p->is.snapshot.targets.version);
	} else {
		(void)printf("  snapshot   version %" PRIu64 "\n  log        %" PRIu64 " records\n",
			     p->is.timestamp.snapshot.version, p->is.timestamp.head.size);
	}
}

static void
show_record(const struct ward_trust_record *r)
{
	(void)printf("record %" PRIu64 ", %s, under the delegation %s\n  author     ", r->number,
		     ward_trust_kind_word(r->kind), r->role);
	print_text(r->author);
	(void)fputs("\n  reason     ", stdout);
	print_text(r->reason);
	(void)fputs("\n  devices   ", stdout);
	show_scope(&r->scope);
	(void)fputs("\n", stdout);
}

static void
show_signatures(const struct ward_show_names *names, const struct ward_dsse *d)
{
	(void)printf("  signed by  %s", d->signature_count ? "" : "nobody");
	for (size_t i = 0; i < d->signature_count; i++) {
		(void)fputs(i ? " " : "", stdout);
		ward_show_key(names, d->signatures[i].key_id);
	}
	(void)fputs(d->signature_count ? " (not checked here)\n" : "\n", stdout);
}

static enum ward_rc
show_envelope(const struct ward_ceremony_options *o, struct ward_span bytes,
	      const struct ward_show_names *names, struct ward_arena *arena,
	      struct ward_refusal *why)
{
	struct ward_trust_piece p = {0};
	struct ward_trust_record r = {0};
	struct ward_dsse d = {0};
	enum ward_rc rc = ward_dsse_read_any(bytes, arena, &d, why);

	if (rc)
		return rc;
	if (d.type == WARD_DSSE_RECORD) {
		rc = ward_trust_record_decode(d.payload, arena, &r, why);
		if (!rc)
			show_record(&r);
	} else {
		rc = ward_trust_piece_decode(d.payload, d.type, arena, &p, why);
		if (!rc) {
			(void)printf("%s, version %" PRIu64 "\n  expires    ",
				     ward_dsse_type_text(d.type), p.version);
			ward_show_time(p.expires_ms, o->now_ms);
			(void)fputs("\n", stdout);
			show_content(names, &p);
		}
	}
	if (!rc)
		show_signatures(names, &d);
	return rc;
}

/* --- files --- */

/* False: it is no key. */
static bool
show_key_file(const char *path)
{
	struct ward_refusal why;
	struct ward_trust_key key;
	uint8_t secret[WARD_SIGN_SECRET];
	enum ward_rc rc;

	if (!ward_key_file_public(path, &key, &why)) {
		(void)printf("public key of the id ");
		print_hex(key.id, sizeof(key.id));
		(void)fputs("\n", stdout);
		return true;
	}
	rc = ward_key_file_read(path, ward_span_of(NULL, 0), secret, &why);
	ward_sign_forget(secret);
	if (rc == WARD_E_ENCRYPTED)
		(void)fputs("secret key, sealed by a passphrase\n", stdout);
	else if (!rc)
		(void)fputs("secret key, NOT sealed\n", stdout);
	return rc == WARD_OK || rc == WARD_E_ENCRYPTED;
}

static bool
show_one(const struct ward_ceremony_options *o, const char *path,
	 const struct ward_show_names *names)
{
	struct ward_budget budget = {0};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_envelopes_arena(&budget);
	struct ward_refusal why = {0};
	struct ward_span bytes = {0};
	enum ward_rc rc;

	(void)printf("%s: ", path);
	(void)fflush(stdout);
	if (show_key_file(path))
		return true;
	if (!arena || !ward_envelopes_read(path, arena, &bytes))
		return false;
	rc = show_envelope(o, bytes, names, arena, &why);
	if (rc) {
		(void)fputs("\n", stdout);
		(void)ward_ceremony_refused(rc, &why);
	}
	return rc == WARD_OK;
}

int
ward_show(const struct ward_ceremony_options *o)
{
	static struct ward_show_names names;
	int status = 0;

	if (o->directory[0])
		ward_show_names_read(o->directory, &names);
	for (int i = 0; i < o->operand_count; i++)
		if (!show_one(o, o->operands[i], &names))
			status = 2;
	return status;
}
