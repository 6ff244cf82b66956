/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/objects/s3-credentials.h"

#include <openssl/crypto.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/text.h"
#include "sys/fd.h"

enum { FILE_MAX = 16 * 1024 };

void
ward_s3_credentials_wipe(struct ward_s3_credentials *c)
{
	OPENSSL_cleanse(c, sizeof(*c));
}

/* Visible ASCII that fits; what a header can carry. */
static bool
copy(struct ward_span value, char *ret, size_t room)
{
	if (value.len == 0 || value.len >= room)
		return false;
	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] <= 0x20 || value.data[i] > 0x7e)
			return false;
	memcpy(ret, value.data, value.len);
	ret[value.len] = 0;
	return true;
}

/* False: a value that cannot be. */
static bool
take(struct ward_span name, struct ward_span value, struct ward_s3_credentials *c)
{
	if (ward_text_eq_nocase(name, "aws_access_key_id"))
		return copy(value, c->key_id, sizeof(c->key_id));
	if (ward_text_eq_nocase(name, "aws_secret_access_key"))
		return copy(value, c->secret, sizeof(c->secret));
	if (ward_text_eq_nocase(name, "aws_session_token"))
		return copy(value, c->token, sizeof(c->token));
	return true;
}

enum ward_rc
ward_s3_credentials_parse(struct ward_span text, struct ward_s3_credentials *ret)
{
	struct ward_s3_credentials c = {.key_id = ""};
	struct ward_cursor in = ward_cursor_of(text);
	struct ward_span line, name;
	unsigned sections = 0;
	bool good = true;

	while (good && ward_cursor_line(&in, &line)) {
		line = ward_text_trim(line);
		if (line.len == 0 || line.data[0] == '#' || line.data[0] == ';')
			continue;
		if (line.data[0] == '[') {
			if (++sections > 1)
				break;
			continue;
		}
		good = ward_text_split(&line, '=', &name) &&
		       take(ward_text_trim(name), ward_text_trim(line), &c);
	}
	good = good && c.key_id[0] && c.secret[0];
	if (good)
		*ret = c;
	ward_s3_credentials_wipe(&c);
	return good ? WARD_OK : WARD_E_FORMAT;
}

enum ward_rc
ward_s3_credentials_read(const char *file, struct ward_s3_credentials *ret)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	char text[FILE_MAX];
	struct ward_fd_stat st;
	size_t len = 0;
	enum ward_rc rc = ward_fd_open_regular(-1, file, true, &fd, &st);

	if (!rc && ((st.mode & 077) != 0 || (st.uid != 0 && st.uid != geteuid())))
		rc = WARD_E_PERM;
	if (!rc)
		rc = ward_fd_pread(fd, text, sizeof(text), 0, &len);
	if (!rc)
		rc = ward_s3_credentials_parse(ward_span_of(text, len), ret);
	OPENSSL_cleanse(text, sizeof(text));
	return rc;
}
