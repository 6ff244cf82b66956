/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/admin/intel.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/utf.h"
#include "cloud/admin/server.h"
#include "cloud/publish/publish.h"
#include "intel/compiler.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { WHY = 4096, SETS = 16, ESCAPED = 4096, SETTLE_MS = 60 * 1000, LIST_MAX = 1 << 30 };

static const char usage[] =
	"Usage: wardcloud intel build [OPTION]… --out DIRECTORY [FILE|DIRECTORY…]\n\n"
	"Compiles rules, signatures and lists of digests (all that `ward intel compile` takes) "
	"into a\n"
	"pack and puts it into a directory of publications, with deltas from the packs before it.\n"
	"Any web server can serve that directory.\n\n"
	"  --out DIRECTORY      the publications; made if it is not there\n"
	"  --number N           of the pack; the standard: one more than the last\n"
	"  --notes TEXT         what is new, for people\n"
	"  --deltas N           from the last N packs, which are kept; 0 to 64 (the standard: 8)\n"
	"  --convictions        what the service has convicted itself goes in, too\n"
	"  --confidence N       of these, 0 to 100 at least (the standard: 90)\n"
	"  --lenient            leave out rule files that do not parse, with a note\n"
	"  --json               the summary as JSON\n"
	"  --config FILE, --set SECTION.KEY=VALUE (with --convictions)\n\n"
	"Exit status: 0 done; 2 an error, and nothing was published.\n";

struct build {
	const char *config, *out, *notes;
	const char *sets[SETS];
	size_t set_count;
	uint64_t number, deltas, confidence;
	bool convictions, lenient, json, help;
};

/* --- the command line --- */

static bool
take_number(const char *text, uint64_t max, uint64_t *ret)
{
	return ward_text_u64(ward_span_str(text), ret) && *ret <= max;
}

static bool
take_option(struct build *o, int letter, const char *text)
{
	switch (letter) {
	case 'o':
		o->out = text;
		return true;
	case 't':
		o->notes = text;
		return strlen(text) <= WARD_EDITION_NOTES;
	case 'n':
		return take_number(text, INT64_MAX, &o->number) && o->number > 0;
	case 'd':
		return take_number(text, WARD_PUBLISH_DELTAS_MAX, &o->deltas);
	case 'm':
		return take_number(text, 100, &o->confidence);
	case 'c':
		o->config = text;
		return true;
	case 's':
		if (o->set_count == SETS)
			return false;
		o->sets[o->set_count++] = text;
		return true;
	default:
		return false;
	}
}

static bool
parse(int argc, char **argv, struct build *o)
{
	int convictions = 0, lenient = 0, json = 0, help = 0, letter, which = 0;
	const struct option table[] = {
		{"out", required_argument, NULL, 'o'},
		{"notes", required_argument, NULL, 't'},
		{"number", required_argument, NULL, 'n'},
		{"deltas", required_argument, NULL, 'd'},
		{"confidence", required_argument, NULL, 'm'},
		{"config", required_argument, NULL, 'c'},
		{"set", required_argument, NULL, 's'},
		{"convictions", no_argument, &convictions, 1},
		{"lenient", no_argument, &lenient, 1},
		{"json", no_argument, &json, 1},
		{"help", no_argument, &help, 1},
		{NULL, 0, NULL, 0},
	};

	optind = 1;
	while ((letter = getopt_long(argc, argv, "", table, &which)) != -1) {
		if (letter == '?')
			return false;
		if (letter != 0 && !take_option(o, letter, optarg)) {
			(void)fprintf(stderr, "wardcloud: --%s: not a value for it: %s\n",
				      table[which].name, optarg);
			return false;
		}
	}
	o->convictions = convictions != 0;
	o->lenient = lenient != 0;
	o->json = json != 0;
	o->help = help != 0;
	return o->help || (o->out && (optind < argc || o->convictions));
}

/* --- what is said --- */

static void
print_escaped(const char *text)
{
	WARD_AUTO(ward_buf_done) struct ward_buf escaped = {0};

	ward_buf_init(&escaped, ESCAPED, NULL);
	if (!ward_utf_escape(&escaped, ward_span_str(text)) && escaped.len > 0)
		(void)fwrite(escaped.data, 1, escaped.len, stderr);
}

static void
complain(void *ctx, const char *path, const char *what)
{
	(void)ctx;
	(void)fputs("wardcloud: ", stderr);
	print_escaped(path);
	(void)fprintf(stderr, ": %s\n", what);
}

static void
on_notice(void *ctx, bool bad, const char *file, unsigned line, const char *text)
{
	(void)ctx;
	if (file)
		print_escaped(file);
	if (file && line)
		(void)fprintf(stderr, ":%u", line);
	(void)fprintf(stderr, "%s%s: ", file ? ": " : "", bad ? "error" : "note");
	print_escaped(text);
	(void)fputc('\n', stderr);
}

static void
print_summary(const struct build *o, const struct ward_edition *edition,
	      const struct ward_intel_result *result, const struct ward_publish_figures *f)
{
	char id[2 * WARD_PACK_ID_LEN + 1];

	ward_text_hex(ward_span_of(result->id, WARD_PACK_ID_LEN), id);
	if (o->json)
		(void)printf("{\"number\": %llu, \"id\": \"%s\", \"size\": %llu, \"deltas\": %u, "
			     "\"delta_size\": %llu}\n",
			     (unsigned long long)edition->number, id, (unsigned long long)f->size,
			     f->deltas, (unsigned long long)f->delta_size);
	else
		(void)printf("pack %llu, %s: %llu bytes, %u deltas; %llu bytes from the pack "
			     "before\n",
			     (unsigned long long)edition->number, id, (unsigned long long)f->size,
			     f->deltas, (unsigned long long)f->delta_size);
}

/* --- convictions --- */

/* Whom to ask for pages: the running service, or the node, opened once. */
struct source {
	const struct ward_config *config;
	struct ward_node *node;
};

static enum ward_rc
open_node(struct source *s)
{
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	enum ward_rc rc;

	ward_buf_init(&why, WHY, NULL);
	rc = ward_node_open(s->config, NULL, &s->node, &why);
	if (!rc)
		rc = ward_node_settle(s->node, SETTLE_MS, NULL);
	if (rc)
		(void)fprintf(stderr, "wardcloud: %s\n%.*s", ward_rc_str(rc), (int)why.len,
			      why.data ? (const char *)why.data : "");
	return rc;
}

static json_t *
page(struct source *s, const json_t *request)
{
	json_t *reply = NULL;
	enum ward_rc rc = s->node ? WARD_E_NOENT : ward_admin_ask(s->config, request, -1, &reply);

	if (rc == WARD_E_NOENT && !s->node)
		rc = open_node(s);
	else if (rc && rc != WARD_E_NOENT)
		(void)fprintf(stderr, "wardcloud: the service does not answer: %s\n",
			      ward_rc_str(rc));
	if (s->node)
		reply = ward_admin_call(s->node, "intel build", request, -1);
	return reply;
}

/* A line of a list: names go in as far as such a list can hold them. */
static enum ward_rc
put_line(struct ward_buf *list, const json_t *conviction)
{
	const char *sha256 = json_string_value(json_object_get(conviction, "sha256"));
	const char *threat = json_string_value(json_object_get(conviction, "threat"));
	enum ward_rc rc = ward_buf_printf(list, "%s ", sha256 ? sha256 : "");

	if (!threat || !*threat)
		threat = "Cloud.Convicted";
	for (; rc == WARD_OK && *threat; threat++) {
		uint8_t c = (uint8_t)*threat;

		rc = ward_buf_byte(list, ward_text_is_alnum(c) || strchr("._/!:-+", c) ? c : '_');
	}
	return rc == WARD_OK ? ward_buf_byte(list, '\n') : rc;
}

/* False after saying what is wrong; *ret_next "": that was the last. */
static bool
take_page(struct source *s, const struct build *o, char next[80], struct ward_buf *list)
{
	json_t *request = json_pack("{s:s, s:s, s:I}", "op", "intel.convictions", "after", next,
				    "confidence", (json_int_t)o->confidence * 10);
	json_t *reply = page(s, request);
	const json_t *one;
	bool fine = reply && json_is_true(json_object_get(reply, "ok"));
	size_t i;

	if (reply && !fine)
		(void)fprintf(stderr, "wardcloud: %s\n",
			      json_string_value(json_object_get(reply, "error")));
	json_array_foreach(json_object_get(reply, "convictions"), i, one) fine =
		fine && put_line(list, one) == WARD_OK;
	if (fine)
		(void)snprintf(next, 80, "%s", json_string_value(json_object_get(reply, "next")));
	json_decref(request);
	json_decref(reply);
	return fine;
}

/* As a list in a memory file; -1 in *ret_fd: there are none. */
static bool
take_convictions(const struct build *o, int *ret_fd)
{
	static struct ward_config config;
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	WARD_AUTO(ward_buf_done) struct ward_buf list = {0};
	struct source s = {.config = &config};
	char next[80] = "";
	bool fine = true;

	ward_buf_init(&why, WHY, NULL);
	ward_buf_init(&list, LIST_MAX, NULL);
	if (ward_node_config(o->config, o->sets, o->set_count, &config, &why)) {
		(void)fwrite(why.data ? (const char *)why.data : "", 1, why.len, stderr);
		return false;
	}
	do
		fine = take_page(&s, o, next, &list);
	while (fine && *next);
	ward_node_closep(&s.node);
	if (!fine || list.len == 0)
		return fine;
	return ward_fd_memory("convictions", ret_fd) == WARD_OK &&
	       ward_fd_write_all(*ret_fd, ward_buf_span(&list)) == WARD_OK;
}

/* --- building --- */

static int
publish(const struct build *o, const struct ward_compiler *compiler, struct ward_edition *edition)
{
	WARD_AUTO(ward_publish_closep) struct ward_publish *p = NULL;
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	WARD_AUTO(ward_fd_close) int pack = -1;
	struct ward_intel_result result;
	struct ward_publish_job job = {.result = &result, .edition = edition};
	struct ward_publish_figures figures;
	enum ward_rc rc;

	ward_buf_init(&why, WHY, NULL);
	job.deltas = (unsigned)o->deltas;
	rc = ward_publish_open(o->out, &p, &why);
	if (rc == WARD_OK) {
		edition->number = o->number ? o->number : ward_publish_number(p) + 1;
		rc = ward_compiler_run(compiler, &pack, &result);
	}
	if (rc == WARD_OK) {
		job.pack = pack;
		rc = ward_publish_add(p, &job, &figures, &why);
	}
	if (rc == WARD_OK) {
		print_summary(o, edition, &result, &figures);
		return 0;
	}
	(void)fprintf(stderr, "wardcloud: nothing was published: %s\n%.*s", ward_rc_str(rc),
		      (int)why.len, why.data ? (const char *)why.data : "");
	return 2;
}

static int
build(const struct build *o, int count, char **paths)
{
	struct ward_edition edition = {
		.made_s = ward_clock_wall() / 1000000,
		.notes = ward_span_str(o->notes ? o->notes : ""),
	};
	struct ward_compiler compiler = {.paths = (const char *const *)paths,
					 .count = (size_t)count,
					 .extra_fd = -1,
					 .edition = &edition,
					 .lenient = o->lenient,
					 .complain = complain,
					 .notice = on_notice};
	int status;

	if (o->convictions && !take_convictions(o, &compiler.extra_fd)) {
		ward_fd_close(&compiler.extra_fd);
		return 2;
	}
	compiler.extra = compiler.extra_fd >= 0 ? "convictions.sha256" : NULL;
	status = publish(o, &compiler, &edition);
	ward_fd_close(&compiler.extra_fd);
	return status;
}

int
ward_intel_command(int argc, char **argv)
{
	static const char standard_config[] = "/etc/wardcloud/wardcloud.conf";
	struct build o = {.deltas = WARD_PUBLISH_DELTAS, .confidence = 90};
	struct stat st;
	bool verb = argc > 1 && strcmp(argv[1], "build") == 0;

	if (!verb || !parse(argc - 1, argv + 1, &o) || o.help) {
		bool asked = o.help || (argc > 1 && strcmp(argv[1], "--help") == 0);

		(void)fputs(usage, asked ? stdout : stderr);
		return asked ? 0 : 2;
	}
	if (!o.config && stat(standard_config, &st) == 0)
		o.config = standard_config;
	return build(&o, argc - 1 - optind, argv + 1 + optind);
}
