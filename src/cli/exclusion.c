/* SPDX-License-Identifier: Apache-2.0 */
/* `ward exclusion list | check`. */
#include <stdlib.h>
#include <time.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/human.h"
#include "cli/json.h"
#include "cli/manage.h"
#include "cli/policy.h"
#include "policy/exclude/read.h"

struct exclusion_options {
	struct ward_policy_files files;
	const char *process;
	const char *hash;
	const char *threat;
	const char *scope;
	const char *expires, *comment, *force, *socket;
	bool all;
	bool json;
	bool help;
};

enum { LINE_MAX_BYTES = 64 << 10 };

static int
fail(const char *what)
{
	(void)fprintf(stderr, "ward exclusion: %s\n", what);
	return WARD_EXIT_ERROR;
}

/* --- list --- */

static bool
print_entry(const struct ward_exclusion *e, bool json)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};

	ward_buf_init(&out, LINE_MAX_BYTES, NULL);
	if (ward_exclusion_print(e, &out) != WARD_OK)
		return false;
	ward_human_print(stdout, ward_buf_span(&out));
	if (!json)
		(void)printf("  [%s]", e->managed ? "managed" : "local");
	(void)putchar('\n');
	return true;
}

static int
list(const struct exclusion_options *options)
{
	WARD_AUTO(ward_policy_effective_freep)
	struct ward_policy_effective *e = ward_policy_load(&options->files);

	if (!e)
		return WARD_EXIT_ERROR;
	for (size_t i = 0; i < e->policy.exclusion_count; i++)
		if (!print_entry(&e->policy.exclusions[i], options->json))
			return fail("an entry is too large to show");
	if (e->policy.exclusion_count == 0 && !options->json)
		(void)fputs("Nothing is excluded.\n", stderr);
	return WARD_EXIT_NOTHING;
}

static void
show_entry(const struct ward_manage_entry *e)
{
	ward_manage_print(e, "entry");
	(void)puts(ward_manage_true(e, "managed") ? "  [managed]" : "  [local]");
}

/* What is in force, as the guard says it; false: no guard runs, the files must do. */
static bool
from_guard(const struct exclusion_options *options, int *ret_status)
{
	struct ward_manage_ask a = {
		.command = "exclusion",
		.socket = options->socket,
		.event = "exclusion",
		.json = options->json,
		.quiet_if_gone = true,
		.file = -1,
		.show = show_entry,
	};
	const struct ward_manage_request r = {.operation = WARD_MANAGE_EXCLUSION_LIST};
	enum ward_rc rc;

	if (options->files.local || options->files.organisation)
		return false;
	rc = ward_manage_show(&a, &r);
	if (rc == WARD_OK && a.shown == 0 && !options->json)
		(void)fputs("Nothing is excluded.\n", stderr);
	*ret_status = rc == WARD_OK ? WARD_EXIT_NOTHING : WARD_EXIT_ERROR;
	return rc != WARD_E_GONE;
}

/* --- add and remove --- */

/* As a document has it; the guard's reader says what is wrong with it. */
static char *
entry_of(const struct exclusion_options *options, const char *kind, const char *value)
{
	json_t *object = json_object();
	char *text;

	ward_json_set_text(object, kind, value);
	ward_json_set_text(object, "scope", options->scope);
	ward_json_set_text(object, "expires", options->expires);
	ward_json_set_text(object, "comment", options->comment);
	ward_json_set_text(object, "force", options->force);
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text;
}

static int
change(const struct exclusion_options *options, enum ward_manage_operation operation,
       const char *kind, const char *value)
{
	struct ward_manage_ask a = {.command = "exclusion", .socket = options->socket, .file = -1};
	struct ward_manage_request r = {.operation = operation};
	char *text = entry_of(options, kind, value);
	enum ward_rc rc;

	r.value = text;
	rc = text ? ward_manage_show(&a, &r) : WARD_E_NOMEM;
	free(text);
	if (rc != WARD_OK)
		return WARD_EXIT_ERROR;
	return ward_guard_reload(options->socket) ? WARD_EXIT_NOTHING
						  : fail("it is written, but not in force yet");
}

/* --- check --- */

static void
print_fit(const struct ward_exclusion *e, enum ward_exclusion_fit fit, struct ward_span why,
	  bool in_force)
{
	static const char *const marks[] = {[WARD_EXCLUSION_MATCHES] = "excluded by",
					    [WARD_EXCLUSION_EXPIRED] = "expired",
					    [WARD_EXCLUSION_SCOPE] = "other scope",
					    [WARD_EXCLUSION_NEAR] = "near miss",
					    [WARD_EXCLUSION_OTHER] = "no match"};

	(void)printf("  %-12s %s ", marks[fit], ward_exclusion_kind_name(e->kind));
	ward_human_print(stdout, ward_span_str(e->value));
	if (in_force)
		(void)printf(" (%s)", e->managed ? "managed" : "local");
	else if (e->line)
		(void)printf(" (%s, line %u)", e->managed ? "managed" : "local", e->line);
	if (why.len > 0)
		(void)fputs(": ", stdout);
	(void)fwrite(why.data, 1, why.len, stdout);
	(void)putchar('\n');
}

/* One scope; true when something leaves the file out. */
static bool
judge(const struct exclusion_options *options, const struct ward_policy_effective *e,
      const struct ward_exclusion_subject *s, bool in_force)
{
	const struct ward_exclusion *found = ward_exclusions_match(e->exclusions, s);

	(void)printf("%s: %s\n",
		     s->scope == WARD_EXCLUDE_REALTIME ? "real time" : "scans on demand",
		     found ? "excluded" : "not excluded");
	for (size_t i = 0; i < ward_exclusions_count(e->exclusions); i++) {
		WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
		enum ward_exclusion_fit fit = WARD_EXCLUSION_OTHER;

		ward_buf_init(&why, LINE_MAX_BYTES, NULL);
		if (ward_exclusions_explain(e->exclusions, i, s, &why, &fit) == WARD_OK &&
		    (fit != WARD_EXCLUSION_OTHER || options->all))
			print_fit(ward_exclusions_entry(e->exclusions, i), fit, ward_buf_span(&why),
				  in_force);
	}
	return found != NULL;
}

static bool
scopes(const struct exclusion_options *options, unsigned *ret)
{
	const char *scope = options->scope ? options->scope : "both";

	*ret = strcmp(scope, "realtime") == 0	 ? WARD_EXCLUDE_REALTIME
	       : strcmp(scope, "on_demand") == 0 ? WARD_EXCLUDE_ON_DEMAND
	       : strcmp(scope, "both") == 0	 ? WARD_EXCLUDE_BOTH
						 : 0;
	return *ret != 0;
}

/* What the guard has in force, when it runs and no file was named. */
static struct ward_policy_effective *
load(const struct exclusion_options *options, bool *ret_in_force)
{
	struct ward_policy_effective *e;
	bool gone = true;

	*ret_in_force = false;
	if (options->files.local || options->files.organisation)
		return ward_policy_load(&options->files);
	e = ward_policy_exclusions_in_force(options->socket, &gone);
	if (gone)
		return ward_policy_load(&options->files);
	*ret_in_force = e != NULL;
	return e;
}

/* As the kernel would name it: links resolved. A path that is not there is taken as it is written. */
static char *
real_path(const char *path)
{
	char *real = realpath(path, NULL);

	if (!real && path[0] == '/') {
		(void)fputs("ward exclusion: there is no such file here; compared as written\n",
			    stderr);
		real = strdup(path);
	} else if (real && strcmp(real, path) != 0) {
		(void)fputs("compared as ", stdout);
		ward_human_print(stdout, ward_span_str(real));
		(void)putchar('\n');
	}
	return real;
}

static int
check(const struct exclusion_options *options, const char *path)
{
	bool in_force = false;
	WARD_AUTO(ward_policy_effective_freep)
	struct ward_policy_effective *e = load(options, &in_force);
	struct ward_exclusion_subject s = {.process = options->process,
					   .threat = options->threat,
					   .now_s = (uint64_t)time(NULL)};
	unsigned wanted;
	uint8_t digest[32];
	bool found = false;
	char *real;

	if (!e)
		return WARD_EXIT_ERROR;
	if (!scopes(options, &wanted))
		return fail("--scope: realtime, on_demand or both");
	if (options->hash && !ward_text_unhex(ward_span_str(options->hash), digest, sizeof(digest)))
		return fail("--hash: not a SHA-256");
	s.sha256 = options->hash ? digest : NULL;
	real = real_path(path);
	if (!real)
		return fail("no such file; name it with its whole path");
	s.path = real;
	for (s.scope = WARD_EXCLUDE_REALTIME; s.scope <= WARD_EXCLUDE_ON_DEMAND; s.scope++)
		if (wanted & s.scope)
			found |= judge(options, e, &s, in_force);
	free(real);
	return found ? WARD_EXIT_NOTHING : WARD_EXIT_FOUND;
}

#define AT(member) offsetof(struct exclusion_options, member)

static const struct ward_option table[] = {
	{"policy", 0, WARD_OPTION_TEXT, "FILE", AT(files.local),
	 "the machine's policy (default: " WARD_POLICY_FILE ")"},
	{"organisation", 0, WARD_OPTION_TEXT, "FILE", AT(files.organisation),
	 "an organisation's policy to go with it"},
	{"process", 0, WARD_OPTION_TEXT, "PATH", AT(process), "check: the program that opens it"},
	{"hash", 0, WARD_OPTION_TEXT, "SHA256", AT(hash), "check: its digest"},
	{"threat", 0, WARD_OPTION_TEXT, "NAME", AT(threat), "check: what was found in it"},
	{"scope", 0, WARD_OPTION_TEXT, "SCOPE", AT(scope),
	 "add, check: realtime, on_demand or both (default)"},
	{"expires", 0, WARD_OPTION_TEXT, "DATE", AT(expires),
	 "add: until the end of that day (2026-12-31)"},
	{"comment", 0, WARD_OPTION_TEXT, "TEXT", AT(comment), "add: why it is there"},
	{"force", 0, WARD_OPTION_TEXT, "WHY", AT(force),
	 "add, remove: a dangerous one, and why it is wanted all the same"},
	{"socket", 0, WARD_OPTION_TEXT, "PATH", AT(socket),
	 "the guard's control socket (default: " WARD_GUARD_SOCKET ")"},
	{"all", 'a', WARD_OPTION_FLAG, NULL, AT(all), "check: name every exclusion"},
	{"json", 0, WARD_OPTION_FLAG, NULL, AT(json), "list: one JSON object per line"},
	{"help", 'h', WARD_OPTION_FLAG, NULL, AT(help), "print this"},
	{NULL, 0, WARD_OPTION_FLAG, NULL, 0, NULL},
};

static int
run_verb(const struct exclusion_options *options, const struct ward_strings *operands)
{
	const char *verb = operands->count ? operands->items[0] : "";
	int status;

	if (operands->count == 1 && strcmp(verb, "list") == 0)
		return from_guard(options, &status) ? status : list(options);
	if (operands->count == 3 && strcmp(verb, "add") == 0)
		return change(options, WARD_MANAGE_EXCLUSION_ADD, operands->items[1],
			      operands->items[2]);
	if (operands->count == 3 && strcmp(verb, "remove") == 0)
		return change(options, WARD_MANAGE_EXCLUSION_REMOVE, operands->items[1],
			      operands->items[2]);
	if (operands->count == 2 && strcmp(verb, "check") == 0)
		return check(options, operands->items[1]);
	(void)fputs("ward exclusion: list, check PATH, add KIND VALUE or remove KIND VALUE\n"
		    "KIND is path, glob, extension, process, hash or threat\nTry: ward exclusion "
		    "--help\n",
		    stderr);
	return WARD_EXIT_ERROR;
}

static int
command_exclusion(int argc, char **argv)
{
	struct exclusion_options options = {.json = false};
	WARD_AUTO(ward_strings_done) struct ward_strings operands = {.count = 0};

	if (!ward_options_parse(&ward_command_exclusion, argc, argv, &options, &operands))
		return WARD_EXIT_ERROR;
	if (options.help) {
		ward_options_help(&ward_command_exclusion, stdout);
		return WARD_EXIT_NOTHING;
	}
	return run_verb(&options, &operands);
}

const struct ward_command ward_command_exclusion = {
	.name = "exclusion",
	.synopsis = "ward exclusion list\n       ward exclusion check PATH\n       ward exclusion "
		    "add | remove KIND VALUE",
	.about = "Shows what is left out of scans and real-time protection, and explains it.\n"
		 "check says which exclusion matches a file and why, or why one that nearly does\n"
		 "does not. Links are resolved first, as real-time protection does.\n"
		 "add and remove change the machine's policy, for root and members of the group\n"
		 "ward-admin; KIND is path, glob, extension, process, hash or threat.\n"
		 "\n"
		 "Exit status of check: 0 excluded, 1 not excluded, 2 error.",
	.examples = "  ward exclusion check /srv/data/new.iso\n"
		    "  ward exclusion check --process /usr/sbin/mysqld /var/lib/mysql/ibdata1\n",
	.verbs = "list check add remove",
	.options = table,
	.run = command_exclusion,
};
