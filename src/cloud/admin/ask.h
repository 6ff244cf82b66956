/* SPDX-License-Identifier: Apache-2.0 */
/* One request to the node, whether its service runs or not, and what it says for people. */
#ifndef WARD_CLOUD_ADMIN_ASK_H
#define WARD_CLOUD_ADMIN_ASK_H

#include "cloud/admin/operations.h"

/* Asks the running service, else opens the node for the time of the call. NULL after saying on
 * standard error what is wrong; else the caller's. */
json_t *ward_ask(const struct ward_config *config, const json_t *request);
/* Values by name, lists a line each; times and digests readable. With `json` as it is. */
void ward_ask_print(const json_t *reply, bool json);

#endif
