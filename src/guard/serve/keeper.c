/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/serve/keeper.h"

#include "base/text.h"
#include "guard/decide/rules.h"
#include "guard/serve/rulebook.h"
#include "intel/pack.h"
#include "pool/paths.h"
#include "sys/fd.h"
#include "sys/process.h"

/*
 * Workers beyond the policy's threads, which one user's files keep busy at most (decide/rules.h):
 * one for the background, one for everybody else. They are started when they are needed.
 */
enum { SPARE = 2 };

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

static void
date_pack(int fd, uint64_t *newest_ms)
{
	struct ward_fd_stat st;

	if (ward_fd_stat(fd, &st) == WARD_OK && st.mtime > 0 &&
	    (uint64_t)st.mtime / 1000000 > *newest_ms)
		*newest_ms = (uint64_t)st.mtime / 1000000;
}

/* The packs that are configured, or the installed one; `installed` is room for its name. */
static const char *const *
choose_packs(const struct ward_guard_options *o, const char *installed[1],
	     char room[WARD_PATHS_MAX], size_t *ret_count)
{
	*ret_count = o->pack_count;
	if (o->pack_count > 0 || ward_paths_find("default.wardpack", WARD_DATADIR, room) != WARD_OK)
		return o->packs;
	installed[0] = room;
	*ret_count = 1;
	return installed;
}

/* That of the updates first: it stands for the installed one, not for those that are configured. */
static enum ward_rc
open_packs(const struct ward_guard_options *o, struct ward_updates *updates,
	   int fds[WARD_KEEPER_PACKS], size_t *count, struct ward_buf *why)
{
	char room[WARD_PATHS_MAX];
	uint8_t id[WARD_SHELF_ID];
	const char *installed[1];
	size_t wanted, first;
	const char *const *packs = choose_packs(o, installed, room, &wanted);

	first = updates && ward_updates_open(updates, &fds[0], id) == WARD_OK;
	if (first && o->pack_count == 0)
		wanted = 0;
	for (*count = first; *count < wanted + first; (*count)++) {
		const char *path = packs[*count - first];
		enum ward_rc rc = ward_fd_open_regular(-1, path, true, &fds[*count], NULL);

		if (rc != WARD_OK) {
			(void)!ward_buf_printf(why, "%s: %s\n", path, ward_rc_str(rc));
			return rc;
		}
	}
	return WARD_OK;
}

enum ward_rc
ward_keeper_scanner(const struct ward_guard_options *options, char room[WARD_KEEPER_PATH],
		    const char **ret_path)
{
	*ret_path = options->scanner ? options->scanner : room;
	return options->scanner ? WARD_OK : ward_paths_find("ward-scan", WARD_LIBEXECDIR, room);
}

static void
set_limits(const struct ward_policy *policy, struct ward_pool_options *pool)
{
	pool->jobs = ward_decide_threads(policy) + SPARE;
	/* Nothing waits behind a file that may take long. */
	pool->queue_max = pool->jobs;
	pool->line_max = 1;
	pool->timeout_ms = (unsigned)policy->scan.file_time;
	pool->limits.max_object = policy->realtime.file_max;
	pool->limits.max_bytes = policy->scan.archive_bytes;
	pool->limits.max_files = policy->scan.archive_files;
	pool->limits.max_depth = (unsigned)policy->scan.archive_depth;
}

/* `wanted` is all but where the program and the packs are. */
static enum ward_rc
start(const struct ward_keeper_setup *setup, const struct ward_pool_options *wanted,
      struct ward_pool **ret_pool, struct ward_keeper_intel *ret_intel, struct ward_buf *why)
{
	struct ward_pool_options pool = *wanted;
	char program[WARD_PATHS_MAX];
	int fds[WARD_KEEPER_PACKS];
	size_t count = 0;
	enum ward_rc rc = open_packs(setup->options, setup->updates, fds, &count, why);

	if (rc == WARD_OK && (fds[count] = ward_rulebook_open(setup->rules)) >= 0)
		count++;
	if (rc == WARD_OK)
		rc = ward_keeper_scanner(setup->options, program, &pool.program);
	*ret_intel = (struct ward_keeper_intel){.newest_ms = 0};
	for (size_t i = 0; i < count; i++) {
		name_pack(fds[i], ret_intel->ids);
		date_pack(fds[i], &ret_intel->newest_ms);
	}
	pool.packs = fds;
	pool.pack_count = count;
	pool.on_process = ward_kin_process;
	pool.on_process_ctx = setup->kin;
	if (rc == WARD_OK)
		rc = ward_pool_new(&pool, ret_pool, why);
	while (count > 0)
		ward_fd_close(&fds[--count]);
	return rc;
}

enum ward_rc
ward_keeper_pool(const struct ward_keeper_setup *setup, struct ward_pool **ret_pool,
		 struct ward_keeper_intel *ret_intel, struct ward_buf *why)
{
	struct ward_pool_options pool;

	ward_pool_options_default(&pool);
	set_limits(setup->policy, &pool);
	return start(setup, &pool, ret_pool, ret_intel, why);
}

enum ward_rc
ward_keeper_sweep_pool(const struct ward_keeper_setup *setup, struct ward_pool **ret_pool,
		       struct ward_keeper_intel *ret_intel, struct ward_buf *why)
{
	const struct ward_policy *policy = setup->policy;
	struct ward_pool_options pool;

	ward_pool_options_default(&pool);
	set_limits(policy, &pool);
	pool.jobs = ward_decide_threads(policy);
	pool.queue_max = pool.line_max = 0; /* nobody waits: as many as the pool likes */
	pool.limits.max_object = policy->scan.file_max;
	pool.limits.skip_archives = !policy->scan.archives;
	return start(setup, &pool, ret_pool, ret_intel, why);
}

/* FNV-1a of 64 bits: nobody chooses what goes in. */
static void
mix(uint64_t *stamp, uint64_t value)
{
	for (int i = 0; i < 64; i += 8)
		*stamp = (*stamp ^ (value >> i & 0xff)) * 0x100000001b3u;
}

static void
mix_update(uint64_t *stamp, struct ward_updates *updates)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	uint8_t id[WARD_SHELF_ID];
	uint64_t start;

	if (!updates || ward_updates_open(updates, &fd, id) != WARD_OK)
		return;
	memcpy(&start, id, sizeof(start));
	mix(stamp, start);
}

static bool
mix_file(uint64_t *stamp, const char *path)
{
	struct ward_fd_stat st;

	if (ward_fd_stat_at(-1, path, true, &st) != WARD_OK)
		return false;
	mix(stamp, st.device);
	mix(stamp, st.inode);
	mix(stamp, st.size);
	mix(stamp, (uint64_t)st.mtime);
	mix(stamp, (uint64_t)st.ctime);
	return true;
}

uint64_t
ward_keeper_stamp(const struct ward_guard_options *options, const struct ward_policy *policy,
		  struct ward_updates *updates)
{
	char room[WARD_PATHS_MAX], program_room[WARD_PATHS_MAX];
	const char *installed[1], *program;
	size_t count;
	const char *const *packs = choose_packs(options, installed, room, &count);
	struct ward_pool_options pool;
	uint64_t stamp = 0xcbf29ce484222325u;
	bool fine = ward_keeper_scanner(options, program_room, &program) == WARD_OK &&
		    mix_file(&stamp, program);

	for (size_t i = 0; fine && i < count; i++)
		fine = mix_file(&stamp, packs[i]);
	mix_update(&stamp, updates);
	ward_pool_options_default(&pool);
	set_limits(policy, &pool);
	mix(&stamp, pool.jobs);
	mix(&stamp, pool.timeout_ms);
	mix(&stamp, pool.limits.max_object);
	mix(&stamp, pool.limits.max_bytes);
	mix(&stamp, pool.limits.max_files);
	mix(&stamp, pool.limits.max_depth);
	return fine ? stamp | 1 : 0;
}
