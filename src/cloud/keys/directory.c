/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/keys/directory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/text.h"
#include "cloud/keys/fail.h"
#include "cloud/keys/keyfile.h"
#include "sys/entry.h"
#include "sys/fd.h"

enum { LOCK_TRIES = 100, LOCK_WAIT_NS = 50 * 1000 * 1000, NAME = 64 };

/* --- names --- */

/* "12.root": no leading zero, no sign. */
static bool
parse(const char *name, enum ward_dsse_type *ret_type, uint64_t *ret_version)
{
	const char *dot = strchr(name, '.');

	if (!dot || name[0] == '0' ||
	    !ward_text_u64(ward_span_of(name, (size_t)(dot - name)), ret_version))
		return false;
	for (int i = 0; i < WARD_TRUST_FILES; i++) {
		*ret_type = (enum ward_dsse_type)i;
		if (strcmp(dot + 1, ward_dsse_type_word(*ret_type)) == 0)
			return true;
	}
	return false;
}

static enum ward_rc
visit(void *ctx, const char *name)
{
	struct ward_trust_names *names = ctx;
	enum ward_dsse_type type;
	uint64_t version;

	if (!parse(name, &type, &version))
		return WARD_OK;
	if (names->count[type] == WARD_TRUST_FILES_MAX)
		return WARD_E_LIMIT;
	names->versions[type][names->count[type]++] = version;
	return WARD_OK;
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

enum ward_rc
ward_trust_names_read(const char *directory, struct ward_trust_names *ret,
		      struct ward_refusal *ret_why)
{
	WARD_AUTO(ward_fd_close) int dir = -1;
	enum ward_rc rc = ward_fd_open_directory(-1, directory, &dir);

	memset(ret, 0, sizeof(*ret));
	if (!rc)
		rc = ward_entry_list(dir, visit, ret);
	if (rc)
		return WARD_KEYS_FAIL(ret_why, rc, "%s: %s", directory, ward_rc_str(rc));
	for (int i = 0; i < WARD_TRUST_FILES; i++)
		qsort(ret->versions[i], ret->count[i], sizeof(ret->versions[i][0]), compare);
	return WARD_OK;
}

uint64_t
ward_trust_names_last(const struct ward_trust_names *names, enum ward_dsse_type type)
{
	return names->count[type] ? names->versions[type][names->count[type] - 1] : 0;
}

/* --- files --- */

static bool
path_of(const char *directory, enum ward_dsse_type type, uint64_t version, ward_key_path ret)
{
	char name[NAME];

	(void)snprintf(name, sizeof(name), "%" PRIu64 ".%s", version, ward_dsse_type_word(type));
	return ward_key_path_of(directory, name, "", ret);
}

static enum ward_rc
read_path(const char *path, enum ward_dsse_type type, struct ward_buf *out)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_fd_stat st;
	size_t most = ward_dsse_payload_max(type) + WARD_DSSE_AROUND, len = 0;
	uint8_t *room;
	enum ward_rc rc = ward_fd_open_regular(-1, path, true, &fd, &st);

	if (rc)
		return rc;
	if (st.size > most)
		return WARD_E_LIMIT;
	room = ward_buf_reserve(out, (size_t)st.size + 1);
	rc = room ? ward_fd_pread(fd, room, (size_t)st.size, 0, &len) : WARD_E_LIMIT;
	if (!rc)
		ward_buf_grown(out, len);
	return rc;
}

enum ward_rc
ward_trust_file_read(const char *directory, enum ward_dsse_type type, uint64_t version,
		     struct ward_buf *out, struct ward_refusal *ret_why)
{
	ward_key_path path;
	enum ward_rc rc = path_of(directory, type, version, path) ? WARD_OK : WARD_E_LIMIT;

	if (!rc)
		rc = read_path(path, type, out);
	return rc ? WARD_KEYS_FAIL(ret_why, rc, "%s/%" PRIu64 ".%s: %s", directory, version,
				   ward_dsse_type_word(type), ward_rc_str(rc))
		  : WARD_OK;
}

/* WARD_E_NOENT: nothing is there. */
static enum ward_rc
is_same(const char *path, enum ward_dsse_type type, struct ward_span envelope)
{
	WARD_AUTO(ward_buf_done) struct ward_buf there = {0};
	enum ward_rc rc;

	ward_buf_init(&there, ward_dsse_payload_max(type) + WARD_DSSE_AROUND + 1, NULL);
	rc = read_path(path, type, &there);
	if (!rc && !ward_span_eq(ward_buf_span(&there), envelope))
		rc = WARD_E_PERM;
	return rc;
}

enum ward_rc
ward_trust_file_write(const char *directory, enum ward_dsse_type type, uint64_t version,
		      struct ward_span envelope, struct ward_refusal *ret_why)
{
	ward_key_path path;
	enum ward_rc rc = path_of(directory, type, version, path) ? WARD_OK : WARD_E_LIMIT;

	if (!rc)
		rc = is_same(path, type, envelope);
	if (rc == WARD_E_PERM)
		return WARD_KEYS_FAIL(ret_why, rc, "%s: it is there already, with other content",
				      path);
	if (rc == WARD_E_NOENT)
		rc = ward_fd_write_atomic(path, envelope, 0644);
	return rc ? WARD_KEYS_FAIL(ret_why, rc, "%s/%" PRIu64 ".%s: %s", directory, version,
				   ward_dsse_type_word(type), ward_rc_str(rc))
		  : WARD_OK;
}

void
ward_trust_snapshots_tidy(const char *directory, const struct ward_trust_names *names)
{
	WARD_AUTO(ward_fd_close) int dir = -1;
	const enum ward_dsse_type type = WARD_DSSE_SNAPSHOT;
	char name[NAME];

	if (names->count[type] <= WARD_TRUST_SNAPSHOTS_KEPT ||
	    ward_fd_open_directory(-1, directory, &dir))
		return;
	for (size_t i = 0; i < names->count[type] - WARD_TRUST_SNAPSHOTS_KEPT; i++) {
		(void)snprintf(name, sizeof(name), "%" PRIu64 ".snapshot",
			       names->versions[type][i]);
		if (ward_entry_remove(dir, name, false))
			return; /* next time */
	}
}

enum ward_rc
ward_trust_lock(const char *directory, int *ret_fd, struct ward_refusal *ret_why)
{
	static const struct timespec pause = {.tv_nsec = LOCK_WAIT_NS};
	ward_key_path path;
	enum ward_rc rc =
		ward_key_path_of(directory, "lock", "", path) ? WARD_E_PERM : WARD_E_LIMIT;

	for (int i = 0; i < LOCK_TRIES && rc == WARD_E_PERM; i++) {
		if (i > 0)
			(void)nanosleep(&pause, NULL);
		rc = ward_fd_lock(-1, path, ret_fd);
	}
	return rc ? WARD_KEYS_FAIL(ret_why, rc, "%s/lock: %s", directory,
				   rc == WARD_E_PERM
					   ? "another command works here, or rights are missing"
					   : ward_rc_str(rc))
		  : WARD_OK;
}
