/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/origin/medium.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sys/fd.h"

static bool
says_removable(const char *path)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	char value = 0;
	size_t n = 0;

	return ward_fd_open_regular(-1, path, false, &fd, NULL) == WARD_OK &&
	       ward_fd_pread(fd, &value, 1, 0, &n) == WARD_OK && n == 1 && value == '1';
}

bool
ward_medium_is_removable(uint64_t device)
{
	char place[64], path[96], target[512];
	ssize_t n;

	if (major(device) == 0)
		return false;
	(void)snprintf(place, sizeof(place), "/sys/dev/block/%u:%u", major(device), minor(device));
	n = readlink(place, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = 0;
	if (strstr(target, "/usb"))
		return true;
	(void)snprintf(path, sizeof(path), "%s/removable", place);
	if (says_removable(path))
		return true;
	/* A partition's place is below its disk's. */
	(void)snprintf(path, sizeof(path), "%s/../removable", place);
	return says_removable(path);
}
