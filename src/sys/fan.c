/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/fan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include "sys/errno.h"

enum { PATH_ROOM = 64 };

/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
static const unsigned EVENT_FLAGS = O_RDONLY | O_LARGEFILE | O_CLOEXEC | O_NONBLOCK | O_NOATIME;

enum ward_rc
ward_fan_new(enum ward_fan_kind kind, bool pidfds, int *ret_group)
{
	unsigned flags = FAN_CLOEXEC | FAN_NONBLOCK;
	int group;

	flags |= kind == WARD_FAN_GATE ? FAN_CLASS_CONTENT | FAN_UNLIMITED_QUEUE : FAN_CLASS_NOTIF;
	if (pidfds)
		flags |= FAN_REPORT_PIDFD;
	group = fanotify_init(flags, EVENT_FLAGS);
	if (group < 0)
		return errno == EINVAL ? WARD_E_UNSUPPORTED : ward_errno_rc(errno);
	*ret_group = group;
	return WARD_OK;
}

enum ward_rc
ward_fan_read(int group, void *into, size_t room, size_t *ret_len)
{
	ssize_t n;

	do {
		n = read(group, into, room);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return ward_errno_rc(errno);
	*ret_len = (size_t)n;
	return n == 0 ? WARD_E_LIMIT : WARD_OK;
}

static unsigned
kinds_of(uint64_t mask)
{
	return (mask & FAN_OPEN_PERM ? WARD_FAN_OPEN : 0u) |
	       (mask & FAN_OPEN_EXEC_PERM ? WARD_FAN_EXEC : 0u) |
	       (mask & FAN_CLOSE_WRITE ? WARD_FAN_WRITTEN : 0u);
}

static uint64_t
mask_of(unsigned kinds)
{
	return (kinds & WARD_FAN_OPEN ? FAN_OPEN_PERM : 0u) |
	       (kinds & WARD_FAN_EXEC ? FAN_OPEN_EXEC_PERM : 0u) |
	       (kinds & WARD_FAN_WRITTEN ? FAN_CLOSE_WRITE : 0u);
}

/* What follows the fixed part: records of which only the process's descriptor concerns us. */
static enum ward_rc
read_records(struct ward_span records, struct ward_fan_event *event)
{
	while (records.len > 0) {
		struct fanotify_event_info_header header;
		struct fanotify_event_info_pidfd pidfd;

		if (records.len < sizeof(header))
			return WARD_E_PROTO;
		memcpy(&header, records.data, sizeof(header));
		if (header.len < sizeof(header) || header.len > records.len)
			return WARD_E_PROTO;
		if (header.info_type == FAN_EVENT_INFO_TYPE_PIDFD && header.len >= sizeof(pidfd)) {
			memcpy(&pidfd, records.data, sizeof(pidfd));
			event->pidfd = pidfd.pidfd < 0 ? -1 : pidfd.pidfd;
		}
		records = ward_span_cut(records, header.len, records.len);
	}
	return WARD_OK;
}

enum ward_rc
ward_fan_next(struct ward_span *rest, struct ward_fan_event *ret_event)
{
	struct fanotify_event_metadata m;
	struct ward_fan_event event = {.fd = -1, .pidfd = -1};
	enum ward_rc rc;

	if (rest->len == 0)
		return WARD_E_NOENT;
	if (rest->len < sizeof(m))
		return WARD_E_PROTO;
	memcpy(&m, rest->data, sizeof(m));
	if (m.vers != FANOTIFY_METADATA_VERSION || m.metadata_len < sizeof(m) ||
	    m.event_len < m.metadata_len || m.event_len > rest->len)
		return WARD_E_PROTO;
	event.what = kinds_of(m.mask);
	event.overflow = m.mask & FAN_Q_OVERFLOW;
	event.fd = m.fd < 0 ? -1 : m.fd;
	event.pid = m.pid;
	rc = read_records(ward_span_cut(*rest, m.metadata_len, m.event_len - m.metadata_len),
			  &event);
	if (rc != WARD_OK)
		return rc;
	*rest = ward_span_cut(*rest, m.event_len, rest->len);
	*ret_event = event;
	return WARD_OK;
}

enum ward_rc
ward_fan_answer(int group, int event_fd, bool allow)
{
	const struct fanotify_response response = {
		.fd = event_fd,
		.response = allow ? FAN_ALLOW : FAN_DENY,
	};
	ssize_t n;

	do {
		n = write(group, &response, sizeof(response));
	} while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(response) ? WARD_OK : ward_errno_rc(errno);
}

/* fanotify_mark(2) takes a path, or the current file of a directory; through /proc it takes what a
   descriptor stands for, whatever happens to its name. */
static enum ward_rc
mark_filesystem(int group, unsigned flags, int fd, unsigned what)
{
	char path[PATH_ROOM];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fanotify_mark(group, flags | FAN_MARK_FILESYSTEM, mask_of(what), AT_FDCWD, path) == 0)
		return WARD_OK;
	return errno == EXDEV || errno == EOPNOTSUPP || errno == EINVAL ? WARD_E_UNSUPPORTED
									: ward_errno_rc(errno);
}

enum ward_rc
ward_fan_watch(int group, int fd, unsigned what)
{
	return mark_filesystem(group, FAN_MARK_ADD, fd, what);
}

enum ward_rc
ward_fan_unwatch(int group, int fd, unsigned what)
{
	return mark_filesystem(group, FAN_MARK_REMOVE, fd, what);
}

static enum ward_rc
mark_file(int group, unsigned flags, int fd, unsigned what)
{
	/* A NULL path is the file of the descriptor itself. */
	if (fanotify_mark(group, flags, mask_of(what), fd, NULL) == 0)
		return WARD_OK;
	return ward_errno_rc(errno);
}

/*
 * The mark also asks for the events that its filesystem's asks for. That adds none, and keeps the mark when
 * it ignores nothing any more: Linux lets an open pass unasked that meets the removal of a mark
 * (fanotify_handle_event: "Just let the operation pass in that case"), and what was ignored is heeded
 * again just when the file was written and may be opened.
 */
enum ward_rc
ward_fan_ignore(int group, int fd, unsigned what)
{
	enum ward_rc rc = mark_file(group, FAN_MARK_ADD | FAN_MARK_EVICTABLE, fd, what);

	return rc ? rc
		  : mark_file(group, FAN_MARK_ADD | FAN_MARK_IGNORE | FAN_MARK_EVICTABLE, fd, what);
}

enum ward_rc
ward_fan_heed(int group, int fd, unsigned what)
{
	return mark_file(group, FAN_MARK_REMOVE | FAN_MARK_IGNORE, fd, what);
}

enum ward_rc
ward_fan_heed_all(int group)
{
	return fanotify_mark(group, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL) == 0 ? WARD_OK
									    : ward_errno_rc(errno);
}
