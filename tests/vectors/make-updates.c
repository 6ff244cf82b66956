/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the test vectors: make-updates DIRECTORY */
#include <stdio.h>

#include "sys/fd.h"
#include "vectors.h"

int
main(int argc, char **argv)
{
	struct vectors *v;
	char path[4096];
	int status = 0;

	if (argc != 2) {
		(void)fputs("usage: make-updates DIRECTORY\n", stderr);
		return 2;
	}
	v = vectors_make();
	for (size_t i = 0; i < v->count; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", argv[1], v->files[i].name);
		if (ward_fd_write_atomic(path, ward_buf_span(&v->files[i].bytes), 0644)) {
			(void)fprintf(stderr, "%s: cannot be written\n", path);
			status = 1;
		}
	}
	vectors_free(v);
	return status;
}
