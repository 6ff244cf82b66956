/* SPDX-License-Identifier: Apache-2.0 */
/* `ward scan start | status | stop | pause | resume | history`: the guard's scans of the whole machine. */
#ifndef WARD_CLI_MACHINE_H
#define WARD_CLI_MACHINE_H

#include "cli/options.h"

/* Whether the first word of `ward scan` is one of these. A file of that name is scanned as ./start. */
bool ward_machine_is_verb(const char *word);
/* As a command's run. */
int ward_machine_run(int argc, char **argv);

/* Its help and options. */
extern const struct ward_command ward_command_machine;

#endif
