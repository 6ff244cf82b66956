/* SPDX-License-Identifier: Apache-2.0 */
/* `ward threat list | show | allow | disallow | allowed | restore | delete`. */
#include <time.h>

#include "cli/commands.h"
#include "cli/manage.h"

struct threat_options {
	const char *socket, *status, *name, *hash, *why, *to;
	uint64_t limit, time;
	bool json, help, keep_blocked, set_id, lenient;
};

static void
show_line(const struct ward_manage_entry *e)
{
	ward_manage_print(e, "id");
	(void)fputs("  ", stdout);
	ward_manage_print(e, "last");
	(void)fputs("  ", stdout);
	ward_manage_print(e, "status");
	(void)fputs("  ", stdout);
	ward_manage_print(e, "name");
	(void)fputs("\n    ", stdout);
	ward_manage_print(e, "path");
	(void)putchar('\n');
}

static int
ask(const struct threat_options *o, struct ward_manage_request *r,
    void (*show)(const struct ward_manage_entry *entry), const char *none)
{
	struct ward_manage_ask a = {
		.command = "threat",
		.socket = o->socket,
		.event = "threat",
		.json = o->json,
		.file = -1,
		.show = show,
	};

	r->why = o->why;
	if (ward_manage_show(&a, r) != WARD_OK)
		return WARD_EXIT_ERROR;
	if (a.shown == 0 && none && !o->json)
		(void)fprintf(stderr, "%s\n", none);
	return WARD_EXIT_NOTHING;
}

static int
list(const struct threat_options *o)
{
	struct ward_manage_request r = {
		.operation = WARD_MANAGE_THREAT_LIST,
		.name = o->name,
		.value = o->status,
		.limit = o->limit < UINT32_MAX ? (uint32_t)o->limit : UINT32_MAX,
	};

	return ask(o, &r, show_line, "No threats.");
}

static int
allowed(const struct threat_options *o)
{
	struct ward_manage_request r = {.operation = WARD_MANAGE_ALLOWANCE_LIST};

	return ask(o, &r, ward_manage_show_all, "Nothing is allowed.");
}

/* A threat's id, or --name, or --hash. */
static int
allowance(const struct threat_options *o, enum ward_manage_operation operation, const char *id)
{
	struct ward_manage_request r = {.operation = operation};

	if ((id != NULL) + (o->name != NULL) + (o->hash != NULL) != 1) {
		(void)fputs("ward threat: one of them: an ID, --name NAME, --hash SHA256\n",
			    stderr);
		return WARD_EXIT_ERROR;
	}
	if (id && !ward_manage_id("threat", id, &r))
		return WARD_EXIT_ERROR;
	r.name = o->hash ? "sha256" : o->name ? "threat" : "";
	r.value = o->hash ? o->hash : o->name;
	if (o->time)
		r.time_ms = ((uint64_t)time(NULL) + o->time) * 1000;
	return ask(o, &r, ward_manage_show_all, NULL);
}

static int
one(const struct threat_options *o, enum ward_manage_operation operation, const char *id)
{
	struct ward_manage_request r = {
		.operation = operation,
		.path = o->to,
		.flags = (o->keep_blocked ? WARD_MANAGE_DISTRUST : 0u) |
			 (o->set_id ? WARD_MANAGE_SET_ID : 0u) |
			 (o->lenient ? WARD_MANAGE_LENIENT : 0u),
	};

	return ward_manage_id("threat", id, &r) ? ask(o, &r, ward_manage_show_all, NULL)
						: WARD_EXIT_ERROR;
}

#define AT(member) offsetof(struct threat_options, member)

static const struct ward_option table[] = {
	{"status", 0, WARD_OPTION_TEXT, "STATUS", AT(status),
	 "list: only blocked, quarantined, allowed, restored, deleted or failed ones"},
	{"name", 0, WARD_OPTION_TEXT, "NAME", AT(name),
	 "list: only this threat; allow, disallow: every file in which it is found"},
	{"hash", 0, WARD_OPTION_TEXT, "SHA256", AT(hash), "allow, disallow: this content"},
	{"limit", 'n', WARD_OPTION_NUMBER, "N", AT(limit), "list: the newest N"},
	{"for", 0, WARD_OPTION_TIME, "TIME", AT(time), "allow: for so long (90s, 5m, 36h)"},
	{"why", 0, WARD_OPTION_TEXT, "TEXT", AT(why), "noted with the change"},
	{"to", 0, WARD_OPTION_TEXT, "PATH", AT(to), "restore: to another place"},
	{"keep-blocked", 0, WARD_OPTION_FLAG, NULL, AT(keep_blocked),
	 "restore: the file is not allowed; it will not open, and may be taken away again"},
	{"set-id", 0, WARD_OPTION_FLAG, NULL, AT(set_id),
	 "restore: set-user-id, set-group-id and capabilities too (root only)"},
	{"lenient", 0, WARD_OPTION_FLAG, NULL, AT(lenient),
	 "restore: leave out what the destination cannot hold"},
	{"json", 0, WARD_OPTION_FLAG, NULL, AT(json), "one JSON object per line"},
	{"socket", 0, WARD_OPTION_TEXT, "PATH", AT(socket),
	 "the guard's control socket (default: " WARD_GUARD_SOCKET ")"},
	{"help", 'h', WARD_OPTION_FLAG, NULL, AT(help), "print this"},
	{NULL, 0, WARD_OPTION_FLAG, NULL, 0, NULL},
};

static int
run_verb(const struct threat_options *o, const struct ward_strings *operands)
{
	const char *verb = operands->count ? operands->items[0] : "";
	const char *id = operands->count == 2 ? operands->items[1] : NULL;

	if (operands->count == 1 && strcmp(verb, "list") == 0)
		return list(o);
	if (operands->count == 1 && strcmp(verb, "allowed") == 0)
		return allowed(o);
	if (operands->count <= 2 && strcmp(verb, "allow") == 0)
		return allowance(o, WARD_MANAGE_ALLOW, id);
	if (operands->count <= 2 && strcmp(verb, "disallow") == 0)
		return allowance(o, WARD_MANAGE_DISALLOW, id);
	if (id && strcmp(verb, "show") == 0)
		return one(o, WARD_MANAGE_THREAT_SHOW, id);
	if (id && strcmp(verb, "restore") == 0)
		return one(o, WARD_MANAGE_THREAT_RESTORE, id);
	if (id && strcmp(verb, "delete") == 0)
		return one(o, WARD_MANAGE_THREAT_DELETE, id);
	(void)fputs("ward threat: list, show ID, allow ID, disallow ID, allowed, restore ID or "
		    "delete ID\nTry: ward threat --help\n",
		    stderr);
	return WARD_EXIT_ERROR;
}

static int
command_threat(int argc, char **argv)
{
	struct threat_options options = {.json = false};
	WARD_AUTO(ward_strings_done) struct ward_strings operands = {.count = 0};

	if (!ward_options_parse(&ward_command_threat, argc, argv, &options, &operands))
		return WARD_EXIT_ERROR;
	if (options.help) {
		ward_options_help(&ward_command_threat, stdout);
		return WARD_EXIT_NOTHING;
	}
	return run_verb(&options, &operands);
}

const struct ward_command ward_command_threat = {
	.name = "threat",
	.synopsis = "ward threat list | allowed\n       ward threat show | restore | delete ID\n"
		    "       ward threat allow | disallow ID | --name NAME | --hash SHA256",
	.about = "What the guard has found, and what becomes of it.\n"
		 "\n"
		 "  list      the newest first; who is no administrator sees what is about own "
		 "files\n"
		 "  show      all that is known of one\n"
		 "  allow     from now on its content (or a name, everywhere) opens\n"
		 "  disallow  takes that back; allowed: what is allowed\n"
		 "  restore   its file back from quarantine, exactly as it was, and allowed\n"
		 "  delete    its file from quarantine, for ever\n"
		 "\n"
		 "Changes are for root and members of the group ward-admin. Exit status: 0 fine, 2 "
		 "error or refused.",
	.examples =
		"  ward threat list --status quarantined\n"
		"  ward threat restore 0198c0de-0000-7000-8000-000000000001 --to /srv/checked\n"
		"  ward threat allow --hash \"$(sha256sum < tool | cut -c1-64)\" --why 'our own'\n",
	.verbs = "list allowed show restore delete allow disallow",
	.options = table,
	.run = command_threat,
};
