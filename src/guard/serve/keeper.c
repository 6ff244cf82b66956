/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/serve/keeper.h"

#include "base/text.h"
#include "intel/pack.h"
#include "pool/paths.h"
#include "sys/fd.h"
#include "sys/process.h"

/* Files that a worker has been sent and those that wait for it: enough that it never idles, few
   enough that an execution does not wait behind many opens. */
enum { QUEUE_PER_JOB = 3 };

static void
on_process(void *ctx, int pid, bool alive)
{
	if (alive)
		(void)ward_kin_add(ctx, pid);
	else
		ward_kin_remove(ctx, pid);
}

/* intel/pack.h: the id stands in the header; its first eight bytes will do for people. */
static void
name_pack(int fd, char *ret_intel)
{
	size_t len = strlen(ret_intel), n = 0;
	uint8_t id[8];

	if (ward_fd_pread(fd, id, sizeof(id), WARD_PACK_ID_AT, &n) != WARD_OK || n != sizeof(id))
		return;
	if (len > 0)
		ret_intel[len++] = ' ';
	ward_text_hex(ward_span_of(id, sizeof(id)), ret_intel + len);
}

static enum ward_rc
open_packs(const struct ward_guard_options *o, int fds[WARD_OPTIONS_PACKS], size_t *count,
	   struct ward_buf *why)
{
	char installed[WARD_PATHS_MAX];
	const char *const standard[] = {installed};
	const char *const *packs = o->packs;
	size_t wanted = o->pack_count;

	if (wanted == 0 &&
	    ward_paths_find("default.wardpack", WARD_DATADIR, installed) == WARD_OK) {
		packs = standard;
		wanted = 1;
	}
	for (*count = 0; *count < wanted; (*count)++) {
		enum ward_rc rc = ward_fd_open_regular(-1, packs[*count], true, &fds[*count], NULL);

		if (rc != WARD_OK) {
			(void)!ward_buf_printf(why, "%s: %s\n", packs[*count], ward_rc_str(rc));
			return rc;
		}
	}
	return WARD_OK;
}

static void
set_limits(const struct ward_policy *policy, struct ward_pool_options *pool)
{
	pool->jobs = (unsigned)policy->scan.threads;
	pool->queue_max = (size_t)(pool->jobs ? pool->jobs : ward_process_cpus()) * QUEUE_PER_JOB;
	pool->timeout_ms = (unsigned)policy->scan.file_time;
	pool->limits.max_object = policy->realtime.file_max;
	pool->limits.max_bytes = policy->scan.archive_bytes;
	pool->limits.max_files = policy->scan.archive_files;
	pool->limits.max_depth = (unsigned)policy->scan.archive_depth;
}

enum ward_rc
ward_keeper_pool(const struct ward_guard_options *options, const struct ward_policy *policy,
		 struct ward_kin *kin, struct ward_pool **ret_pool,
		 char ret_intel[WARD_KEEPER_INTEL], struct ward_buf *why)
{
	char program[WARD_PATHS_MAX];
	int fds[WARD_OPTIONS_PACKS];
	struct ward_pool_options pool;
	size_t count = 0;
	enum ward_rc rc = open_packs(options, fds, &count, why);

	ward_pool_options_default(&pool);
	pool.program = options->scanner;
	if (rc == WARD_OK && !options->scanner) {
		rc = ward_paths_find("ward-scan", WARD_LIBEXECDIR, program);
		pool.program = program;
	}
	ret_intel[0] = 0;
	for (size_t i = 0; i < count; i++)
		name_pack(fds[i], ret_intel);
	set_limits(policy, &pool);
	pool.packs = fds;
	pool.pack_count = count;
	pool.on_process = on_process;
	pool.on_process_ctx = kin;
	if (rc == WARD_OK)
		rc = ward_pool_new(&pool, ret_pool, why);
	while (count > 0)
		ward_fd_close(&fds[--count]);
	return rc;
}
