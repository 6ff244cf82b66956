/* SPDX-License-Identifier: Apache-2.0 */
/* What a scanner under an attacker's control would try, as bare system calls. Harmless where they
 * succeed: signals are number 0, sizes are 0, commands are invalid. */
#ifndef WARD_TESTS_SANDBOX_ATTEMPTS_H
#define WARD_TESTS_SANDBOX_ATTEMPTS_H

#include <stdbool.h>
#include <stddef.h>

/* What the attempt "create" leaves behind where it succeeds. */
#define ATTEMPT_FILE "/tmp/ward-sandbox-escape"

struct attempt {
	const char *name;
	long (*run)(void); /* negative with errno set when refused */
	bool control;	   /* succeeds for an ordinary process: proves that the test can fail */
};

extern const struct attempt ATTEMPTS[];
extern const size_t ATTEMPT_COUNT;

/* The error number of an attempt, 0 when it succeeded. */
int attempt_errno(const struct attempt *a);

#endif
