/* SPDX-License-Identifier: Apache-2.0 */
/* `wardcloud intel build`: packs and deltas for endpoints. */
#ifndef WARD_CLOUD_ADMIN_INTEL_H
#define WARD_CLOUD_ADMIN_INTEL_H

/* As cloud/command.h says. */
int ward_intel_command(int argc, char **argv);

#endif
