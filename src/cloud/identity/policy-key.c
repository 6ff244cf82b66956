/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/identity/policy-key.h"

#include <stdio.h>

#include "base/text.h"
#include "sys/fd.h"

enum { PATH = 512, HEX = 2 * WARD_SIGN_SECRET };

static enum ward_rc
make(const char *path, uint8_t secret[WARD_SIGN_SECRET])
{
	char hex[HEX + 2];
	enum ward_rc rc = ward_sign_secret_new(secret);

	if (rc)
		return rc;
	ward_text_hex(ward_span_of(secret, WARD_SIGN_SECRET), hex);
	hex[HEX] = '\n';
	rc = ward_fd_write_atomic(path, ward_span_of(hex, HEX + 1), 0600);
	explicit_bzero(hex, sizeof(hex));
	return rc;
}

static enum ward_rc
read_key(const char *path, uint8_t secret[WARD_SIGN_SECRET])
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	char hex[HEX + 2];
	size_t len = 0;
	enum ward_rc rc = ward_fd_open_regular(-1, path, false, &fd, NULL);

	if (!rc)
		rc = ward_fd_pread(fd, hex, sizeof(hex), 0, &len);
	if (!rc && !(len == HEX + 1 && hex[HEX] == '\n' &&
		     ward_text_unhex(ward_span_of(hex, HEX), secret, WARD_SIGN_SECRET)))
		rc = WARD_E_FORMAT;
	explicit_bzero(hex, sizeof(hex));
	return rc;
}

enum ward_rc
ward_policy_key_secret(const char *directory, uint8_t ret_secret[WARD_SIGN_SECRET])
{
	char path[PATH];
	uint8_t secret[WARD_SIGN_SECRET];
	enum ward_rc rc;

	if (snprintf(path, sizeof(path), "%s/policy.key", directory) >= PATH)
		return WARD_E_LIMIT;
	rc = read_key(path, secret);
	if (rc == WARD_E_NOENT)
		rc = make(path, secret);
	if (!rc)
		memcpy(ret_secret, secret, sizeof(secret));
	ward_sign_forget(secret);
	return rc;
}

enum ward_rc
ward_policy_key_public(const char *directory, uint8_t ret_public[WARD_SIGN_PUBLIC])
{
	uint8_t secret[WARD_SIGN_SECRET];
	enum ward_rc rc = ward_policy_key_secret(directory, secret);

	if (!rc)
		rc = ward_sign_public(secret, ret_public);
	ward_sign_forget(secret);
	return rc;
}
