/* SPDX-License-Identifier: Apache-2.0 */
/* `ward audit head | verify | witness`: whether the log of signed records is one for everybody. */
#include <jansson.h>
#include <stdlib.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/human.h"
#include "cli/manage.h"
#include "sys/fd.h"

enum { HEAD_FILE_MAX = 64 * 1024, ENVELOPE_MAX = 16 * 1024, HEADS_MAX = 1024, NAME = 160 };

struct audit_options {
	const char *socket;
	bool json, help;
};

static int
complain(const char *path, const char *what)
{
	(void)fputs("ward audit: ", stderr);
	ward_human_print(stderr, ward_span_str(path));
	(void)fprintf(stderr, ": %s\n", what);
	return WARD_EXIT_ERROR;
}

static struct ward_manage_ask
ask_of(const struct audit_options *o, int file)
{
	return (struct ward_manage_ask){
		.command = "audit",
		.socket = o->socket,
		.event = "audit",
		.json = o->json,
		.file = file,
		.show = ward_manage_show_all,
	};
}

static int
ask(const struct audit_options *o, const struct ward_manage_request *r, int file)
{
	struct ward_manage_ask a = ask_of(o, file);

	return ward_manage_show(&a, r) == WARD_OK ? WARD_EXIT_NOTHING : WARD_EXIT_ERROR;
}

/* --- verify --- */

/* A number, or a file with a record's envelope. */
static int
verify(const struct audit_options *o, const char *what)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_manage_request r = {.operation = WARD_MANAGE_AUDIT_RECORD};
	enum ward_rc rc;

	if (ward_text_u64(ward_span_str(what), &r.bytes))
		return ask(o, &r, -1);
	rc = ward_fd_open_regular(-1, what, true, &fd, NULL);
	return rc == WARD_OK ? ask(o, &r, fd) : complain(what, ward_rc_str(rc));
}

/* --- witness --- */

/* One that has more records than this machine: two of them can still be compared with each other. */
struct ahead {
	char log[NAME], size[NAME], root[NAME];
};

struct round {
	struct ahead heads[HEADS_MAX];
	size_t count;
	bool differs;
	struct ahead now;
	char word[NAME];
};

static void
copy_field(const struct ward_manage_entry *e, const char *name, char ret[NAME])
{
	ret[0] = 0;
	for (size_t i = 0; i < e->count; i++) {
		const struct ward_manage_field *f = &e->fields[i];

		if (strcmp(f->name, name) != 0)
			continue;
		if (f->kind == WARD_MANAGE_NUMBER)
			(void)snprintf(ret, NAME, "%llu", (unsigned long long)f->number);
		else
			(void)snprintf(ret, NAME, "%.*s", (int)f->text.len,
				       (const char *)f->text.data);
	}
}

static void
take(void *ctx, const struct ward_manage_entry *e)
{
	struct round *r = ctx;

	copy_field(e, "result", r->word);
	copy_field(e, "log", r->now.log);
	copy_field(e, "log_size", r->now.size);
	copy_field(e, "log_head", r->now.root);
}

/* What `ward audit head --json` has printed: the envelope in it, as a file for the guard. */
static enum ward_rc
open_head(const char *path, int *ret_fd)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	WARD_AUTO(ward_fd_close) int fd = -1;
	uint8_t envelope[ENVELOPE_MAX];
	const char *hex = NULL;
	size_t len = 0;
	json_t *object = NULL;
	enum ward_rc rc = ward_fd_open_regular(-1, path, true, &fd, NULL);

	ward_buf_init(&text, HEAD_FILE_MAX, NULL);
	if (rc == WARD_OK)
		rc = ward_fd_read_all(fd, &text);
	if (rc != WARD_OK)
		return rc;
	object = json_loadb((const char *)text.data, text.len,
			    JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, NULL);
	hex = json_string_value(json_object_get(object, "timestamp"));
	len = hex ? strlen(hex) / 2 : 0;
	rc = len > 0 && len <= sizeof(envelope) &&
			     ward_text_unhex(ward_span_str(hex), envelope, len)
		     ? WARD_OK
		     : WARD_E_FORMAT;
	json_decref(object);
	ward_fd_close(&fd);
	if (rc == WARD_OK)
		rc = ward_fd_memory("ward-head", &fd);
	if (rc == WARD_OK)
		rc = ward_fd_write_all(fd, ward_span_of(envelope, len));
	if (rc == WARD_OK) {
		*ret_fd = fd;
		fd = -1;
	}
	return rc;
}

/* Heads that are ahead of this machine have to agree among themselves where they are of one size. */
static bool
fits_others(struct round *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->heads[i].log, r->now.log) == 0 &&
		    strcmp(r->heads[i].size, r->now.size) == 0 &&
		    strcmp(r->heads[i].root, r->now.root) != 0)
			return false;
	if (r->count < HEADS_MAX)
		r->heads[r->count++] = r->now;
	return true;
}

static void
show(const struct audit_options *o, const char *path, const struct round *r)
{
	json_t *line;

	if (!o->json) {
		ward_human_print(stdout, ward_span_str(path));
		(void)printf(": %s (%s records, %s)\n", r->word, r->now.size, r->now.root);
		return;
	}
	line = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "event", "witness", "file", path,
			 "result", r->word, "log", r->now.log, "log_size", r->now.size, "log_head",
			 r->now.root);
	if (line)
		(void)json_dumpf(line, stdout, JSON_COMPACT);
	(void)fputc('\n', stdout);
	json_decref(line);
}

static int
compare(const struct audit_options *o, const char *path, struct round *r)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	const struct ward_manage_request request = {.operation = WARD_MANAGE_AUDIT_COMPARE};
	struct ward_manage_ask a;
	enum ward_rc rc = open_head(path, &fd);

	if (rc != WARD_OK)
		return complain(path, rc == WARD_E_FORMAT
					      ? "it is nothing that `ward audit head --json` prints"
					      : ward_rc_str(rc));
	a = ask_of(o, fd);
	a.take = take;
	a.ctx = r;
	r->word[0] = 0;
	if (ward_manage_show(&a, &request) != WARD_OK || !r->word[0])
		return complain(path, "it could not be compared");
	if (strcmp(r->word, "ahead") == 0 && !fits_others(r))
		(void)snprintf(r->word, sizeof(r->word), "differs");
	r->differs |= strcmp(r->word, "differs") == 0;
	show(o, path, r);
	return WARD_EXIT_NOTHING;
}

static int
witness(const struct audit_options *o, const struct ward_strings *operands)
{
	struct round *r = calloc(1, sizeof(*r));
	int status = r ? WARD_EXIT_NOTHING : WARD_EXIT_ERROR;

	for (size_t i = 1; r && i < operands->count; i++)
		if (compare(o, operands->items[i], r) != WARD_EXIT_NOTHING)
			status = WARD_EXIT_ERROR;
	if (r && r->differs) {
		(void)fputs("The signed log is not one for everybody: who signs its heads has told "
			    "two stories.\n",
			    stderr);
		status = WARD_EXIT_FOUND;
	}
	free(r);
	return status;
}

/* --- the command --- */

#define AT(member) offsetof(struct audit_options, member)

static const struct ward_option table[] = {
	{"json", 0, WARD_OPTION_FLAG, NULL, AT(json), "one JSON object per line"},
	{"socket", 0, WARD_OPTION_TEXT, "PATH", AT(socket),
	 "the guard's control socket (default: " WARD_GUARD_SOCKET ")"},
	{"help", 'h', WARD_OPTION_FLAG, NULL, AT(help), "print this"},
	{NULL, 0, WARD_OPTION_FLAG, NULL, 0, NULL},
};

static int
run_verb(const struct audit_options *o, const struct ward_strings *operands)
{
	const struct ward_manage_request head = {.operation = WARD_MANAGE_AUDIT_HEAD};
	const char *verb = operands->count ? operands->items[0] : "";

	if (operands->count == 1 && strcmp(verb, "head") == 0)
		return ask(o, &head, -1);
	if (operands->count == 2 && strcmp(verb, "verify") == 0)
		return verify(o, operands->items[1]);
	if (operands->count >= 2 && strcmp(verb, "witness") == 0)
		return witness(o, operands);
	(void)fputs("ward audit: head, verify NUMBER or FILE, or witness FILE…\n"
		    "Try: ward audit --help\n",
		    stderr);
	return WARD_EXIT_ERROR;
}

static int
command_audit(int argc, char **argv)
{
	struct audit_options options = {.json = false};
	WARD_AUTO(ward_strings_done) struct ward_strings operands = {.count = 0};

	if (!ward_options_parse(&ward_command_audit, argc, argv, &options, &operands))
		return WARD_EXIT_ERROR;
	if (options.help) {
		ward_options_help(&ward_command_audit, stdout);
		return WARD_EXIT_NOTHING;
	}
	return run_verb(&options, &operands);
}

const struct ward_command ward_command_audit = {
	.name = "audit",
	.synopsis = "ward audit head\n"
		    "       ward audit verify NUMBER | FILE\n"
		    "       ward audit witness FILE…",
	.about = "Whether the log of signed records is one for everybody.\n"
		 "\n"
		 "  head     the signed head of the log that this machine was shown\n"
		 "  verify   that a record, by its number or as a file with its envelope, is in\n"
		 "           the log under that head; prints who made it and why, and the proof\n"
		 "  witness  compares heads of other machines (files with what `ward audit head\n"
		 "           --json` printed there) with the log as it was taken here\n"
		 "\n"
		 "A head is compared with the records themselves: whoever signs heads cannot show\n"
		 "one machine another log without being found. \"ahead\" means that more records\n"
		 "are under it than are here: try again later. Exit status: 0 all is one log,\n"
		 "1 two stories, 2 refused or an error.",
	.examples = "  ward audit verify 42\n"
		    "  ward audit head --json > /net/heads/$(hostname)\n"
		    "  ward audit witness /net/heads/*\n",
	.options = table,
	.run = command_audit,
};
