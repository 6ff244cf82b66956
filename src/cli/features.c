/* SPDX-License-Identifier: Apache-2.0 */
/* `ward features`: the numbers models are asked with, one row a file, made in the sandboxed scanner. */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/human.h"
#include "cli/json.h"
#include "ml/features/feature.h"
#include "pool/paths.h"
#include "pool/pool.h"
#include "sys/walk.h"

struct features_options {
	bool csv;
	bool json;
	bool columns;
	bool recursive;
	bool help;
	const char *type;
	uint64_t jobs;
};

struct features {
	struct features_options options;
	const struct ward_schema *only; /* rows of this one only; NULL: of all */
	struct ward_pool *pool;
	bool header; /* of the CSV is printed */
	bool failed;
	uint64_t left_out; /* files of a type that has no row, or not the wanted one */
};

struct one_row {
	const char *path;
	const struct ward_schema *schema;
	const struct ward_result *result;
};

static void
complain(const char *path, const char *what)
{
	(void)fputs("ward features: ", stderr);
	ward_human_print(stderr, ward_span_str(path));
	(void)fprintf(stderr, ": %s\n", what);
}

/* ---- CSV (RFC 4180) ---- */

static void
print_quoted(const char *text)
{
	(void)putchar('"');
	for (; *text; text++) {
		if (*text == '"')
			(void)putchar('"');
		(void)putchar(*text);
	}
	(void)putchar('"');
}

static void
print_header(const struct ward_schema *schema)
{
	char name[WARD_FEATURE_NAME_MAX];

	(void)fputs("path,sha256", stdout);
	for (size_t i = 0; ward_schema_column(schema, i, name); i++)
		(void)printf(",%s", name);
	(void)putchar('\n');
}

static void
print_csv(struct features *f, const struct one_row *row)
{
	const struct ward_result *r = row->result;
	char hex[2 * WARD_SHA256_LEN + 1];

	if (!f->header)
		print_header(row->schema);
	f->header = true;
	ward_text_hex(ward_span_of(r->sha256, sizeof(r->sha256)), hex);
	print_quoted(row->path);
	(void)printf(",%s", hex);
	for (size_t i = 0; i < r->row.count; i++)
		if (isnan(r->row.values[i]))
			(void)putchar(',');
		else /* nine digits tell every float apart */
			(void)printf(",%.9g", (double)r->row.values[i]);
	(void)putchar('\n');
}

/* ---- JSON ---- */

static void
print_json(const struct one_row *row)
{
	const struct ward_result *r = row->result;
	json_t *object = json_object(), *values = json_object();
	char hex[2 * WARD_SHA256_LEN + 1], name[WARD_FEATURE_NAME_MAX], version[17];

	ward_text_hex(ward_span_of(r->sha256, sizeof(r->sha256)), hex);
	(void)snprintf(version, sizeof(version), "%016llx", (unsigned long long)r->row.version);
	(void)json_object_set_new(object, "event", json_string("features"));
	(void)json_object_set_new(object, "path", ward_json_text(row->path));
	ward_json_set_text(object, "sha256", hex);
	ward_json_set_text(object, "schema", row->schema->name);
	ward_json_set_text(object, "schema_version", version);
	for (size_t i = 0; i < r->row.count && ward_schema_column(row->schema, i, name); i++) {
		double value = (double)r->row.values[i];

		(void)json_object_set_new(values, name,
					  isfinite(value) ? json_real(value) : json_null());
	}
	(void)json_object_set_new(object, "features", values);
	ward_json_line(object, stdout);
}

/* ---- for people ---- */

static void
print_value(double value)
{
	if (isnan(value))
		(void)fputs("missing", stdout);
	else
		(void)printf("%.6g", value);
}

/* Of many columns those that are not 0, by their numbers. */
static void
print_many(const float *values, unsigned count)
{
	unsigned i, shown = 0;

	for (i = 0; i < count; i++)
		if (values[i] != 0 && !isnan(values[i]))
			(void)printf("%s%u:%.4g", shown++ ? " " : "", i, (double)values[i]);
	if (!shown)
		(void)fputs(isnan(values[0]) ? "missing" : "none", stdout);
}

static void
print_people(const struct one_row *row)
{
	const float *values = row->result->row.values;

	ward_human_print(stdout, ward_span_str(row->path));
	(void)printf("\n  %s, version %016llx, %zu columns\n", row->schema->name,
		     (unsigned long long)row->result->row.version, row->result->row.count);
	for (size_t i = 0; i < row->schema->group_count; i++) {
		const struct ward_feature_group *g = &row->schema->groups[i];

		(void)printf("  %-32s ", g->name);
		if (g->count == 1)
			print_value((double)values[0]);
		else
			print_many(values, g->count);
		(void)printf("%s%s\n", g->count == 1 ? " " : "  in ", g->unit);
		values += g->count;
	}
}

/* ---- files ---- */

static void
print_row(struct features *f, const struct one_row *row)
{
	if (f->options.csv)
		print_csv(f, row);
	else if (f->options.json)
		print_json(row);
	else
		print_people(row);
}

/* A scanner of another build has other columns. */
static bool
is_ours(const struct ward_result_row *row, const struct ward_schema *schema)
{
	uint64_t version;

	return schema && row->count == schema->columns &&
	       ward_schema_version(schema, &version) == WARD_OK && version == row->version;
}

static void
show(struct features *f, const char *path, const struct ward_result *r)
{
	const struct one_row row = {path, ward_schema_get(r->row.schema), r};

	if (r->objects == 0) {
		complain(path, r->gap_count ? ward_reason_name(r->gaps[0].reason) : "not scanned");
		f->failed = true;
	} else if (!r->row.schema) {
		f->left_out++;
	} else if (!is_ours(&r->row, row.schema)) {
		complain(path, "the scanner is of another version");
		f->failed = true;
	} else {
		/* One table has one kind of rows: without --type that of the first. */
		if (f->options.csv && !f->only)
			f->only = row.schema;
		if (f->only && f->only != row.schema)
			f->left_out++;
		else
			print_row(f, &row);
	}
}

static bool
take_reply(struct features *f)
{
	WARD_AUTO(ward_pool_reply_freep) struct ward_pool_reply *reply = NULL;
	enum ward_rc rc = ward_pool_wait(f->pool, -1, &reply);

	if (rc != WARD_OK) {
		f->failed = f->failed || rc != WARD_E_NOENT;
		return false;
	}
	show(f, reply->cookie, reply->result);
	free(reply->cookie);
	return true;
}

static bool
visit(void *ctx, const struct ward_walk_entry *entry)
{
	struct features *f = ctx;
	struct ward_pool_request request = {
		.fd = entry->fd, .path = entry->path, .owner = "", .want_row = true};
	enum ward_rc rc;

	if (entry->fd < 0) {
		complain(entry->path, entry->detail);
		f->failed = f->failed || entry->why != WARD_REASON_SPECIAL;
		return true;
	}
	request.cookie = strdup(entry->path);
	rc = request.cookie ? ward_pool_submit(f->pool, &request) : WARD_E_NOMEM;
	while (rc == WARD_E_LIMIT && take_reply(f))
		rc = ward_pool_submit(f->pool, &request);
	if (rc == WARD_OK)
		return true;
	(void)close(entry->fd);
	free(request.cookie);
	f->failed = true;
	return false;
}

static struct ward_pool *
start(const struct features *f)
{
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	struct ward_pool_options options;
	struct ward_pool *pool = NULL;
	char program[WARD_PATHS_MAX];

	if (ward_paths_find("ward-scan", WARD_LIBEXECDIR, program) != WARD_OK) {
		(void)fputs("ward: ward-scan is not beside ward, nor installed\n", stderr);
		return NULL;
	}
	ward_buf_init(&why, 4096, NULL);
	ward_pool_options_default(&options);
	options.program = program;
	options.jobs = f->options.jobs < 256 ? (unsigned)f->options.jobs : 256;
	options.limits.skip_archives = true; /* rows are of the files themselves */
	if (ward_pool_new(&options, &pool, &why) != WARD_OK)
		(void)fprintf(stderr, "ward: the scanner does not start\n%.*s\n", (int)why.len,
			      why.len ? (const char *)why.data : "");
	return pool;
}

static bool
print_columns(const struct features *f)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	enum ward_rc rc = WARD_OK;

	ward_buf_init(&out, 1u << 20, NULL);
	for (unsigned id = 1; rc == WARD_OK && id < WARD_SCHEMA_COUNT; id++) {
		const struct ward_schema *schema = ward_schema_get(id);

		if (!schema || (f->only && f->only != schema))
			continue;
		if (out.len)
			rc = ward_buf_byte(&out, '\n');
		if (rc == WARD_OK)
			rc = ward_schema_print(schema, &out);
	}
	if (rc != WARD_OK)
		return false;
	(void)fwrite(out.data, 1, out.len, stdout);
	return true;
}

static const struct ward_option table[] = {
	{"type", 't', WARD_OPTION_TEXT, "NAME", offsetof(struct features_options, type),
	 "only files of this kind: a name of --columns, as elf or pe"},
	{"csv", 0, WARD_OPTION_FLAG, NULL, offsetof(struct features_options, csv),
	 "one line per file, a missing number is empty"},
	{"json", 0, WARD_OPTION_FLAG, NULL, offsetof(struct features_options, json),
	 "one JSON object per file"},
	{"columns", 0, WARD_OPTION_FLAG, NULL, offsetof(struct features_options, columns),
	 "print what the columns mean, and no file"},
	{"recursive", 'r', WARD_OPTION_FLAG, NULL, offsetof(struct features_options, recursive),
	 "walk directories"},
	{"jobs", 'j', WARD_OPTION_NUMBER, "N", offsetof(struct features_options, jobs),
	 "scanner processes (default: one per CPU)"},
	{"help", 'h', WARD_OPTION_FLAG, NULL, offsetof(struct features_options, help),
	 "print this"},
	{NULL, 0, WARD_OPTION_FLAG, NULL, 0, NULL},
};

static int
print_rows(struct features *f, const struct ward_strings *paths)
{
	const struct ward_walk_options walk = {.recursive = f->options.recursive};

	f->pool = start(f);
	if (!f->pool)
		return WARD_EXIT_ERROR;
	for (size_t i = 0; i < paths->count; i++)
		if (ward_walk(paths->items[i], &walk, visit, f) != WARD_OK)
			f->failed = true;
	while (ward_pool_pending(f->pool) && take_reply(f))
		;
	f->pool = ward_pool_free(f->pool);
	if (f->left_out)
		(void)fprintf(stderr, "ward features: %llu files of other kinds\n",
			      (unsigned long long)f->left_out);
	return f->failed ? WARD_EXIT_ERROR : WARD_EXIT_NOTHING;
}

static int
command_features(int argc, char **argv)
{
	WARD_AUTO(ward_strings_done) struct ward_strings paths = {.count = 0};
	struct features f = {.failed = false};

	if (!ward_options_parse(&ward_command_features, argc, argv, &f.options, &paths))
		return WARD_EXIT_ERROR;
	if (f.options.help) {
		ward_options_help(&ward_command_features, stdout);
		return WARD_EXIT_NOTHING;
	}
	if (f.options.type) {
		f.only = ward_schema_named(f.options.type);
		if (!f.only) {
			(void)fprintf(stderr, "ward features: no rows are made of kind %s\n",
				      f.options.type);
			return WARD_EXIT_ERROR;
		}
	}
	if (f.options.columns)
		return print_columns(&f) ? WARD_EXIT_NOTHING : WARD_EXIT_ERROR;
	if (paths.count == 0) {
		(void)fputs("ward features: which file?\nTry: ward features --help\n", stderr);
		return WARD_EXIT_ERROR;
	}
	return print_rows(&f, &paths);
}

const struct ward_command ward_command_features = {
	.name = "features",
	.synopsis = "ward features [OPTION]… FILE…",
	.about = "Prints the numbers that models judge a file by, as the scanner computes them. "
		 "With --csv\n"
		 "one table of files of one kind, for training.",
	.examples = "  ward features /bin/true\n"
		    "  ward features --csv --type elf --recursive /usr/lib >rows.csv\n"
		    "  ward features --columns --type pe\n",
	.options = table,
	.run = command_features,
};
