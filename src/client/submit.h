/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending a sample: header, chunks, verdict. What breaks off is gone on with where the service says
 * it stands; what the service has already is not sent; its answer may come before the end.
 */
#ifndef WARD_CLIENT_SUBMIT_H
#define WARD_CLIENT_SUBMIT_H

#include "client/client.h"
#include "sys/fd.h"

struct ward_submit_spec {
	/* sha256 and size at least; copied. */
	const Ward__V1__FileQuery *file;
	/* The bytes at an offset: all `len` of them, or a failure, which ends it (WARD_FAULT_LOCAL). */
	enum ward_rc (*read)(void *source, uint64_t offset, void *into, size_t len);
	void *source;
	uint64_t offset;      /* FileVerdict.sample_offset: a guess saves a round trip */
	unsigned wait_ms;     /* for the verdict, at most 60,000 */
	unsigned deadline_ms; /* for all of it; 0: 10 min */
	/* As ward_ask_spec's. STORED without a verdict but SAMPLE_HERE: ask again later. */
	void (*done)(void *context, const struct ward_call_end *end,
		     const Ward__V1__SampleReply *reply);
	/* May be NULL: bytes of the sample that are on their way or there. */
	void (*progress)(void *context, uint64_t sent);
	void *context;
};

/* ret may be NULL; ward_ask_cancel ends it. Otherwise as ward_ask_start. */
enum ward_rc ward_submit_start(struct ward_client *client, const struct ward_submit_spec *spec,
			       struct ward_ask **ret) WARD_MUST_CHECK;

/* An open file as a source, held to what it was when it was scanned: when its inode, size or times are
 * others, at the start or while it is read, nothing (more) of it is sent. */
struct ward_submit_file {
	int fd;
	struct ward_fd_stat was;
};
/* ward_submit_spec.read of one. WARD_E_STOPPED: it is not what it was. */
enum ward_rc ward_submit_file_read(void *source, uint64_t offset, void *into,
				   size_t len) WARD_MUST_CHECK;
/* Opens the path again: WARD_E_STOPPED when another file is there now, or this one changed. */
enum ward_rc ward_submit_file_open(const char *path, const struct ward_fd_stat *was,
				   struct ward_submit_file *ret) WARD_MUST_CHECK;
/* True when both are the same file, unchanged. */
bool ward_submit_file_same(const struct ward_fd_stat *a, const struct ward_fd_stat *b);

#endif
