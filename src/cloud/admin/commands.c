/* SPDX-License-Identifier: Apache-2.0 */
/* The administrator's command line: nouns and verbs in one table, their options become the request. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/text.h"
#include "cloud/admin/ask.h"
#include "cloud/admin/canary.h"
#include "cloud/admin/import.h"
#include "cloud/admin/init.h"
#include "cloud/admin/intel.h"
#include "cloud/command.h"
#include "cloud/identity/ca.h"
#include "cloud/node/options.h"
#include "proto/wire.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum kind { END, TEXT, NUMBER, LATER, MILLIS, FLAG, CONTENT };

struct option {
	const char *name; /* "--name" */
	const char *key;  /* of the request */
	enum kind kind;
};

struct verb {
	const char *noun, *verb, *op, *usage;
	const char *operands[3]; /* keys of what stands without an option, in order; NULL ends */
	struct option options[18];
};

/* Of all that publishes a record. */
#define COMMON                                                                                     \
	{"--reason", "reason", TEXT}, {"--scope", "scope", TEXT},                                  \
		{"--expires", "expires_ms", LATER},                                                \
	{                                                                                          \
		"--force", "force", TEXT                                                           \
	}

static const struct verb verbs[] = {
	{"token",
	 "create",
	 "token.create",
	 "[--name N] [--uses N] [--expires 24h]",
	 {NULL},
	 {{"--name", "name", TEXT},
	  {"--uses", "uses", NUMBER},
	  {"--expires", "expires_ms", LATER}}},
	{"token", "list", "token.list", "", {NULL}, {{0}}},
	{"token", "revoke", "token.revoke", "ID", {"id"}, {{0}}},
	{"device", "list", "device.list", "[--after UUID]", {NULL}, {{"--after", "after", TEXT}}},
	{"device", "show", "device.show", "UUID", {"id"}, {{0}}},
	{"device",
	 "revoke",
	 "device.revoke",
	 "UUID [--reason TEXT]",
	 {"id"},
	 {{"--reason", "reason", TEXT}}},
	{"device", "restore", "device.restore", "UUID", {"id"}, {{0}}},
	{"verdict",
	 "set",
	 "verdict.set",
	 "SHA256 clean|suspicious|malicious|withdraw --reason TEXT [--threat NAME] [--device UUID] "
	 "[--expires 30d]",
	 {"sha256", "verdict"},
	 {{"--reason", "reason", TEXT},
	  {"--threat", "threat", TEXT},
	  {"--device", "device", TEXT},
	  {"--expires", "expires_ms", LATER}}},
	{"verdict", "show", "verdict.show", "SHA256", {"sha256"}, {{0}}},
	{"verdict", "note", "verdict.note", "SHA256 TEXT", {"sha256", "text"}, {{0}}},
	{"policy",
	 "show",
	 "policy.show",
	 "[--document yes]",
	 {NULL},
	 {{"--document", "document", FLAG}}},
	{"policy",
	 "set",
	 "policy.set",
	 "[--file POLICY.JSON] [--level L] [--samples S] [--hold 10s] [--send-names yes|no] "
	 "[--private-lookup yes|no]",
	 {NULL},
	 {{"--file", "document", CONTENT},
	  {"--level", "level", TEXT},
	  {"--samples", "samples", TEXT},
	  {"--hold", "hold_ms", MILLIS},
	  {"--send-names", "send_names", FLAG},
	  {"--private-lookup", "private_lookup", FLAG}}},
	{"intel",
	 "publish",
	 "intel.publish",
	 "(--block HASH | --allow SHA256 | --similar TLSH --distance N | --domain NAME | --url URL "
	 "|\n"
	 "      --rule FILE [--name NAME] | --signature LINE --format hdb|hsb|ldb|ndb) --reason "
	 "TEXT\n"
	 "      [--threat NAME] [--evidence URL] [--scope all|ring:NAME|tag:NAME|device:UUID]\n"
	 "      [--expires 30d] [--force REASON]",
	 {NULL},
	 {{"--block", "block", TEXT},
	  {"--allow", "allow", TEXT},
	  {"--similar", "similar", TEXT},
	  {"--distance", "distance", NUMBER},
	  {"--domain", "domain", TEXT},
	  {"--url", "url", TEXT},
	  {"--rule", "rule", CONTENT},
	  {"--name", "name", TEXT},
	  {"--signature", "signature", TEXT},
	  {"--format", "format", TEXT},
	  {"--threat", "threat", TEXT},
	  {"--evidence", "evidence", TEXT},
	  COMMON}},
	{"intel",
	 "disable",
	 "intel.disable",
	 "rule|signature|model|record NAME|NUMBER --reason TEXT [--scope …] [--expires 30d]",
	 {"what", "which"},
	 {COMMON}},
	{"intel", "revoke", "intel.disable", "NUMBER --reason TEXT", {"which"}, {COMMON}},
	{"intel", "status", "intel.status", "", {NULL}, {{0}}},
	{"intel", "list", "intel.list", "[--after N]", {NULL}, {{"--after", "after", NUMBER}}},
	{"stats", NULL, "stats", "", {NULL}, {{0}}},
	{"snapshot", NULL, "snapshot", "", {NULL}, {{0}}},
};

enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

struct line {
	const char *config;
	const char *sets[WARD_SERVE_SETS];
	size_t set_count, operands;
	bool json, help;
	json_t *request;
};

static void
usage(const char *noun, FILE *out)
{
	(void)fputs("Usage:\n", out);
	for (size_t i = 0; i < VERBS; i++)
		if (strcmp(verbs[i].noun, noun) == 0)
			(void)fprintf(out, "  wardcloud %s%s%s %s\n", noun,
				      verbs[i].verb ? " " : "", verbs[i].verb ? verbs[i].verb : "",
				      verbs[i].usage);
	if (strcmp(noun, "intel") == 0)
		(void)fputs("  wardcloud intel build … (see wardcloud intel build --help)\n", out);
	(void)fputs("Each takes --config FILE, --set SECTION.KEY=VALUE and --json.\n", out);
}

/* "24h" and so on in ms. */
static bool
duration(const char *text, uint64_t *ret_ms)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = {{"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	for (size_t i = 0; i < 4; i++)
		if (end != text && strcmp(end, units[i].name) == 0 && n < 1000000)
			return *ret_ms = n * units[i].ms, true;
	return false;
}

/* A text file, as far as one request takes it; NULL: cannot be read, too large or not UTF-8. */
static json_t *
content_of(const char *path)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	WARD_AUTO(ward_fd_close) int fd = -1;

	ward_buf_init(&text, WARD_WIRE_DOCUMENT_MAX, NULL);
	if (ward_fd_open_regular(-1, path, true, &fd, NULL) || ward_fd_read_all(fd, &text))
		return NULL;
	return json_stringn(text.len ? (const char *)text.data : "", text.len);
}

static json_t *
value_of(enum kind kind, const char *text)
{
	uint64_t ms = 0;
	char *end;

	if (kind == TEXT)
		return json_string(text);
	if (kind == CONTENT)
		return content_of(text);
	if (kind == FLAG)
		return strcmp(text, "yes") == 0	 ? json_true()
		       : strcmp(text, "no") == 0 ? json_false()
						 : NULL;
	if (kind == NUMBER) {
		unsigned long long n = strtoull(text, &end, 10);

		return *text >= '0' && *text <= '9' && !*end && n < UINT32_MAX
			       ? json_integer((json_int_t)n)
			       : NULL;
	}
	if (!duration(text, &ms))
		return NULL;
	return json_integer((json_int_t)(kind == LATER ? ward_clock_wall() / 1000 + ms : ms));
}

/* False after saying what is wrong. */
static bool
take_option(struct line *l, const struct verb *v, const char *name, const char *text)
{
	for (size_t i = 0; i < sizeof(v->options) / sizeof(v->options[0]); i++) {
		json_t *value;

		if (!v->options[i].name || strcmp(v->options[i].name, name) != 0)
			continue;
		value = text ? value_of(v->options[i].kind, text) : NULL;
		if (value && json_object_set_new(l->request, v->options[i].key, value) == 0)
			return true;
		(void)fprintf(stderr, "wardcloud: %s: %s: %s\n", name,
			      v->options[i].kind == CONTENT
				      ? "cannot be read, is larger than 48 KiB or not UTF-8"
				      : "not a value for it",
			      text ? text : "(nothing)");
		return false;
	}
	(void)fprintf(stderr, "wardcloud: no option %s here\n", name);
	return false;
}

static bool
take_common(struct line *l, const char *name, const char *text, bool *ret_used)
{
	*ret_used = true;
	if (strcmp(name, "--config") == 0 && text)
		l->config = text;
	else if (strcmp(name, "--set") == 0 && text && l->set_count < WARD_SERVE_SETS)
		l->sets[l->set_count++] = text;
	else
		return false;
	return true;
}

static bool
take_line(struct line *l, const struct verb *v, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		const char *text = i + 1 < argc ? argv[i + 1] : NULL;
		bool used = false;

		if (strcmp(argv[i], "--json") == 0) {
			l->json = true;
		} else if (strcmp(argv[i], "--help") == 0) {
			l->help = true;
		} else if (argv[i][0] == '-') {
			if (!take_common(l, argv[i], text, &used) &&
			    !take_option(l, v, argv[i], text))
				return false;
			i++;
		} else if (l->operands < 2 && v->operands[l->operands]) {
			(void)json_object_set_new(l->request, v->operands[l->operands++],
						  json_string(argv[i]));
		} else {
			(void)fprintf(stderr, "wardcloud: what is %s?\n", argv[i]);
			return false;
		}
	}
	return true;
}

static const char standard_config[] = "/etc/wardcloud/wardcloud.conf";

/* --config, else the standard file if it is there. */
static bool
read_config(const struct line *l, struct ward_config *ret)
{
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	struct stat st;
	const char *file = l->config;

	ward_buf_init(&why, 16384, NULL);
	if (!file && stat(standard_config, &st) == 0)
		file = standard_config;
	if (!ward_node_config(file, l->sets, l->set_count, ret, &why))
		return true;
	(void)fwrite(why.data, 1, why.len, stderr);
	return false;
}

/* With a token its bearer needs to know whom to trust; silent where the CA cannot be read. */
static void
add_fingerprint(const struct ward_config *config, json_t *reply)
{
	struct ward_ca *ca = NULL;
	ward_config_text pki;
	uint8_t digest[32];
	char hex[65];

	if (!ward_config_path(config, "pki", pki) ||
	    ward_ca_open(pki, config->service.organisation, &ca))
		return;
	if (!ward_ca_fingerprint(ca, digest)) {
		ward_text_hex(ward_span_of(digest, sizeof(digest)), hex);
		(void)json_object_set_new(reply, "ca-sha256", json_string(hex));
	}
	ward_ca_free(ca);
}

static int
ask(struct line *l)
{
	static struct ward_config config;
	json_t *reply;
	int status;

	if (!read_config(l, &config) || !ward_canary_pass(&config, l->request))
		return 2;
	reply = ward_ask(&config, l->request);
	if (!reply)
		return 2;
	status = json_is_true(json_object_get(reply, "ok")) ? 0 : 2;
	if (status == 0 && json_object_get(reply, "token"))
		add_fingerprint(&config, reply);
	if (status == 0 || l->json)
		ward_ask_print(reply, l->json);
	else
		(void)fprintf(stderr, "wardcloud: %s\n",
			      json_string_value(json_object_get(reply, "error")));
	json_decref(reply);
	return status;
}

static int
run(int argc, char **argv)
{
	const struct verb *v = NULL;
	struct line l = {0};
	int used = 1, status = 2;

	for (size_t i = 0; i < VERBS && !v; i++)
		if (strcmp(verbs[i].noun, argv[0]) == 0 &&
		    (!verbs[i].verb || (argc > 1 && strcmp(verbs[i].verb, argv[1]) == 0)))
			v = &verbs[i];
	if (!v) {
		usage(argv[0], argc > 1 && strcmp(argv[1], "--help") == 0 ? stdout : stderr);
		return argc > 1 && strcmp(argv[1], "--help") == 0 ? 0 : 2;
	}
	used += v->verb != NULL;
	l.request = json_pack("{s:s}", "op", v->op);
	if (!take_line(&l, v, argc - used, argv + used) ||
	    (!l.help && l.operands < 2 && v->operands[l.operands]))
		usage(argv[0], stderr);
	else if (l.help)
		usage(argv[0], stdout), status = 0;
	else
		status = ask(&l);
	json_decref(l.request);
	return status;
}

/* `build` makes packs and has a command line of its own; the others are asked of the service. */
static int
intel(int argc, char **argv)
{
	bool build = argc > 1 && strcmp(argv[1], "build") == 0;

	return build ? ward_intel_command(argc, argv) : run(argc, argv);
}

const struct ward_cloud_command ward_admin_commands[] = {
	{"init", "make keys, certificates and the configuration", ward_init_command},
	{"token", "create, list and revoke enrolment tokens", run},
	{"device", "list, show, revoke and restore devices", run},
	{"verdict", "set and show verdicts on files", run},
	{"policy", "show and set what devices do", run},
	{"import", "take over lists of hashes", ward_import_command},
	{"intel", "build packs of intelligence; publish, disable and list signed records", intel},
	{"stats", "figures", run},
	{"snapshot", "make a snapshot of the views, and let go of the log before it", run},
	{0},
};
