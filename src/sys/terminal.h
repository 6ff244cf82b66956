/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the person at the terminal, whatever standard input and output are. */
#ifndef WARD_SYS_TERMINAL_H
#define WARD_SYS_TERMINAL_H

#include "base/buf.h"

/* Prints the prompt on the terminal of this process and reads one line without showing it, without its
 * end. The buffer is the caller's to wipe. WARD_E_NOENT: there is no terminal; WARD_E_LIMIT: the line is
 * longer than the buffer. A signal that ends the process may leave the terminal without echo. */
enum ward_rc ward_terminal_secret(const char *prompt, struct ward_buf *ret_line) WARD_MUST_CHECK;

#endif
