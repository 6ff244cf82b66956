/* SPDX-License-Identifier: Apache-2.0 */
/* Rules and signatures are tried before they leave: they compile (in the child that `wardcloud intel build`
 * uses), and match none of this machine's own programs (in sandboxed scanners). */
#ifndef WARD_CLOUD_ADMIN_CANARY_H
#define WARD_CLOUD_ADMIN_CANARY_H

#include <jansson.h>

#include "cloud/ops/config.h"

/*
 * Tries what a request for "intel.publish" would publish, if it is a rule or a signature, and marks the
 * request as tried, with the rule's name if it has none. False, after saying why on standard error: it must
 * not leave. With a reason under "force" it may match programs, but has to compile all the same. For
 * programs with one thread.
 */
bool ward_canary_pass(const struct ward_config *config, json_t *request);

#endif
