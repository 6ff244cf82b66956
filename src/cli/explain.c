/* SPDX-License-Identifier: Apache-2.0 */
/* `ward explain`: everything the scanner can tell about one file, on one page. */
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/human.h"
#include "cli/session.h"
#include "cli/stdin.h"
#include "sys/walk.h"

struct explain_options {
	bool json;
	bool help;
	struct ward_session_options session;
};

struct explain {
	struct explain_options options;
	struct ward_pool *pool;
	bool colour;
	bool found;
	bool failed;
};

static void
print_row(const struct explain *e, const char *label, const char *value)
{
	(void)printf("  %s%-14s%s ", ward_human_colour(e->colour, WARD_DIM), label,
		     ward_human_colour(e->colour, WARD_PLAIN));
	ward_human_print(stdout, ward_span_str(value));
	(void)putchar('\n');
}

static void
print_title(const struct explain *e, const char *title)
{
	(void)printf("\n%s%s%s\n", ward_human_colour(e->colour, WARD_BOLD), title,
		     ward_human_colour(e->colour, WARD_PLAIN));
}

static const char *
fact_of(const struct ward_report *r, const char *key)
{
	for (size_t i = 0; i < r->fact_count; i++)
		if (!*r->facts[i].path && strcmp(r->facts[i].key, key) == 0)
			return r->facts[i].value;
	return NULL;
}

static void
print_identity(const struct explain *e, const struct ward_report *r)
{
	char hex[2 * WARD_SHA256_LEN + 1], size[WARD_HUMAN_MAX], text[2 * WARD_HUMAN_MAX];
	const char *md5 = fact_of(r, "hash.md5"), *sha1 = fact_of(r, "hash.sha1");

	print_row(e, "type", ward_type_title(r->type));
	(void)snprintf(text, sizeof(text), "%llu bytes (%s)", (unsigned long long)r->size,
		       ward_human_bytes(r->size, size));
	print_row(e, "size", text);
	if (r->sha256) {
		ward_text_hex(ward_span_of(r->sha256, WARD_SHA256_LEN), hex);
		print_row(e, "SHA-256", hex);
	}
	if (sha1)
		print_row(e, "SHA-1", sha1);
	if (md5)
		print_row(e, "MD5", md5);
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)r->objects);
	print_row(e, "objects", text);
}

/* One bar per part of the file: what is compressed, encrypted or empty shows at a glance. */
static void
print_entropy(const struct explain *e, const struct ward_report *r)
{
	static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	const char *total = fact_of(r, "entropy"), *blocks = fact_of(r, "entropy.blocks");
	struct ward_span rest, part;

	if (!total || !blocks)
		return;
	print_title(e, "Entropy (bits per byte: 0 constant, 8 random)");
	(void)printf("  %s  ", total);
	rest = ward_span_str(blocks);
	while (ward_text_split(&rest, ',', &part)) {
		int level = part.len && part.data[0] >= '0' && part.data[0] <= '8'
				    ? part.data[0] - '0'
				    : 0;

		(void)fputs(bars[level > 7 ? 7 : level], stdout);
	}
	(void)putchar('\n');
}

static bool
is_general(const char *key)
{
	return strncmp(key, "hash.", 5) == 0 || strncmp(key, "entropy", 7) == 0;
}

static void
print_structure(const struct explain *e, const struct ward_report *r)
{
	const char *path = NULL;

	for (size_t i = 0; i < r->fact_count; i++) {
		const struct ward_fact *f = &r->facts[i];

		if (is_general(f->key))
			continue;
		if (!path || strcmp(path, f->path) != 0) {
			print_title(e, *f->path ? "Inside" : "Structure");
			if (*f->path)
				print_row(e, "path", f->path);
			path = f->path;
		}
		print_row(e, f->key, f->value);
	}
}

static void
print_page(const struct explain *e, const struct ward_report *r)
{
	ward_report_print(r, true, e->colour, stdout);
	print_title(e, "File");
	if (r->looked_at)
		print_identity(e, r);
	print_entropy(e, r);
	print_structure(e, r);
}

static bool
explain_fd(struct explain *e, const char *path, int fd, unsigned uid)
{
	WARD_AUTO(ward_pool_reply_freep) struct ward_pool_reply *reply = NULL;
	struct ward_pool_request request = {
		.fd = fd,
		.path = path,
		.owner = ward_session_owner(uid),
		.all_matches = true,
		.want_facts = true,
	};
	struct ward_report report;

	if (ward_pool_submit(e->pool, &request) != WARD_OK) {
		(void)close(fd);
		e->failed = true;
		return false;
	}
	if (ward_pool_wait(e->pool, -1, &reply) != WARD_OK) {
		e->failed = true;
		return false;
	}
	ward_session_report(path, reply, &report);
	e->found = e->found || report.finding_count > 0;
	if (e->options.json)
		ward_report_print_json(&report, stdout);
	else
		print_page(e, &report);
	return true;
}

static bool
visit(void *ctx, const struct ward_walk_entry *entry)
{
	struct explain *e = ctx;

	if (entry->fd < 0) {
		(void)fputs("ward explain: ", stderr);
		ward_human_print(stderr, ward_span_str(entry->path));
		(void)fprintf(stderr, ": not-scanned:%s: %s\n", ward_reason_name(entry->why),
			      entry->detail);
		e->failed = true;
		return true;
	}
	return explain_fd(e, entry->path, entry->fd, entry->st.st_uid);
}

static void
explain_path(struct explain *e, const char *path)
{
	const struct ward_walk_options options = {.recursive = false};
	uint64_t size;
	int fd;

	if (strcmp(path, "-") != 0) {
		if (ward_walk(path, &options, visit, e) != WARD_OK)
			e->failed = true;
	} else if (ward_stdin_spool(e->options.session.max.file, &fd, &size) == WARD_OK) {
		(void)explain_fd(e, "-", fd, getuid());
	} else {
		(void)fputs("ward explain: standard input cannot be read\n", stderr);
		e->failed = true;
	}
}

#define AT(member) offsetof(struct explain_options, member)

static const struct ward_option table[] = {
	WARD_SESSION_OPTIONS(struct explain_options),
	{"json", 0, WARD_OPTION_FLAG, NULL, AT(json), "one JSON object per file"},
	{"help", 'h', WARD_OPTION_FLAG, NULL, AT(help), "print this"},
	{NULL, 0, WARD_OPTION_FLAG, NULL, 0, NULL},
};

static void
explain_done(struct explain *e)
{
	ward_session_options_done(&e->options.session);
}

static int
command_explain(int argc, char **argv)
{
	WARD_AUTO(explain_done) struct explain e = {.colour = isatty(STDOUT_FILENO)};
	WARD_AUTO(ward_strings_done) struct ward_strings paths = {.count = 0};

	ward_session_options_default(&e.options.session);
	e.options.session.jobs = 1;
	if (!ward_options_parse(&ward_command_explain, argc, argv, &e.options, &paths))
		return WARD_EXIT_ERROR;
	if (e.options.help) {
		ward_options_help(&ward_command_explain, stdout);
		return WARD_EXIT_NOTHING;
	}
	if (paths.count == 0) {
		(void)fputs("ward explain: which file?\nTry: ward explain --help\n", stderr);
		return WARD_EXIT_ERROR;
	}
	e.pool = ward_session_start(&e.options.session);
	if (!e.pool)
		return WARD_EXIT_ERROR;
	for (size_t i = 0; i < paths.count; i++)
		explain_path(&e, paths.items[i]);
	e.pool = ward_pool_free(e.pool);
	if (e.failed)
		return WARD_EXIT_ERROR;
	return e.found ? WARD_EXIT_FOUND : WARD_EXIT_NOTHING;
}

const struct ward_command ward_command_explain = {
	.name = "explain",
	.synopsis = "ward explain [OPTION]… FILE…",
	.about = "Shows everything the scanner can tell about a file: what it is, its digests, how "
		 "it\n"
		 "is built, every rule that matches and where, what could not be looked at.",
	.examples = "  ward explain /tmp/invoice.doc\n"
		    "  ward explain --json suspicious.bin | jq .facts\n",
	.options = table,
	.run = command_explain,
};
