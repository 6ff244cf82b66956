/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/session.h"

#include <pwd.h>
#include <unistd.h>

#include "cli/packs.h"
#include "pool/paths.h"

void
ward_session_options_default(struct ward_session_options *ret_options)
{
	struct ward_limits limits;

	ward_limits_default(&limits);
	*ret_options = (struct ward_session_options){
		.max =
			{
				.file = 16ull << 30,
				.object = limits.max_object,
				.bytes = limits.max_bytes,
				.files = limits.max_files,
				.depth = limits.max_depth,
				.ratio = limits.max_ratio,
				.memory = limits.max_memory,
				.seconds = 120,
			},
	};
}

void
ward_session_options_done(struct ward_session_options *options)
{
	ward_strings_done(&options->rules);
	ward_strings_done(&options->intel);
}

static uint64_t
at_most(uint64_t value, uint64_t max)
{
	return value < max ? value : max;
}

static void
set_limits(const struct ward_session_options *options, struct ward_pool_options *pool)
{
	pool->limits = (struct ward_limits){
		.max_object = options->max.object,
		.max_bytes = options->max.bytes,
		.max_files = options->max.files,
		.max_depth = (unsigned)at_most(options->max.depth, WARD_DEPTH_MAX),
		.max_ratio =
			(unsigned)at_most(options->max.ratio ? options->max.ratio : 1, UINT32_MAX),
		.max_memory = (size_t)options->max.memory,
	};
	pool->timeout_ms = (unsigned)at_most(options->max.seconds, 86400) * 1000;
	pool->jobs = (unsigned)at_most(options->jobs, 256);
}

static void
print_why(enum ward_rc rc, const struct ward_buf *why)
{
	(void)fprintf(stderr, "ward: the scanner does not start: %s\n", ward_rc_str(rc));
	if (why->len)
		(void)fprintf(stderr, "%.*s\n", (int)why->len, (const char *)why->data);
}

struct ward_pool *
ward_session_start(const struct ward_session_options *options)
{
	struct ward_pool_options pool_options;
	struct ward_pool *pool = NULL;
	char program[WARD_PATHS_MAX];
	struct ward_packs packs;
	struct ward_buf why;
	enum ward_rc rc;

	if (ward_paths_find("ward-scan", WARD_LIBEXECDIR, program) != WARD_OK) {
		(void)fputs("ward: ward-scan is not beside ward, nor installed\n", stderr);
		return NULL;
	}
	if (!ward_packs_open(&packs, options)) {
		ward_packs_close(&packs);
		return NULL;
	}
	if (packs.count == 0)
		(void)fputs("ward: no rules or signatures are loaded: nothing can be found\n",
			    stderr);
	ward_pool_options_default(&pool_options);
	set_limits(options, &pool_options);
	pool_options.program = program;
	pool_options.packs = packs.fds;
	pool_options.pack_count = packs.count;
	ward_buf_init(&why, 4096, NULL);
	rc = ward_pool_new(&pool_options, &pool, &why);
	if (rc != WARD_OK)
		print_why(rc, &why);
	ward_buf_done(&why);
	ward_packs_close(&packs);
	return rc == WARD_OK ? pool : NULL;
}

void
ward_session_report(const char *path, const struct ward_pool_reply *reply,
		    struct ward_report *ret_report)
{
	const struct ward_result *r = reply->result;

	*ret_report = (struct ward_report){
		.path = path,
		.verdict = r->verdict,
		.type = r->type,
		.looked_at = r->objects > 0,
		.known_good = r->known_good,
		.size = r->size,
		.sha256 = r->objects > 0 ? r->sha256 : NULL,
		.findings = r->findings,
		.finding_count = r->finding_count,
		.findings_dropped = r->findings_dropped,
		.gaps = r->gaps,
		.gap_count = r->gap_count,
		.facts = r->facts,
		.fact_count = r->fact_count,
		.objects = r->objects,
		.unpacked_bytes = r->unpacked_bytes,
		.scan_us = reply->usec,
	};
}

const char *
ward_session_owner(unsigned uid)
{
	static char name[64];
	static unsigned cached;
	static bool valid;
	const struct passwd *entry;

	if (valid && cached == uid)
		return name;
	entry = getpwuid(uid);
	if (entry)
		(void)snprintf(name, sizeof(name), "%s", entry->pw_name);
	else
		(void)snprintf(name, sizeof(name), "%u", uid);
	cached = uid;
	valid = true;
	return name;
}
