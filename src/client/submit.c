/* SPDX-License-Identifier: Apache-2.0 */
#include "client/submit.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/client-priv.h"

enum {
	CHUNK = 64 * 1024,
	DEADLINE_MS = 10 * 60 * 1000,
	TURNS = 16, /* times the service may send us elsewhere */
	ATTEMPTS = 6,
};

struct submit {
	struct ward_submit_spec spec;
	struct ask_hooks hooks;
	Ward__V1__FileQuery file;
	struct ward_buf copy; /* what file's bytes point into */
	uint64_t offset;      /* where the attempt began */
	uint64_t at;	      /* the next byte to read */
	uint8_t data[CHUNK];
	struct ward_buf chunk; /* framed, being sent */
	size_t chunk_sent;
	unsigned turns;
};

static struct submit *
submit_free(struct submit *s)
{
	if (s) {
		ward_buf_done(&s->chunk);
		ward_buf_done(&s->copy);
		free(s);
	}
	return NULL;
}

/* --- what is sent --- */

static enum ward_rc
begin(void *context, struct ward_buf *body)
{
	struct submit *s = context;
	Ward__V1__SampleHeader header = WARD__V1__SAMPLE_HEADER__INIT;
	Ward__V1__SampleChunk chunk = WARD__V1__SAMPLE_CHUNK__INIT;

	s->at = s->offset;
	s->chunk_sent = 0;
	ward_buf_clear(&s->chunk);
	header.file = &s->file;
	header.offset = s->offset;
	header.wait_ms = s->spec.wait_ms;
	chunk.part_case = WARD__V1__SAMPLE_CHUNK__PART_HEADER;
	chunk.header = &header;
	return ask_frame(&chunk.base, body);
}

static enum ward_rc
next_chunk(struct submit *s)
{
	Ward__V1__SampleChunk chunk = WARD__V1__SAMPLE_CHUNK__INIT;
	uint64_t left = s->file.size - s->at;
	size_t n = left < CHUNK ? (size_t)left : CHUNK;
	enum ward_rc rc = s->spec.read(s->spec.source, s->at, s->data, n);

	if (rc)
		return rc;
	ward_buf_clear(&s->chunk);
	s->chunk_sent = 0;
	chunk.part_case = WARD__V1__SAMPLE_CHUNK__PART_DATA;
	chunk.data = (ProtobufCBinaryData){n, s->data};
	rc = ask_frame(&chunk.base, &s->chunk);
	if (!rc)
		s->at += n;
	if (!rc && s->spec.progress)
		s->spec.progress(s->spec.context, s->at);
	return rc;
}

static enum ward_rc
more(void *context, uint8_t *into, size_t room, size_t *ret_len)
{
	struct submit *s = context;
	size_t left;

	if (s->chunk_sent == s->chunk.len) {
		enum ward_rc rc = s->at < s->file.size ? next_chunk(s) : WARD_OK;

		if (rc)
			return rc;
	}
	left = s->chunk.len - s->chunk_sent;
	*ret_len = left < room ? left : room;
	if (*ret_len > 0)
		memcpy(into, s->chunk.data + s->chunk_sent, *ret_len);
	s->chunk_sent += *ret_len;
	return WARD_OK;
}

/* --- answers --- */

/* The service stands elsewhere: go on from there. */
static bool
again(void *context, const void *message)
{
	struct submit *s = context;
	const Ward__V1__SampleReply *reply = message;

	if (reply->status != WARD__V1__SAMPLE_STATUS__SAMPLE_STATUS_RESUME ||
	    reply->offset > s->file.size || s->turns++ >= TURNS)
		return false;
	s->offset = reply->offset;
	return true;
}

static void
done(void *context, const struct ward_call_end *said, const void *message)
{
	struct submit *s = context;
	const Ward__V1__SampleReply *reply = message;
	struct ward_call_end end = *said;

	if (reply && reply->status == WARD__V1__SAMPLE_STATUS__SAMPLE_STATUS_RESUME) {
		end.fault = WARD_FAULT_GARBAGE;
		(void)snprintf(end.text, sizeof(end.text), "it never is where it says");
		reply = NULL;
	}
	s->spec.done(s->spec.context, &end, reply);
	submit_free(s);
}

/* The query with everything it points to. */
static enum ward_rc
copy_file(struct submit *s, const Ward__V1__FileQuery *file)
{
	Ward__V1__FileQuery *own;
	enum ward_rc rc;

	ward_buf_init(&s->copy, 64 * 1024, NULL);
	if (file->sha256.len != 32 || file->size == 0)
		return WARD_E_INVAL;
	rc = ward_buf_append(&s->copy, file->sha256.data, 32);
	if (!rc)
		rc = ward_buf_append(&s->copy, file->type, strlen(file->type) + 1);
	if (rc)
		return rc;
	own = &s->file;
	ward__v1__file_query__init(own);
	own->sha256 = (ProtobufCBinaryData){32, s->copy.data};
	own->type = (char *)s->copy.data + 32;
	own->size = file->size;
	return WARD_OK;
}

enum ward_rc
ward_submit_start(struct ward_client *client, const struct ward_submit_spec *spec,
		  struct ward_ask **ret)
{
	struct submit *s = calloc(1, sizeof(*s));
	struct ward_ask_spec ask = {
		.kind = WARD_ASK_SUBMIT,
		.deadline_ms = spec->deadline_ms ? spec->deadline_ms : DEADLINE_MS,
		.attempts = ATTEMPTS,
		.done = done,
		.context = s,
	};
	enum ward_rc rc = s ? copy_file(s, spec->file) : WARD_E_NOMEM;

	if (!rc) {
		s->spec = *spec;
		s->offset = spec->offset <= spec->file->size ? spec->offset : 0;
		s->hooks = (struct ask_hooks){
			.begin = begin, .more = more, .again = again, .context = s};
		ward_buf_init(&s->chunk, CHUNK + 64, NULL);
		rc = ask_start(client, &ask, &s->hooks, ret);
	}
	if (rc)
		submit_free(s);
	return rc;
}

/* --- files --- */

bool
ward_submit_file_same(const struct ward_fd_stat *a, const struct ward_fd_stat *b)
{
	return a->kind == b->kind && a->device == b->device && a->inode == b->inode &&
	       a->size == b->size && a->ctime == b->ctime && a->mtime == b->mtime;
}

static enum ward_rc
still_same(const struct ward_submit_file *f)
{
	struct ward_fd_stat is;
	enum ward_rc rc = ward_fd_stat(f->fd, &is);

	if (!rc && !ward_submit_file_same(&is, &f->was))
		rc = WARD_E_STOPPED;
	return rc;
}

enum ward_rc
ward_submit_file_read(void *source, uint64_t offset, void *into, size_t len)
{
	const struct ward_submit_file *f = source;
	size_t n = 0;
	enum ward_rc rc = ward_fd_pread(f->fd, into, len, offset, &n);

	if (!rc && n != len)
		rc = WARD_E_STOPPED;
	return rc ? rc : still_same(f); /* after the read: what was read is of then */
}

enum ward_rc
ward_submit_file_open(const char *path, const struct ward_fd_stat *was,
		      struct ward_submit_file *ret)
{
	struct ward_submit_file f = {.fd = -1, .was = *was};
	enum ward_rc rc = ward_fd_open_regular(-1, path, true, &f.fd, NULL);

	if (!rc)
		rc = still_same(&f);
	if (rc)
		ward_fd_close(&f.fd);
	else
		*ret = f;
	return rc;
}
