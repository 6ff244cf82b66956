/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/paths.h"

#include <stdio.h>
#include <unistd.h>

/* The directory this program was started from; never an environment variable or the current one. */
static bool
own_directory(char out[WARD_PATHS_MAX])
{
	ssize_t len = readlink("/proc/self/exe", out, WARD_PATHS_MAX - 1);
	char *slash;

	if (len <= 0)
		return false;
	out[len] = '\0';
	slash = strrchr(out, '/');
	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

enum ward_rc
ward_paths_find(const char *name, const char *installed_in, char out[WARD_PATHS_MAX])
{
	char dir[WARD_PATHS_MAX];
	int len;

	if (own_directory(dir)) {
		len = snprintf(out, WARD_PATHS_MAX, "%s/%s", dir, name);
		if (len > 0 && len < WARD_PATHS_MAX && access(out, R_OK) == 0)
			return WARD_OK;
	}
	len = snprintf(out, WARD_PATHS_MAX, "%s/%s", installed_in, name);
	if (len > 0 && len < WARD_PATHS_MAX && access(out, R_OK) == 0)
		return WARD_OK;
	return WARD_E_NOENT;
}
