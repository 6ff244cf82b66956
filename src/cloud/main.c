/* SPDX-License-Identifier: Apache-2.0 */
/* `wardcloud`: finds the command and runs it. */
#include <stdio.h>
#include <string.h>

#include "cloud/command.h"

static const struct ward_cloud_command *const tables[] = {ward_serve_commands, ward_keys_commands,
							  ward_admin_commands};

enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

static void
usage(FILE *out)
{
	(void)fputs("Usage: wardcloud COMMAND [OPTION]… [ARGUMENT]…\n\n"
		    "Ward's cloud protection service. Start with: wardcloud init\n\nCommands:\n",
		    out);
	for (size_t t = 0; t < TABLES; t++)
		for (const struct ward_cloud_command *c = tables[t]; c->name; c++)
			(void)fprintf(out, "  %-10s %s\n", c->name, c->about);
	(void)fputs("  version    print the version\n\nEach command has --help.\n", out);
}

static const struct ward_cloud_command *
find(const char *name)
{
	for (size_t t = 0; t < TABLES; t++)
		for (const struct ward_cloud_command *c = tables[t]; c->name; c++)
			if (strcmp(c->name, name) == 0)
				return c;
	return NULL;
}

int
main(int argc, char **argv)
{
	const struct ward_cloud_command *command;

	if (argc < 2) {
		usage(stderr);
		return 2;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return 0;
	}
	if (strcmp(argv[1], "version") == 0 || strcmp(argv[1], "--version") == 0) {
		(void)puts("wardcloud " WARD_VERSION);
		return 0;
	}
	command = find(argv[1]);
	if (!command) {
		(void)fprintf(stderr, "wardcloud: no command named %s\n\n", argv[1]);
		usage(stderr);
		return 2;
	}
	return command->run(argc - 1, argv + 1);
}
