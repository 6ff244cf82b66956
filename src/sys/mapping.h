/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files as memory. A mapping of a file somebody else may cut short kills its reader with SIGBUS:
 * packs are ours and mapped plainly, scanned files are mapped under the guard below.
 */
#ifndef WARD_SYS_MAPPING_H
#define WARD_SYS_MAPPING_H

#include "base/rc.h"
#include "base/span.h"

struct ward_mapping {
	struct ward_span bytes; /* page-aligned; NULL when the file is empty */
};

/* Read-only, shared with everybody who maps the same file: for packs. The descriptor may be closed
 * afterwards. Pages are not touched. */
enum ward_rc ward_mapping_open(int fd, struct ward_mapping *ret_mapping) WARD_MUST_CHECK;
/* `size` bytes from the start, read-only, private, told to be read from front to back: for files
 * to scan. */
enum ward_rc ward_mapping_open_sequential(int fd, uint64_t size,
					  struct ward_mapping *ret_mapping) WARD_MUST_CHECK;
/* Usable with WARD_AUTO; a second call does nothing. */
void ward_mapping_done(struct ward_mapping *m);

/*
 * While a mapping is guarded, a page of it that cannot be read (the file was cut short, the disk
 * failed) reads as zeros instead of killing the process, and ward_mapping_unguard() says that it
 * happened. One mapping at a time, one thread per process; the guard owns SIGBUS from the first
 * call on. `fd` is the mapped file, to be kept open meanwhile.
 */
enum ward_rc ward_mapping_guard(const struct ward_mapping *m, int fd) WARD_MUST_CHECK;
/* True when some page could not be read since the guard was set. */
bool ward_mapping_unguard(void);

#endif
