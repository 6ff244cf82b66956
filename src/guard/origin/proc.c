/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/origin/proc.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/entry.h"
#include "sys/fd.h"

enum { STAT_MAX = 4096, TABLE_MAX = 1 << 20, DESCRIPTORS_MAX = 256 };

/* --- stat --- */

/* What stands in parentheses may hold parentheses and spaces: the last one ends it. */
static bool
split_name(struct ward_span text, struct ward_span *ret_name, struct ward_span *ret_rest)
{
	size_t open = ward_text_find(text, ward_span_str("("), 0), close = text.len;

	while (close > 0 && text.data[close - 1] != ')')
		close--;
	if (open == SIZE_MAX || close == 0 || close - 1 <= open)
		return false;
	*ret_name = ward_span_cut(text, open + 1, close - 1 - (open + 1));
	*ret_rest = ward_span_cut(text, close, text.len);
	return true;
}

/* After the name: state (3), ppid (4), …, starttime (22). */
static bool
read_fields(struct ward_span rest, struct ward_proc_stat *ret)
{
	struct ward_span field = {NULL, 0};
	uint64_t parent = 0;

	rest = ward_text_trim(rest);
	for (int i = 3; i <= 22; i++) {
		if (!ward_text_split(&rest, ' ', &field))
			return false;
		if (i == 3)
			ret->state = field.len == 1 ? (char)field.data[0] : 0;
		if (i == 4 && (!ward_text_u64(field, &parent) || parent > INT32_MAX))
			return false;
	}
	ret->parent = (int32_t)parent;
	return ward_text_u64(field, &ret->start);
}

enum ward_rc
ward_proc_parse_stat(struct ward_span text, struct ward_proc_stat *ret_stat)
{
	struct ward_proc_stat stat = {0};
	struct ward_span name, rest;

	if (!split_name(text, &name, &rest) || !read_fields(rest, &stat))
		return WARD_E_FORMAT;
	if (name.len >= sizeof(stat.name))
		name.len = sizeof(stat.name) - 1;
	if (name.len)
		memcpy(stat.name, name.data, name.len);
	*ret_stat = stat;
	return WARD_OK;
}

static enum ward_rc
read_proc(int pid, const char *what, struct ward_buf *into)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	char path[64];
	enum ward_rc rc;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
	rc = ward_fd_open_regular(-1, path, false, &fd, NULL);
	return rc == WARD_OK ? ward_fd_read_all(fd, into) : rc;
}

enum ward_rc
ward_proc_stat(int pid, struct ward_proc_stat *ret_stat)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	enum ward_rc rc;

	ward_buf_init(&text, STAT_MAX, NULL);
	rc = read_proc(pid, "stat", &text);
	return rc == WARD_OK ? ward_proc_parse_stat(ward_buf_span(&text), ret_stat) : rc;
}

/* --- sockets --- */

static bool
next_field(struct ward_span *line, struct ward_span *ret)
{
	*line = ward_text_trim(*line);
	return ward_text_split(line, ' ', ret);
}

/* ADDRESS:PORT in hex, an address in words of the machine's order (little-endian here as on all that
   Debian's amd64 and arm64 run on). */
static bool
is_remote(struct ward_span end)
{
	struct ward_span address = {NULL, 0};
	static const char mapped[] = "0000000000000000FFFF0000", none[] = "00000000";
	static const char loopback6[] = "00000000000000000000000001000000";

	if (!ward_text_split(&end, ':', &address) || (address.len != 8 && address.len != 32))
		return false;
	if (address.len == 32 && ward_span_starts(address, mapped, sizeof(mapped) - 1))
		address = ward_span_cut(address, 24, 8);
	if (address.len == 32) {
		if (ward_span_eq(address, ward_span_str(loopback6)))
			return false;
		return !ward_span_starts(address, none, 8) ||
		       !ward_span_eq(ward_span_cut(address, 24, 8), ward_span_str(none));
	}
	/* 127.0.0.0/8; the last byte stands first. */
	return !ward_span_eq(address, ward_span_str(none)) &&
	       !ward_span_eq(ward_span_cut(address, 6, 2), ward_span_str("7F"));
}

/* sl local remote st queues timer retransmits uid timeout inode … */
enum ward_rc
ward_proc_next_socket(struct ward_span *rest, struct ward_proc_socket *ret_socket)
{
	struct ward_proc_socket socket = {0};
	struct ward_span line, field = {NULL, 0};

	if (!ward_text_split(rest, '\n', &line) || (line.len == 0 && rest->len == 0))
		return WARD_E_NOENT;
	for (int i = 0; i < 10; i++) {
		if (!next_field(&line, &field))
			return WARD_E_FORMAT;
		if (i == 2)
			socket.remote = is_remote(field);
	}
	if (!ward_text_u64(field, &socket.inode))
		return WARD_E_FORMAT;
	*ret_socket = socket;
	return WARD_OK;
}

struct sockets {
	int dir;
	unsigned looked;
	size_t count;
	uint64_t inodes[DESCRIPTORS_MAX];
};

static enum ward_rc
note_socket(void *ctx, const char *name)
{
	struct sockets *s = ctx;
	char target[64];
	ssize_t n = readlinkat(s->dir, name, target, sizeof(target));
	struct ward_span text = ward_span_of(target, n > 0 ? (size_t)n : 0);

	if (s->looked++ == DESCRIPTORS_MAX)
		return WARD_E_STOPPED;
	if (ward_span_starts(text, "socket:[", 8) && text.data[text.len - 1] == ']' &&
	    ward_text_u64(ward_span_cut(text, 8, text.len - 9), &s->inodes[s->count]))
		s->count++;
	return WARD_OK;
}

static bool
table_has(int pid, const char *table, const struct sockets *s)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	struct ward_proc_socket socket;
	struct ward_span rest;
	enum ward_rc rc;

	ward_buf_init(&text, TABLE_MAX, NULL);
	/* A longer one is read as far as it goes. */
	(void)!read_proc(pid, table, &text);
	rest = ward_buf_span(&text);
	while ((rc = ward_proc_next_socket(&rest, &socket)) != WARD_E_NOENT) {
		if (rc != WARD_OK || !socket.remote)
			continue;
		for (size_t i = 0; i < s->count; i++) {
			if (s->inodes[i] == socket.inode)
				return true;
		}
	}
	return false;
}

bool
ward_proc_has_connection(int pid)
{
	static const char *const tables[] = {"net/tcp", "net/tcp6", "net/udp", "net/udp6"};
	WARD_AUTO(ward_fd_close) int dir = -1;
	struct sockets s = {0};
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	if (ward_fd_open_directory(-1, path, &dir) != WARD_OK)
		return false;
	s.dir = dir;
	(void)!ward_entry_list(dir, note_socket, &s);
	for (size_t i = 0; s.count > 0 && i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (table_has(pid, tables[i], &s))
			return true;
	}
	return false;
}
