/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/stdin.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

static bool
write_all(int fd, const uint8_t *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

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
		if (!write_all(to, block, (size_t)n))
			return WARD_E_IO;
	}
}

enum ward_rc
ward_stdin_spool(uint64_t max, int *ret_fd, uint64_t *ret_size)
{
	int fd = memfd_create("ward-stdin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	enum ward_rc rc;

	if (fd < 0)
		return WARD_E_IO;
	rc = copy(fd, max, ret_size);
	if (rc != WARD_OK) {
		(void)close(fd);
		return rc;
	}
	*ret_fd = fd;
	return WARD_OK;
}
