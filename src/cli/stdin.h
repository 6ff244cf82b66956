/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARD_CLI_STDIN_H
#define WARD_CLI_STDIN_H

#include "base/rc.h"
#include "base/span.h"

/*
 * Standard input as a file in memory (a pipe cannot be read twice, nor by a sandboxed scanner);
 * the descriptor is the caller's. WARD_E_LIMIT past `max` bytes, WARD_E_IO.
 */
enum ward_rc ward_stdin_spool(uint64_t max, int *ret_fd, uint64_t *ret_size) WARD_MUST_CHECK;

#endif
