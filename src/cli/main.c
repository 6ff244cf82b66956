/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: finds the command and runs it. */
#include "cli/commands.h"

static const struct ward_command *const commands[] = {
	&ward_command_scan,	  &ward_command_explain,    &ward_command_intel,
	&ward_command_config,	  &ward_command_exclusion,  &ward_command_enroll,
	&ward_command_cloud,	  &ward_command_status,	    &ward_command_reload,
	&ward_command_threat,	  &ward_command_quarantine, &ward_command_history,
	&ward_command_updates,	  &ward_command_audit,	    &ward_command_features,
	&ward_command_completion,
};

static const struct {
	const char *name;
	const char *about;
} abouts[] = {
	{"scan", "look for malware in files and directories"},
	{"explain", "show everything that is known about one file"},
	{"features", "print the numbers that models judge files by"},
	{"intel", "compile rules, signatures and hashes into a pack; show and verify packs"},
	{"config", "show and change the policy of this machine; find mistakes in one"},
	{"exclusion", "show and change what is left out; explain why a file is or is not"},
	{"enroll", "make this machine a device of your cloud service"},
	{"cloud", "ask the cloud service: status, test, lookup, submit"},
	{"threat", "what was found: list, show, allow, restore, delete"},
	{"quarantine", "files out of the way: list, add, restore, verify, purge"},
	{"history", "changes with who made them, refused ones, ends of the guard"},
	{"updates", "packs of intelligence: status, apply, rollback, freeze, history"},
	{"audit", "whether the log of signed records is one for everybody: head, verify, witness"},
	{"status", "show how real-time protection is"},
	{"reload", "have the guard read policy and intelligence anew"},
	{"completion", "print completions for bash or zsh"},
	{"help", "this text, or with a command's name its help"},
	{"version", "print the version"},
};

static void
usage(FILE *out)
{
	(void)fputs("Usage: ward COMMAND [OPTION]… [ARGUMENT]…\n\n"
		    "Ward looks for malware. Start with: ward scan DIRECTORY\n\nCommands:\n",
		    out);
	for (size_t i = 0; i < sizeof(abouts) / sizeof(abouts[0]); i++)
		(void)fprintf(out, "  %-10s %s\n", abouts[i].name, abouts[i].about);
	(void)fputs("\nEach command has --help.\n", out);
}

static const struct ward_command *
find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int
help(const char *name)
{
	const struct ward_command *command = name ? find(name) : NULL;

	if (command)
		ward_options_help(command, stdout);
	else
		usage(stdout);
	return WARD_EXIT_NOTHING;
}

int
main(int argc, char **argv)
{
	const struct ward_command *command;

	if (argc < 2) {
		usage(stderr);
		return WARD_EXIT_ERROR;
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0)
		return help(argc > 2 ? argv[2] : NULL);
	if (strcmp(argv[1], "version") == 0 || strcmp(argv[1], "--version") == 0) {
		(void)puts("ward " WARD_VERSION);
		return WARD_EXIT_NOTHING;
	}
	command = find(argv[1]);
	if (!command) {
		(void)fprintf(stderr, "ward: no command named %s\n\n", argv[1]);
		usage(stderr);
		return WARD_EXIT_ERROR;
	}
	return command->run(argc - 1, argv + 1);
}
