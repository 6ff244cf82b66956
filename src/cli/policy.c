/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policy.h"

#include "cli/human.h"
#include "cli/manage.h"
#include "sys/fd.h"

enum { WHY_MAX = 1 << 20 };

static void
complain(FILE *out, const char *path, const char *what)
{
	(void)fputs("ward: ", out);
	ward_human_print(out, ward_span_str(path));
	(void)fprintf(out, ": %s\n", what);
}

/* WARD_E_NOENT is not told: whether it matters is the caller's to say. */
static enum ward_rc
read_file(const char *path, struct ward_buf *into)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	enum ward_rc rc = ward_fd_open_regular(-1, path, true, &fd, NULL);

	return rc ? rc : ward_fd_read_all(fd, into);
}

static enum ward_rc
read_document(const char *path, enum ward_policy_author author, FILE *out,
	      struct ward_policy_document **ret)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0}, why = {0};
	enum ward_rc rc;

	ward_buf_init(&text, WARD_POLICY_TEXT_MAX, NULL);
	ward_buf_init(&why, WHY_MAX, NULL);
	rc = read_file(path, &text);
	if (rc == WARD_E_NOENT)
		return rc;
	if (rc == WARD_OK)
		rc = ward_policy_document_read(ward_buf_span(&text), path, author, &why, ret);
	if (why.len > 0)
		(void)fwrite(why.data, 1, why.len, out);
	else if (rc != WARD_OK)
		complain(out, path, ward_rc_str(rc));
	return rc;
}

bool
ward_policy_check_file(const char *path, enum ward_policy_author author, FILE *out)
{
	WARD_AUTO(ward_policy_document_freep) struct ward_policy_document *d = NULL;
	enum ward_rc rc = read_document(path, author, out, &d);

	if (rc == WARD_E_NOENT)
		complain(out, path, ward_rc_str(rc));
	return rc == WARD_OK;
}

struct ward_policy_effective *
ward_policy_load(const struct ward_policy_files *files)
{
	WARD_AUTO(ward_policy_document_freep) struct ward_policy_document *local = NULL;
	WARD_AUTO(ward_policy_document_freep) struct ward_policy_document *organisation = NULL;
	const char *path = files->local ? files->local : WARD_POLICY_FILE;
	struct ward_policy_effective *e = NULL;
	enum ward_rc rc = read_document(path, WARD_POLICY_LOCAL, stderr, &local);

	if (rc == WARD_E_NOENT && files->local)
		complain(stderr, path, ward_rc_str(rc));
	if (rc != WARD_OK && (rc != WARD_E_NOENT || files->local))
		return NULL;
	if (files->organisation) {
		path = files->organisation;
		rc = read_document(path, WARD_POLICY_ORGANISATION, stderr, &organisation);
		if (rc == WARD_E_NOENT)
			complain(stderr, path, ward_rc_str(rc));
		if (rc != WARD_OK)
			return NULL;
	}
	rc = ward_policy_merge(local, organisation, &e);
	if (rc != WARD_OK) {
		complain(stderr, path, ward_rc_str(rc));
		return NULL;
	}
	local = organisation = NULL;
	return e;
}

/* --- from the guard --- */

/* The two documents as they would be with nothing but exclusions. */
struct gathered {
	struct ward_buf texts[2]; /* by enum ward_policy_author */
	struct ward_buf blocked;  /* the value of blocked.hashes; empty: not known */
	bool allows;		  /* administrators' allowances count */
	enum ward_rc rc;
};

static void
add_entry(struct gathered *g, enum ward_policy_author author, struct ward_span entry)
{
	struct ward_buf *text = &g->texts[author];

	if (g->rc == WARD_OK)
		g->rc = ward_buf_str(text, text->len ? ", " : "{\"exclusions\": [");
	if (g->rc == WARD_OK)
		g->rc = ward_buf_append(text, entry.data, entry.len);
}

static void
gather(void *ctx, const struct ward_manage_entry *entry)
{
	struct gathered *g = ctx;
	const struct ward_manage_field *f = ward_manage_field_find(entry, "entry");

	if (!f)
		g->rc = WARD_E_PROTO;
	else
		add_entry(g,
			  ward_manage_true(entry, "managed") ? WARD_POLICY_ORGANISATION
							     : WARD_POLICY_LOCAL,
			  f->text);
}

/* An allowance as the exclusion that means the same. A name with a pattern's characters in it would mean more. */
static void
gather_allowance(void *ctx, const struct ward_manage_entry *entry)
{
	struct gathered *g = ctx;
	const struct ward_manage_field *kind = ward_manage_field_find(entry, "kind");
	const struct ward_manage_field *value = ward_manage_field_find(entry, "value");
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	bool hash = kind && ward_span_eq(kind->text, ward_span_str("sha256"));
	enum ward_rc rc;

	if (!kind || !value || memchr(value->text.data, '*', value->text.len))
		return;
	ward_buf_init(&text, WARD_POLICY_TEXT_MAX, NULL);
	rc = ward_buf_str(&text, hash ? "{\"hash\": " : "{\"threat\": ");
	if (rc == WARD_OK)
		rc = ward_json_quote(&text, value->text);
	if (rc == WARD_OK)
		rc = ward_buf_byte(&text, '}');
	if (rc == WARD_OK)
		add_entry(g, WARD_POLICY_LOCAL, ward_buf_span(&text));
}

static void
gather_setting(void *ctx, const struct ward_manage_entry *entry)
{
	struct gathered *g = ctx;
	const struct ward_manage_field *name = ward_manage_field_find(entry, "setting");
	const struct ward_manage_field *value = ward_manage_field_find(entry, "value");

	if (!name || !value)
		return;
	if (ward_span_eq(name->text, ward_span_str("blocked.hashes")) && g->rc == WARD_OK)
		g->rc = ward_buf_append(&g->blocked, value->text.data, value->text.len);
	if (ward_span_eq(name->text, ward_span_str("local.allow_threats")))
		g->allows = ward_span_eq(value->text, ward_span_str("true"));
}

static enum ward_rc
read_gathered(struct gathered *g, enum ward_policy_author author, struct ward_buf *why,
	      struct ward_policy_document **ret)
{
	struct ward_buf *text = &g->texts[author];
	bool blocks = author == WARD_POLICY_LOCAL && g->blocked.len > 0;
	enum ward_rc rc = ward_buf_str(text, text->len ? "]" : "{\"exclusions\": []");

	if (rc == WARD_OK && blocks)
		rc = ward_buf_str(text, ", \"blocked\": {\"hashes\": ");
	if (rc == WARD_OK && blocks)
		rc = ward_buf_append(text, g->blocked.data, g->blocked.len);
	if (rc == WARD_OK)
		rc = ward_buf_str(text, blocks ? "}}" : "}");
	return rc ? rc
		  : ward_policy_document_read(ward_buf_span(text), "the guard's exclusions", author,
					      why, ret);
}

static enum ward_rc
put_together(struct gathered *g, struct ward_policy_effective **ret)
{
	WARD_AUTO(ward_policy_document_freep) struct ward_policy_document *local = NULL;
	WARD_AUTO(ward_policy_document_freep) struct ward_policy_document *organisation = NULL;
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	enum ward_rc rc = g->rc;

	ward_buf_init(&why, WHY_MAX, NULL);
	if (rc == WARD_OK)
		rc = read_gathered(g, WARD_POLICY_LOCAL, &why, &local);
	if (rc == WARD_OK)
		rc = read_gathered(g, WARD_POLICY_ORGANISATION, &why, &organisation);
	if (rc == WARD_OK)
		rc = ward_policy_merge(local, organisation, ret);
	if (rc == WARD_OK)
		local = organisation = NULL;
	else
		complain(stderr, "what the guard says", ward_rc_str(rc));
	return rc;
}

/* One list of the guard's. `quiet`: what it refuses is not said. */
static enum ward_rc
ask_guard(struct gathered *g, const char *command, const char *socket,
	  enum ward_manage_operation operation,
	  void (*take)(void *ctx, const struct ward_manage_entry *entry), bool quiet)
{
	struct ward_manage_ask ask = {
		.command = command,
		.socket = socket,
		.quiet_if_gone = true,
		.quiet = quiet,
		.file = -1,
		.take = take,
		.ctx = g,
	};
	const struct ward_manage_request request = {.operation = operation};

	return ward_manage_show(&ask, &request);
}

static void
begin(struct gathered *g)
{
	*g = (struct gathered){.rc = WARD_OK};
	ward_buf_init(&g->texts[0], WARD_POLICY_TEXT_MAX, NULL);
	ward_buf_init(&g->texts[1], WARD_POLICY_TEXT_MAX, NULL);
	ward_buf_init(&g->blocked, WARD_POLICY_TEXT_MAX, NULL);
}

static struct ward_policy_effective *
end(struct gathered *g, enum ward_rc rc, bool *ret_gone)
{
	struct ward_policy_effective *e = NULL;

	*ret_gone = rc == WARD_E_GONE;
	if (rc == WARD_OK)
		(void)!put_together(g, &e);
	ward_buf_done(&g->texts[0]);
	ward_buf_done(&g->texts[1]);
	ward_buf_done(&g->blocked);
	return e;
}

struct ward_policy_effective *
ward_policy_exclusions_in_force(const char *socket, bool *ret_gone)
{
	struct gathered g;

	begin(&g);
	return end(&g,
		   ask_guard(&g, "exclusion", socket, WARD_MANAGE_EXCLUSION_LIST, gather, false),
		   ret_gone);
}

struct ward_policy_effective *
ward_policy_in_force_for_scans(const char *socket, bool *ret_gone)
{
	struct gathered g;
	enum ward_rc rc;

	begin(&g);
	rc = ask_guard(&g, "scan", socket, WARD_MANAGE_EXCLUSION_LIST, gather, false);
	if (rc == WARD_OK)
		rc = ask_guard(&g, "scan", socket, WARD_MANAGE_CONFIG_LIST, gather_setting, false);
	if (rc == WARD_OK && g.allows)
		(void)!ask_guard(&g, "scan", socket, WARD_MANAGE_ALLOWANCE_LIST, gather_allowance,
				 true);
	return end(&g, rc, ret_gone);
}
