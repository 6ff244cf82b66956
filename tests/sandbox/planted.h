/* SPDX-License-Identifier: Apache-2.0 */
/* The words between the test and its planted scanner. */
#ifndef WARD_TESTS_SANDBOX_PLANTED_H
#define WARD_TESTS_SANDBOX_PLANTED_H

#define PLANTED_MAGIC "WARD-TEST-PLANTED:"

/* How long the order "wait" takes. */
enum { PLANTED_WAIT_MS = 300 };

#endif
