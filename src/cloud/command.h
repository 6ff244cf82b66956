/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of `wardcloud`, one table for each room that has some. */
#ifndef WARD_CLOUD_COMMAND_H
#define WARD_CLOUD_COMMAND_H

struct ward_cloud_command {
	const char *name;  /* "serve", "token" */
	const char *about; /* half a line */
	/* argv[0] is the command's name. Returns the exit status: 0 done, 1 no (not found, differs),
	   2 an error, which it has printed. */
	int (*run)(int argc, char **argv);
};

/* Each ends with an entry without name. */
extern const struct ward_cloud_command ward_serve_commands[];
extern const struct ward_cloud_command ward_keys_commands[];
extern const struct ward_cloud_command ward_admin_commands[];

#endif
