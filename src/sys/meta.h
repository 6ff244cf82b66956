/* SPDX-License-Identifier: Apache-2.0 */
/* Everything the system keeps about a file besides its bytes, by descriptor: read it, put it back. */
#ifndef WARD_SYS_META_H
#define WARD_SYS_META_H

#include "sys/fd.h"

struct ward_meta {
	enum ward_fd_kind kind;
	uint64_t device, inode, size, links;
	uint32_t generation; /* FS_IOC_GETVERSION; 0 where the file system has none */
	uint32_t flags;	     /* FS_IOC_GETFLAGS (chattr); 0 where it has none */
	uint32_t uid, gid;
	uint32_t mode; /* permission, set-id and sticky bits */
	int64_t atime, mtime, ctime;
	int64_t btime; /* 0: not known */
};

enum { WARD_META_IMMUTABLE = 0x10, WARD_META_APPEND = 0x20 };

/* Of an open descriptor. */
enum ward_rc ward_meta_get(int fd, struct ward_meta *ret_meta) WARD_MUST_CHECK;
/* Of a name in a directory, a symlink itself; generation and flags are 0. */
enum ward_rc ward_meta_get_at(int dir, const char *name,
			      struct ward_meta *ret_meta) WARD_MUST_CHECK;
/* True when both are the same file (device, inode, and generation where both know it). */
bool ward_meta_same(const struct ward_meta *a, const struct ward_meta *b);

/* Called for each extended attribute, POSIX ACLs and security labels among them. Anything but
 * WARD_OK stops and is returned. Name and value are borrowed. */
typedef enum ward_rc (*ward_meta_xattr)(void *ctx, const char *name, struct ward_span value);
/* WARD_OK also where the file system has none. At most 64 KiB of names, each value at most 64 KiB
 * (both are the kernel's limits). */
enum ward_rc ward_meta_xattrs(int fd, ward_meta_xattr visit, void *ctx) WARD_MUST_CHECK;
enum ward_rc ward_meta_xattr_set(int fd, const char *name, struct ward_span value) WARD_MUST_CHECK;
/* WARD_OK also when there is none of that name. */
enum ward_rc ward_meta_xattr_remove(int fd, const char *name) WARD_MUST_CHECK;

/* Each sets what it says and nothing else; the owner's change clears set-id bits and capabilities
 * (the kernel's doing), so it comes first. Times in ns since 1970. */
enum ward_rc ward_meta_set_owner(int fd, uint32_t uid, uint32_t gid) WARD_MUST_CHECK;
enum ward_rc ward_meta_set_mode(int fd, uint32_t mode) WARD_MUST_CHECK;
enum ward_rc ward_meta_set_times(int fd, int64_t atime, int64_t mtime) WARD_MUST_CHECK;
enum ward_rc ward_meta_set_flags(int fd, uint32_t flags) WARD_MUST_CHECK;
enum ward_rc ward_meta_set_size(int fd, uint64_t size) WARD_MUST_CHECK;

/*
 * The next run of data at or after `from`: [*ret_start, *ret_end). WARD_E_NOENT: only a hole is
 * left. Where the file system knows no holes all is data. Moves the descriptor's position.
 */
enum ward_rc ward_meta_data(int fd, uint64_t from, uint64_t *ret_start,
			    uint64_t *ret_end) WARD_MUST_CHECK;

struct ward_meta_space {
	uint64_t free; /* bytes, for us */
	bool read_only;
};

/* Of the file system a descriptor is on. */
enum ward_rc ward_meta_space(int fd, struct ward_meta_space *ret_space) WARD_MUST_CHECK;

#endif
