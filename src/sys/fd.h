/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors: opening without surprises, whole reads, writes that are there or not, memory
 * files. Every descriptor made here is close-on-exec. */
#ifndef WARD_SYS_FD_H
#define WARD_SYS_FD_H

#include "base/buf.h"

/* Closes *fd unless it is negative and sets it to -1; usable with WARD_AUTO. */
void ward_fd_close(int *fd);

enum ward_fd_kind {
	WARD_FD_REGULAR,
	WARD_FD_DIRECTORY,
	WARD_FD_SYMLINK,
	WARD_FD_FIFO,
	WARD_FD_SOCKET,
	WARD_FD_DEVICE,
	WARD_FD_OTHER,
};

/* What identifies a file and tells whether it changed. Times in ns since 1970. */
struct ward_fd_stat {
	enum ward_fd_kind kind;
	uint64_t device;
	uint64_t inode;
	uint64_t size;
	uint64_t links;
	int64_t mtime;
	int64_t ctime;
	uint32_t uid;
	uint32_t mode; /* permission bits */
};

/* Of an open descriptor, without looking up any path (works in the scanner's sandbox). */
enum ward_rc ward_fd_stat(int fd, struct ward_fd_stat *ret_stat) WARD_MUST_CHECK;
/* Of a name in directory `dir` (-1: the current one), not following a last symlink unless
 * `follow`. */
enum ward_rc ward_fd_stat_at(int dir, const char *name, bool follow,
			     struct ward_fd_stat *ret_stat) WARD_MUST_CHECK;

/*
 * Opens a regular file for reading, and nothing else: FIFOs, sockets, devices and directories are
 * WARD_E_UNSUPPORTED and are never opened (opening some has effects). A symlink too unless
 * `follow`. The access time is left alone where the system lets us; there is no waiting for leases.
 * ret_stat may be NULL.
 */
enum ward_rc ward_fd_open_regular(int dir, const char *name, bool follow, int *ret_fd,
				  struct ward_fd_stat *ret_stat) WARD_MUST_CHECK;

/* The inode's generation (FS_IOC_GETVERSION): a number used again for a new file has another one. 0
 * where the filesystem has none. */
uint32_t ward_fd_generation(int fd);
/* True when somebody has the file open for writing, which includes writable shared mappings, or when
 * that cannot be told. `fd` is open for reading only. */
bool ward_fd_has_writer(int fd);
/* The same question, and nobody comes to write until ward_fd_let_write: who opens the file for that waits
 * for it. For some system calls at most. False: somebody may write now. */
bool ward_fd_keep_writers_out(int fd) WARD_MUST_CHECK;
void ward_fd_let_write(int fd);
/* The file's name at this moment, as this process sees it: for people and for rules on names, never
 * to be opened. At most room - 1 bytes and a NUL; "" if there is none. */
void ward_fd_name(int fd, char *ret_name, size_t room);
/* A second descriptor for the same open file. */
enum ward_rc ward_fd_copy(int fd, int *ret_fd) WARD_MUST_CHECK;
/* The mount that the file was reached through, as numbered in /proc/self/mountinfo; false: the kernel
 * does not tell (before Linux 5.8). */
bool ward_fd_mount(int fd, uint64_t *ret_mount) WARD_MUST_CHECK;
/* True when the file lies on an overlay filesystem, or when that cannot be told. */
bool ward_fd_on_overlay(int fd);
/* Appends all of it, from its start. */
enum ward_rc ward_fd_reread(int fd, struct ward_buf *into) WARD_MUST_CHECK;
/* A descriptor that stands for a name, whatever it is, without opening it; symlinks are not
 * followed. */
enum ward_rc ward_fd_open_place(const char *path, int *ret_fd) WARD_MUST_CHECK;

/* Reads at `offset` until `len` bytes or the end of the file came; *ret_len tells how many. */
enum ward_rc ward_fd_pread(int fd, void *into, size_t len, uint64_t offset,
			   size_t *ret_len) WARD_MUST_CHECK;
/* Asks the system to have the first `len` bytes in memory soon; does not wait for them. */
void ward_fd_read_ahead(int fd, uint64_t len);
/* Appends all that is left to read (a pipe's too). WARD_E_LIMIT when it is more than the buffer
 * takes; what came before is in it. */
enum ward_rc ward_fd_read_all(int fd, struct ward_buf *into) WARD_MUST_CHECK;
enum ward_rc ward_fd_write_all(int fd, struct ward_span bytes) WARD_MUST_CHECK;
/* At a place of its own; the descriptor's position stays. */
enum ward_rc ward_fd_pwrite_all(int fd, struct ward_span bytes, uint64_t offset) WARD_MUST_CHECK;

/*
 * Replaces `path` by a file with these bytes and this mode: after a crash at any moment there is
 * either the old or the new content, and with WARD_OK the new one is on the disk. The temporary
 * name is `path` with ".tmp-" and six random characters.
 */
enum ward_rc ward_fd_write_atomic(const char *path, struct ward_span bytes,
				  uint32_t mode) WARD_MUST_CHECK;

/* Opens a directory. `dir` and `name` as above; symlinks are followed. */
enum ward_rc ward_fd_open_directory(int dir, const char *name, int *ret_fd) WARD_MUST_CHECK;
/* Makes a new file for reading and writing; WARD_E_PERM also when the name is taken. */
enum ward_rc ward_fd_create(int dir, const char *name, uint32_t mode, int *ret_fd) WARD_MUST_CHECK;
/* A file for reading by one single open(2), for who watches what becomes of it; no symlink. */
enum ward_rc ward_fd_open_once(int dir, const char *name, int *ret_fd) WARD_MUST_CHECK;
/* Opens an existing regular file for reading and writing; symlinks are refused. */
enum ward_rc ward_fd_open_update(int dir, const char *name, int *ret_fd) WARD_MUST_CHECK;
/* Makes (if it is not there) and locks a file for this process alone, until the descriptor is
 * closed. WARD_E_PERM: somebody else holds it. */
enum ward_rc ward_fd_lock(int dir, const char *name, int *ret_fd) WARD_MUST_CHECK;
/* Makes the names in the directory durable. */
enum ward_rc ward_fd_sync_directory(const char *path) WARD_MUST_CHECK;

/* A file without a name on the file system of this directory (in memory where that one cannot), for
 * reading and writing; gone when it is closed. */
enum ward_rc ward_fd_temporary(const char *directory, int *ret_fd) WARD_MUST_CHECK;
/* An anonymous file in memory. `name` shows up in /proc only. */
enum ward_rc ward_fd_memory(const char *name, int *ret_fd) WARD_MUST_CHECK;
/* Makes a memory file unchangeable for everybody who has it, for ever. */
enum ward_rc ward_fd_seal(int fd) WARD_MUST_CHECK;

#endif
