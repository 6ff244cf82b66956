/* SPDX-License-Identifier: Apache-2.0 */
/* Test vectors of docs/updates.md, made in memory: fixed keys, fixed times. */
#ifndef WARD_TESTS_VECTORS_H
#define WARD_TESTS_VECTORS_H

#include "base/buf.h"

enum { VECTOR_FILES = 128, VECTOR_NAME = 64 };

struct vectors {
	size_t count;
	struct {
		char name[VECTOR_NAME];
		struct ward_buf bytes;
	} files[VECTOR_FILES]; /* the last one is index.json */
};

/* All of them; what goes wrong fails the test that calls it (cmocka). */
struct vectors *vectors_make(void);
void vectors_free(struct vectors *v);

#endif
