/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/packages/child.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "guard/packages/database.h"
#include "sys/digest.h"
#include "sys/entry.h"
#include "sys/fd.h"
#include "sys/ipc.h"
#include "sys/process.h"
#include "sys/sandbox.h"

enum {
	CHANNEL = 3,
	FILES_MAX = 50000,
	TEXT_MAX = 256 << 20,
	CPU_USEC = 60 * 1000 * 1000,
	MESSAGE = 32 * 1024,
};

#define SUMS ".md5sums"
#define LIST ".list"

/* A package's md5sums, somewhere in the text. */
struct piece {
	char *package;
	size_t start, len;
};

struct reading {
	int dir;
	struct ward_buf text;
	size_t diversions; /* bytes at its beginning */
	struct piece *pieces;
	size_t count;
};

static enum ward_rc
read_file(struct reading *r, const char *name)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	enum ward_rc rc = ward_fd_open_regular(r->dir, name, false, &fd, NULL);

	return rc == WARD_OK ? ward_fd_read_all(fd, &r->text) : rc;
}

/* Without its list a package is not installed. */
static bool
has_list(const struct reading *r, const char *package, size_t len)
{
	char name[512];
	struct ward_fd_stat st;

	if (len + sizeof(LIST) > sizeof(name))
		return false;
	memcpy(name, package, len);
	memcpy(name + len, LIST, sizeof(LIST));
	return ward_fd_stat_at(r->dir, name, false, &st) == WARD_OK && st.kind == WARD_FD_REGULAR;
}

static enum ward_rc
on_name(void *ctx, const char *name)
{
	struct reading *r = ctx;
	size_t len = strlen(name), end = sizeof(SUMS) - 1, start = r->text.len;
	struct piece *piece = &r->pieces[r->count];
	enum ward_rc rc;

	if (len <= end || strcmp(name + len - end, SUMS) != 0 || !has_list(r, name, len - end))
		return WARD_OK;
	if (r->count == FILES_MAX)
		return WARD_E_LIMIT;
	rc = read_file(r, name);
	if (rc == WARD_E_LIMIT || rc == WARD_E_NOMEM)
		return rc;
	/* One that cannot be read is not known; the others are. */
	if (rc != WARD_OK)
		return WARD_OK;
	*piece = (struct piece){strndup(name, len - end), start, r->text.len - start};
	r->count += piece->package != NULL;
	return piece->package ? WARD_OK : WARD_E_NOMEM;
}

static enum ward_rc
read_all(struct reading *r, const char *database)
{
	WARD_AUTO(ward_fd_close) int top = -1;
	WARD_AUTO(ward_fd_close) int info = -1;
	enum ward_rc rc = ward_fd_open_directory(-1, database, &top);

	r->pieces = calloc(FILES_MAX + 1, sizeof(*r->pieces));
	if (!r->pieces)
		return WARD_E_NOMEM;
	r->dir = top;
	if (rc == WARD_OK) {
		rc = read_file(r, "diversions");
		if (rc == WARD_E_NOENT)
			rc = WARD_OK;
	}
	r->diversions = r->text.len;
	if (rc == WARD_OK)
		rc = ward_fd_open_directory(top, "info", &info);
	r->dir = info;
	return rc == WARD_OK ? ward_entry_list(info, on_name, r) : rc;
}

/* From here on nothing but memory and the channel. What the library loads when it is first used is
   loaded before. */
static enum ward_rc
lock_in(void)
{
	uint8_t digest[WARD_SHA256_LEN];
	int abi;
	enum ward_rc rc = ward_digest(WARD_SHA256, ward_span_str(""), digest);

	if (rc == WARD_OK)
		rc = ward_sandbox_limit(0);
	if (rc == WARD_OK)
		rc = ward_sandbox_cpu_fuse(CPU_USEC);
	if (rc == WARD_OK)
		rc = ward_sandbox_isolate(&abi);
	return rc == WARD_OK ? ward_sandbox_filter(WARD_SANDBOX_WORKER) : rc;
}

static enum ward_rc
parse(const struct reading *r, uint32_t merged, struct ward_buf *index)
{
	WARD_AUTO(ward_database_freep) struct ward_database *d = ward_database_new(merged);
	struct ward_span text = ward_buf_span(&r->text);
	enum ward_rc rc;

	if (!d)
		return WARD_E_NOMEM;
	rc = ward_database_diversions(d, ward_span_cut(text, 0, r->diversions));
	for (size_t i = 0; i < r->count && rc == WARD_OK; i++) {
		const struct piece *p = &r->pieces[i];

		rc = ward_database_sums(d, ward_span_str(p->package),
					ward_span_cut(text, p->start, p->len));
		if (rc == WARD_E_FORMAT)
			rc = WARD_OK;
	}
	return rc == WARD_OK ? ward_database_end(d, index) : rc;
}

static enum ward_rc
send_all(struct ward_span bytes)
{
	enum ward_rc rc = WARD_OK;

	for (size_t at = 0; at < bytes.len && rc == WARD_OK; at += MESSAGE)
		rc = ward_ipc_send(CHANNEL, ward_span_cut(bytes, at, MESSAGE), NULL, 0, true);
	return rc == WARD_OK ? ward_ipc_send(CHANNEL, ward_span_str("end"), NULL, 0, true) : rc;
}

int
ward_packages_child(int argc, char **argv)
{
	struct reading r = {.dir = -1};
	struct ward_buf index;
	uint64_t merged;
	enum ward_rc rc;

	if (argc != 4 || !ward_text_u64(ward_span_str(argv[3]), &merged))
		return 2;
	ward_buf_init(&r.text, TEXT_MAX, NULL);
	ward_buf_init(&index, WARD_INDEX_MAX, NULL);
	rc = ward_sandbox_drop(NULL);
	if (rc == WARD_OK)
		rc = read_all(&r, argv[2]);
	if (rc == WARD_OK)
		rc = lock_in();
	if (rc == WARD_OK)
		rc = parse(&r, (uint32_t)merged, &index);
	if (rc == WARD_OK)
		rc = send_all(ward_buf_span(&index));
	ward_process_quit(rc == WARD_OK ? 0 : 1);
}
