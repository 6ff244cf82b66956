/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/admin/canary.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/utf.h"
#include "intel/compiler.h"
#include "pool/pool.h"
#include "sys/fd.h"
#include "sys/walk.h"

enum { CANARIES = 300, CANARY_MAX = 16 << 20, TOLD = 10, WAIT_MS = 1000, WHY = 4096, NAME = 128 };

static const char canaries[] = "/usr/bin";

struct trial {
	struct ward_pool *pool;
	unsigned sent, matched, failed;
};

/* --- compiling --- */

static void
print_escaped(const char *text)
{
	WARD_AUTO(ward_buf_done) struct ward_buf escaped = {0};

	ward_buf_init(&escaped, WHY, NULL);
	if (!ward_utf_escape(&escaped, ward_span_str(text)) && escaped.len > 0)
		(void)fwrite(escaped.data, 1, escaped.len, stderr);
}

static void
on_notice(void *context, bool bad, const char *file, unsigned line, const char *text)
{
	(void)context;
	(void)file;
	(void)fprintf(stderr, "wardcloud: line %u: %s: ", line, bad ? "error" : "note");
	print_escaped(text);
	(void)fputc('\n', stderr);
}

static void
complain(void *context, const char *path, const char *what)
{
	(void)context;
	(void)path;
	(void)fprintf(stderr, "wardcloud: %s\n", what);
}

static bool
compile(const char *source, const char *name, int *ret_pack)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_intel_result result;
	struct ward_compiler job = {.extra = name, .complain = complain, .notice = on_notice};
	enum ward_rc rc = ward_fd_memory("published", &fd);

	if (!rc)
		rc = ward_fd_write_all(fd, ward_span_str(source));
	job.extra_fd = fd;
	if (!rc)
		rc = ward_compiler_run(&job, ret_pack, &result);
	if (rc)
		(void)fprintf(stderr, "wardcloud: it does not compile: %s\n", ward_rc_str(rc));
	return rc == WARD_OK;
}

/* --- trying --- */

static void
take_reply(struct trial *t)
{
	WARD_AUTO(ward_pool_reply_freep) struct ward_pool_reply *reply = NULL;

	if (ward_pool_wait(t->pool, WAIT_MS, &reply))
		return;
	if (reply->result->verdict == WARD_NOT_SCANNED)
		t->failed++;
	if (reply->result->finding_count == 0 || ++t->matched > TOLD)
		return;
	(void)fprintf(stderr, "wardcloud: it matches a program of this machine: %s/", canaries);
	print_escaped(reply->cookie);
	(void)fputc('\n', stderr);
}

struct canary {
	struct ward_pool_request request;
	char name[NAME];
};

static bool
try_one(void *context, const struct ward_walk_entry *entry)
{
	static struct canary all[CANARIES];
	struct trial *t = context;
	struct canary *c = &all[t->sent];
	const char *slash = strrchr(entry->path, '/');
	enum ward_rc rc;

	if (entry->fd < 0)
		return true;
	(void)snprintf(c->name, sizeof(c->name), "%s", slash ? slash + 1 : entry->path);
	c->request = (struct ward_pool_request){
		.fd = entry->fd, .path = "", .owner = "", .cookie = c->name};
	if (entry->st.st_size > CANARY_MAX) {
		rc = WARD_E_INVAL;
	} else {
		while ((rc = ward_pool_submit(t->pool, &c->request)) == WARD_E_LIMIT)
			take_reply(t);
	}
	if (rc) {
		int fd = entry->fd;

		ward_fd_close(&fd);
	}
	t->sent += rc == WARD_OK;
	return t->sent < CANARIES;
}

static bool
try_all(const struct ward_config *config, int pack, bool forced)
{
	WARD_AUTO(ward_pool_freep) struct ward_pool *pool = NULL;
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	struct ward_walk_options walk = {.recursive = true};
	struct ward_pool_options options;
	struct trial t = {.pool = NULL};
	enum ward_rc rc;

	ward_buf_init(&why, WHY, NULL);
	ward_pool_options_default(&options);
	options.program = config->analysis.scanner[0] ? config->analysis.scanner
						      : WARD_LIBEXECDIR "/ward-scan";
	options.packs = &pack;
	options.pack_count = 1;
	rc = ward_pool_new(&options, &pool, &why);
	t.pool = pool;
	if (!rc)
		rc = ward_walk(canaries, &walk, try_one, &t);
	if (rc == WARD_E_STOPPED)
		rc = WARD_OK;
	while (!rc && ward_pool_pending(pool) > 0)
		take_reply(&t);
	if (rc || t.sent == 0)
		(void)fprintf(stderr, "wardcloud: it cannot be tried: %s\n%.*s", ward_rc_str(rc),
			      (int)why.len, why.data ? (const char *)why.data : "");
	else if (t.matched > 0)
		(void)fprintf(stderr, "wardcloud: it matches %u of %u programs of this machine%s\n",
			      t.matched, t.sent,
			      forced ? "" : "; --force REASON publishes it all the same");
	return !rc && t.sent > 0 && (t.matched == 0 || forced);
}

/* --- the request --- */

/* What stands behind the first "rule" that begins a line or follows "private" or "global". */
static void
name_rule(const char *source, json_t *request)
{
	const char *at = source;

	if (json_object_get(request, "name"))
		return;
	while (at && *at) {
		size_t len = 0;

		at += strspn(at, " \t\r\n");
		if (strncmp(at, "private ", 8) == 0 || strncmp(at, "global ", 7) == 0) {
			at += strcspn(at, " ");
			continue;
		}
		if (strncmp(at, "rule ", 5) == 0) {
			at += 5 + strspn(at + 5, " \t");
			while (ward_text_is_alnum((uint8_t)at[len]) || at[len] == '_')
				len++;
			(void)json_object_set_new(request, "name", json_stringn(at, len));
			return;
		}
		at = strchr(at, '\n');
	}
}

static const char *
text_in(const json_t *request, const char *key)
{
	const char *text = json_string_value(json_object_get(request, key));

	return text ? text : "";
}

bool
ward_canary_pass(const struct ward_config *config, json_t *request)
{
	const char *rule = text_in(request, "rule"), *line = text_in(request, "signature");
	WARD_AUTO(ward_fd_close) int pack = -1;
	char name[32] = "published.yar";

	if (!rule[0] && !line[0])
		return true;
	if (rule[0])
		name_rule(rule, request);
	else
		(void)snprintf(name, sizeof(name), "published.%.8s", text_in(request, "format"));
	if (!compile(rule[0] ? rule : line, name, &pack) ||
	    !try_all(config, pack, text_in(request, "force")[0] != 0))
		return false;
	(void)json_object_set_new(request, "checked", json_true());
	return true;
}
