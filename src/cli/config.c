/* SPDX-License-Identifier: Apache-2.0 */
/* `ward config list | get | check | schema | manual | man`. */
#include "cli/commands.h"
#include "cli/human.h"
#include "cli/manage.h"
#include "cli/policy.h"
#include "policy/describe.h"

struct config_options {
	struct ward_policy_files files;
	const char *socket;
	bool json;
	bool help;
};

enum { OUT_MAX = 4 << 20 };

static int
put(const struct ward_buf *out, enum ward_rc rc)
{
	if (rc != WARD_OK) {
		(void)fprintf(stderr, "ward config: %s\n", ward_rc_str(rc));
		return WARD_EXIT_ERROR;
	}
	(void)fwrite(out->data, 1, out->len, stdout);
	return WARD_EXIT_NOTHING;
}

/* --- list and get --- */

static void
show_setting(const struct ward_manage_entry *e)
{
	const struct ward_manage_field *source = ward_manage_field_find(e, "source");
	const struct ward_manage_field *name = ward_manage_field_find(e, "setting");

	(void)printf("%-30s ", name ? (const char *)name->text.data : "");
	ward_manage_print(e, "value");
	if (source && !ward_span_eq(source->text, ward_span_str("default"))) {
		(void)fputs("  [", stdout);
		ward_manage_print(e, "source");
		(void)putchar(']');
	}
	if (ward_manage_field_find(e, "refused")) {
		(void)fputs("  (local value not taken: ", stdout);
		ward_manage_print(e, "refused");
		(void)putchar(')');
	}
	(void)putchar('\n');
}

static void
show_value(const struct ward_manage_entry *e)
{
	ward_manage_print(e, "value");
	(void)putchar('\n');
}

static enum ward_rc
line_of(const struct ward_policy_effective *e, size_t i, struct ward_buf *out)
{
	const char *source = ward_policy_source_name(e->source[i]);
	enum ward_rc rc = ward_buf_printf(out, "%-30s ", ward_settings[i].path);

	if (rc == WARD_OK)
		rc = ward_setting_print(&ward_settings[i], &e->policy, out);
	if (rc == WARD_OK && e->source[i] != WARD_POLICY_FROM_DEFAULT)
		rc = ward_buf_printf(out, "  [%s]", source);
	return rc ? rc : ward_buf_byte(out, '\n');
}

static enum ward_rc
json_of(const struct ward_policy_effective *e, size_t i, struct ward_buf *out)
{
	enum ward_rc rc =
		ward_buf_printf(out, "{\"setting\": \"%s\", \"value\": ", ward_settings[i].path);

	if (rc == WARD_OK)
		rc = ward_setting_print(&ward_settings[i], &e->policy, out);
	return rc ? rc
		  : ward_buf_printf(out, ", \"source\": \"%s\"}\n",
				    ward_policy_source_name(e->source[i]));
}

/* What the machine's own file wants and does not get. */
static void
print_refusals(const struct ward_policy_effective *e)
{
	for (size_t i = 0; i < e->refusal_count; i++)
		(void)fprintf(stderr, "ward config: line %u: %s: not taken: %s\n",
			      e->refusals[i].line, e->refusals[i].what, e->refusals[i].why);
}

static int
list(const struct config_options *options)
{
	WARD_AUTO(ward_policy_effective_freep)
	struct ward_policy_effective *e = ward_policy_load(&options->files);
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	enum ward_rc rc = WARD_OK;

	if (!e)
		return WARD_EXIT_ERROR;
	ward_buf_init(&out, OUT_MAX, NULL);
	for (size_t i = 0; rc == WARD_OK && i < ward_setting_count; i++)
		rc = (options->json ? json_of : line_of)(e, i, &out);
	if (rc == WARD_OK && !options->json && e->policy.exclusion_count)
		rc = ward_buf_printf(&out, "%-30s %zu (ward exclusion list)\n", "exclusions",
				     e->policy.exclusion_count);
	print_refusals(e);
	return put(&out, rc);
}

/* What is in force, as the guard says it; false: no guard runs, the files must do. */
static bool
from_guard(const struct config_options *options, const char *name, int *ret_status)
{
	struct ward_manage_ask a = {
		.command = "config",
		.socket = options->socket,
		.event = "setting",
		.json = options->json,
		.quiet_if_gone = true,
		.file = -1,
		.show = name ? show_value : show_setting,
	};
	const struct ward_manage_request r = {.operation = WARD_MANAGE_CONFIG_LIST, .name = name};
	enum ward_rc rc;

	if (options->files.local || options->files.organisation)
		return false;
	rc = ward_manage_show(&a, &r);
	*ret_status = rc == WARD_OK ? WARD_EXIT_NOTHING : WARD_EXIT_ERROR;
	return rc != WARD_E_GONE;
}

/* --- set and unset --- */

/* The file is the guard's to write; then it reads it. */
static int
set(const struct config_options *options, enum ward_manage_operation operation, const char *name,
    const char *value)
{
	struct ward_manage_ask a = {.command = "config", .socket = options->socket, .file = -1};
	const struct ward_manage_request r = {
		.operation = operation,
		.name = name,
		.value = value,
	};

	if (ward_manage_show(&a, &r) != WARD_OK)
		return WARD_EXIT_ERROR;
	if (ward_guard_reload(options->socket))
		return WARD_EXIT_NOTHING;
	(void)fputs("ward config: it is written, but not in force yet\n", stderr);
	return WARD_EXIT_ERROR;
}

static const struct ward_setting *
find(const char *name)
{
	const struct ward_setting *s = ward_setting_find(name);
	const char *names[WARD_SETTINGS_MAX], *nearest;

	if (s)
		return s;
	for (size_t i = 0; i < ward_setting_count; i++)
		names[i] = ward_settings[i].path;
	nearest = ward_mistake_nearest(name, names, ward_setting_count);
	(void)fputs("ward config: no setting ", stderr);
	ward_human_print(stderr, ward_span_str(name));
	(void)fprintf(stderr, nearest ? "; did you mean %s?\n" : "%s\n", nearest ? nearest : "");
	return NULL;
}

static int
get(const struct config_options *options, const char *name)
{
	WARD_AUTO(ward_policy_effective_freep) struct ward_policy_effective *e = NULL;
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	const struct ward_setting *s = find(name);
	int status;
	enum ward_rc rc;

	if (s && from_guard(options, name, &status))
		return status;
	if (s)
		e = ward_policy_load(&options->files);
	if (!e)
		return WARD_EXIT_ERROR;
	ward_buf_init(&out, OUT_MAX, NULL);
	if (options->json)
		return put(&out, json_of(e, (size_t)(s - ward_settings), &out));
	rc = ward_setting_print(s, &e->policy, &out);
	return put(&out, rc ? rc : ward_buf_byte(&out, '\n'));
}

/* --- check --- */

static int
check(const struct config_options *options, const struct ward_strings *operands)
{
	bool organisation = options->files.organisation != NULL, good = true;

	if (organisation)
		good = ward_policy_check_file(options->files.organisation, WARD_POLICY_ORGANISATION,
					      stdout);
	for (size_t i = 1; i < operands->count; i++)
		good &= ward_policy_check_file(operands->items[i], WARD_POLICY_LOCAL, stdout);
	if (!organisation && operands->count == 1)
		good = ward_policy_check_file(options->files.local ? options->files.local
								   : WARD_POLICY_FILE,
					      WARD_POLICY_LOCAL, stdout);
	return good ? WARD_EXIT_NOTHING : WARD_EXIT_FOUND;
}

static int describe(enum ward_rc (*writer)(struct ward_buf *out))
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};

	ward_buf_init(&out, OUT_MAX, NULL);
	return put(&out, writer(&out));
}

#define AT(member) offsetof(struct config_options, member)

static const struct ward_option table[] = {
	{"policy", 0, WARD_OPTION_TEXT, "FILE", AT(files.local),
	 "the machine's policy (default: " WARD_POLICY_FILE ")"},
	{"organisation", 0, WARD_OPTION_TEXT, "FILE", AT(files.organisation),
	 "an organisation's policy: see what it changes, or check it"},
	{"json", 0, WARD_OPTION_FLAG, NULL, AT(json), "list, get: one JSON object per line"},
	{"socket", 0, WARD_OPTION_TEXT, "PATH", AT(socket),
	 "the guard's control socket (default: " WARD_GUARD_SOCKET ")"},
	{"help", 'h', WARD_OPTION_FLAG, NULL, AT(help), "print this"},
	{NULL, 0, WARD_OPTION_FLAG, NULL, 0, NULL},
};

static int
run_verb(const struct config_options *options, const struct ward_strings *operands)
{
	const char *verb = operands->count ? operands->items[0] : "";
	int status;

	if (operands->count == 1 && strcmp(verb, "list") == 0)
		return from_guard(options, NULL, &status) ? status : list(options);
	if (operands->count == 3 && strcmp(verb, "set") == 0)
		return find(operands->items[1]) ? set(options, WARD_MANAGE_CONFIG_SET,
						      operands->items[1], operands->items[2])
						: WARD_EXIT_ERROR;
	if (operands->count == 2 && strcmp(verb, "unset") == 0)
		return find(operands->items[1])
			       ? set(options, WARD_MANAGE_CONFIG_UNSET, operands->items[1], "")
			       : WARD_EXIT_ERROR;
	if (operands->count == 2 && strcmp(verb, "get") == 0)
		return get(options, operands->items[1]);
	if (strcmp(verb, "check") == 0)
		return check(options, operands);
	if (operands->count == 1 && strcmp(verb, "schema") == 0)
		return describe(ward_policy_write_schema);
	if (operands->count == 1 && strcmp(verb, "manual") == 0)
		return describe(ward_policy_write_manual);
	if (operands->count == 1 && strcmp(verb, "man") == 0)
		return describe(ward_policy_write_man);
	(void)fputs("ward config: list, get SETTING, set SETTING VALUE, unset SETTING, "
		    "check [FILE…], schema, manual or man\n"
		    "Try: ward config --help\n",
		    stderr);
	return WARD_EXIT_ERROR;
}

static int
command_config(int argc, char **argv)
{
	struct config_options options = {.json = false};
	WARD_AUTO(ward_strings_done) struct ward_strings operands = {.count = 0};

	if (!ward_options_parse(&ward_command_config, argc, argv, &options, &operands))
		return WARD_EXIT_ERROR;
	if (options.help) {
		ward_options_help(&ward_command_config, stdout);
		return WARD_EXIT_NOTHING;
	}
	return run_verb(&options, &operands);
}

const struct ward_command ward_command_config = {
	.name = "config",
	.synopsis = "ward config list | get SETTING\n       ward config set SETTING VALUE | unset "
		    "SETTING\n       ward config check [FILE…]\n"
		    "       ward config schema | manual | man",
	.about = "Shows and checks the policy of this machine.\n"
		 "\n"
		 "  list    every setting with its value; [local] and [managed] say where it comes "
		 "from\n"
		 "  get     the value of one setting\n"
		 "  set     changes one in the machine's policy, if the organisation's lets it; "
		 "unset:\n"
		 "          back to the default. For root and members of the group ward-admin\n"
		 "  check   all mistakes of a file, as FILE:LINE:COLUMN; a file with one is not "
		 "used\n"
		 "  schema  the JSON Schema of a policy, for editors\n"
		 "  manual  what every setting means, as Markdown; man: the same for man(1)\n"
		 "\n"
		 "list and get say what is in force when the guard runs, and read the files "
		 "otherwise.\n"
		 "\n"
		 "Exit status: 0 fine, 1 check found mistakes, 2 error or refused.",
	.examples = "  ward config set cloud.level high\n"
		    "  ward config check /etc/ward/policy.json\n"
		    "  ward config get cloud.level\n"
		    "  ward config list --organisation organisation.json\n",
	.verbs = "list get set unset check schema manual man",
	.options = table,
	.run = command_config,
};
