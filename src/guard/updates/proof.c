/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/updates/proof.h"

#include <stdio.h>

#include "pool/pool.h"
#include "sys/fd.h"
#include "sys/process.h"
#include "sys/sandbox.h"

enum {
	FILE_MS = 60 * 1000,
	WORKER_MEMORY = 1 << 30,
	LIMIT_SLACK = 256 << 20,
	/* Beyond the former pack's, and never less than the floors: machines are busy now and then. */
	TIMES = 4,
};
#define FLOOR_USEC   (UINT64_C(5) * 1000 * 1000)
#define FLOOR_MEMORY (UINT64_C(256) << 20)

/* What no pack may take for something bad; those that are not there are passed over. */
static const char *const canaries[] = {
	"/bin/sh",
	"/bin/bash",
	"/bin/ls",
	"/bin/cat",
	"/bin/mount",
	"/usr/bin/env",
	"/usr/bin/awk",
	"/usr/bin/perl",
	"/usr/bin/python3",
	"/usr/bin/ssh",
	"/usr/bin/dpkg",
	"/usr/bin/rpm",
	"/lib/systemd/systemd",
	"/lib/x86_64-linux-gnu/libc.so.6",
	"/lib/aarch64-linux-gnu/libc.so.6",
	"/lib64/libc.so.6",
	"/lib64/ld-linux-x86-64.so.2",
	"/lib/ld-linux-aarch64.so.1",
	"/etc/passwd",
	"/etc/profile",
	"/proc/self/exe",
	NULL,
};

struct proving {
	const struct ward_proof *proof;
	struct ward_pool *pool;
	int zygote; /* its number */
	struct ward_proof_figures figures;
	struct ward_buf *why;
};

static void
on_process(void *ctx, int pid, bool alive)
{
	struct proving *p = ctx;

	if (alive) {
		p->zygote = pid;
		(void)!ward_sandbox_limit_other(pid, (size_t)p->proof->load_memory + WORKER_MEMORY +
							     LIMIT_SLACK);
	}
	if (p->proof->on_process)
		p->proof->on_process(p->proof->ctx, pid, alive);
}

static WARD_PRINTF(2, 3) enum ward_rc refuse(struct proving *p, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	(void)!ward_buf_str(p->why, text);
	return WARD_E_FORMAT;
}

/* --- loading --- */

static enum ward_rc
load(struct proving *p, int pack)
{
	struct ward_pool_options o;
	enum ward_rc rc;

	ward_pool_options_default(&o);
	o.program = p->proof->scanner;
	o.packs = &pack;
	o.pack_count = 1;
	o.jobs = 1;
	o.timeout_ms = FILE_MS;
	o.worker_memory = WORKER_MEMORY;
	o.start_timeout_ms = p->proof->load_ms;
	o.on_process = on_process;
	o.on_process_ctx = p;
	rc = ward_pool_new(&o, &p->pool, p->why);
	switch ((int)rc) {
	case WARD_E_TIMEOUT:
		return refuse(p, "it is not loaded after %u ms", p->proof->load_ms);
	case WARD_E_GONE:
		return refuse(p, "the scanner ends while it loads it");
	case WARD_E_FORMAT:
	case WARD_E_NOMEM:
	case WARD_E_UNSUPPORTED:
		return refuse(p, "%sthe scanner does not load it: %s", p->why->len > 0 ? "; " : "",
			      ward_rc_str(rc));
	default:
		return rc;
	}
}

static enum ward_rc
judge_load(struct proving *p)
{
	struct ward_pool_stats stats;

	ward_pool_stats(p->pool, &stats);
	p->figures.load_usec = stats.load_usec;
	p->figures.memory = ward_process_private_memory(p->zygote);
	if (p->figures.memory > p->proof->load_memory)
		return refuse(p, "it takes %llu MiB of memory, and updates.load_memory is %llu",
			      (unsigned long long)(p->figures.memory >> 20),
			      (unsigned long long)(p->proof->load_memory >> 20));
	return WARD_OK;
}

/* --- scanning --- */

/* Takes the descriptor. */
static enum ward_rc
scan(struct proving *p, int take_fd, const char *name, struct ward_pool_reply **ret)
{
	struct ward_pool_request request = {.fd = take_fd, .path = name, .owner = ""};
	enum ward_rc rc = ward_pool_submit(p->pool, &request);

	if (rc != WARD_OK)
		ward_fd_close(&take_fd);
	if (rc == WARD_OK)
		rc = ward_pool_wait(p->pool, FILE_MS + FILE_MS, ret);
	if (rc == WARD_OK)
		p->figures.scan_usec += (*ret)->usec;
	return rc == WARD_E_GONE || rc == WARD_E_TIMEOUT
		       ? refuse(p, "the scanner does not live long enough to scan %s", name)
		       : rc;
}

static enum ward_rc
judge_canary(struct proving *p, const char *name, const struct ward_result *r)
{
	for (size_t i = 0; i < r->finding_count; i++)
		if (r->findings[i].verdict >= WARD_SUSPICIOUS)
			return refuse(p, "it finds %s in %s (rule %s)", r->findings[i].threat, name,
				      r->findings[i].rule);
	for (size_t i = 0; i < r->gap_count; i++)
		if (r->gaps[i].reason == WARD_REASON_CRASHED ||
		    r->gaps[i].reason == WARD_REASON_TIMEOUT ||
		    r->gaps[i].reason == WARD_REASON_MEMORY)
			return refuse(p, "scanning %s ends with: %s", name,
				      ward_reason_name(r->gaps[i].reason));
	return WARD_OK;
}

static enum ward_rc
try_canary(struct proving *p, const char *name)
{
	WARD_AUTO(ward_pool_reply_freep) struct ward_pool_reply *reply = NULL;
	int fd = -1;
	enum ward_rc rc;

	if (ward_fd_open_regular(-1, name, true, &fd, NULL) != WARD_OK)
		return WARD_OK;
	rc = scan(p, fd, name, &reply);
	if (rc == WARD_OK && reply)
		rc = judge_canary(p, name, reply->result);
	p->figures.canaries++;
	return rc;
}

static enum ward_rc
try_list(struct proving *p, const char *const *list)
{
	enum ward_rc rc = WARD_OK;

	for (; list && *list && rc == WARD_OK; list++)
		rc = try_canary(p, *list);
	return rc;
}

/* The EICAR test file, which must not stand as such in a program. */
static enum ward_rc
make_test_file(int *ret_fd)
{
	static const char *const parts[] = {"X5O!P%@AP[4\\PZX54(P^)7CC)7}$",
					    "EICAR-STANDARD-ANTIVIRUS", "-TEST-FILE!$H+H*"};
	int fd = -1;
	enum ward_rc rc = ward_fd_memory("test-file", &fd);

	for (size_t i = 0; i < 3 && rc == WARD_OK; i++)
		rc = ward_fd_write_all(fd, ward_span_str(parts[i]));
	if (rc == WARD_OK)
		*ret_fd = fd;
	else
		ward_fd_close(&fd);
	return rc;
}

static enum ward_rc
try_test_file(struct proving *p)
{
	WARD_AUTO(ward_pool_reply_freep) struct ward_pool_reply *reply = NULL;
	int fd = -1;
	enum ward_rc rc = make_test_file(&fd);

	if (rc == WARD_OK)
		rc = scan(p, fd, "eicar.com", &reply);
	if (rc == WARD_OK && reply && reply->result->verdict != WARD_MALICIOUS)
		rc = refuse(p,
			    "it does not find the EICAR test file (the installed default.wardpack "
			    "does: build packs with it)");
	return rc;
}

/* --- beside the one before --- */

static bool
is_more(uint64_t now, uint64_t before, uint64_t floor)
{
	return now > floor && now / TIMES > before;
}

static enum ward_rc
compare(struct proving *p, const struct ward_proof_figures *former)
{
	const struct ward_proof_figures *f = &p->figures;

	if (is_more(f->load_usec, former->load_usec, FLOOR_USEC))
		return refuse(p, "it loads in %llu ms, the pack in use in %llu",
			      (unsigned long long)(f->load_usec / 1000),
			      (unsigned long long)(former->load_usec / 1000));
	if (is_more(f->scan_usec, former->scan_usec, FLOOR_USEC))
		return refuse(p, "the same files take %llu ms, with the pack in use %llu",
			      (unsigned long long)(f->scan_usec / 1000),
			      (unsigned long long)(former->scan_usec / 1000));
	if (is_more(f->memory, former->memory, FLOOR_MEMORY))
		return refuse(p, "it takes %llu MiB of memory, the pack in use %llu",
			      (unsigned long long)(f->memory >> 20),
			      (unsigned long long)(former->memory >> 20));
	return WARD_OK;
}

enum ward_rc
ward_proof_run(const struct ward_proof *proof, int pack, const struct ward_proof_figures *former,
	       struct ward_proof_figures *ret_figures, struct ward_buf *why)
{
	struct proving p = {.proof = proof, .why = why};
	enum ward_rc rc = load(&p, pack);

	if (rc == WARD_OK)
		rc = judge_load(&p);
	if (rc == WARD_OK)
		rc = try_list(&p, canaries);
	if (rc == WARD_OK)
		rc = try_list(&p, proof->more);
	if (rc == WARD_OK)
		rc = try_test_file(&p);
	if (rc == WARD_OK && former)
		rc = compare(&p, former);
	(void)ward_pool_free(p.pool);
	if (rc == WARD_OK)
		*ret_figures = p.figures;
	return rc;
}
