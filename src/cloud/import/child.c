/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/import/child.h"

#include <stdlib.h>

#include "base/buf.h"
#include "cloud/import/format.h"
#include "cloud/log/log.h"
#include "proto/wire.h"
#include "sys/fd.h"
#include "sys/ipc.h"
#include "sys/mapping.h"
#include "sys/process.h"
#include "sys/sandbox.h"

/* Messages: one letter, then what belongs to it. */
enum {
	READ = 'r',
	FINISH = 'e',
	FIGURES = 'f',
	PART = 'p',
	RECORD = 'b',
	TOTALS = 't',
	FAILED = 'x'
};
enum { CHANNEL = 3, PIECE = 60 * 1024 };
#define CPU_MAX_US (UINT64_C(3600) * 1000 * 1000)

struct ward_import_child {
	struct ward_process process;
	int channel;
	uint8_t *bytes; /* WARD_IPC_MESSAGE_MAX of them */
	struct ward_buf record;
};

/* --- in the child --- */

struct work {
	struct ward_import_child_options options;
	struct ward_entries *entries;
	struct ward_buf record;
};

static enum ward_rc
answer(uint8_t kind, const void *data, size_t len)
{
	static uint8_t message[PIECE + 1];

	message[0] = kind;
	memcpy(message + 1, data, len);
	return ward_ipc_send(CHANNEL, ward_span_of(message, len + 1), NULL, 0, true);
}

static enum ward_rc
answer_record(void *context, Ward__Log__V1__Reputation *batch)
{
	static char list[] = "-";
	struct work *w = context;
	Ward__Log__V1__Record record = WARD__LOG__V1__RECORD__INIT;
	struct ward_span left;
	enum ward_rc rc;

	batch->list = list;
	record.fact_case = WARD__LOG__V1__RECORD__FACT_REPUTATION;
	record.reputation = batch;
	ward_buf_clear(&w->record);
	rc = ward_wire_encode(&record.base, &w->record);
	left = ward_buf_span(&w->record);
	while (!rc && left.len > PIECE) {
		rc = answer(PART, left.data, PIECE);
		left = ward_span_cut(left, PIECE, left.len);
	}
	return rc ? rc : answer(RECORD, left.data, left.len);
}

static enum ward_rc
read_one(struct work *w, int fd, const char *name)
{
	WARD_AUTO(ward_mapping_done) struct ward_mapping map = {0};
	struct ward_fd_stat st;
	enum ward_rc rc = ward_fd_stat(fd, &st);

	if (!rc && st.kind != WARD_FD_REGULAR)
		rc = WARD_E_UNSUPPORTED;
	if (!rc)
		rc = ward_mapping_open_sequential(fd, st.size, &map);
	if (rc)
		return rc;
	if (ward_mapping_guard(&map, fd))
		return WARD_E_IO;
	rc = ward_import_read(map.bytes, name, w->options.format, w->entries);
	if (ward_mapping_unguard() && !rc)
		rc = WARD_E_IO;
	return rc ? rc
		  : answer(FIGURES, ward_entries_figures(w->entries),
			   sizeof(struct ward_import_figures));
}

static enum ward_rc
finish(struct work *w)
{
	struct ward_import_totals totals;
	enum ward_rc rc = ward_entries_each(w->entries, answer_record, w, &totals);

	return rc ? rc : answer(TOTALS, &totals, sizeof(totals));
}

static enum ward_rc
serve(struct work *w, bool *ret_end)
{
	static uint8_t bytes[WARD_IPC_MESSAGE_MAX];
	struct ward_ipc_message m;
	enum ward_rc rc = ward_ipc_recv(CHANNEL, bytes, &m, true);

	if (rc) {
		*ret_end = true;
		return WARD_OK;
	}
	if (m.len > 1 && bytes[0] == READ && m.fd_count == 1 && bytes[m.len - 1] == 0)
		rc = read_one(w, m.fds[0], (const char *)bytes + 1);
	else
		*ret_end = true, rc = finish(w);
	ward_ipc_message_close(&m);
	return rc;
}

static enum ward_rc
lock_in(const struct ward_import_child_options *o, int channel, pid_t parent)
{
	int abi;
	enum ward_rc rc = ward_sandbox_move_fd(channel, CHANNEL);

	if (!rc)
		rc = ward_sandbox_mute();
	ward_sandbox_close_from(CHANNEL + 1);
	if (!rc)
		rc = ward_sandbox_drop(NULL);
	if (!rc)
		rc = ward_process_die_with(parent);
	if (!rc)
		rc = ward_sandbox_limit(o->memory_bytes);
	if (!rc)
		rc = ward_sandbox_cpu_fuse(CPU_MAX_US);
	if (!rc)
		rc = ward_sandbox_isolate(&abi);
	return rc ? rc : ward_sandbox_filter(WARD_SANDBOX_WORKER);
}

static void __attribute__((noreturn))
run(const struct ward_import_child_options *o, int channel, pid_t parent)
{
	struct work w = {.options = *o};
	bool end = false;
	enum ward_rc rc = lock_in(o, channel, parent);

	ward_buf_init(&w.record, WARD_LOG_BODY_MAX * 2, NULL);
	w.entries = rc ? NULL : ward_entries_new(&o->terms);
	if (!rc && !w.entries)
		rc = WARD_E_NOMEM;
	while (!rc && !end)
		rc = serve(&w, &end);
	if (rc && answer(FAILED, &rc, sizeof(rc)))
		ward_process_quit(2);
	ward_process_quit(rc ? 1 : 0);
}

/* --- in the parent --- */

enum ward_rc
ward_import_child_start(const struct ward_import_child_options *options,
			struct ward_import_child **ret)
{
	WARD_AUTO(ward_import_child_endp) struct ward_import_child *c = calloc(1, sizeof(*c));
	pid_t parent = ward_process_self(), pid = -1;
	int ends[2];
	enum ward_rc rc;

	if (!c)
		return WARD_E_NOMEM;
	c->channel = c->process.pidfd = -1;
	ward_buf_init(&c->record, WARD_LOG_BODY_MAX * 2, NULL);
	c->bytes = malloc(WARD_IPC_MESSAGE_MAX);
	if (!c->bytes)
		return WARD_E_NOMEM;
	rc = ward_ipc_pair(ends);
	if (rc)
		return rc;
	c->channel = ends[0];
	rc = ward_process_fork(&pid);
	if (!rc && pid == 0)
		run(options, ends[1], parent);
	ward_fd_close(&ends[1]);
	if (!rc)
		rc = ward_process_pidfd(pid, &c->process.pidfd);
	if (rc)
		return rc;
	c->process.pid = pid;
	*ret = c;
	c = NULL;
	return WARD_OK;
}

struct ward_import_child *
ward_import_child_end(struct ward_import_child *c)
{
	if (!c)
		return NULL;
	ward_process_end(&c->process);
	ward_fd_close(&c->channel);
	ward_buf_done(&c->record);
	free(c->bytes);
	free(c);
	return NULL;
}

void
ward_import_child_endp(struct ward_import_child **child)
{
	*child = ward_import_child_end(*child);
}

/* The next message: its letter and the rest. WARD_E_PROTO: it has no letter, or brings descriptors. */
static enum ward_rc
receive(struct ward_import_child *c, uint8_t *ret_kind, struct ward_span *ret_rest)
{
	struct ward_ipc_message m;
	enum ward_rc rc = ward_ipc_recv(c->channel, c->bytes, &m, true);

	if (rc)
		return rc == WARD_E_PROTO ? rc : WARD_E_GONE;
	if (m.fd_count > 0 || m.len == 0) {
		ward_ipc_message_close(&m);
		return WARD_E_PROTO;
	}
	*ret_kind = c->bytes[0];
	*ret_rest = ward_span_of(c->bytes + 1, m.len - 1);
	return WARD_OK;
}

/* What the child says of its failure, if that is one. */
static enum ward_rc
failure(struct ward_span rest)
{
	int rc = WARD_E_PROTO;

	if (rest.len == sizeof(rc))
		memcpy(&rc, rest.data, sizeof(rc));
	return rc < WARD_OK && rc > WARD_E_STOPPED ? (enum ward_rc)rc : WARD_E_PROTO;
}

static void
end_texts(struct ward_import_figures *f)
{
	f->format[sizeof(f->format) - 1] = 0;
	for (size_t i = 0; i < WARD_IMPORT_REASONS; i++)
		f->reasons[i].why[WARD_IMPORT_TEXT - 1] =
			f->reasons[i].place[WARD_IMPORT_TEXT - 1] = 0;
}

enum ward_rc
ward_import_child_read(struct ward_import_child *c, int fd, const char *name,
		       struct ward_import_figures *ret_figures)
{
	uint8_t message[512] = {READ}, kind = 0;
	size_t len = strlen(name);
	struct ward_span rest = {NULL, 0};
	enum ward_rc rc;

	if (len > sizeof(message) - 2) /* its end tells the format */
		name += len - (sizeof(message) - 2), len = sizeof(message) - 2;
	memcpy(message + 1, name, len);
	rc = ward_ipc_send(c->channel, ward_span_of(message, len + 2), &fd, 1, true);
	if (!rc)
		rc = receive(c, &kind, &rest);
	if (!rc && kind == FAILED)
		rc = failure(rest);
	else if (!rc && (kind != FIGURES || rest.len != sizeof(*ret_figures)))
		rc = WARD_E_PROTO;
	if (rc)
		return rc;
	memcpy(ret_figures, rest.data, sizeof(*ret_figures));
	end_texts(ret_figures);
	return WARD_OK;
}

static enum ward_rc
take(struct ward_import_child *c, uint8_t kind, struct ward_span rest, ward_import_record_fn fn,
     void *context)
{
	enum ward_rc rc = WARD_E_PROTO;

	if (kind == FAILED)
		return failure(rest);
	if (kind == PART || kind == RECORD)
		rc = ward_buf_append(&c->record, rest.data, rest.len);
	if (!rc && kind == RECORD) {
		rc = fn(context, ward_buf_span(&c->record));
		ward_buf_clear(&c->record);
	}
	return rc;
}

enum ward_rc
ward_import_child_finish(struct ward_import_child *c, ward_import_record_fn fn, void *context,
			 struct ward_import_totals *ret_totals)
{
	static const uint8_t message[] = {FINISH};
	struct ward_span rest = {NULL, 0};
	uint8_t kind = 0;
	enum ward_rc rc =
		ward_ipc_send(c->channel, ward_span_of(message, sizeof(message)), NULL, 0, true);

	while (!rc && kind != TOTALS) {
		rc = receive(c, &kind, &rest);
		if (!rc && kind != TOTALS)
			rc = take(c, kind, rest, fn, context);
	}
	if (!rc && rest.len != sizeof(*ret_totals))
		rc = WARD_E_PROTO;
	if (!rc)
		memcpy(ret_totals, rest.data, sizeof(*ret_totals));
	return rc;
}
