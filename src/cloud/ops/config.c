/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/ops/config.h"

#include <stdio.h>

#include "base/text.h"
#include "base/utf.h"
#include "cloud/ops/config-priv.h"

typedef const struct ward_config_key Key;

/* --- one value --- */

static bool
digits(struct ward_span *text, uint64_t *ret)
{
	uint64_t value = 0;
	size_t n = 0;

	for (; n < text->len && text->data[n] >= '0' && text->data[n] <= '9'; n++)
		if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text->data[n] - '0'), &value))
			return false;
	*text = ward_span_cut(*text, n, text->len);
	*ret = value;
	return n > 0;
}

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit sizes[] = {{"", 1},
				    {"K", UINT64_C(1) << 10},
				    {"M", UINT64_C(1) << 20},
				    {"G", UINT64_C(1) << 30},
				    {"T", UINT64_C(1) << 40},
				    {NULL, 0}};
static const struct unit times[] = {{"ms", 1},		{"s", 1000},	 {"m", 60 * 1000},
				    {"h", 3600 * 1000}, {"d", 86400000}, {NULL, 0}};

static bool
with_unit(struct ward_span text, const struct unit *units, uint64_t *ret)
{
	uint64_t value;

	if (!digits(&text, &value))
		return false;
	if (value == 0 && text.len == 0) {
		*ret = 0;
		return true;
	}
	for (; units->name; units++)
		if (ward_span_eq(text, ward_span_str(units->name)))
			return !__builtin_mul_overflow(value, units->factor, ret);
	return false;
}

static const char *
take_number(Key *key, struct ward_span value, uint64_t *at)
{
	uint64_t number = 0;
	bool good = false;

	if (key->kind == WARD_CONFIG_IS_NUMBER)
		good = digits(&value, &number) && value.len == 0;
	else if (key->kind == WARD_CONFIG_IS_SIZE)
		good = with_unit(value, sizes, &number);
	else
		good = with_unit(value, times, &number);
	if (!good)
		return key->kind == WARD_CONFIG_IS_NUMBER ? "not a number"
		       : key->kind == WARD_CONFIG_IS_SIZE
			       ? "not a size (a number, perhaps with K, M, G or T)"
			       : "not a time (a number with ms, s, m, h or d)";
	/* 0 is what the default says it is, where the default is 0 */
	if (!(number == 0 && key->standard[0] == '0') && (number < key->low || number > key->high))
		return "out of range";
	*at = number;
	return NULL;
}

static const char *
take_bool(struct ward_span value, bool *at)
{
	if (ward_text_eq_nocase(value, "yes") || ward_text_eq_nocase(value, "true") ||
	    ward_text_eq_nocase(value, "on"))
		*at = true;
	else if (ward_text_eq_nocase(value, "no") || ward_text_eq_nocase(value, "false") ||
		 ward_text_eq_nocase(value, "off"))
		*at = false;
	else
		return "neither yes nor no";
	return NULL;
}

static const char *
take_text(struct ward_span value, char *at, size_t room)
{
	if (value.len >= room)
		return "too long";
	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] < 0x20 || value.data[i] == 0x7f)
			return "control character";
	memset(at, 0, room);
	if (value.len > 0)
		memcpy(at, value.data, value.len);
	return NULL;
}

/* NULL, or what is wrong. */
static const char *
take(struct ward_config *config, Key *key, struct ward_span value)
{
	void *at = (char *)config + key->offset;

	switch (key->kind) {
	case WARD_CONFIG_IS_TEXT:
		return take_text(value, at, WARD_CONFIG_TEXT);
	case WARD_CONFIG_IS_BOOL:
		return take_bool(value, at);
	case WARD_CONFIG_IS_NUMBER:
	case WARD_CONFIG_IS_SIZE:
	case WARD_CONFIG_IS_TIME:
		break;
	}
	return take_number(key, value, at);
}

void
ward_config_default(struct ward_config *ret_config)
{
	memset(ret_config, 0, sizeof(*ret_config));
	for (size_t i = 0; i < ward_config_key_count; i++)
		(void)take(ret_config, &ward_config_keys[i],
			   ward_span_str(ward_config_keys[i].standard));
}

/* --- lines --- */

struct reading {
	struct ward_config *config;
	struct ward_buf *why;
	const char *name;
	unsigned line;
	struct ward_span section;
	bool seen[128]; /* one for each key */
	bool bad;
};

static void
complain(struct reading *r, struct ward_span what, const char *why)
{
	enum ward_rc rc;

	r->bad = true;
	rc = ward_buf_printf(r->why, "%s:%u: ", r->name, r->line);
	if (!rc)
		rc = ward_utf_escape(r->why, ward_span_cut(what, 0, 80));
	if (!rc)
		rc = ward_buf_printf(r->why, "%s%s\n", what.len ? ": " : "", why);
	(void)rc; /* a full buffer has said enough */
}

static Key *
find_key(struct ward_span section, struct ward_span name)
{
	for (size_t i = 0; i < ward_config_key_count; i++)
		if (ward_span_eq(section, ward_span_str(ward_config_keys[i].section)) &&
		    ward_span_eq(name, ward_span_str(ward_config_keys[i].name)))
			return &ward_config_keys[i];
	return NULL;
}

static bool
is_section(struct ward_span name)
{
	for (size_t i = 0; i < ward_config_key_count; i++)
		if (ward_span_eq(name, ward_span_str(ward_config_keys[i].section)))
			return true;
	return false;
}

static void
read_section(struct reading *r, struct ward_span line)
{
	struct ward_span name = ward_span_cut(line, 1, line.len >= 2 ? line.len - 2 : 0);

	if (line.data[line.len - 1] != ']' || !is_section(name))
		complain(r, line, "no such section");
	else
		r->section = name;
}

static void
read_setting(struct reading *r, struct ward_span line)
{
	size_t equals = ward_text_find(line, ward_span_str("="), 0);
	struct ward_span name = ward_text_trim(ward_span_cut(line, 0, equals)), value;
	Key *key = find_key(r->section, name);
	const char *wrong;

	if (equals == SIZE_MAX) {
		complain(r, line, "expected \"key = value\"");
		return;
	}
	value = ward_text_trim(ward_span_cut(line, equals + 1, line.len));
	if (!key) {
		complain(r, name,
			 r->section.len ? "no such key in this section"
					: "stands before the first [section]");
		return;
	}
	if (r->seen[key - ward_config_keys]) {
		complain(r, name, "set twice");
		return;
	}
	r->seen[key - ward_config_keys] = true;
	wrong = take(r->config, key, value);
	if (wrong)
		complain(r, name, wrong);
}

static void
read_line(struct reading *r, struct ward_span line)
{
	line = ward_text_trim(line);
	if (line.len == 0 || line.data[0] == '#' || line.data[0] == ';')
		return;
	if (line.data[0] == '[')
		read_section(r, line);
	else
		read_setting(r, line);
}

enum ward_rc
ward_config_read(struct ward_config *config, const char *name, struct ward_span text,
		 struct ward_buf *why)
{
	struct reading r = {.config = config, .why = why, .name = name};

	while (text.len > 0) {
		size_t end = ward_text_find(text, ward_span_str("\n"), 0);

		r.line++;
		read_line(&r, ward_span_cut(text, 0, end));
		text = end == SIZE_MAX ? ward_span_of(NULL, 0)
				       : ward_span_cut(text, end + 1, text.len);
	}
	return r.bad ? WARD_E_FORMAT : WARD_OK;
}

enum ward_rc
ward_config_set(struct ward_config *config, const char *assignment, struct ward_buf *why)
{
	struct ward_span all = ward_span_str(assignment);
	size_t dot = ward_text_find(all, ward_span_str("."), 0);
	struct reading r = {.config = config, .why = why, .name = "command line"};

	if (dot == SIZE_MAX) {
		complain(&r, all, "expected section.key=value");
		return WARD_E_FORMAT;
	}
	r.section = ward_span_cut(all, 0, dot);
	read_setting(&r, ward_span_cut(all, dot + 1, all.len));
	return r.bad ? WARD_E_FORMAT : WARD_OK;
}

/* --- the whole --- */

static enum ward_rc
missing(struct ward_buf *why, const char *key, const char *needs)
{
	enum ward_rc rc = ward_buf_printf(why, "%s: %s\n", key, needs);

	(void)rc;
	return WARD_E_FORMAT;
}

static bool
is_one_of(const char *text, const char *const *of)
{
	while (*of && strcmp(*of, text) != 0)
		of++;
	return *of != NULL;
}

static enum ward_rc
check_kafka_security(const struct ward_config *c, struct ward_buf *why)
{
	static const char *const securities[] = {"plaintext", "tls", "sasl-tls", NULL};
	static const char *const mechanisms[] = {"SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN", NULL};

	if (!is_one_of(c->kafka.security, securities))
		return missing(why, "kafka.security", "must be plaintext, tls or sasl-tls");
	if (!is_one_of(c->kafka.mechanism, mechanisms))
		return missing(why, "kafka.mechanism",
			       "must be SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN");
	if (strcmp(c->kafka.security, "sasl-tls") == 0 &&
	    (!c->kafka.user[0] || !c->kafka.password_file[0]))
		return missing(why, "kafka.user, kafka.password-file", "are needed for sasl-tls");
	if (!c->kafka.certificate[0] != !c->kafka.key[0])
		return missing(why, "kafka.certificate, kafka.key", "go together");
	return WARD_OK;
}

static enum ward_rc
check_kafka(const struct ward_config *c, struct ward_buf *why)
{
	if (!c->kafka.brokers[0])
		return missing(why, "kafka.brokers", "is needed for log.backend = kafka");
	if (!c->kafka.prefix[0] || strlen(c->kafka.prefix) > 64)
		return missing(why, "kafka.prefix", "must have 1 to 64 characters");
	if (c->kafka.min_insync > c->kafka.replicas)
		return missing(why, "kafka.min-insync", "must not exceed kafka.replicas");
	return check_kafka_security(c, why);
}

static enum ward_rc
check_objects(const struct ward_config *c, struct ward_buf *why)
{
	bool s3 = strcmp(c->objects.backend, "s3") == 0;

	if (!s3 && strcmp(c->objects.backend, "dir") != 0)
		return missing(why, "objects.backend", "must be dir or s3");
	if (s3 && (!c->objects.s3_endpoint[0] || !c->objects.s3_bucket[0]))
		return missing(why, "objects.s3-endpoint, objects.s3-bucket",
			       "are needed for objects.backend = s3");
	return WARD_OK;
}

enum ward_rc
ward_config_check(const struct ward_config *c, struct ward_buf *why)
{
	if (c->service.directory[0] != '/')
		return missing(why, "service.directory", "must be an absolute path");
	if (!c->edge.listen[0])
		return missing(why, "edge.listen", "is needed");
	if (!c->log.snapshots[0])
		return missing(why, "log.snapshots", "is needed");
	if (check_objects(c, why))
		return WARD_E_FORMAT;
	if (strcmp(c->log.backend, "kafka") == 0)
		return check_kafka(c, why);
	if (strcmp(c->log.backend, "file") != 0)
		return missing(why, "log.backend", "must be file or kafka");
	return WARD_OK;
}

static enum ward_rc
write_number(struct ward_buf *out, Key *key, uint64_t value)
{
	const struct unit *units = key->kind == WARD_CONFIG_IS_SIZE ? sizes : times, *best = units;

	if (key->kind == WARD_CONFIG_IS_NUMBER || value == 0)
		return ward_buf_printf(out, "%llu", (unsigned long long)value);
	for (; units->name; units++)
		if (value % units->factor == 0 && units->factor >= best->factor)
			best = units;
	return ward_buf_printf(out, "%llu%s", (unsigned long long)(value / best->factor),
			       best->name);
}

static enum ward_rc
write_value(struct ward_buf *out, Key *key, const struct ward_config *config)
{
	const void *at = (const char *)config + key->offset;

	switch (key->kind) {
	case WARD_CONFIG_IS_TEXT:
		return ward_buf_str(out, at);
	case WARD_CONFIG_IS_BOOL:
		return ward_buf_str(out, *(const bool *)at ? "yes" : "no");
	case WARD_CONFIG_IS_NUMBER:
	case WARD_CONFIG_IS_SIZE:
	case WARD_CONFIG_IS_TIME:
		break;
	}
	return write_number(out, key, *(const uint64_t *)at);
}

static enum ward_rc
write_key(struct ward_buf *out, Key *key, const struct ward_config *config)
{
	WARD_AUTO(ward_buf_done) struct ward_buf value = {0};
	enum ward_rc rc;
	bool standard;

	ward_buf_init(&value, 4096, NULL);
	rc = write_value(&value, key, config);
	if (rc)
		return rc;
	standard = ward_span_eq(ward_buf_span(&value), ward_span_str(key->standard));
	rc = ward_buf_printf(out, "# %s\n%s%s = ", key->help, standard ? "#" : "", key->name);
	if (!rc && value.len > 0)
		rc = ward_buf_append(out, value.data, value.len);
	return rc ? rc : ward_buf_str(out, "\n");
}

enum ward_rc
ward_config_write(const struct ward_config *config, struct ward_buf *out)
{
	const char *section = "";
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < ward_config_key_count && !rc; i++) {
		Key *key = &ward_config_keys[i];

		if (strcmp(section, key->section) != 0)
			rc = ward_buf_printf(out, "%s[%s]\n", i ? "\n" : "", key->section);
		section = key->section;
		if (!rc)
			rc = write_key(out, key, config);
	}
	return rc;
}

bool
ward_config_path(const struct ward_config *config, const char *name, ward_config_text ret_path)
{
	int n = name[0] == '/' ? snprintf(ret_path, WARD_CONFIG_TEXT, "%s", name)
			       : snprintf(ret_path, WARD_CONFIG_TEXT, "%s/%s",
					  config->service.directory, name);

	return n > 0 && n < WARD_CONFIG_TEXT;
}
