/* SPDX-License-Identifier: Apache-2.0 */
#include "match/yara/yara.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "match/yara/yara-priv.h"

enum { NAMES_SHOWN = 8, TEXT_MAX = 1024, ARRAY_START = 8 };

struct source {
	char *name;
	char *ns;
	char *text; /* NUL-terminated for libyara; may hold more NULs, then it is broken */
	size_t len;
	bool broken;
};

struct compiled {
	char *name;
	uint8_t *bytes;
	size_t len;
	size_t rules;
};

/* One line of the compiler, kept until it is known whether the pass counts. */
struct line {
	char *file;
	char *text;
	unsigned number;
	bool error;
};

struct lines {
	struct line *at;
	size_t count, room;
	bool lost; /* no memory for one of them */
};

struct ward_yara_builder {
	struct ward_yara_config config;
	struct source *sources;
	size_t source_count, source_room;
	struct compiled *sets;
	size_t set_count;
	struct ward_yara_counts counts;
};

/* One run of libyara's compiler. */
struct pass {
	struct ward_yara_builder *b;
	const struct source *current;
	struct lines lines;
	size_t includes;
	int last_error;
};

static char *
copy_bytes(struct ward_span s)
{
	char *p = malloc(s.len + 1);

	if (!p)
		return NULL;
	if (s.len)
		memcpy(p, s.data, s.len);
	p[s.len] = '\0';
	return p;
}

static char *
copy_text(const char *s)
{
	return copy_bytes(ward_span_str(s));
}

/* The array with room for one more, or NULL (the old one stays). */
static void *
grow(void *array, size_t count, size_t *room, size_t size)
{
	size_t want = *room ? *room * 2 : ARRAY_START;
	void *p;

	if (count < *room)
		return array;
	if (want > SIZE_MAX / size)
		return NULL;
	p = realloc(array, want * size);
	if (p)
		*room = want;
	return p;
}

static void
notify(const struct ward_yara_builder *b, bool bad, const char *file, unsigned line,
       const char *text)
{
	if (b->config.notice)
		b->config.notice(b->config.notice_ctx, bad, file, line, text);
}

static void
lines_done(struct lines *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->at[i].file);
		free(l->at[i].text);
	}
	free(l->at);
	*l = (struct lines){.at = NULL};
}

static void
lines_add(struct lines *l, const struct line *from)
{
	struct line *at = grow(l->at, l->count, &l->room, sizeof(*at));
	struct line copy = *from;

	if (at)
		l->at = at;
	copy.file = at ? copy_text(from->file) : NULL;
	copy.text = at ? copy_text(from->text) : NULL;
	if (copy.file && copy.text) {
		l->at[l->count++] = copy;
		return;
	}
	free(copy.file);
	free(copy.text);
	l->lost = true;
}

/* Tells the errors (or the warnings) of a pass; returns how many there were. */
static size_t
lines_tell(const struct ward_yara_builder *b, const struct lines *l, bool errors)
{
	size_t told = 0;

	for (size_t i = 0; i < l->count; i++) {
		if (l->at[i].error != errors)
			continue;
		notify(b, errors && !b->config.lenient, l->at[i].file, l->at[i].number,
		       l->at[i].text);
		told++;
	}
	return told;
}

struct ward_yara_builder *
ward_yara_builder_new(const struct ward_yara_config *config)
{
	struct ward_yara_builder *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	if (yr_initialize() != ERROR_SUCCESS) {
		free(b);
		return NULL;
	}
	b->config = *config;
	return b;
}

static void
source_done(struct source *s)
{
	free(s->name);
	free(s->ns);
	free(s->text);
}

struct ward_yara_builder *
ward_yara_builder_free(struct ward_yara_builder *b)
{
	if (!b)
		return NULL;
	for (size_t i = 0; i < b->source_count; i++)
		source_done(&b->sources[i]);
	for (size_t i = 0; i < b->set_count; i++) {
		free(b->sets[i].name);
		free(b->sets[i].bytes);
	}
	free(b->sources);
	free(b->sets);
	free(b);
	yr_finalize();
	return NULL;
}

void
ward_yara_builder_freep(struct ward_yara_builder **b)
{
	*b = ward_yara_builder_free(*b);
}

enum ward_rc
ward_yara_builder_add_source(struct ward_yara_builder *b, const char *name, struct ward_span bytes,
			     const char *ns)
{
	struct source s = {.len = bytes.len};
	struct source *grown;

	if (bytes.len > WARD_YARA_SOURCE_MAX)
		return WARD_E_LIMIT;
	grown = grow(b->sources, b->source_count, &b->source_room, sizeof(s));
	if (!grown)
		return WARD_E_NOMEM;
	b->sources = grown;
	/* A byte order mark is not YARA; editors leave it. */
	if (ward_span_starts(bytes, "\xef\xbb\xbf", 3))
		bytes = ward_span_cut(bytes, 3, bytes.len);
	s.len = bytes.len;
	s.name = copy_text(name);
	s.ns = copy_text(ns ? ns : name);
	s.text = copy_bytes(bytes);
	if (!s.name || !s.ns || !s.text) {
		source_done(&s);
		return WARD_E_NOMEM;
	}
	b->sources[b->source_count++] = s;
	b->counts.sources++;
	return WARD_OK;
}

/* What a set expects of us must be what the matcher will give. */
static enum ward_rc
check_externals(YR_RULES *rules)
{
	YR_SCANNER *scanner;
	int error = yr_scanner_create(rules, &scanner);

	if (error != ERROR_SUCCESS)
		return ward_yara_rc(error);
	for (size_t i = 0; i < ward_yara_external_count && error == ERROR_SUCCESS; i++) {
		error = yr_scanner_define_string_variable(scanner, ward_yara_externals[i].name, "");
		if (error == ERROR_INVALID_ARGUMENT)
			error = ERROR_SUCCESS; /* not used by this set */
	}
	yr_scanner_destroy(scanner);
	return error == ERROR_SUCCESS ? WARD_OK : WARD_E_FORMAT;
}

static enum ward_rc
check_compiled(struct ward_span bytes, size_t *ret_rules)
{
	YR_RULES *rules;
	enum ward_rc rc = ward_yara_load(bytes, &rules);

	if (rc != WARD_OK)
		return rc == WARD_E_NOMEM ? rc : WARD_E_FORMAT;
	rc = check_externals(rules);
	*ret_rules = rules->num_rules;
	yr_rules_destroy(rules);
	return rc;
}

static enum ward_rc
keep_compiled(struct ward_yara_builder *b, const char *name, struct ward_span bytes, size_t rules)
{
	struct compiled *sets = realloc(b->sets, (b->set_count + 1) * sizeof(*sets));
	struct compiled *set;

	if (!sets)
		return WARD_E_NOMEM;
	b->sets = sets;
	set = &sets[b->set_count];
	*set = (struct compiled){.len = bytes.len, .rules = rules};
	set->name = copy_text(name);
	set->bytes = (uint8_t *)copy_bytes(bytes);
	if (!set->name || !set->bytes) {
		free(set->name);
		free(set->bytes);
		return WARD_E_NOMEM;
	}
	b->set_count++;
	return WARD_OK;
}

enum ward_rc
ward_yara_builder_add_compiled(struct ward_yara_builder *b, const char *name,
			       struct ward_span bytes)
{
	size_t rules;
	enum ward_rc rc;

	if (b->set_count + 1 >= WARD_YARA_SETS_MAX)
		return WARD_E_LIMIT;
	rc = check_compiled(bytes, &rules);
	if (rc == WARD_E_FORMAT)
		notify(b, true, name, 0,
		       "not rules compiled by YARA " YR_VERSION
		       " with string externals, or damaged");
	if (rc != WARD_OK)
		return rc;
	return keep_compiled(b, name, bytes, rules);
}

/* Skips `word` and the white space after it at the start of *line. */
static bool
skip_word(struct ward_span *line, const char *word)
{
	size_t n = strlen(word);

	if (line->len <= n || memcmp(line->data, word, n) != 0 ||
	    !ward_text_is_space(line->data[n]))
		return false;
	*line = ward_text_trim(ward_span_cut(*line, n, line->len));
	return true;
}

/*
 * The name after `rule` when the line starts one. Good enough to say what was
 * lost with a file that libyara does not parse; nothing is decided by it.
 */
static struct ward_span
rule_name(struct ward_span line)
{
	size_t n = 0;

	line = ward_text_trim(line);
	while (skip_word(&line, "private") || skip_word(&line, "global"))
		;
	if (!skip_word(&line, "rule"))
		return ward_span_of(NULL, 0);
	while (n < line.len && (ward_text_is_alnum(line.data[n]) || line.data[n] == '_'))
		n++;
	return ward_span_cut(line, 0, n);
}

/* Counts and names what is lost with a broken source. */
static void
tell_lost(struct ward_yara_builder *b, const struct source *s)
{
	struct ward_span rest = ward_span_of(s->text, s->len), line, name;
	struct ward_buf names WARD_AUTO(ward_buf_done) = {0};
	char text[TEXT_MAX];
	size_t lost = 0;

	ward_buf_init(&names, TEXT_MAX / 2, NULL);
	while (ward_text_split(&rest, '\n', &line)) {
		name = rule_name(line);
		if (name.len == 0)
			continue;
		if (lost++ < NAMES_SHOWN && ward_buf_printf(&names, "%s%.*s", lost > 1 ? ", " : "",
							    (int)name.len, name.data) != WARD_OK)
			continue; /* very long names: the count still tells */
	}
	b->counts.rules_skipped += lost;
	snprintf(text, sizeof(text), "not loaded: %zu rule%s (%.*s%s)", lost, lost == 1 ? "" : "s",
		 (int)names.len, names.len ? (const char *)names.data : "",
		 lost > NAMES_SHOWN ? ", ..." : "");
	notify(b, false, s->name, 0, text);
}

static void
condemn(struct ward_yara_builder *b, struct source *s)
{
	s->broken = true;
	b->counts.sources_skipped++;
	tell_lost(b, s);
}

static unsigned
last_line(const struct source *s)
{
	unsigned n = 1;

	for (size_t i = 0; i < s->len; i++)
		n += s->text[i] == '\n';
	return n;
}

static void
on_line(int level, const char *file, int number, const YR_RULE *rule, const char *message,
	void *user_data)
{
	struct pass *p = user_data;
	char text[TEXT_MAX];
	char name[TEXT_MAX];
	/* libyara says 0 for what it finds at the end of the file. */
	unsigned at = number > 0 ? (unsigned)number : file ? 0 : last_line(p->current);

	snprintf(text, sizeof(text), "%s%s%s%s", rule ? "rule " : "", rule ? rule->identifier : "",
		 rule ? ": " : "", message);
	snprintf(name, sizeof(name), "%s", file ? file : p->current->name);
	lines_add(&p->lines, &(struct line){.file = name,
					    .text = text,
					    .number = at,
					    .error = level == YARA_ERROR_LEVEL_ERROR});
}

/*
 * libmagic reads its database from disk at scan time, which the scanner's
 * sandbox refuses: rules that use it could never match, so they are refused
 * here, where somebody reads the reason. Returns the line, or 0.
 */
static unsigned
imports_magic(struct ward_span text)
{
	struct ward_span line;

	for (unsigned n = 1; ward_text_split(&text, '\n', &line); n++) {
		line = ward_text_trim(line);
		if (!ward_text_starts_nocase(line, "import"))
			continue;
		line = ward_text_trim(ward_span_cut(line, 6, line.len));
		if (ward_span_starts(line, "\"magic\"", 7))
			return n;
	}
	return 0;
}

static const char *
on_include(const char *name, const char *from, const char *ns, void *user_data)
{
	struct pass *p = user_data;
	const struct ward_yara_config *config = &p->b->config;
	struct ward_buf file WARD_AUTO(ward_buf_done) = {0};

	(void)ns;
	ward_buf_init(&file, WARD_YARA_SOURCE_MAX, NULL);
	if (++p->includes > WARD_YARA_INCLUDES_MAX)
		return NULL;
	if (config->include(config->include_ctx, name, from && *from ? from : p->current->name,
			    &file) != WARD_OK)
		return NULL;
	/* Refused by a NULL, which libyara reports at the including line. */
	if (file.len && memchr(file.data, 0, file.len))
		return NULL;
	if (imports_magic(ward_buf_span(&file)))
		return NULL;
	return copy_bytes(ward_buf_span(&file));
}

static void
on_include_free(const char *text, void *user_data)
{
	union {
		const char *in;
		char *out;
	} p = {.in = text};

	(void)user_data;
	free(p.out);
}

static enum ward_rc
compiler_new(struct pass *p, YR_COMPILER **ret_compiler)
{
	YR_COMPILER *c;
	int error = yr_compiler_create(&c);

	if (error != ERROR_SUCCESS)
		return WARD_E_NOMEM;
	yr_compiler_set_callback(c, on_line, p);
	if (p->b->config.include)
		yr_compiler_set_include_callback(c, on_include, on_include_free, p);
	else
		yr_compiler_set_include_callback(c, NULL, NULL, NULL);
	for (size_t i = 0; i < ward_yara_external_count && error == ERROR_SUCCESS; i++)
		error = yr_compiler_define_string_variable(c, ward_yara_externals[i].name, "");
	if (error != ERROR_SUCCESS) {
		yr_compiler_destroy(c);
		return WARD_E_NOMEM;
	}
	*ret_compiler = c;
	return WARD_OK;
}

/* False when the source is broken; the pass then holds why. */
static bool
compile_source(struct pass *p, YR_COMPILER *c, const struct source *s)
{
	const char *nul = memchr(s->text, 0, s->len);
	unsigned magic = imports_magic(ward_span_of(s->text, s->len));
	struct line refusal = {.file = s->name, .number = 1, .error = true};
	char nul_text[] = "a NUL byte: not YARA source (UTF-16 or compiled?)";
	char magic_text[] =
		"module \"magic\" is not available (it reads a database outside the sandbox)";

	p->current = s;
	p->includes = 0;
	if (!nul && !magic) {
		bool good = yr_compiler_add_string(c, s->text, s->ns) == 0;

		p->last_error = c->last_error;
		return good;
	}
	for (const char *at = s->text; nul && at < nul; at++)
		refusal.number += *at == '\n';
	if (!nul)
		refusal.number = magic;
	refusal.text = nul ? nul_text : magic_text;
	p->last_error = ERROR_SYNTAX_ERROR;
	lines_add(&p->lines, &refusal);
	return false;
}

/*
 * Compiles the good sources from `from` up to `to` together. On WARD_E_FORMAT
 * *ret_broken is the one that does not compile after those before it.
 */
static enum ward_rc
compile_range(struct pass *p, size_t from, size_t to, YR_RULES **ret_rules, size_t *ret_broken)
{
	YR_COMPILER *c;
	enum ward_rc rc = compiler_new(p, &c);

	if (rc != WARD_OK)
		return rc;
	for (size_t i = from; i < to && rc == WARD_OK; i++) {
		if (p->b->sources[i].broken || compile_source(p, c, &p->b->sources[i]))
			continue;
		*ret_broken = i;
		rc = p->last_error == ERROR_INSUFFICIENT_MEMORY ? WARD_E_NOMEM : WARD_E_FORMAT;
	}
	if (rc == WARD_OK && ret_rules && yr_compiler_get_rules(c, ret_rules) != ERROR_SUCCESS)
		rc = WARD_E_NOMEM;
	yr_compiler_destroy(c);
	return rc;
}

/*
 * libyara's compiler is of no use after an error, so each source after the
 * first broken one is tried alone, to name all broken ones in one go. One that
 * merely misses a name may need an earlier source: the next joint pass decides.
 */
static enum ward_rc
try_alone(struct ward_yara_builder *b, size_t from)
{
	for (size_t i = from; i < b->source_count; i++) {
		struct pass p = {.b = b};
		enum ward_rc rc;
		size_t broken;

		if (b->sources[i].broken)
			continue;
		rc = compile_range(&p, i, i + 1, NULL, &broken);
		if (rc == WARD_E_FORMAT && p.last_error != ERROR_UNDEFINED_IDENTIFIER) {
			lines_tell(b, &p.lines, true);
			condemn(b, &b->sources[i]);
		}
		lines_done(&p.lines);
		if (rc != WARD_OK && rc != WARD_E_FORMAT)
			return rc;
	}
	return WARD_OK;
}

/* Joint passes until nothing is broken. */
static enum ward_rc
compile_all(struct ward_yara_builder *b, YR_RULES **ret_rules)
{
	bool alone_done = false;

	for (;;) {
		struct pass p = {.b = b};
		size_t broken = 0;
		enum ward_rc rc = compile_range(&p, 0, b->source_count, ret_rules, &broken);

		if (rc == WARD_OK)
			b->counts.warnings = lines_tell(b, &p.lines, false);
		if (rc == WARD_E_FORMAT) {
			lines_tell(b, &p.lines, true);
			condemn(b, &b->sources[broken]);
		}
		if (p.lines.lost)
			rc = WARD_E_NOMEM;
		lines_done(&p.lines);
		if (rc == WARD_E_FORMAT && !alone_done) {
			alone_done = true;
			rc = try_alone(b, broken + 1);
			if (rc == WARD_OK)
				rc = WARD_E_FORMAT;
		}
		if (rc != WARD_E_FORMAT || !b->config.lenient)
			return rc;
	}
}

static enum ward_rc
put_uint(struct ward_buf *out, uint64_t value, int bytes)
{
	uint8_t le[8];

	for (int i = 0; i < bytes; i++)
		le[i] = (uint8_t)(value >> (8 * i));
	return ward_buf_append(out, le, (size_t)bytes);
}

static enum ward_rc
put_set(struct ward_buf *out, struct ward_span set)
{
	enum ward_rc rc = put_uint(out, set.len, 8);

	return rc == WARD_OK ? ward_buf_append(out, set.data, set.len) : rc;
}

static enum ward_rc
put_rules(struct ward_buf *out, YR_RULES *rules)
{
	struct ward_buf set WARD_AUTO(ward_buf_done) = {0};
	enum ward_rc rc;

	ward_buf_init(&set, out->max, NULL);
	rc = ward_yara_save(rules, &set);
	return rc == WARD_OK ? put_set(out, ward_buf_span(&set)) : rc;
}

static enum ward_rc
put_block(struct ward_yara_builder *b, YR_RULES *rules, struct ward_buf *out)
{
	size_t count = b->set_count + (rules ? 1 : 0);
	enum ward_rc rc = ward_buf_append(out, WARD_YARA_MAGIC, WARD_YARA_MAGIC_LEN);

	if (rc == WARD_OK)
		rc = put_uint(out, WARD_YARA_VERSION, 4);
	if (rc == WARD_OK)
		rc = put_uint(out, count, 4);
	if (rc == WARD_OK && rules)
		rc = put_rules(out, rules);
	for (size_t i = 0; i < b->set_count && rc == WARD_OK; i++) {
		rc = put_set(out, ward_span_of(b->sets[i].bytes, b->sets[i].len));
		b->counts.rules += b->sets[i].rules;
	}
	b->counts.sets = count;
	return rc;
}

enum ward_rc
ward_yara_builder_finish(struct ward_yara_builder *b, struct ward_buf *out,
			 struct ward_yara_counts *ret_counts)
{
	YR_RULES *rules = NULL;
	enum ward_rc rc = WARD_OK;
	size_t before = out->len;

	if (b->source_count)
		rc = compile_all(b, &rules);
	if (rc == WARD_OK && rules) {
		b->counts.rules = rules->num_rules;
		if (rules->num_rules == 0) {
			yr_rules_destroy(rules);
			rules = NULL;
		}
	}
	if (rc == WARD_OK && !rules && b->set_count == 0)
		rc = WARD_E_FORMAT;
	if (rc == WARD_OK)
		rc = put_block(b, rules, out);
	if (rules)
		yr_rules_destroy(rules);
	if (rc == WARD_OK)
		*ret_counts = b->counts;
	else
		out->len = before;
	return rc;
}
