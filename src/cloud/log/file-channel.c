/* SPDX-License-Identifier: Apache-2.0 */
/* One channel on disk: its segments, recovery when it is opened, writing at the end. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cloud/log/file-priv.h"
#include "cloud/log/segment.h"
#include "sys/fd.h"
#include "sys/mapping.h"

static const char *const names[WARD_LOG_CHANNELS] = {"events", "state", "updates"};

void
ward_file_segment_name(uint64_t first, char ret[WARD_FILE_NAME])
{
	(void)snprintf(ret, WARD_FILE_NAME, "%020llu.seg", (unsigned long long)first);
}

static bool
parse_name(const char *name, uint64_t *ret_first)
{
	char again[WARD_FILE_NAME];

	if (strlen(name) != 24 || strcmp(name + 20, ".seg") != 0)
		return false;
	*ret_first = strtoull(name, NULL, 10);
	ward_file_segment_name(*ret_first, again);
	return strcmp(name, again) == 0;
}

static enum ward_rc
add_segment(struct ward_file_channel *c, uint64_t first)
{
	if (c->segment_count == WARD_FILE_SEGMENTS_MAX)
		return WARD_E_LIMIT;
	if (c->segment_count == c->segment_room) {
		size_t room = c->segment_room ? 2 * c->segment_room : 16;
		uint64_t *more = realloc(c->segments, room * sizeof(*more));

		if (!more)
			return WARD_E_NOMEM;
		c->segments = more;
		c->segment_room = room;
	}
	c->segments[c->segment_count++] = first;
	return WARD_OK;
}

static int
by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static enum ward_rc
list_segments(struct ward_file_channel *c)
{
	DIR *directory = fdopendir(dup(c->dir));
	struct dirent *entry;
	uint64_t first;
	enum ward_rc rc = WARD_OK;

	if (!directory)
		return WARD_E_IO;
	while (!rc && (entry = readdir(directory)))
		if (parse_name(entry->d_name, &first))
			rc = add_segment(c, first);
	(void)closedir(directory);
	if (c->segment_count > 0)
		qsort(c->segments, c->segment_count, sizeof(*c->segments), by_number);
	return rc;
}

/* --- recovery --- */

/* What a crash can leave behind the last good record is a piece of what was being written, never a
 * whole record after it: all writes go to the end, one after the other. */
static bool
whole_record_follows(struct ward_span rest, uint64_t next)
{
	struct ward_segment_record record;

	for (size_t at = 1; at + WARD_SEGMENT_FRAME + WARD_SEGMENT_FIXED <= rest.len; at++)
		if (!ward_segment_record_read(ward_span_cut(rest, at, rest.len), &record) &&
		    record.offset >= next && record.offset - next < UINT64_C(1) << 40)
			return true;
	return false;
}

static enum ward_rc
damaged(char why[512], const char *channel, const char *name, uint64_t at)
{
	(void)snprintf(why, 512, "damaged at byte %llu of %s/%s", (unsigned long long)at, channel,
		       name);
	return WARD_E_FORMAT;
}

/* Walks the records; *ret_end is where the good ones end. */
static enum ward_rc
walk(struct ward_file_channel *c, struct ward_span bytes, const char *name, uint64_t first,
     uint64_t *ret_end, char why[512])
{
	struct ward_segment_record record;
	uint64_t at = WARD_SEGMENT_HEADER;

	c->next = first;
	while (at < bytes.len) {
		struct ward_span rest = ward_span_cut(bytes, at, bytes.len);

		if (ward_segment_record_read(rest, &record)) {
			if (whole_record_follows(rest, c->next))
				return damaged(why, names[c->channel], name, at);
			break;
		}
		if (record.offset != c->next)
			return damaged(why, names[c->channel], name, at);
		c->next++;
		at += record.size;
	}
	*ret_end = at;
	return WARD_OK;
}

static enum ward_rc
check_header(struct ward_file_channel *c, struct ward_span bytes, uint64_t first)
{
	enum ward_log_channel channel;
	uint64_t told;
	enum ward_rc rc = ward_segment_header_read(bytes, &channel, &told);

	if (rc)
		return rc;
	return channel == c->channel && told == first ? WARD_OK : WARD_E_FORMAT;
}

/* Finds the end of the last segment and cuts what a crash left behind it. */
static enum ward_rc
recover(struct ward_file_channel *c, char why[512])
{
	uint64_t first = c->segments[c->segment_count - 1], end = 0;
	struct ward_mapping map = {0};
	char name[WARD_FILE_NAME];
	enum ward_rc rc;

	ward_file_segment_name(first, name);
	rc = ward_fd_open_update(c->dir, name, &c->fd);
	if (rc)
		return rc;
	rc = ward_mapping_open(c->fd, &map);
	if (rc)
		return rc;
	rc = check_header(c, map.bytes, first);
	if (rc)
		rc = damaged(why, names[c->channel], name, 0);
	else
		rc = walk(c, map.bytes, name, first, &end, why);
	if (!rc && end < map.bytes.len && ftruncate(c->fd, (off_t)end) != 0)
		rc = WARD_E_IO;
	ward_mapping_done(&map);
	if (!rc && fsync(c->fd) != 0)
		rc = WARD_E_IO;
	c->size = end;
	return rc;
}

/* A segment is made under another name and renamed when its header is durable; pieces of that are
 * left by a crash. */
static void
remove_halves(struct ward_file_channel *c)
{
	(void)unlinkat(c->dir, "new.tmp", 0);
}

static void
sum_older(struct ward_file_channel *c)
{
	for (size_t i = 0; i + 1 < c->segment_count; i++) {
		struct ward_fd_stat stat;
		char name[WARD_FILE_NAME];

		ward_file_segment_name(c->segments[i], name);
		if (!ward_fd_stat_at(c->dir, name, false, &stat))
			c->older += stat.size;
	}
}

enum ward_rc
ward_file_channel_open(struct ward_file_channel *c, int log_dir, enum ward_log_channel channel,
		       char why[512])
{
	enum ward_rc rc;

	*c = (struct ward_file_channel){.channel = channel, .dir = -1, .fd = -1};
	if (mkdirat(log_dir, names[channel], 0700) != 0 && errno != EEXIST)
		return WARD_E_IO;
	rc = ward_fd_open_directory(log_dir, names[channel], &c->dir);
	if (!rc)
		rc = list_segments(c);
	if (rc)
		return rc;
	remove_halves(c);
	rc = c->segment_count ? recover(c, why) : ward_file_channel_roll(c, NULL);
	c->durable = c->next;
	sum_older(c);
	return rc;
}

void
ward_file_channel_close(struct ward_file_channel *c)
{
	ward_fd_close(&c->fd);
	ward_fd_close(&c->dir);
	free(c->segments);
	c->segments = NULL;
}

/* --- writing --- */

static enum ward_rc
make_segment(struct ward_file_channel *c, int *ret_fd)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	uint8_t header[WARD_SEGMENT_HEADER];
	char name[WARD_FILE_NAME];
	enum ward_rc rc;

	remove_halves(c);
	rc = ward_fd_create(c->dir, "new.tmp", 0600, &fd);
	if (rc)
		return rc;
	ward_segment_header(header, c->channel, c->next);
	rc = ward_fd_write_all(fd, ward_span_of(header, sizeof(header)));
	ward_file_segment_name(c->next, name);
	if (!rc && (fsync(fd) != 0 || renameat(c->dir, "new.tmp", c->dir, name) != 0 ||
		    fsync(c->dir) != 0))
		rc = WARD_E_IO;
	if (!rc) {
		*ret_fd = fd;
		fd = -1;
	}
	return rc;
}

enum ward_rc
ward_file_channel_roll(struct ward_file_channel *c, pthread_mutex_t *lock)
{
	int fd = -1;
	enum ward_rc rc = c->dirty ? ward_file_channel_sync(c) : WARD_OK;

	if (!rc)
		rc = make_segment(c, &fd);
	if (rc)
		return rc;
	ward_fd_close(&c->fd);
	c->fd = fd;
	if (lock)
		pthread_mutex_lock(lock);
	c->older += c->size;
	c->size = WARD_SEGMENT_HEADER;
	rc = add_segment(c, c->next);
	if (lock)
		pthread_mutex_unlock(lock);
	return rc;
}

/* A write that broke off leaves nothing behind. */
static enum ward_rc
take_back(struct ward_file_channel *c, int error)
{
	if (ftruncate(c->fd, (off_t)c->size) != 0)
		return WARD_E_IO;
	return error == ENOSPC || error == EDQUOT || error == EFBIG ? WARD_E_LIMIT : WARD_E_IO;
}

enum ward_rc
ward_file_channel_write(struct ward_file_channel *c, const struct iovec *runs, int count,
			uint64_t bytes)
{
	ssize_t n;

	do
		n = pwritev(c->fd, runs, count, (off_t)c->size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return take_back(c, errno);
	if ((uint64_t)n != bytes)
		return take_back(c, ENOSPC);
	c->size += bytes;
	c->dirty = true;
	return WARD_OK;
}

enum ward_rc
ward_file_channel_sync(struct ward_file_channel *c)
{
	if (fdatasync(c->fd) != 0)
		return WARD_E_IO;
	c->dirty = false;
	return WARD_OK;
}

enum ward_rc
ward_file_channel_truncate(struct ward_file_channel *c, uint64_t offset)
{
	size_t gone = 0;

	while (gone + 1 < c->segment_count && c->segments[gone + 1] <= offset) {
		struct ward_fd_stat stat = {0};
		char name[WARD_FILE_NAME];

		ward_file_segment_name(c->segments[gone], name);
		if (!ward_fd_stat_at(c->dir, name, false, &stat))
			c->older -= stat.size < c->older ? stat.size : c->older;
		if (unlinkat(c->dir, name, 0) != 0)
			break;
		gone++;
	}
	if (gone == 0)
		return WARD_OK;
	memmove(c->segments, c->segments + gone, (c->segment_count - gone) * sizeof(*c->segments));
	c->segment_count -= gone;
	return fsync(c->dir) == 0 ? WARD_OK : WARD_E_IO;
}
