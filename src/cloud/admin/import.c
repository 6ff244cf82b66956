/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/admin/import.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "cloud/import/list.h"
#include "cloud/log/record.h"
#include "cloud/node/node.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/mapping.h"

enum { MEMORY = 4 * 1024 * 1024, SETTLE_MS = 30 * 60 * 1000, WHY = 4096 };

static const char usage[] =
	"Usage: wardcloud import [--config FILE] [--set SECTION.KEY=VALUE] --list NAME\n"
	"                        [--verdict malicious|suspicious|clean] [--expires-days N] FILE\n\n"
	"Takes over a list of hashes: one a line in hex (SHA-256, SHA-1 or MD5), then perhaps "
	"white\n"
	"space and the threat's name; '#' begins a comment. --verdict clean makes it a list of "
	"known\n"
	"good files. The service must not run.\n";

struct import {
	const char *config, *list, *file;
	const char *sets[16];
	size_t set_count;
	Ward__V1__Verdict verdict;
	uint64_t expires_ms;
	bool help;
	/* while it runs */
	struct ward_log *log;
	uint64_t now_ms;
};

static bool
take_verdict(const char *text, Ward__V1__Verdict *ret)
{
	if (strcmp(text, "malicious") == 0)
		*ret = WARD__V1__VERDICT__VERDICT_MALICIOUS;
	else if (strcmp(text, "suspicious") == 0)
		*ret = WARD__V1__VERDICT__VERDICT_SUSPICIOUS;
	else if (strcmp(text, "clean") == 0)
		*ret = WARD__V1__VERDICT__VERDICT_CLEAN;
	else
		return false;
	return true;
}

static bool
parse(int argc, char **argv, struct import *o)
{
	static const struct option table[] = {
		{"config", required_argument, NULL, 'c'},
		{"set", required_argument, NULL, 's'},
		{"list", required_argument, NULL, 'l'},
		{"verdict", required_argument, NULL, 'v'},
		{"expires-days", required_argument, NULL, 'e'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	bool good = true;
	int letter;

	optind = 1;
	while (good && (letter = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (letter == 'c')
			o->config = optarg;
		else if (letter == 's' && o->set_count < 16)
			o->sets[o->set_count++] = optarg;
		else if (letter == 'l')
			o->list = optarg;
		else if (letter == 'v')
			good = take_verdict(optarg, &o->verdict);
		else if (letter == 'e')
			o->expires_ms = o->now_ms + strtoull(optarg, NULL, 10) * 86400000;
		else if (letter == 'h')
			o->help = true;
		else
			good = false;
	}
	o->file = optind + 1 == argc ? argv[optind] : NULL;
	return good && (o->help || (o->file && o->list && o->list[0]));
}

/* One batch of the list, durable before the next. */
static enum ward_rc
append(void *context, Ward__Log__V1__Reputation *batch)
{
	struct import *o = context;
	struct ward_budget budget = {.cap = MEMORY};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	Ward__Log__V1__Record record = WARD__LOG__V1__RECORD__INIT;
	struct ward_log_item item;
	enum ward_rc rc;

	if (!arena)
		return WARD_E_NOMEM;
	batch->list = (char *)(uintptr_t)o->list;
	batch->verdict = o->verdict;
	batch->confidence = 1000;
	batch->expires_ms = o->expires_ms;
	batch->time_ms = o->now_ms;
	record.time_ms = o->now_ms;
	record.fact_case = WARD__LOG__V1__RECORD__FACT_REPUTATION;
	record.reputation = batch;
	rc = ward_record_item(&record, arena, &item);
	return rc ? rc : ward_log_append_wait(o->log, &item, 1, NULL);
}

static enum ward_rc
read_list(struct import *o, struct ward_import_figures *ret)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	WARD_AUTO(ward_mapping_done) struct ward_mapping map = {0};
	enum ward_rc rc = ward_fd_open_regular(-1, o->file, true, &fd, NULL);

	if (!rc)
		rc = ward_mapping_open(fd, &map);
	return rc ? rc : ward_import_list(map.bytes, append, o, ret);
}

static void
print_figures(const struct ward_import_figures *f)
{
	(void)printf("%llu hashes taken, %llu twice in the list, %llu lines not understood",
		     (unsigned long long)f->taken, (unsigned long long)f->duplicates,
		     (unsigned long long)f->bad);
	if (f->bad)
		(void)printf(" (the first one is line %llu)", (unsigned long long)f->first_bad);
	(void)putchar('\n');
}

static int
run(struct import *o, struct ward_node *node)
{
	struct ward_import_figures figures = {0};
	enum ward_rc rc;

	o->log = node->log;
	rc = read_list(o, &figures);
	if (!rc)
		rc = ward_node_settle(node, SETTLE_MS);
	if (rc)
		(void)fprintf(stderr, "wardcloud: import: %s\n", ward_rc_str(rc));
	else
		print_figures(&figures);
	return rc ? 2 : figures.bad > 0;
}

int
ward_import_command(int argc, char **argv)
{
	WARD_AUTO(ward_node_closep) struct ward_node *node = NULL;
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	static struct ward_config config;
	struct import o = {.verdict = WARD__V1__VERDICT__VERDICT_MALICIOUS,
			   .now_ms = ward_clock_wall() / 1000};
	enum ward_rc rc;

	if (!parse(argc, argv, &o) || o.help) {
		(void)fputs(usage, o.help ? stdout : stderr);
		return o.help ? 0 : 2;
	}
	ward_buf_init(&why, WHY, NULL);
	rc = ward_node_config(o.config, o.sets, o.set_count, &config, &why);
	if (!rc)
		rc = ward_node_open(&config, NULL, &node, &why);
	if (!rc)
		return run(&o, node);
	(void)fwrite(why.data ? (const char *)why.data : "", 1, why.len, stderr);
	return 2;
}
