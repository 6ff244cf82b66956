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
	enum ward_rc rc;
};

static void
gather(void *ctx, const struct ward_manage_entry *entry)
{
	struct gathered *g = ctx;
	const struct ward_manage_field *f = ward_manage_field_find(entry, "entry");
	struct ward_buf *text =
		&g->texts[ward_manage_true(entry, "managed") ? WARD_POLICY_ORGANISATION
							     : WARD_POLICY_LOCAL];

	if (g->rc == WARD_OK)
		g->rc = ward_buf_str(text, text->len ? ", " : "{\"exclusions\": [");
	if (g->rc == WARD_OK)
		g->rc = f ? ward_buf_append(text, f->text.data, f->text.len) : WARD_E_PROTO;
}

static enum ward_rc
read_gathered(struct gathered *g, enum ward_policy_author author, struct ward_buf *why,
	      struct ward_policy_document **ret)
{
	struct ward_buf *text = &g->texts[author];
	enum ward_rc rc = ward_buf_str(text, text->len ? "]}" : "{}");

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

struct ward_policy_effective *
ward_policy_exclusions_in_force(const char *socket, bool *ret_gone)
{
	struct gathered g = {.rc = WARD_OK};
	struct ward_manage_ask ask = {
		.command = "exclusion",
		.socket = socket,
		.quiet_if_gone = true,
		.file = -1,
		.take = gather,
		.ctx = &g,
	};
	const struct ward_manage_request request = {.operation = WARD_MANAGE_EXCLUSION_LIST};
	struct ward_policy_effective *e = NULL;
	enum ward_rc rc;

	ward_buf_init(&g.texts[0], WARD_POLICY_TEXT_MAX, NULL);
	ward_buf_init(&g.texts[1], WARD_POLICY_TEXT_MAX, NULL);
	rc = ward_manage_show(&ask, &request);
	*ret_gone = rc == WARD_E_GONE;
	if (rc == WARD_OK)
		(void)!put_together(&g, &e);
	ward_buf_done(&g.texts[0]);
	ward_buf_done(&g.texts[1]);
	return e;
}
