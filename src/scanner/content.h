/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a file that may change under our hands. */
#ifndef WARD_SCANNER_CONTENT_H
#define WARD_SCANNER_CONTENT_H

#include "base/verdict.h"
#include "sys/fd.h"
#include "sys/mapping.h"

/* Up to this size a file is read into a buffer, which is cheaper than mapping it (and cannot be cut
 * short under its reader); measured in docs/decisions/0002-scanner-zygote.md. */
enum { WARD_CONTENT_SMALL = 1024 * 1024 };

struct ward_content {
	struct ward_span bytes;
	struct ward_fd_stat before;
	struct ward_mapping mapping;
	int fd; /* borrowed */
	bool mapped;
	enum ward_reason why; /* of a short read: there was more than could be read */
};

/*
 * Opens the contents; `small` has room for WARD_CONTENT_SMALL bytes and one more, and is used until
 * _close. Returns WARD_REASON_NONE, or why there is nothing to scan (nothing to close then).
 */
enum ward_reason ward_content_open(struct ward_content *c, int fd, uint8_t *small) WARD_MUST_CHECK;
/*
 * Returns WARD_REASON_NONE when the bytes were the whole file and nobody changed it meanwhile;
 * otherwise WARD_REASON_CHANGED, or WARD_REASON_IO when a part of it cannot be read.
 */
enum ward_reason ward_content_close(struct ward_content *c) WARD_MUST_CHECK;

#endif
