/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/machine.h"

#include <poll.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/manage.h"

enum { POLL_MS = 500 };

struct machine_options {
	const char *socket;
	uint64_t limit;
	bool json, help, wait;
};

static const char *const VERBS[] = {"start", "status", "stop", "pause", "resume", "history"};

bool
ward_machine_is_verb(const char *word)
{
	for (size_t i = 0; i < sizeof(VERBS) / sizeof(VERBS[0]); i++)
		if (strcmp(word, VERBS[i]) == 0)
			return true;
	return false;
}

/* --- showing --- */

static void
show_part(const struct ward_manage_entry *e, const char *before, const char *name,
	  const char *after)
{
	if (!ward_manage_field_find(e, name))
		return;
	(void)fputs(before, stdout);
	ward_manage_print(e, name);
	(void)fputs(after, stdout);
}

static void
show_run(const struct ward_manage_entry *e)
{
	show_part(e, "", "begin", "");
	show_part(e, "  ", "kind", "");
	show_part(e, " scan by ", "source", "");
	show_part(e, ": ", "result", "");
	show_part(e, ", ", "files", " files, ");
	show_part(e, "", "threats", " threats, ");
	show_part(e, "", "not_scanned", " not scanned, ");
	show_part(e, "", "seconds", " s");
	show_part(e, "  (", "id", ")\n");
}

static enum ward_rc
ask(const struct machine_options *o, const struct ward_manage_request *r,
    void (*show)(const struct ward_manage_entry *), size_t *ret_shown)
{
	struct ward_manage_ask a = {
		.command = "scan",
		.socket = o->socket,
		.event = "scan",
		.json = o->json,
		.file = -1,
		.show = show,
	};
	enum ward_rc rc = ward_manage_show(&a, r);

	*ret_shown = a.shown;
	return rc;
}

static int
simple(const struct machine_options *o, enum ward_manage_operation operation,
       void (*show)(const struct ward_manage_entry *))
{
	const struct ward_manage_request r = {.operation = operation};
	size_t shown;

	return ask(o, &r, show, &shown) == WARD_OK ? WARD_EXIT_NOTHING : WARD_EXIT_ERROR;
}

static int
history(const struct machine_options *o, const char *kind)
{
	const struct ward_manage_request r = {
		.operation = WARD_MANAGE_SCAN_LIST,
		.name = kind,
		.limit = o->limit < UINT32_MAX ? (uint32_t)o->limit : UINT32_MAX,
	};
	size_t shown;

	if (ask(o, &r, show_run, &shown) != WARD_OK)
		return WARD_EXIT_ERROR;
	if (shown == 0 && !o->json)
		(void)fputs("No scans.\n", stderr);
	return WARD_EXIT_NOTHING;
}

/* --- waiting for its end --- */

struct watch {
	uint64_t id;
	bool going, known, finished;
	uint64_t threats;
};

static uint64_t
number(const struct ward_manage_entry *e, const char *name)
{
	const struct ward_manage_field *f = ward_manage_field_find(e, name);

	return f ? f->number : 0;
}

static void
take_started(void *ctx, const struct ward_manage_entry *e)
{
	struct watch *w = ctx;

	w->id = number(e, "id");
}

static void
take_state(void *ctx, const struct ward_manage_entry *e)
{
	struct watch *w = ctx;
	bool terminal = isatty(STDERR_FILENO);

	w->going = number(e, "id") == w->id && ward_manage_field_find(e, "kind") != NULL;
	if (w->going && terminal)
		(void)fprintf(stderr, "\r%3llu %%  %llu files, %llu threats",
			      (unsigned long long)number(e, "percent"),
			      (unsigned long long)number(e, "files"),
			      (unsigned long long)number(e, "threats"));
	else if (terminal)
		(void)fputs("\r\033[K", stderr);
}

static void
take_end(void *ctx, const struct ward_manage_entry *e)
{
	struct watch *w = ctx;
	const struct ward_manage_field *result = ward_manage_field_find(e, "result");

	if (number(e, "id") != w->id || !result)
		return;
	w->known = true;
	w->finished = ward_span_eq(result->text, ward_span_str("done"));
	w->threats = number(e, "threats");
}

static enum ward_rc
look(const struct machine_options *o, enum ward_manage_operation operation,
     void (*take)(void *, const struct ward_manage_entry *), struct watch *w)
{
	struct ward_manage_ask a = {
		.command = "scan", .socket = o->socket, .file = -1, .take = take, .ctx = w};
	const struct ward_manage_request r = {.operation = operation, .limit = 16};

	return ward_manage_show(&a, &r);
}

/* The history's last entries hold it: one scan is under way at a time. */
static int
wait_for(const struct machine_options *o, const char *kind, struct watch *w)
{
	const struct machine_options last = {.socket = o->socket, .json = o->json, .limit = 1};
	int code;

	while (look(o, WARD_MANAGE_SCAN_STATUS, take_state, w) == WARD_OK && w->going)
		(void)poll(NULL, 0, POLL_MS);
	if (w->going || look(o, WARD_MANAGE_SCAN_LIST, take_end, w) != WARD_OK)
		return WARD_EXIT_ERROR;
	code = history(&last, kind);
	if (code != WARD_EXIT_NOTHING || !w->known || !w->finished)
		return WARD_EXIT_ERROR;
	return w->threats > 0 ? WARD_EXIT_FOUND : WARD_EXIT_NOTHING;
}

static int
start(const struct machine_options *o, const char *kind)
{
	struct watch w = {.id = 0};
	struct ward_manage_ask a = {.command = "scan", .socket = o->socket, .file = -1};
	const struct ward_manage_request r = {.operation = WARD_MANAGE_SCAN_START, .name = kind};
	size_t shown;

	if (!o->wait)
		return ask(o, &r, ward_manage_show_all, &shown) == WARD_OK ? WARD_EXIT_NOTHING
									   : WARD_EXIT_ERROR;
	a.take = take_started;
	a.ctx = &w;
	return ward_manage_show(&a, &r) == WARD_OK ? wait_for(o, kind, &w) : WARD_EXIT_ERROR;
}

/* --- the command --- */

#define AT(member) offsetof(struct machine_options, member)

static const struct ward_option table[] = {
	{"wait", 'w', WARD_OPTION_FLAG, NULL, AT(wait), "start: until it is over"},
	{"limit", 'n', WARD_OPTION_NUMBER, "N", AT(limit), "history: the newest N"},
	{"json", 0, WARD_OPTION_FLAG, NULL, AT(json), "one JSON object per line"},
	{"socket", 0, WARD_OPTION_TEXT, "PATH", AT(socket),
	 "the guard's control socket (default: " WARD_GUARD_SOCKET ")"},
	{"help", 'h', WARD_OPTION_FLAG, NULL, AT(help), "print this"},
	{NULL, 0, WARD_OPTION_FLAG, NULL, 0, NULL},
};

static int
run_verb(const struct machine_options *o, const struct ward_strings *operands)
{
	const char *verb = operands->items[0];
	const char *kind = operands->count == 2 ? operands->items[1] : NULL;

	if (kind && strcmp(verb, "start") == 0)
		return start(o, kind);
	if (operands->count <= 2 && strcmp(verb, "history") == 0)
		return history(o, kind);
	if (operands->count == 1 && strcmp(verb, "status") == 0)
		return simple(o, WARD_MANAGE_SCAN_STATUS, ward_manage_show_all);
	if (operands->count == 1 && strcmp(verb, "stop") == 0)
		return simple(o, WARD_MANAGE_SCAN_STOP, NULL);
	if (operands->count == 1 && strcmp(verb, "pause") == 0)
		return simple(o, WARD_MANAGE_SCAN_PAUSE, NULL);
	if (operands->count == 1 && strcmp(verb, "resume") == 0)
		return simple(o, WARD_MANAGE_SCAN_RESUME, NULL);
	(void)fputs(
		"ward scan: start quick | full | running, status, stop, pause, resume or history "
		"[KIND]\nTry: ward scan start --help\n",
		stderr);
	return WARD_EXIT_ERROR;
}

int
ward_machine_run(int argc, char **argv)
{
	struct machine_options options = {.json = false};
	WARD_AUTO(ward_strings_done) struct ward_strings operands = {.count = 0};

	if (!ward_options_parse(&ward_command_machine, argc, argv, &options, &operands))
		return WARD_EXIT_ERROR;
	if (options.help) {
		ward_options_help(&ward_command_machine, stdout);
		return WARD_EXIT_NOTHING;
	}
	return run_verb(&options, &operands);
}

const struct ward_command ward_command_machine = {
	.name = "scan",
	.synopsis = "ward scan start quick | full | running\n       ward scan status | stop | "
		    "pause | resume\n"
		    "       ward scan history [quick | full | running]",
	.about = "Has the guard scan the whole machine, and tells how far it is.\n"
		 "\n"
		 "  start    quick: what runs, what starts by itself, where downloads and "
		 "temporary\n"
		 "           files lie; full: all local file systems; running: what processes run\n"
		 "  status   what is under way, and when the next scans are planned\n"
		 "  stop     for good; pause, resume: for a while\n"
		 "  history  scans that were, the newest first\n"
		 "\n"
		 "What is found is treated as the policy says (actions), exclusions and allowances "
		 "count.\nScans go on after a restart where they were. When they start by "
		 "themselves: "
		 "the policy's\nsection schedule. start, stop, pause and resume are for root and "
		 "members of the group\nward-admin. To scan a file named start: ward scan ./start\n"
		 "\n"
		 "Exit status: 0 fine, 1 with --wait: something was found, 2 error or refused.",
	.examples = "  ward scan start quick --wait\n"
		    "  ward scan status --json\n"
		    "  ward scan history -n 5\n",
	.options = table,
	.run = ward_machine_run,
};
