/* SPDX-License-Identifier: Apache-2.0 */
/* `wardcloud replay`: views made anew from the log. */
#ifndef WARD_CLOUD_SERVE_REPLAY_H
#define WARD_CLOUD_SERVE_REPLAY_H

/* As cloud/command.h says. */
int ward_replay_command(int argc, char **argv);

#endif
