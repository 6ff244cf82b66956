/* SPDX-License-Identifier: Apache-2.0 */
/* `wardcloud import`: lists of hashes as reputation. */
#ifndef WARD_CLOUD_ADMIN_IMPORT_H
#define WARD_CLOUD_ADMIN_IMPORT_H

/* As cloud/command.h says. */
int ward_import_command(int argc, char **argv);

#endif
