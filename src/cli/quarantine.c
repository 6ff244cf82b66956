/* SPDX-License-Identifier: Apache-2.0 */
/* `ward quarantine list | show | add | restore | verify | delete | purge`. */
#include <stdlib.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/human.h"
#include "cli/manage.h"
#include "sys/fd.h"

struct quarantine_options {
	const char *socket, *why, *to;
	uint64_t limit, older_than, keep_bytes;
	bool json, help, keep_blocked, set_id, lenient, all;
};

static bool damaged; /* one that was verified */

static void
show_line(const struct ward_manage_entry *e)
{
	ward_manage_print(e, "id");
	(void)fputs("  ", stdout);
	ward_manage_print(e, "time");
	(void)fputs("  ", stdout);
	ward_manage_print(e, "threat");
	(void)fputs(ward_manage_true(e, "damaged") ? "  DAMAGED\n    " : "\n    ", stdout);
	ward_manage_print(e, "path");
	(void)putchar('\n');
}

static void
show_verified(const struct ward_manage_entry *e)
{
	ward_manage_print(e, "id");
	(void)puts(ward_manage_true(e, "damaged") ? "  damaged" : "  whole");
	damaged |= ward_manage_true(e, "damaged");
}

static int
ask(const struct quarantine_options *o, struct ward_manage_request *r, int file,
    void (*show)(const struct ward_manage_entry *entry), const char *none)
{
	struct ward_manage_ask a = {
		.command = "quarantine",
		.socket = o->socket,
		.event = "quarantine",
		.json = o->json,
		.file = file,
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
list(const struct quarantine_options *o)
{
	struct ward_manage_request r = {
		.operation = WARD_MANAGE_QUARANTINE_LIST,
		.limit = o->limit < UINT32_MAX ? (uint32_t)o->limit : UINT32_MAX,
	};

	return ask(o, &r, -1, show_line, "The quarantine is empty.");
}

/* The file is opened here, with the rights of who asks: the guard opens no path for anybody. */
static int
add(const struct quarantine_options *o, const char *path)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_manage_request r = {.operation = WARD_MANAGE_QUARANTINE_ADD};
	enum ward_rc rc = ward_fd_open_regular(-1, path, false, &fd, NULL);
	char *real = realpath(path, NULL);
	int status = WARD_EXIT_ERROR;

	r.path = real ? real : path;
	if (rc == WARD_OK) {
		status = ask(o, &r, fd, ward_manage_show_all, NULL);
	} else {
		(void)fputs("ward quarantine: ", stderr);
		ward_human_print(stderr, ward_span_str(path));
		(void)fprintf(stderr, ": %s\n", ward_rc_str(rc));
	}
	free(real);
	return status;
}

static int
one(const struct quarantine_options *o, enum ward_manage_operation operation, const char *id)
{
	struct ward_manage_request r = {
		.operation = operation,
		.path = o->to,
		.flags = (o->keep_blocked ? WARD_MANAGE_DISTRUST : 0u) |
			 (o->set_id ? WARD_MANAGE_SET_ID : 0u) |
			 (o->lenient ? WARD_MANAGE_LENIENT : 0u),
	};

	return ward_manage_id("quarantine", id, &r) ? ask(o, &r, -1, ward_manage_show_all, NULL)
						    : WARD_EXIT_ERROR;
}

/* Page after page. */
static int
verify(const struct quarantine_options *o, const char *id)
{
	struct quarantine_options text = *o;
	struct ward_manage_request r = {.operation = WARD_MANAGE_QUARANTINE_VERIFY};
	int status;

	text.json = false;
	if (id && !ward_manage_id("quarantine", id, &r))
		return WARD_EXIT_ERROR;
	status = ask(&text, &r, -1, show_verified, "The quarantine is empty.");
	return status == WARD_EXIT_NOTHING && damaged ? WARD_EXIT_FOUND : status;
}

static int
purge(const struct quarantine_options *o)
{
	struct ward_manage_request r = {
		.operation = WARD_MANAGE_QUARANTINE_PURGE,
		.bytes = o->keep_bytes ? o->keep_bytes : UINT64_MAX,
	};
	uint64_t now = (uint64_t)time(NULL);

	if (!o->older_than && !o->keep_bytes && !o->all) {
		(void)fputs(
			"ward quarantine purge: --older-than TIME, --keep-bytes SIZE or --all\n",
			stderr);
		return WARD_EXIT_ERROR;
	}
	if (o->older_than && o->older_than < now)
		r.time_ms = (now - o->older_than) * 1000;
	if (o->all)
		r.bytes = 0;
	return ask(o, &r, -1, ward_manage_show_all, NULL);
}

#define AT(member) offsetof(struct quarantine_options, member)

static const struct ward_option table[] = {
	{"limit", 'n', WARD_OPTION_NUMBER, "N", AT(limit), "list: the oldest N"},
	{"to", 0, WARD_OPTION_TEXT, "PATH", AT(to), "restore: to another place"},
	{"keep-blocked", 0, WARD_OPTION_FLAG, NULL, AT(keep_blocked),
	 "restore: the file is not allowed; it will not open, and may be taken away again"},
	{"set-id", 0, WARD_OPTION_FLAG, NULL, AT(set_id),
	 "restore: set-user-id, set-group-id and capabilities too (root only)"},
	{"lenient", 0, WARD_OPTION_FLAG, NULL, AT(lenient),
	 "restore: leave out what the destination cannot hold"},
	{"older-than", 0, WARD_OPTION_TIME, "TIME", AT(older_than),
	 "purge: what was taken longer ago than that (5m, 36h)"},
	{"keep-bytes", 0, WARD_OPTION_SIZE, "SIZE", AT(keep_bytes),
	 "purge: the oldest, until no more than that is left"},
	{"all", 0, WARD_OPTION_FLAG, NULL, AT(all), "purge: everything"},
	{"why", 0, WARD_OPTION_TEXT, "TEXT", AT(why), "noted with the change"},
	{"json", 0, WARD_OPTION_FLAG, NULL, AT(json), "one JSON object per line"},
	{"socket", 0, WARD_OPTION_TEXT, "PATH", AT(socket),
	 "the guard's control socket (default: " WARD_GUARD_SOCKET ")"},
	{"help", 'h', WARD_OPTION_FLAG, NULL, AT(help), "print this"},
	{NULL, 0, WARD_OPTION_FLAG, NULL, 0, NULL},
};

static int
run_verb(const struct quarantine_options *o, const struct ward_strings *operands)
{
	const char *verb = operands->count ? operands->items[0] : "";
	const char *what = operands->count == 2 ? operands->items[1] : NULL;

	if (operands->count == 1 && strcmp(verb, "list") == 0)
		return list(o);
	if (operands->count == 1 && strcmp(verb, "purge") == 0)
		return purge(o);
	if (operands->count <= 2 && strcmp(verb, "verify") == 0)
		return verify(o, what);
	if (what && strcmp(verb, "show") == 0)
		return one(o, WARD_MANAGE_QUARANTINE_LIST, what);
	if (what && strcmp(verb, "add") == 0)
		return add(o, what);
	if (what && strcmp(verb, "restore") == 0)
		return one(o, WARD_MANAGE_QUARANTINE_RESTORE, what);
	if (what && strcmp(verb, "delete") == 0)
		return one(o, WARD_MANAGE_QUARANTINE_DELETE, what);
	(void)fputs("ward quarantine: list, show ID, add FILE, restore ID, verify [ID], delete ID "
		    "or purge\nTry: ward quarantine --help\n",
		    stderr);
	return WARD_EXIT_ERROR;
}

static int
command_quarantine(int argc, char **argv)
{
	struct quarantine_options options = {.json = false};
	WARD_AUTO(ward_strings_done) struct ward_strings operands = {.count = 0};

	if (!ward_options_parse(&ward_command_quarantine, argc, argv, &options, &operands))
		return WARD_EXIT_ERROR;
	if (options.help) {
		ward_options_help(&ward_command_quarantine, stdout);
		return WARD_EXIT_NOTHING;
	}
	return run_verb(&options, &operands);
}

const struct ward_command ward_command_quarantine = {
	.name = "quarantine",
	.synopsis = "ward quarantine list | purge | verify [ID]\n"
		    "       ward quarantine show | restore | delete ID\n"
		    "       ward quarantine add FILE",
	.about = "Files that were taken out of the way, encrypted, to be given back exactly or "
		 "never.\n"
		 "\n"
		 "  list     the oldest first; who is no administrator sees own files\n"
		 "  add      takes a file by hand\n"
		 "  restore  puts one back with owner, mode, ACL, attributes and times, and allows "
		 "its\n"
		 "           content; never overwrites anything; the item stays until it is "
		 "deleted\n"
		 "  verify   proves that what is kept is what was written\n"
		 "  delete   removes one for ever; purge: by age or size\n"
		 "\n"
		 "Changes are for root and members of the group ward-admin. Exit status: 0 fine,\n"
		 "1 verify found damage, 2 error or refused.",
	.examples = "  ward quarantine add ./strange.bin --why 'looks wrong'\n"
		    "  ward quarantine purge --older-than 720h\n",
	.verbs = "list show add restore verify delete purge",
	.options = table,
	.run = command_quarantine,
};
