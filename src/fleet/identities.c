/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fleet/crowd.h"
#include "sys/fd.h"

static FILE *
open_file(const char *directory)
{
	char path[512];

	if (snprintf(path, sizeof(path), "%s/devices.pem", directory) >= (int)sizeof(path))
		return NULL;
	return fopen(path, "re");
}

enum ward_rc
fleet_identities_count(const char *directory, size_t *ret_count)
{
	FILE *file = open_file(directory);
	char line[256];
	size_t count = 0;

	if (!file)
		return WARD_E_NOENT;
	while (fgets(line, sizeof(line), file)) /* the second half of each */
		count += strncmp(line, "-----END CERTIFICATE", 20) == 0;
	(void)fclose(file);
	*ret_count = count;
	return WARD_OK;
}

enum ward_rc
fleet_identities_load(const char *directory, struct fleet_device *devices, size_t count)
{
	FILE *file = open_file(directory);
	enum ward_rc rc = file ? WARD_OK : WARD_E_NOENT;

	for (size_t i = 0; i < count && !rc; i++) {
		struct fleet_link *l = &devices[i].link;

		l->key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
		l->certificate = PEM_read_X509(file, NULL, NULL, NULL);
		if (!l->key || !l->certificate)
			rc = WARD_E_FORMAT;
	}
	ERR_clear_error();
	if (file)
		(void)fclose(file);
	return rc;
}

enum ward_rc
fleet_identities_add(const char *directory, struct ward_span pem)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	char path[512];
	enum ward_rc rc;

	if (mkdir(directory, 0700) != 0 && errno != EEXIST)
		return WARD_E_IO;
	if (snprintf(path, sizeof(path), "%s/devices.pem", directory) >= (int)sizeof(path))
		return WARD_E_LIMIT;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return WARD_E_IO;
	rc = ward_fd_write_all(fd, pem);
	return !rc && fsync(fd) != 0 ? WARD_E_IO : rc;
}
