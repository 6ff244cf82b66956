/* SPDX-License-Identifier: Apache-2.0 */
/* `ward history`: who changed what, what was refused, when the guard began and ended. */
#include "cli/commands.h"
#include "cli/manage.h"

struct history_options {
	const char *socket, *kind;
	uint64_t limit;
	bool json, help;
};

static void
show_line(const struct ward_manage_entry *e)
{
	ward_manage_print(e, "time");
	(void)fputs("  ", stdout);
	ward_manage_print(e, "kind");
	(void)fputs("  ", stdout);
	ward_manage_print(e, "text");
	(void)fputs("  (uid ", stdout);
	ward_manage_print(e, "uid");
	(void)fputs(", ", stdout);
	ward_manage_print(e, "program");
	(void)puts(")");
}

#define AT(member) offsetof(struct history_options, member)

static const struct ward_option table[] = {
	{"kind", 0, WARD_OPTION_TEXT, "KIND", AT(kind),
	 "only tamper-refused, config-changed, service-killed …"},
	{"limit", 'n', WARD_OPTION_NUMBER, "N", AT(limit), "the newest N"},
	{"json", 0, WARD_OPTION_FLAG, NULL, AT(json), "one JSON object per line"},
	{"socket", 0, WARD_OPTION_TEXT, "PATH", AT(socket),
	 "the guard's control socket (default: " WARD_GUARD_SOCKET ")"},
	{"help", 'h', WARD_OPTION_FLAG, NULL, AT(help), "print this"},
	{NULL, 0, WARD_OPTION_FLAG, NULL, 0, NULL},
};

static int
show(const struct history_options *o)
{
	struct ward_manage_ask a = {
		.command = "history",
		.socket = o->socket,
		.event = "history",
		.json = o->json,
		.file = -1,
		.show = show_line,
	};
	const struct ward_manage_request r = {
		.operation = WARD_MANAGE_EVENT_LIST,
		.name = o->kind,
		.limit = o->limit < UINT32_MAX ? (uint32_t)o->limit : UINT32_MAX,
	};

	return ward_manage_show(&a, &r) == WARD_OK ? WARD_EXIT_NOTHING : WARD_EXIT_ERROR;
}

static int
command_history(int argc, char **argv)
{
	struct history_options options = {.json = false};
	WARD_AUTO(ward_strings_done) struct ward_strings operands = {.count = 0};

	if (!ward_options_parse(&ward_command_history, argc, argv, &options, &operands))
		return WARD_EXIT_ERROR;
	if (options.help) {
		ward_options_help(&ward_command_history, stdout);
		return WARD_EXIT_NOTHING;
	}
	if (operands.count > 0) {
		(void)fputs("ward history takes no arguments\n", stderr);
		return WARD_EXIT_ERROR;
	}
	return show(&options);
}

const struct ward_command ward_command_history = {
	.name = "history",
	.synopsis = "ward history [OPTION]…",
	.about =
		"What happened to the guard itself, the newest first: changes with who made them,\n"
		"changes that were refused, starts and ends. For root and members of the group\n"
		"ward-admin. What was found: ward threat list.",
	.examples = "  ward history --kind tamper-refused --json\n",
	.options = table,
	.run = command_history,
};
