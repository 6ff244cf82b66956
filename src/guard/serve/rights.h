/* SPDX-License-Identifier: Apache-2.0 */
/* What the guard keeps of root's rights. */
#ifndef WARD_GUARD_SERVE_RIGHTS_H
#define WARD_GUARD_SERVE_RIGHTS_H

/* Gives up the rest, for this process and all that it starts, and asks for descriptors enough for every
 * open that may wait. Before any thread. What does not work is logged, and is no reason not to protect. */
void ward_guard_rights(void);

#endif
