/* SPDX-License-Identifier: Apache-2.0 */
#include "match/yara/yara.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "match/yara/yara-priv.h"

enum {
	DEFAULT_SECONDS = 60,
	DETAIL_STRINGS = 3,
	DETAIL_SIZE = 320,
	SCORE_MALICIOUS = 75,
	SEVERITY_MALICIOUS = 8, /* on the scale up to SEVERITY_SMALL */
	SEVERITY_SMALL = 10,
};

/*
 * NO_TRYCATCH: otherwise libyara installs its own SIGBUS handler around every
 * scan; whoever maps files in this process (the scanner program) handles SIGBUS
 * for all layers. FAST_MODE: one match per string is enough where the condition
 * does not count them.
 */
enum {
	SCAN_FLAGS =
		SCAN_FLAGS_FAST_MODE | SCAN_FLAGS_NO_TRYCATCH | SCAN_FLAGS_REPORT_RULES_MATCHING,
};

struct rule_set {
	YR_RULES *rules;
	YR_SCANNER *scanner; /* NULL until this process scans; inherited copies are private */
};

struct yara_matcher {
	struct ward_matcher base; /* first: the seam's pointer is this one's */
	struct rule_set *sets;
	size_t count;
	int seconds;
};

struct scan {
	const struct ward_match_object *object;
	ward_match_report report;
	void *ctx;
	bool stopped;
	bool expired;
	bool too_many;
};

/* What a rule says about itself. */
struct traits {
	const char *threat[3]; /* threat_name, malware, threat */
	const char *severity;
	int64_t severity_number;
	int64_t score;
	bool has_severity_number, has_score, pua;
};

static bool
meta_number(const YR_META *meta, int64_t *ret_n)
{
	uint64_t n;

	if (meta->type == META_TYPE_INTEGER) {
		*ret_n = meta->integer;
		return true;
	}
	if (meta->type != META_TYPE_STRING || !ward_text_u64(ward_span_str(meta->string), &n))
		return false;
	*ret_n = n > INT32_MAX ? INT32_MAX : (int64_t)n;
	return true;
}

static void
take_meta(struct traits *t, const YR_META *meta)
{
	static const char *const threats[] = {"threat_name", "malware", "threat"};
	struct ward_span name = ward_span_str(meta->identifier);

	for (size_t i = 0; i < 3; i++)
		if (meta->type == META_TYPE_STRING && meta->string[0] &&
		    ward_text_eq_nocase(name, threats[i]) && !t->threat[i])
			t->threat[i] = meta->string;
	if (ward_text_eq_nocase(name, "score")) {
		t->has_score = meta_number(meta, &t->score) || t->has_score;
	} else if (ward_text_eq_nocase(name, "severity")) {
		if (meta_number(meta, &t->severity_number))
			t->has_severity_number = true;
		else if (meta->type == META_TYPE_STRING)
			t->severity = meta->string;
	} else if (ward_text_eq_nocase(name, "pua")) {
		t->pua = meta->type == META_TYPE_STRING
				 ? ward_text_eq_nocase(ward_span_str(meta->string), "true")
				 : meta->integer != 0;
	}
}

static struct traits
traits_of(const YR_RULE *rule)
{
	struct traits t = {.pua = false};
	const YR_META *meta;
	const char *tag;

	yr_rule_metas_foreach (rule, meta)
		take_meta(&t, meta);
	yr_rule_tags_foreach (rule, tag)
		if (ward_text_eq_nocase(ward_span_str(tag), "pua"))
			t.pua = true;
	return t;
}

static bool
convicts(const struct traits *t)
{
	struct ward_span word;

	if (t->pua)
		return false;
	if (t->has_score)
		return t->score >= SCORE_MALICIOUS;
	if (t->has_severity_number)
		return t->severity_number >= SCORE_MALICIOUS ||
		       (t->severity_number <= SEVERITY_SMALL &&
			t->severity_number >= SEVERITY_MALICIOUS);
	if (!t->severity)
		return true;
	word = ward_span_str(t->severity);
	return ward_text_eq_nocase(word, "critical") || ward_text_eq_nocase(word, "high");
}

static const char *
threat_of(const struct traits *t, const YR_RULE *rule)
{
	for (size_t i = 0; i < 3; i++)
		if (t->threat[i])
			return t->threat[i];
	return rule->identifier;
}

/* Where the string first matched, or -1. */
static int64_t
first_match(YR_SCAN_CONTEXT *context, const YR_STRING *string)
{
	const YR_MATCH *match;

	yr_string_matches_foreach (context, string, match) {
		return match->base + match->offset;
	}
	return -1;
}

static void
describe(YR_SCAN_CONTEXT *context, const YR_RULE *rule, char *out, size_t size)
{
	const YR_STRING *string;
	size_t used = 0;
	int shown = 0;

	out[0] = '\0';
	yr_rule_strings_foreach (rule, string) {
		int64_t at = first_match(context, string);
		int n;

		if (at < 0 || shown == DETAIL_STRINGS)
			continue;
		n = snprintf(out + used, size - used, "%s%.64s at 0x%llx", shown ? ", " : "",
			     string->identifier, (unsigned long long)at);
		if (n < 0 || (size_t)n >= size - used)
			return;
		used += (size_t)n;
		shown++;
	}
}

static int
on_rule(struct scan *s, YR_SCAN_CONTEXT *context, const YR_RULE *rule)
{
	struct traits traits = traits_of(rule);
	char detail[DETAIL_SIZE];
	struct ward_match_hit hit = {
		.layer = WARD_LAYER_YARA,
		.verdict = convicts(&traits) ? WARD_MALICIOUS : WARD_SUSPICIOUS,
		.threat = threat_of(&traits, rule),
		.rule = rule->identifier,
		.source = rule->ns->name,
	};

	describe(context, rule, detail, sizeof(detail));
	hit.detail = detail[0] ? detail : NULL;
	if (s->report(s->ctx, &hit))
		return CALLBACK_CONTINUE;
	s->stopped = true;
	return CALLBACK_ABORT;
}

static bool
time_is_up(struct scan *s)
{
	const struct ward_match_object *o = s->object;

	s->expired = s->expired || (o->expired && o->expired(o->ctx));
	return s->expired;
}

static int
on_message(YR_SCAN_CONTEXT *context, int message, void *data, void *user_data)
{
	struct scan *s = user_data;

	if (message == CALLBACK_MSG_TOO_MANY_MATCHES)
		s->too_many = true; /* libyara drops the string and goes on */
	if (message == CALLBACK_MSG_RULE_MATCHING && on_rule(s, context, data) != CALLBACK_CONTINUE)
		return CALLBACK_ABORT;
	return time_is_up(s) ? CALLBACK_ABORT : CALLBACK_CONTINUE;
}

static enum ward_rc
set_externals(YR_SCANNER *scanner, const struct ward_match_object *object)
{
	const struct ward_match_origin *o = object->origin;
	const char *values[] = {
		[WARD_YARA_FILENAME] = o ? o->filename : "",
		[WARD_YARA_FILEPATH] = o ? o->filepath : "",
		[WARD_YARA_EXTENSION] = o ? o->extension : "",
		[WARD_YARA_OWNER] = o ? o->owner : "",
		[WARD_YARA_FILETYPE] = ward_yara_filetype(object->type),
	};

	for (size_t i = 0; i < ward_yara_external_count; i++) {
		int error = yr_scanner_define_string_variable(scanner, ward_yara_externals[i].name,
							      values[ward_yara_externals[i].value]);

		/* INVALID_ARGUMENT: a set compiled elsewhere does not know this one. */
		if (error != ERROR_SUCCESS && error != ERROR_INVALID_ARGUMENT)
			return ward_yara_rc(error);
	}
	return WARD_OK;
}

static enum ward_rc
scanner_of(struct rule_set *set, int seconds)
{
	int error;

	if (set->scanner)
		return WARD_OK;
	error = yr_scanner_create(set->rules, &set->scanner);
	if (error != ERROR_SUCCESS) {
		set->scanner = NULL;
		return ward_yara_rc(error);
	}
	yr_scanner_set_flags(set->scanner, SCAN_FLAGS);
	yr_scanner_set_timeout(set->scanner, seconds);
	return WARD_OK;
}

static enum ward_rc
scan_set(struct rule_set *set, int seconds, struct scan *s)
{
	struct ward_span bytes = s->object->bytes;
	enum ward_rc rc;
	int error;

	rc = scanner_of(set, seconds);
	if (rc == WARD_OK)
		rc = set_externals(set->scanner, s->object);
	if (rc != WARD_OK)
		return rc;
	yr_scanner_set_callback(set->scanner, on_message, s);
	error = yr_scanner_scan_mem(set->scanner, bytes.len ? bytes.data : (const uint8_t *)"",
				    bytes.len);
	if (error != ERROR_SUCCESS) {
		/* Pools grown by a scan that failed are not worth keeping. */
		yr_scanner_destroy(set->scanner);
		set->scanner = NULL;
		return ward_yara_rc(error);
	}
	if (s->stopped)
		return WARD_E_STOPPED;
	if (s->expired)
		return WARD_E_TIMEOUT;
	return s->too_many ? WARD_E_LIMIT : WARD_OK;
}

static enum ward_rc
matcher_scan(const struct ward_matcher *m, const struct ward_match_object *object,
	     ward_match_report report, void *ctx)
{
	const struct yara_matcher *y = (const struct yara_matcher *)m;
	struct scan s = {.object = object, .report = report, .ctx = ctx};
	enum ward_rc worst = WARD_OK;

	for (size_t i = 0; i < y->count; i++) {
		enum ward_rc rc;

		if (time_is_up(&s))
			return WARD_E_TIMEOUT;
		rc = scan_set(&y->sets[i], y->seconds, &s);
		if (rc == WARD_E_STOPPED || rc == WARD_E_TIMEOUT)
			return rc;
		if (rc != WARD_OK)
			worst = rc; /* the other sets can still see something */
	}
	return worst;
}

static void
matcher_free(struct ward_matcher *m)
{
	struct yara_matcher *y = (struct yara_matcher *)m;

	for (size_t i = 0; i < y->count; i++) {
		if (y->sets[i].scanner)
			yr_scanner_destroy(y->sets[i].scanner);
		yr_rules_destroy(y->sets[i].rules);
	}
	free(y->sets);
	free(y);
	yr_finalize();
}

static enum ward_rc
load_sets(struct yara_matcher *y, struct ward_cursor *c, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct ward_span part = ward_cursor_bytes(c, ward_cursor_u64le(c));
		enum ward_rc rc;

		if (!ward_cursor_ok(c))
			return WARD_E_FORMAT;
		rc = ward_yara_load(part, &y->sets[y->count].rules);
		if (rc != WARD_OK)
			return rc == WARD_E_LIMIT ? WARD_E_FORMAT : rc;
		y->count++;
	}
	return WARD_OK;
}

static enum ward_rc
load_block(struct yara_matcher *y, struct ward_span bytes)
{
	struct ward_cursor c = ward_cursor_of(bytes);
	struct ward_span magic = ward_cursor_bytes(&c, WARD_YARA_MAGIC_LEN);
	uint32_t version = ward_cursor_u32le(&c);
	uint32_t count = ward_cursor_u32le(&c);

	if (!ward_cursor_ok(&c) || !ward_span_eq(magic, ward_span_str(WARD_YARA_MAGIC)) ||
	    count == 0 || count > WARD_YARA_SETS_MAX)
		return WARD_E_FORMAT;
	if (version != WARD_YARA_VERSION)
		return WARD_E_UNSUPPORTED;
	y->sets = calloc(count, sizeof(*y->sets));
	if (!y->sets)
		return WARD_E_NOMEM;
	return load_sets(y, &c, count);
}

static const char *
load_reason(enum ward_rc rc)
{
	if (rc == WARD_E_UNSUPPORTED)
		return ward_yara_error_str(ERROR_UNSUPPORTED_FILE_VERSION);
	if (rc == WARD_E_NOMEM)
		return ward_yara_error_str(ERROR_INSUFFICIENT_MEMORY);
	return ward_yara_error_str(ERROR_CORRUPT_FILE);
}

enum ward_rc
ward_yara_matcher_new(struct ward_span bytes, const struct ward_yara_options *options,
		      ward_match_notice notice, void *notice_ctx, struct ward_matcher **ret_matcher)
{
	struct yara_matcher *y;
	enum ward_rc rc;

	y = calloc(1, sizeof(*y));
	if (!y)
		return WARD_E_NOMEM;
	if (yr_initialize() != ERROR_SUCCESS) {
		free(y);
		return WARD_E_NOMEM;
	}
	/* No copy of the matched bytes per match: a million matches would hold half a gigabyte. */
	yr_set_configuration_uint32(YR_CONFIG_MAX_MATCH_DATA, 0);
	y->base = (struct ward_matcher){"yara", true, matcher_scan, matcher_free};
	y->seconds = options && options->seconds ? (int)options->seconds : DEFAULT_SECONDS;
	rc = load_block(y, bytes);
	if (rc != WARD_OK) {
		if (notice)
			notice(notice_ctx, true, "", 0, load_reason(rc));
		matcher_free(&y->base);
		return rc;
	}
	*ret_matcher = &y->base;
	return WARD_OK;
}

size_t
ward_yara_matcher_rules(const struct ward_matcher *m)
{
	const struct yara_matcher *y = (const struct yara_matcher *)m;
	size_t rules = 0;

	for (size_t i = 0; i < y->count; i++)
		rules += y->sets[i].rules->num_rules;
	return rules;
}
