/* SPDX-License-Identifier: Apache-2.0 */
/* `ward updates status | apply | rollback | freeze | unfreeze | history | records`. */
#include "cli/commands.h"
#include "cli/human.h"
#include "cli/manage.h"
#include "sys/fd.h"

struct updates_options {
	const char *socket;
	uint64_t limit;
	bool json, help, again;
};

static void
show_line(const struct ward_manage_entry *e)
{
	ward_manage_print(e, "time");
	(void)fputs("  ", stdout);
	ward_manage_print(e, "text");
	(void)fputs("  (uid ", stdout);
	ward_manage_print(e, "uid");
	(void)puts(")");
}

/* 17  block-file  01ab…  Evil  by alice: seen in an attack  (all, never) */
static void
show_record(const struct ward_manage_entry *e)
{
	static const char *const parts[][2] = {
		{"number", "  "}, {"kind", "  "},  {"what", "  "},	{"threat", "  by "},
		{"author", ": "}, {"reason", " "}, {"evidence", "  ("}, {"scope", ", "},
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		ward_manage_print(e, parts[i][0]);
		(void)fputs(parts[i][1], stdout);
	}
	ward_manage_print(e, "expiry");
	(void)fputs(" ", stdout);
	ward_manage_print(e, "until");
	(void)puts(")");
}

static int
ask(const struct updates_options *o, struct ward_manage_request *r, int file)
{
	bool history = r->operation == WARD_MANAGE_UPDATE_HISTORY;
	bool records = r->operation == WARD_MANAGE_UPDATE_RECORDS;
	struct ward_manage_ask a = {
		.command = "updates",
		.socket = o->socket,
		.event = history   ? "update"
			 : records ? "record"
				   : "updates",
		.json = o->json,
		.file = file,
		.show = history	  ? show_line
			: records ? show_record
				  : ward_manage_show_all,
	};

	if (ward_manage_show(&a, r) != WARD_OK)
		return WARD_EXIT_ERROR;
	if (a.shown == 0 && !o->json)
		(void)fputs(records ? "There are no records.\n" : "There were no updates.\n",
			    stderr);
	return WARD_EXIT_NOTHING;
}

/* Opened here, with the rights of who asks. */
static int
apply(const struct updates_options *o, const char *path)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_manage_request r = {.operation = WARD_MANAGE_UPDATE_APPLY,
					.flags = o->again ? WARD_MANAGE_AGAIN : 0u};
	enum ward_rc rc = ward_fd_open_regular(-1, path, true, &fd, NULL);

	if (rc == WARD_OK)
		return ask(o, &r, fd);
	(void)fputs("ward updates: ", stderr);
	ward_human_print(stderr, ward_span_str(path));
	(void)fprintf(stderr, ": %s\n", ward_rc_str(rc));
	return WARD_EXIT_ERROR;
}

#define AT(member) offsetof(struct updates_options, member)

static const struct ward_option table[] = {
	{"again", 0, WARD_OPTION_FLAG, NULL, AT(again),
	 "apply: even a pack that is older than the one in use, or failed here before"},
	{"limit", 'n', WARD_OPTION_NUMBER, "N", AT(limit), "history, records: the newest N"},
	{"json", 0, WARD_OPTION_FLAG, NULL, AT(json), "one JSON object per line"},
	{"socket", 0, WARD_OPTION_TEXT, "PATH", AT(socket),
	 "the guard's control socket (default: " WARD_GUARD_SOCKET ")"},
	{"help", 'h', WARD_OPTION_FLAG, NULL, AT(help), "print this"},
	{NULL, 0, WARD_OPTION_FLAG, NULL, 0, NULL},
};

static int
run_verb(const struct updates_options *o, const struct ward_strings *operands)
{
	static const struct {
		const char *verb;
		enum ward_manage_operation operation;
	} verbs[] = {
		{"status", WARD_MANAGE_UPDATE_STATUS},	   {"history", WARD_MANAGE_UPDATE_HISTORY},
		{"rollback", WARD_MANAGE_UPDATE_ROLLBACK}, {"freeze", WARD_MANAGE_UPDATE_FREEZE},
		{"unfreeze", WARD_MANAGE_UPDATE_UNFREEZE}, {"records", WARD_MANAGE_UPDATE_RECORDS},
	};
	const char *verb = operands->count ? operands->items[0] : "";
	struct ward_manage_request r = {
		.limit = o->limit < UINT32_MAX ? (uint32_t)o->limit : UINT32_MAX,
	};

	if (operands->count == 2 && strcmp(verb, "apply") == 0)
		return apply(o, operands->items[1]);
	for (size_t i = 0; operands->count == 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verb, verbs[i].verb) != 0)
			continue;
		r.operation = verbs[i].operation;
		return ask(o, &r, -1);
	}
	(void)fputs(
		"ward updates: status, apply FILE, rollback, freeze, unfreeze, history or records\n"
		"Try: ward updates --help\n",
		stderr);
	return WARD_EXIT_ERROR;
}

static int
command_updates(int argc, char **argv)
{
	struct updates_options options = {.json = false};
	WARD_AUTO(ward_strings_done) struct ward_strings operands = {.count = 0};

	if (!ward_options_parse(&ward_command_updates, argc, argv, &options, &operands))
		return WARD_EXIT_ERROR;
	if (options.help) {
		ward_options_help(&ward_command_updates, stdout);
		return WARD_EXIT_NOTHING;
	}
	return run_verb(&options, &operands);
}

const struct ward_command ward_command_updates = {
	.name = "updates",
	.synopsis = "ward updates status | rollback | freeze | unfreeze | history | records\n"
		    "       ward updates apply FILE",
	.about =
		"Which pack of intelligence the guard uses, another one, and back.\n"
		"\n"
		"  status    the pack in use, the one before, why the last try failed; signed "
		"records:\n"
		"            the last one taken, whether new ones are believed, what was refused\n"
		"  apply     takes a pack, or a delta from the pack in use or the one before: "
		"verifies\n"
		"            it, proves it in a scanner of its own, then has all scanners use it\n"
		"  rollback  back to the pack before, or to the one that came with the program\n"
		"  freeze    nothing new is taken, until unfreeze\n"
		"  history   what was taken and refused, when, by whom and why\n"
		"  records   signed records that were taken: what they block, allow or disable, by "
		"whom\n"
		"            and why, for whom and how long; the newest first\n"
		"\n"
		"A pack is refused when it is damaged, finds something in the system's own "
		"programs,\n"
		"does not find the EICAR test file, or takes too long or too much memory. Should\n"
		"scanners crash on several files soon after, the pack before comes back by "
		"itself.\n"
		"Changes are for root and members of the group ward-admin. Exit status: 0 done,\n"
		"2 refused or an error.",
	.examples = "  ward updates apply /mnt/stick/42.wardpack\n"
		    "  ward updates history --json\n",
	.verbs = "status apply rollback freeze unfreeze history records",
	.options = table,
	.run = command_updates,
};
