/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that reads dpkg's database: it gives up root, reads the files, gives up all the rest (as a
 * scanner's worker does: Landlock, seccomp), and only then looks at a byte of them. The index goes out
 * in messages on descriptor 3, an empty one last.
 */
#ifndef WARD_GUARD_PACKAGES_CHILD_H
#define WARD_GUARD_PACKAGES_CHILD_H

#include "base/rc.h"

/* The first argument by which a program's main knows that it is to be this; then the database's
 * directory and the merged directories as a number. */
#define WARD_PACKAGES_CHILD "--read-packages"

/* For main; the exit code. */
int ward_packages_child(int argc, char **argv);

#endif
