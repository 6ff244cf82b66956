/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <sys/stat.h>

#include "client/key.h"
#include "fleet/crowd.h"
#include "sys/fd.h"

enum { FILE_MAX = 256 << 20, ROOT_MAX = 1 << 20, PATH = 512 };

static const char identities[] = "devices.pem", root_file[] = "root";

static bool
path_of(const char *directory, const char *name, char ret[PATH])
{
	return snprintf(ret, PATH, "%s/%s", directory, name) < PATH;
}

static enum ward_rc
read_file(const char *directory, const char *name, struct ward_buf *into)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	char path[PATH];
	enum ward_rc rc = WARD_E_LIMIT;

	if (path_of(directory, name, path))
		rc = ward_fd_open_regular(-1, path, false, &fd, NULL);
	return rc ? rc : ward_fd_read_all(fd, into);
}

enum ward_rc
fleet_identities_count(const char *directory, size_t *ret_count)
{
	static const char end[] = "-----END CERTIFICATE-----"; /* the second half of each */
	WARD_AUTO(ward_key_wipe) struct ward_buf pem = {0};
	enum ward_rc rc;
	size_t count = 0;

	ward_buf_init(&pem, FILE_MAX, NULL);
	rc = read_file(directory, identities, &pem);
	if (rc)
		return rc;
	for (const uint8_t *at = pem.data, *to = pem.data + pem.len;
	     at && (at = memmem(at, (size_t)(to - at), end, sizeof(end) - 1)); at++)
		count++;
	*ret_count = count;
	return WARD_OK;
}

enum ward_rc
fleet_identities_load(const char *directory, struct fleet_device *devices, size_t count)
{
	WARD_AUTO(ward_key_wipe) struct ward_buf pem = {0};
	BIO *bio = NULL;
	enum ward_rc rc;

	ward_buf_init(&pem, FILE_MAX, NULL);
	rc = read_file(directory, identities, &pem);
	if (!rc && !(bio = BIO_new_mem_buf(pem.data, (int)pem.len)))
		rc = WARD_E_NOMEM;
	for (size_t i = 0; i < count && !rc; i++) {
		struct fleet_link *l = &devices[i].link;

		l->key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
		l->certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		if (!l->key || !l->certificate)
			rc = WARD_E_FORMAT;
	}
	ERR_clear_error();
	BIO_free(bio);
	return rc;
}

enum ward_rc
fleet_identities_add(const char *directory, struct ward_span more)
{
	WARD_AUTO(ward_key_wipe) struct ward_buf pem = {0};
	char path[PATH];
	enum ward_rc rc;

	ward_buf_init(&pem, FILE_MAX, NULL);
	(void)mkdir(directory, 0700); /* it may be there */
	rc = path_of(directory, identities, path) ? read_file(directory, identities, &pem)
						  : WARD_E_LIMIT;
	if (rc == WARD_E_NOENT)
		rc = WARD_OK;
	if (!rc)
		rc = ward_buf_append(&pem, more.data, more.len);
	return rc ? rc : ward_fd_write_atomic(path, ward_buf_span(&pem), 0600);
}

enum ward_rc
fleet_root_load(const char *directory, struct ward_buf *into)
{
	ward_buf_init(into, ROOT_MAX, NULL);
	return read_file(directory, root_file, into);
}

enum ward_rc
fleet_root_save(const char *directory, struct ward_span root)
{
	char path[PATH];

	return path_of(directory, root_file, path) ? ward_fd_write_atomic(path, root, 0600)
						   : WARD_E_LIMIT;
}
