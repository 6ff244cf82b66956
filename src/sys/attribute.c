/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/attribute.h"

#include <errno.h>
#include <sys/xattr.h>

#include "sys/errno.h"

enum ward_rc
ward_attribute_get(int fd, const char *name, void *ret_value, size_t room, size_t *ret_len)
{
	ssize_t n = fgetxattr(fd, name, ret_value, room);

	if (n >= 0) {
		*ret_len = (size_t)n;
		return WARD_OK;
	}
	if (errno == ENODATA)
		return WARD_E_NOENT;
	if (errno == ERANGE)
		return WARD_E_LIMIT;
	return errno == EOPNOTSUPP ? WARD_E_UNSUPPORTED : ward_errno_rc(errno);
}
