/* SPDX-License-Identifier: Apache-2.0 */
/* `wardcloud init`: everything a new service needs. */
#ifndef WARD_CLOUD_ADMIN_INIT_H
#define WARD_CLOUD_ADMIN_INIT_H

/* As cloud/command.h says. */
int ward_init_command(int argc, char **argv);

#endif
