/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/stdin.h"

#include <errno.h>
#include <unistd.h>

#include "sys/fd.h"

static enum ward_rc
copy(int to, uint64_t max, uint64_t *ret_size)
{
	static uint8_t block[256 * 1024];
	uint64_t size = 0;

	for (;;) {
		ssize_t n = read(STDIN_FILENO, block, sizeof(block));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return WARD_E_IO;
		size += (uint64_t)n;
		*ret_size = size;
		if (n == 0)
			return WARD_OK;
		if (size > max)
			return WARD_E_LIMIT;
		if (ward_fd_write_all(to, ward_span_of(block, (size_t)n)) != WARD_OK)
			return WARD_E_IO;
	}
}

enum ward_rc
ward_stdin_spool(uint64_t max, int *ret_fd, uint64_t *ret_size)
{
	enum ward_rc rc;
	int fd = -1;

	rc = ward_fd_memory("ward-stdin", &fd);
	if (rc == WARD_OK)
		rc = copy(fd, max, ret_size);
	if (rc == WARD_OK)
		*ret_fd = fd;
	else
		ward_fd_close(&fd);
	return rc;
}
