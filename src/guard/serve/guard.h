/* SPDX-License-Identifier: Apache-2.0 */
/* wardd put together: starts everything in an order in which nobody asks who is not there yet, keeps
 * it going, and takes it apart so that nobody waits for who has gone. */
#ifndef WARD_GUARD_SERVE_GUARD_H
#define WARD_GUARD_SERVE_GUARD_H

#include "guard/serve/options.h"

/* Runs until it is told to stop; the exit status. */
int ward_guard_run(const struct ward_guard_options *options);

#endif
