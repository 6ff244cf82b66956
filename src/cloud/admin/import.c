/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/admin/import.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/utf.h"
#include "cloud/admin/deliver.h"
#include "cloud/admin/operations-import.h"
#include "cloud/import/child.h"
#include "cloud/import/format.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/walk.h"

enum { WHY = 4096, SETS = 16, LIST_MAX = 128, ESCAPED = 4096, FILES_SHOWN = 20 };
#define MEMORY_MAX (UINT64_C(16) << 30)
#define DAY_MS	   UINT64_C(86400000)

static const char usage[] =
	"Usage: wardcloud import [OPTION]… --list NAME FILE|DIRECTORY…\n\n"
	"Takes over lists of hashes, while the service runs or not. A directory means all files in "
	"it.\n\n"
	"  --list NAME          the list's name; importing under it again adds to it\n"
	"  --replace            what the list said before and says no longer is withdrawn\n"
	"  --format F           list, csv, clamav, clamav-good, stix, misp, misp-warninglist, "
	"dpkg;\n"
	"                       otherwise told by content\n"
	"  --verdict V          malicious, suspicious or clean: what a listed file is; the list "
	"may\n"
	"                       not say more than that. auto (the standard): what the list says, "
	"and\n"
	"                       malicious where it says nothing\n"
	"  --confidence N       0 to 100, where the list says none (the standard: 100)\n"
	"  --expires-days N     it holds for so long, and no longer than the list says\n"
	"  --observed           STIX: take files that nothing calls malicious, too\n"
	"  --dry-run            read and count only\n"
	"  --json               the summary as JSON\n"
	"  --config FILE, --set SECTION.KEY=VALUE\n\n"
	"Exit status: 0 all was taken; 1 some of it is not usable; 2 nothing more was taken, an "
	"error.\n";

struct import {
	const char *config, *list, *format;
	const char *sets[SETS];
	size_t set_count;
	struct ward_import_terms terms;
	bool replace, dry_run, json, help;
	/* while it runs */
	struct ward_import_child *child;
	struct ward_delivery *delivery;
	json_t *files;
	uint64_t entries, unusable, withdrawn;
	enum ward_rc rc;
};

/* --- the command line --- */

static bool
take_number(const char *text, uint64_t max, uint64_t *ret)
{
	return ward_text_u64(ward_span_str(text), ret) && *ret <= max;
}

static bool
take_valued(struct import *o, int letter, const char *text)
{
	uint64_t n;

	switch (letter) {
	case 'f':
		o->format = text;
		return ward_import_is_format(text);
	case 'v':
		return ward_admin_import_verdict(text, &o->terms.verdict);
	case 'n':
		if (!take_number(text, 100, &n))
			return false;
		o->terms.confidence = (uint16_t)(n * 10);
		return true;
	case 'e':
		if (!take_number(text, 36500, &n) || n == 0)
			return false;
		o->terms.expires_ms = o->terms.now_ms + n * DAY_MS;
		return true;
	default:
		return false;
	}
}

static bool
take_option(struct import *o, int letter, const char *text)
{
	if (letter == 'c')
		o->config = text;
	else if (letter == 's' && o->set_count < SETS)
		o->sets[o->set_count++] = text;
	else if (letter == 'l')
		o->list = text;
	else if (letter == 'r')
		o->replace = true;
	else if (letter == 'o')
		o->terms.observed = true;
	else if (letter == 'd')
		o->dry_run = true;
	else if (letter == 'j')
		o->json = true;
	else if (letter == 'h')
		o->help = true;
	else
		return text && take_valued(o, letter, text);
	return true;
}

static bool
parse(int argc, char **argv, struct import *o)
{
	static const struct option table[] = {
		{"config", required_argument, NULL, 'c'},
		{"set", required_argument, NULL, 's'},
		{"list", required_argument, NULL, 'l'},
		{"replace", no_argument, NULL, 'r'},
		{"format", required_argument, NULL, 'f'},
		{"verdict", required_argument, NULL, 'v'},
		{"confidence", required_argument, NULL, 'n'},
		{"expires-days", required_argument, NULL, 'e'},
		{"observed", no_argument, NULL, 'o'},
		{"dry-run", no_argument, NULL, 'd'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int letter, which = 0;

	optind = 1;
	while ((letter = getopt_long(argc, argv, "", table, &which)) != -1) {
		if (letter == '?')
			return false;
		if (!take_option(o, letter, optarg)) {
			(void)fprintf(stderr, "wardcloud: --%s: not a value for it: %s\n",
				      table[which].name, optarg ? optarg : "(nothing)");
			return false;
		}
	}
	if (o->help)
		return true;
	if (!o->list || !o->list[0] || strlen(o->list) > LIST_MAX) {
		(void)fputs("wardcloud: --list: a name of 1 to 128 bytes is needed\n", stderr);
		return false;
	}
	return optind < argc;
}

/* --- what is printed --- */

static void
print_escaped(FILE *out, const char *text)
{
	WARD_AUTO(ward_buf_done) struct ward_buf escaped = {0};

	ward_buf_init(&escaped, ESCAPED, NULL);
	if (!ward_utf_escape(&escaped, ward_span_str(text)) && escaped.len > 0)
		(void)fwrite(escaped.data, 1, escaped.len, out);
}

static json_t *
clean_string(const char *text)
{
	WARD_AUTO(ward_buf_done) struct ward_buf clean = {0};

	ward_buf_init(&clean, ESCAPED, NULL);
	if (ward_utf_clean(&clean, ward_span_str(text)))
		return json_string("?");
	return json_stringn(clean.data ? (const char *)clean.data : "", clean.len);
}

static void
note_file(struct import *o, const char *path, const struct ward_import_figures *f)
{
	json_t *reasons = json_array();

	for (size_t i = 0; i < WARD_IMPORT_REASONS && f->reasons[i].count > 0; i++)
		(void)json_array_append_new(reasons,
					    json_pack("{s:I, s:o, s:o}", "count",
						      (json_int_t)f->reasons[i].count, "why",
						      clean_string(f->reasons[i].why), "first",
						      clean_string(f->reasons[i].place)));
	(void)json_array_append_new(o->files,
				    json_pack("{s:o, s:o, s:I, s:I, s:o}", "file",
					      clean_string(path), "format", clean_string(f->format),
					      "entries", (json_int_t)f->entries, "unusable",
					      (json_int_t)f->unusable, "reasons", reasons));
}

static const char *
text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static long long
number_of(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

static void
print_file(const json_t *file)
{
	print_escaped(stdout, text_of(file, "file"));
	(void)fputs(": ", stdout);
	print_escaped(stdout, text_of(file, "format")[0] ? text_of(file, "format")
							 : "no format that is known");
	(void)printf(", %lld hashes, %lld not usable\n", number_of(file, "entries"),
		     number_of(file, "unusable"));
}

/* How often this reason stands in all files; the first of them is named. */
static void
print_reason(const struct import *o, const char *why)
{
	const json_t *first = NULL, *first_file = NULL, *list, *reason;
	long long count = 0;

	for (size_t i = 0; i < json_array_size(o->files); i++) {
		list = json_object_get(json_array_get(o->files, i), "reasons");
		for (size_t n = 0; n < json_array_size(list); n++) {
			reason = json_array_get(list, n);
			if (strcmp(text_of(reason, "why"), why) != 0)
				continue;
			count += number_of(reason, "count");
			first_file = first ? first_file : json_array_get(o->files, i);
			first = first ? first : reason;
		}
	}
	(void)printf("  %lld: ", count);
	print_escaped(stdout, why);
	(void)fputs("; the first one: ", stdout);
	print_escaped(stdout, text_of(first_file, "file"));
	(void)fputs(text_of(first, "first")[0] ? ", " : "", stdout);
	print_escaped(stdout, text_of(first, "first"));
	(void)putchar('\n');
}

static void
print_reasons(const struct import *o)
{
	json_t *seen = json_object();

	for (size_t i = 0; i < json_array_size(o->files); i++) {
		const json_t *list = json_object_get(json_array_get(o->files, i), "reasons");

		for (size_t n = 0; n < json_array_size(list); n++) {
			const char *why = text_of(json_array_get(list, n), "why");

			if (!json_object_get(seen, why) &&
			    json_object_set_new(seen, why, json_true()) == 0)
				print_reason(o, why);
		}
	}
	json_decref(seen);
}

static void
print_files(const struct import *o)
{
	size_t count = json_array_size(o->files);

	if (count > FILES_SHOWN)
		(void)printf("%zu files\n", count);
	for (size_t i = 0; i < count && count <= FILES_SHOWN; i++)
		print_file(json_array_get(o->files, i));
	print_reasons(o);
}

static void
print_totals(const struct import *o, const struct ward_import_totals *t)
{
	static const char *const names[] = {"SHA-256", "SHA-1", "MD5"};
	uint64_t taken = t->clean + t->suspicious + t->malicious;

	(void)printf("%llu hashes %s", (unsigned long long)taken,
		     o->dry_run ? "would be taken" : "taken");
	for (int k = 0; k < WARD_IMPORT_KINDS; k++)
		if (t->kind[k])
			(void)printf(", %llu %s", (unsigned long long)t->kind[k], names[k]);
	(void)printf("; %llu malicious, %llu suspicious, %llu known good; %llu duplicates, "
		     "%llu not usable\n",
		     (unsigned long long)t->malicious, (unsigned long long)t->suspicious,
		     (unsigned long long)t->clean, (unsigned long long)t->duplicates,
		     (unsigned long long)o->unusable);
	if (o->replace)
		(void)printf("%llu withdrawn\n", (unsigned long long)o->withdrawn);
}

static void
print_json(const struct import *o, const struct ward_import_totals *t)
{
	json_t *all = json_pack(
		"{s:O, s:{s:I, s:I, s:I}, s:I, s:I, s:I, s:I, s:I, s:I}", "files", o->files,
		"taken", "sha256", (json_int_t)t->kind[WARD_IMPORT_SHA256], "sha1",
		(json_int_t)t->kind[WARD_IMPORT_SHA1], "md5", (json_int_t)t->kind[WARD_IMPORT_MD5],
		"malicious", (json_int_t)t->malicious, "suspicious", (json_int_t)t->suspicious,
		"clean", (json_int_t)t->clean, "duplicates", (json_int_t)t->duplicates, "unusable",
		(json_int_t)o->unusable, "withdrawn", (json_int_t)o->withdrawn);

	(void)json_dumpf(all, stdout, JSON_COMPACT);
	(void)putchar('\n');
	json_decref(all);
}

/* --- reading --- */

static void
complain(const char *what, const char *why)
{
	(void)fputs("wardcloud: ", stderr);
	print_escaped(stderr, what);
	(void)fprintf(stderr, ": %s\n", why);
}

static const char *
why_not(enum ward_rc rc)
{
	switch ((int)rc) {
	case WARD_E_GONE:
		return "the parser crashed, or used up its time";
	case WARD_E_NOMEM:
		return "more memory is needed than the parser may have";
	case WARD_E_LIMIT:
		return "more than 100 million hashes of one kind";
	default:
		return ward_rc_str(rc);
	}
}

static bool
read_one(void *context, const struct ward_walk_entry *entry)
{
	struct import *o = context;
	struct ward_import_figures figures;

	if (entry->fd < 0) {
		complain(entry->path, entry->detail);
		o->rc = WARD_E_IO;
		return false;
	}
	o->rc = ward_import_child_read(o->child, entry->fd, entry->path, &figures);
	(void)close(entry->fd);
	if (o->rc) {
		complain(entry->path, why_not(o->rc));
		return false;
	}
	o->entries += figures.entries;
	o->unusable += figures.unusable;
	note_file(o, entry->path, &figures);
	return true;
}

static enum ward_rc
read_all(struct import *o, int count, char **paths)
{
	const struct ward_walk_options options = {.recursive = true};

	for (int i = 0; i < count && !o->rc; i++) {
		enum ward_rc rc = ward_walk(paths[i], &options, read_one, o);

		if (rc && !o->rc && rc != WARD_E_STOPPED)
			o->rc = rc;
	}
	if (!o->rc && !o->json)
		print_files(o);
	if (!o->rc && o->entries == 0 && !o->dry_run) {
		(void)fputs("wardcloud: nothing usable in it; nothing was changed\n", stderr);
		o->rc = WARD_E_FORMAT;
	}
	return o->rc;
}

/* --- taking over --- */

static enum ward_rc
count_only(void *context, struct ward_span record)
{
	(void)context;
	(void)record;
	return WARD_OK;
}

static enum ward_rc
deliver(struct import *o, struct ward_import_totals *ret)
{
	enum ward_rc rc;

	if (o->dry_run)
		return ward_import_child_finish(o->child, count_only, NULL, ret);
	rc = ward_import_child_finish(o->child, ward_delivery_record, o->delivery, ret);
	if (!rc)
		rc = ward_delivery_settle(o->delivery);
	if (!rc && o->replace)
		rc = ward_delivery_withdraw(o->delivery, &o->withdrawn);
	return rc;
}

static int
take_over(struct import *o, int count, char **paths)
{
	struct ward_import_totals totals = {.clean = 0};
	enum ward_rc rc = read_all(o, count, paths);

	if (rc)
		return 2;
	rc = deliver(o, &totals);
	if (rc) {
		complain("import", why_not(rc));
		return 2;
	}
	if (o->json)
		print_json(o, &totals);
	else
		print_totals(o, &totals);
	return o->unusable > 0;
}

/* The child is made before anything that starts threads. */
static int
run(struct import *o, int count, char **paths)
{
	const struct ward_import_child_options options = {o->terms, o->format, MEMORY_MAX};
	const struct ward_take take = {o->list, "import", o->terms.now_ms, o->terms.verdict};
	static struct ward_config config;
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	int status = 2;
	enum ward_rc rc;

	ward_buf_init(&why, WHY, NULL);
	rc = o->dry_run ? WARD_OK
			: ward_node_config(o->config, o->sets, o->set_count, &config, &why);
	if (rc) {
		(void)fwrite(why.data ? (const char *)why.data : "", 1, why.len, stderr);
		return 2;
	}
	o->files = json_array();
	rc = ward_import_child_start(&options, &o->child);
	if (rc)
		complain("the parser does not start", ward_rc_str(rc));
	if (!rc && !o->dry_run)
		rc = ward_delivery_open(&config, &take, &o->delivery);
	if (!rc)
		status = take_over(o, count, paths);
	ward_delivery_close(o->delivery);
	ward_import_child_end(o->child);
	json_decref(o->files);
	return status;
}

int
ward_import_command(int argc, char **argv)
{
	static const char standard_config[] = "/etc/wardcloud/wardcloud.conf";
	struct import o = {.terms = {.verdict = WARD_UNKNOWN,
				     .confidence = 1000,
				     .now_ms = ward_clock_wall() / 1000}};
	struct stat st;

	if (!parse(argc, argv, &o) || o.help) {
		(void)fputs(usage, o.help ? stdout : stderr);
		return o.help ? 0 : 2;
	}
	if (!o.config && stat(standard_config, &st) == 0)
		o.config = standard_config;
	return run(&o, argc - optind, argv + optind);
}
