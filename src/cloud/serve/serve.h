/* SPDX-License-Identifier: Apache-2.0 */
/* `wardcloud serve`: the whole service in one process. */
#ifndef WARD_CLOUD_SERVE_SERVE_H
#define WARD_CLOUD_SERVE_SERVE_H

/* As cloud/command.h says. Returns when SIGTERM or SIGINT told it to, and calls have ended. */
int ward_serve_command(int argc, char **argv);

#endif
