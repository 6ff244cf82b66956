/* SPDX-License-Identifier: Apache-2.0 */
/* `ward status` and `ward reload`: what the running guard says. */
#include "proto/guard.h"
#include "cli/commands.h"
#include "cli/human.h"
#include "cli/json.h"
#include "cli/manage.h"
#include "sys/fd.h"
#include "sys/ipc.h"
#include "sys/local.h"

struct guard_options {
	const char *socket;
	bool json;
	bool help;
};

static const struct ward_option OPTIONS[] = {
	{"json", 0, WARD_OPTION_FLAG, NULL, offsetof(struct guard_options, json),
	 "one JSON object"},
	{"socket", 0, WARD_OPTION_TEXT, "PATH", offsetof(struct guard_options, socket),
	 "where the guard answers (default: /run/ward/control.sock)"},
	{"help", 'h', WARD_OPTION_FLAG, NULL, offsetof(struct guard_options, help), "this text"},
	{NULL, 0, WARD_OPTION_FLAG, NULL, 0, NULL},
};

static enum ward_rc
converse(const char *socket, enum ward_guard_operation operation, struct ward_arena *arena,
	 struct ward_guard_reply *ret_reply)
{
	static uint8_t message[WARD_IPC_MESSAGE_MAX];
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_ipc_message m = {0};
	enum ward_rc rc = ward_local_connect(socket, &fd);

	ward_buf_init(&out, WARD_IPC_MESSAGE_MAX, NULL);
	if (rc == WARD_OK)
		rc = ward_guard_ask_encode(operation, &out);
	if (rc == WARD_OK)
		rc = ward_ipc_send(fd, ward_buf_span(&out), NULL, 0, true);
	if (rc == WARD_OK)
		rc = ward_ipc_recv(fd, message, &m, true);
	if (rc != WARD_OK)
		return rc;
	rc = m.fd_count == 0
		     ? ward_guard_reply_decode(ward_span_of(message, m.len), arena, ret_reply)
		     : WARD_E_PROTO;
	ward_ipc_message_close(&m);
	return rc;
}

/* False after saying why there is no answer. */
static bool
ask(const struct guard_options *o, enum ward_guard_operation operation, struct ward_arena *arena,
    struct ward_guard_reply *reply)
{
	const char *socket = o->socket ? o->socket : WARD_GUARD_SOCKET;
	enum ward_rc rc = arena ? converse(socket, operation, arena, reply) : WARD_E_NOMEM;

	if (rc == WARD_E_NOENT)
		(void)fprintf(stderr, "ward: the guard (wardd) is not running\n");
	else if (rc != WARD_OK)
		(void)fprintf(stderr, "ward: the guard does not answer: %s\n", ward_rc_str(rc));
	else if (reply->rc != WARD_OK)
		(void)fprintf(stderr, "ward: refused: %s\n",
			      reply->error[0] ? reply->error : ward_rc_str(reply->rc));
	return rc == WARD_OK && reply->rc == WARD_OK;
}

bool
ward_guard_reload(const char *socket)
{
	const struct guard_options o = {.socket = socket};
	struct ward_budget budget = {.cap = WARD_GUARD_ARENA};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	static struct ward_guard_reply reply;

	return ask(&o, WARD_GUARD_RELOAD, arena, &reply);
}

bool
ward_guard_status(const char *socket, struct ward_arena *arena, struct ward_guard_reply *ret_reply)
{
	const struct guard_options o = {.socket = socket};

	return ask(&o, WARD_GUARD_STATUS, arena, ret_reply);
}

/* --- status --- */

static void
status_json(const struct ward_guard_reply *r)
{
	json_t *object = json_object(), *issues = json_array();

	(void)json_object_set_new(object, "event", json_string("guard.status"));
	(void)json_object_set_new(object, "healthy", json_boolean(r->healthy));
	for (size_t i = 0; i < r->issue_count; i++) {
		json_t *issue = json_object();

		(void)json_object_set_new(issue, "code", ward_json_text(r->issues[i].code));
		(void)json_object_set_new(issue, "text", ward_json_text(r->issues[i].text));
		(void)json_array_append_new(issues, issue);
	}
	(void)json_object_set_new(object, "health_issues", issues);
	for (size_t i = 0; i < r->text_count; i++)
		(void)json_object_set_new(object, r->texts[i].name,
					  ward_json_text(r->texts[i].value));
	for (size_t i = 0; i < r->figure_count; i++)
		(void)json_object_set_new(object, r->figures[i].name,
					  json_integer((json_int_t)r->figures[i].value));
	ward_json_line(object, stdout);
}

static void
print_text(const char *text)
{
	ward_human_print(stdout, ward_span_str(text));
	(void)putchar('\n');
}

static void
status_text(const struct ward_guard_reply *r)
{
	(void)printf("healthy: %s\n", r->healthy ? "yes" : "no");
	for (size_t i = 0; i < r->issue_count; i++) {
		(void)printf("  %s: ", r->issues[i].code);
		print_text(r->issues[i].text);
	}
	for (size_t i = 0; i < r->text_count; i++) {
		(void)printf("%s: ", r->texts[i].name);
		print_text(r->texts[i].value);
	}
	for (size_t i = 0; i < r->figure_count; i++)
		(void)printf("%s: %llu\n", r->figures[i].name,
			     (unsigned long long)r->figures[i].value);
}

static int
run(const struct ward_command *command, int argc, char **argv, enum ward_guard_operation operation)
{
	struct guard_options o = {0};
	struct ward_strings none = {0};
	struct ward_budget budget = {.cap = WARD_GUARD_ARENA};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = NULL;
	static struct ward_guard_reply reply;
	bool fine = ward_options_parse(command, argc, argv, &o, &none);
	size_t operands = none.count;

	ward_strings_done(&none);
	if (fine && o.help) {
		ward_options_help(command, stdout);
		return WARD_EXIT_NOTHING;
	}
	if (fine && operands > 0)
		(void)fprintf(stderr, "ward %s takes no arguments\n", command->name);
	if (!fine || operands > 0)
		return WARD_EXIT_ERROR;
	arena = ward_arena_new(&budget);
	if (!ask(&o, operation, arena, &reply))
		return WARD_EXIT_ERROR;
	if (operation == WARD_GUARD_RELOAD)
		return WARD_EXIT_NOTHING;
	if (o.json)
		status_json(&reply);
	else
		status_text(&reply);
	return reply.healthy ? WARD_EXIT_NOTHING : WARD_EXIT_FOUND;
}

static int
run_status(int argc, char **argv)
{
	return run(&ward_command_status, argc, argv, WARD_GUARD_STATUS);
}

static int
run_reload(int argc, char **argv)
{
	return run(&ward_command_reload, argc, argv, WARD_GUARD_RELOAD);
}

const struct ward_command ward_command_status = {
	.name = "status",
	.synopsis = "ward status [OPTION]…",
	.about = "Shows how real-time protection is: whether it is healthy and what is wrong, its "
		 "mode,\n"
		 "what waits, what was decided, and the scanners. Exit status 1: not healthy.\n",
	.examples = "  ward status\n  ward status --json | jq .health_issues\n",
	.options = OPTIONS,
	.run = run_status,
};

const struct ward_command ward_command_reload = {
	.name = "reload",
	.synopsis = "ward reload [OPTION]…",
	.about = "Has the guard read its policy and its intelligence anew. What cannot be used "
		 "changes\n"
		 "nothing, and is said. Root and members of the group ward-admin may.\n",
	.examples = "  ward reload\n",
	.options = OPTIONS,
	.run = run_reload,
};
