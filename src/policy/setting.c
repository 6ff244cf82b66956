/* SPDX-License-Identifier: Apache-2.0 */
/* Reads one setting's value, and says what it takes. */
#include "policy/reader-priv.h"

#include "base/text.h"
#include "policy/value.h"

/* --- what is expected --- */

static enum ward_rc
expects_words(const struct ward_setting *s, struct ward_buf *out)
{
	enum ward_rc rc = ward_buf_str(out, s->kind == WARD_SETTING_SET ? "a list of " : "");

	for (size_t i = 0; rc == WARD_OK && i < s->word_count; i++)
		rc = ward_buf_printf(out, "%s%s",
				     i == 0		      ? ""
				     : i + 1 == s->word_count ? " or "
							      : ", ",
				     s->words[i].word);
	return rc;
}

static enum ward_rc
expects_range(const struct ward_setting *s, struct ward_buf *out)
{
	enum ward_rc (*print)(uint64_t, struct ward_buf *) =
		s->kind == WARD_SETTING_SIZE ? ward_value_print_size : ward_value_print_time;
	enum ward_rc rc = ward_buf_printf(out, "a %s like \"%s\", from ",
					  s->kind == WARD_SETTING_SIZE ? "size" : "time",
					  s->kind == WARD_SETTING_SIZE ? "64M" : "10s");

	if (rc == WARD_OK)
		rc = print(s->low, out);
	if (rc == WARD_OK)
		rc = ward_buf_str(out, " to ");
	return rc ? rc : print(s->high, out);
}

static const char *
form(const struct ward_setting *s)
{
	const char *said = ward_value_check(s->check, ward_span_str(""));

	return said ? said : "texts";
}

enum ward_rc
ward_setting_expects(const struct ward_setting *s, struct ward_buf *out)
{
	switch (s->kind) {
	case WARD_SETTING_BOOL:
		return ward_buf_str(out, "true or false");
	case WARD_SETTING_NUMBER:
		return ward_buf_printf(out, "a whole number from %llu to %llu",
				       (unsigned long long)s->low, (unsigned long long)s->high);
	case WARD_SETTING_CLOCK:
		return ward_buf_str(out, "a time of day like \"02:30\"");
	case WARD_SETTING_WORD:
	case WARD_SETTING_SET:
		return expects_words(s, out);
	case WARD_SETTING_TEXT:
		return ward_buf_printf(out, "%s, or \"\"", form(s));
	case WARD_SETTING_LIST:
		return ward_buf_printf(out, "a list of at most %llu, each %s",
				       (unsigned long long)s->high, form(s));
	case WARD_SETTING_SIZE:
	case WARD_SETTING_TIME:
		break;
	}
	return expects_range(s, out);
}

/* --- what stands there --- */

/* What is said of the value that is wrong: its kind, or the scalar itself. */
static const char *
found(const struct ward_json *v, struct ward_arena *arena)
{
	const char *said = NULL;

	if (v->kind == WARD_JSON_STRING)
		said = ward_arena_printf(arena, "\"%.*s\"",
					 (int)(v->text.len < 60 ? v->text.len : 60),
					 (const char *)v->text.data);
	else if (v->kind == WARD_JSON_NUMBER)
		said = ward_arena_printf(arena, "%.*s", (int)(v->text.len < 60 ? v->text.len : 60),
					 (const char *)v->text.data);
	return said ? said : ward_json_kind_name(v->kind);
}

static bool
complain(const struct ward_setting *s, const struct ward_json *v, struct ward_mistakes *m)
{
	WARD_AUTO(ward_buf_done) struct ward_buf expected = {0};

	ward_buf_init(&expected, 4096, NULL);
	if (ward_setting_expects(s, &expected) != WARD_OK)
		m->more = true;
	else
		ward_mistakes_add(m, v->offset, s->path, "expected %.*s, found %s",
				  (int)expected.len, (const char *)expected.data,
				  found(v, m->arena));
	return false;
}

/* A word that is none of them: perhaps one was meant. */
static bool
complain_word(const struct ward_setting *s, const struct ward_json *v, struct ward_mistakes *m)
{
	const char *words[16], *nearest = NULL;
	size_t n = 0;

	for (; n < s->word_count && n < sizeof(words) / sizeof(words[0]); n++)
		words[n] = s->words[n].word;
	if (v->kind == WARD_JSON_STRING)
		nearest = ward_mistake_nearest((const char *)v->text.data, words, n);
	if (!nearest)
		return complain(s, v, m);
	ward_mistakes_add(m, v->offset, s->path, "no such word \"%s\"; did you mean \"%s\"?",
			  (const char *)v->text.data, nearest);
	return false;
}

/* --- values --- */

static bool
read_number(const struct ward_setting *s, const struct ward_json *v, uint64_t *at)
{
	uint64_t n = 0;
	bool good = false;

	if (s->kind == WARD_SETTING_NUMBER)
		good = v->kind == WARD_JSON_NUMBER && ward_text_u64(v->text, &n);
	else if (v->kind != WARD_JSON_STRING)
		good = false;
	else if (s->kind == WARD_SETTING_SIZE)
		good = ward_value_size(v->text, &n);
	else if (s->kind == WARD_SETTING_TIME)
		good = ward_value_time(v->text, &n);
	else
		good = ward_value_clock(v->text, &n);
	if (good && n >= s->low && n <= s->high)
		*at = n;
	return good && n >= s->low && n <= s->high;
}

static bool
read_set(const struct ward_setting *s, const struct ward_json *v, unsigned *at,
	 struct ward_mistakes *m)
{
	unsigned bits = 0;
	bool good = true;

	if (v->kind != WARD_JSON_ARRAY)
		return complain(s, v, m);
	for (const struct ward_json *item = v->first; item; item = item->next) {
		int word = item->kind == WARD_JSON_STRING ? ward_value_word(s, item->text) : -1;

		if (word < 0) {
			good = complain_word(s, item, m);
		} else if (bits >> word & 1) {
			ward_mistakes_add(m, item->offset, s->path, "\"%s\" stands there twice",
					  s->words[word].word);
			good = false;
		} else {
			bits |= 1u << word;
		}
	}
	if (good)
		*at = bits;
	return good;
}

/* Types that hold no files of anybody: a permission event on them only costs. */
static const char *
pseudo_filesystem(const struct ward_setting *s, struct ward_span type)
{
	static const char *const never[] = {"proc",    "sysfs",	  "cgroup",	"cgroup2",
					    "debugfs", "tracefs", "securityfs", "bpf",
					    "pstore",  "efivarfs"};

	if (s->check != WARD_CHECK_FILESYSTEM || strcmp(s->name, "filesystems") != 0)
		return NULL;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (ward_span_eq(type, ward_span_str(never[i])))
			return never[i];
	return NULL;
}

static bool
read_item(const struct ward_setting *s, const struct ward_json *item, const char **at,
	  struct ward_mistakes *m)
{
	const char *never;

	if (item->kind != WARD_JSON_STRING || ward_value_check(s->check, item->text))
		return complain(s, item, m);
	never = pseudo_filesystem(s, item->text);
	if (never) {
		ward_mistakes_add(m, item->offset, s->path, "%s is never watched", never);
		return false;
	}
	*at = (const char *)item->text.data;
	return true;
}

static bool
read_list(const struct ward_setting *s, const struct ward_json *v, struct ward_policy_list *at,
	  struct ward_policy_document *d, struct ward_mistakes *m)
{
	const char **items;
	size_t count = 0, i = 0;
	bool good = true;

	if (v->kind != WARD_JSON_ARRAY)
		return complain(s, v, m);
	for (const struct ward_json *item = v->first; item; item = item->next)
		count++;
	if (count > s->high)
		return complain(s, v, m);
	items = ward_arena_array(d->arena, count, sizeof(*items));
	if (!items) {
		m->more = true;
		return false;
	}
	for (const struct ward_json *item = v->first; item; item = item->next)
		if (!read_item(s, item, &items[i++], m))
			good = false;
	if (good)
		*at = (struct ward_policy_list){items, count};
	return good;
}

static bool
read_text(const struct ward_setting *s, const struct ward_json *v, const char **at)
{
	if (v->kind != WARD_JSON_STRING || (v->text.len > 0 && ward_value_check(s->check, v->text)))
		return false;
	*at = (const char *)v->text.data;
	return true;
}

static bool
read_word(const struct ward_setting *s, const struct ward_json *v, unsigned *at,
	  struct ward_mistakes *m)
{
	int word = v->kind == WARD_JSON_STRING ? ward_value_word(s, v->text) : -1;

	if (word < 0)
		return complain_word(s, v, m);
	*at = (unsigned)word;
	return true;
}

bool
ward_setting_read(const struct ward_setting *s, const struct ward_json *v,
		  struct ward_policy_document *d, struct ward_mistakes *m)
{
	void *at = (char *)&d->policy + s->offset;

	switch (s->kind) {
	case WARD_SETTING_BOOL:
		if (v->kind != WARD_JSON_TRUE && v->kind != WARD_JSON_FALSE)
			return complain(s, v, m);
		*(bool *)at = v->kind == WARD_JSON_TRUE;
		return true;
	case WARD_SETTING_WORD:
		return read_word(s, v, at, m);
	case WARD_SETTING_SET:
		return read_set(s, v, at, m);
	case WARD_SETTING_LIST:
		return read_list(s, v, at, d, m);
	case WARD_SETTING_TEXT:
		return read_text(s, v, at) || complain(s, v, m);
	case WARD_SETTING_NUMBER:
	case WARD_SETTING_SIZE:
	case WARD_SETTING_TIME:
	case WARD_SETTING_CLOCK:
		break;
	}
	return read_number(s, v, at) || complain(s, v, m);
}
