/* SPDX-License-Identifier: Apache-2.0 */
/* Single extended attributes of an open file, of a bounded size; for all of them see sys/meta.h. */
#ifndef WARD_SYS_ATTRIBUTE_H
#define WARD_SYS_ATTRIBUTE_H

#include "base/rc.h"
#include "base/span.h"

/* WARD_E_NOENT: it has none of that name; WARD_E_LIMIT: it is longer than `room`;
 * WARD_E_UNSUPPORTED: the file system has no attributes. No NUL is added. */
enum ward_rc ward_attribute_get(int fd, const char *name, void *ret_value, size_t room,
				size_t *ret_len) WARD_MUST_CHECK;

#endif
