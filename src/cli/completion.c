/* SPDX-License-Identifier: Apache-2.0 */
/* `ward completion`: shell completions made from the options tables, so that they never lag behind. */
#include "cli/commands.h"

static const struct ward_command *const commands[] = {
	&ward_command_scan,    &ward_command_explain,	&ward_command_intel,
	&ward_command_config,  &ward_command_exclusion, &ward_command_enroll,
	&ward_command_cloud,   &ward_command_threat,	&ward_command_quarantine,
	&ward_command_history, &ward_command_status,	&ward_command_reload,
	&ward_command_updates, &ward_command_audit,	&ward_command_features,
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void
bash_options(const struct ward_command *command)
{
	for (const struct ward_option *o = command->options; o->name; o++)
		(void)printf(" --%s", o->name);
}

static void
bash(void)
{
	(void)fputs("# bash completion for ward\n"
		    "_ward() {\n"
		    "\tlocal word=${COMP_WORDS[COMP_CWORD]}\n"
		    "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
		    "\t\tmapfile -t COMPREPLY < <(compgen -W \"",
		    stdout);
	for (size_t i = 0; i < COMMANDS; i++)
		(void)printf("%s ", commands[i]->name);
	(void)fputs("help version completion\" -- \"$word\")\n\t\treturn\n\tfi\n"
		    "\tcase $word in\n\t-*) ;;\n\t*)\n"
		    "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
		    "\t\t[ \"$COMP_CWORD\" -eq 2 ] || return\n"
		    "\t\tcase ${COMP_WORDS[1]} in\n",
		    stdout);
	for (size_t i = 0; i < COMMANDS; i++)
		if (commands[i]->verbs)
			(void)printf(
				"\t\t%s) mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen "
				"-W \"%s\" -- \"$word\") ;;\n",
				commands[i]->name, commands[i]->verbs);
	(void)fputs("\t\tesac\n\t\treturn ;;\n\tesac\n"
		    "\tcase ${COMP_WORDS[1]} in\n",
		    stdout);
	for (size_t i = 0; i < COMMANDS; i++) {
		(void)printf("\t%s) mapfile -t COMPREPLY < <(compgen -W \"", commands[i]->name);
		bash_options(commands[i]);
		(void)fputs("\" -- \"$word\") ;;\n", stdout);
	}
	(void)fputs("\tesac\n}\ncomplete -o filenames -F _ward ward\n", stdout);
}

/* In zsh's option specifications brackets and colons have a meaning. */
static void
zsh_text(const char *text)
{
	for (; *text; text++) {
		if (strchr("[]:'", *text))
			(void)putchar(*text == '\'' ? ' ' : '\\');
		if (*text != '\'')
			(void)putchar(*text);
	}
}

static void
zsh_command(const struct ward_command *command)
{
	(void)printf("\t%s) _arguments", command->name);
	for (const struct ward_option *o = command->options; o->name; o++) {
		(void)printf(" \\\n\t\t'*--%s%s[", o->name, o->value ? "=" : "");
		zsh_text(o->help);
		(void)printf("]%s%s'", o->value ? ":value:" : "", o->value ? "_files" : "");
	}
	if (command->verbs)
		(void)printf(" \\\n\t\t'1: :{_files; compadd %s}'", command->verbs);
	(void)fputs(" \\\n\t\t'*:file:_files' ;;\n", stdout);
}

static void
zsh(void)
{
	(void)fputs("#compdef ward\n_ward() {\n\tif (( CURRENT == 2 )); then\n\t\tcompadd", stdout);
	for (size_t i = 0; i < COMMANDS; i++)
		(void)printf(" %s", commands[i]->name);
	(void)fputs(
		" help version completion\n\t\treturn\n\tfi\n"
		"\tlocal command=$words[2]\n\tshift words\n\t(( CURRENT-- ))\n\tcase $command in\n",
		stdout);
	for (size_t i = 0; i < COMMANDS; i++)
		zsh_command(commands[i]);
	(void)fputs("\tesac\n}\n_ward \"$@\"\n", stdout);
}

static int
command_completion(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "bash") == 0) {
		bash();
		return WARD_EXIT_NOTHING;
	}
	if (argc == 2 && strcmp(argv[1], "zsh") == 0) {
		zsh();
		return WARD_EXIT_NOTHING;
	}
	ward_options_help(&ward_command_completion, argc == 2 ? stdout : stderr);
	return argc == 2 && strcmp(argv[1], "--help") == 0 ? WARD_EXIT_NOTHING : WARD_EXIT_ERROR;
}

static const struct ward_option no_options[] = {
	{NULL, 0, WARD_OPTION_FLAG, NULL, 0, NULL},
};

const struct ward_command ward_command_completion = {
	.name = "completion",
	.synopsis = "ward completion bash | zsh",
	.about = "Prints completions for a shell. Packages install them; by hand:",
	.examples = "  ward completion bash > ~/.local/share/bash-completion/completions/ward\n",
	.options = no_options,
	.run = command_completion,
};
