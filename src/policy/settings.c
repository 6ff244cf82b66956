/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/settings.h"

#include "base/text.h"
#include "policy/json/json.h"
#include "policy/value.h"

/* --- words --- */

#define WARD_WORDS(type, group)			 static const struct ward_word words_##type[] = {
#define WARD_WORD(group, word, text, rank, help) {text, help, rank},
#define WARD_WORDS_END(type, group)                                                                \
	}                                                                                          \
	;
#include "policy/words.def"
#undef WARD_WORDS
#undef WARD_WORD
#undef WARD_WORDS_END

/* --- settings --- */

#define WARD_KIB    (UINT64_C(1) << 10)
#define WARD_MIB    (UINT64_C(1) << 20)
#define WARD_GIB    (UINT64_C(1) << 30)
#define WARD_TIB    (UINT64_C(1) << 40)
#define WARD_SECOND UINT64_C(1000)
#define WARD_MINUTE UINT64_C(60000)
#define WARD_HOUR   UINT64_C(3600000)
#define WARD_DAY    UINT64_C(86400000)

#define SETTING(kind_, section_, name_, low_, high_, check_, words_, count_, strength_, org,       \
		help_)                                                                             \
	{.section = #section_,                                                                     \
	 .name = #name_,                                                                           \
	 .path = #section_ "." #name_,                                                             \
	 .kind = WARD_SETTING_##kind_,                                                             \
	 .offset = offsetof(struct ward_policy, section_.name_),                                   \
	 .low = (low_),                                                                            \
	 .high = (high_),                                                                          \
	 .check = WARD_CHECK_##check_,                                                             \
	 .words = (words_),                                                                        \
	 .word_count = (count_),                                                                   \
	 .strength = WARD_STRENGTH_##strength_,                                                    \
	 .organisation_only = (org),                                                               \
	 .help = (help_)},
#define COUNT(words) (sizeof(words) / sizeof((words)[0]))

#define WARD_SECTION(section, help)
#define WARD_SECTION_END(section)
#define WARD_BOOL(section, name, standard, strength, help)                                         \
	SETTING(BOOL, section, name, 0, 1, NONE, NULL, 0, strength, false, help)
#define WARD_BOOL_ORG(section, name, standard, strength, help)                                     \
	SETTING(BOOL, section, name, 0, 1, NONE, NULL, 0, strength, true, help)
#define WARD_NUMBER(section, name, low, high, standard, strength, help)                            \
	SETTING(NUMBER, section, name, low, high, NONE, NULL, 0, strength, false, help)
#define WARD_SIZE(section, name, low, high, standard, strength, help)                              \
	SETTING(SIZE, section, name, low, high, NONE, NULL, 0, strength, false, help)
#define WARD_TIME(section, name, low, high, standard, strength, help)                              \
	SETTING(TIME, section, name, low, high, NONE, NULL, 0, strength, false, help)
#define WARD_CLOCK(section, name, standard, strength, help)                                        \
	SETTING(CLOCK, section, name, 0, 1439, NONE, NULL, 0, strength, false, help)
#define WARD_WORD_OF(section, name, words, standard, strength, help)                               \
	SETTING(WORD, section, name, 0, 0, NONE, words_##words, COUNT(words_##words), strength,    \
		false, help)
#define WARD_WORD_ORG(section, name, words, standard, strength, help)                              \
	SETTING(WORD, section, name, 0, 0, NONE, words_##words, COUNT(words_##words), strength,    \
		true, help)
#define WARD_SET(section, name, words, standard, strength, help)                                   \
	SETTING(SET, section, name, 0, 0, NONE, words_##words, COUNT(words_##words), strength,     \
		false, help)
#define WARD_TEXT(section, name, check, standard, strength, help)                                  \
	SETTING(TEXT, section, name, 0, 0, check, NULL, 0, strength, false, help)
#define WARD_LIST(section, name, check, max, standard, strength, help)                             \
	SETTING(LIST, section, name, 0, max, check, NULL, 0, strength, false, help)
#define WARD_LIST_ORG(section, name, check, max, standard, strength, help)                         \
	SETTING(LIST, section, name, 0, max, check, NULL, 0, strength, true, help)

const struct ward_setting ward_settings[] = {
#include "policy/settings.def"
};
const size_t ward_setting_count = COUNT(ward_settings);
_Static_assert(COUNT(ward_settings) <= WARD_SETTINGS_MAX, "more settings than places");
_Static_assert(sizeof(enum ward_policy_level) == sizeof(unsigned), "words are stored as unsigned");

#undef WARD_SECTION
#undef WARD_SECTION_END
#undef WARD_BOOL
#undef WARD_BOOL_ORG
#undef WARD_NUMBER
#undef WARD_SIZE
#undef WARD_TIME
#undef WARD_CLOCK
#undef WARD_WORD_OF
#undef WARD_WORD_ORG
#undef WARD_SET
#undef WARD_TEXT
#undef WARD_LIST
#undef WARD_LIST_ORG

/* --- defaults --- */

#define WARD_BIT(word) (1u << WARD_POLICY_##word)
#define WARD_ITEMS(...)                                                                            \
	{                                                                                          \
		(const char *const[]){__VA_ARGS__},                                                \
			sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)          \
	}
#define WARD_NO_ITEMS                                                                              \
	{                                                                                          \
		NULL, 0                                                                            \
	}
#define WARD_SECTION(section, help) .section = {
#define WARD_SECTION_END(section)                                                                  \
	}                                                                                          \
	,
#define WARD_BOOL(section, name, standard, strength, help)		.name = (standard),
#define WARD_BOOL_ORG(section, name, standard, strength, help)		.name = (standard),
#define WARD_NUMBER(section, name, low, high, standard, strength, help) .name = (standard),
#define WARD_SIZE(section, name, low, high, standard, strength, help)	.name = (standard),
#define WARD_TIME(section, name, low, high, standard, strength, help)	.name = (standard),
#define WARD_CLOCK(section, name, standard, strength, help)		.name = (standard),
#define WARD_WORD_OF(section, name, words, standard, strength, help)	.name = WARD_POLICY_##standard,
#define WARD_WORD_ORG(section, name, words, standard, strength, help)                              \
	.name = WARD_POLICY_##standard,
#define WARD_SET(section, name, words, standard, strength, help)	   .name = (standard),
#define WARD_TEXT(section, name, check, standard, strength, help)	   .name = (standard),
#define WARD_LIST(section, name, check, max, standard, strength, help)	   .name = standard,
#define WARD_LIST_ORG(section, name, check, max, standard, strength, help) .name = standard,

static const struct ward_policy standard_policy = {
#include "policy/settings.def"
};

#undef WARD_SECTION
#undef WARD_SECTION_END
#undef WARD_BOOL
#undef WARD_BOOL_ORG
#undef WARD_NUMBER
#undef WARD_SIZE
#undef WARD_TIME
#undef WARD_CLOCK
#undef WARD_WORD_OF
#undef WARD_WORD_ORG
#undef WARD_SET
#undef WARD_TEXT
#undef WARD_LIST
#undef WARD_LIST_ORG

const struct ward_policy *
ward_policy_default(void)
{
	return &standard_policy;
}

/* --- sections --- */

#define WARD_SECTION(section, help) {#section, help},
#define WARD_SECTION_END(section)
#define WARD_BOOL(section, name, standard, strength, help)
#define WARD_BOOL_ORG(section, name, standard, strength, help)
#define WARD_NUMBER(section, name, low, high, standard, strength, help)
#define WARD_SIZE(section, name, low, high, standard, strength, help)
#define WARD_TIME(section, name, low, high, standard, strength, help)
#define WARD_CLOCK(section, name, standard, strength, help)
#define WARD_WORD_OF(section, name, words, standard, strength, help)
#define WARD_WORD_ORG(section, name, words, standard, strength, help)
#define WARD_SET(section, name, words, standard, strength, help)
#define WARD_TEXT(section, name, check, standard, strength, help)
#define WARD_LIST(section, name, check, max, standard, strength, help)
#define WARD_LIST_ORG(section, name, check, max, standard, strength, help)

const struct ward_section ward_sections[] = {
#include "policy/settings.def"
};
const size_t ward_section_count = COUNT(ward_sections);

/* --- what can be done with a setting --- */

const struct ward_setting *
ward_setting_find(const char *path)
{
	for (size_t i = 0; i < ward_setting_count; i++)
		if (strcmp(ward_settings[i].path, path) == 0)
			return &ward_settings[i];
	return NULL;
}

static size_t
size_of(const struct ward_setting *s)
{
	switch (s->kind) {
	case WARD_SETTING_BOOL:
		return sizeof(bool);
	case WARD_SETTING_WORD:
	case WARD_SETTING_SET:
		return sizeof(unsigned);
	case WARD_SETTING_TEXT:
		return sizeof(const char *);
	case WARD_SETTING_LIST:
		return sizeof(struct ward_policy_list);
	case WARD_SETTING_NUMBER:
	case WARD_SETTING_SIZE:
	case WARD_SETTING_TIME:
	case WARD_SETTING_CLOCK:
		break;
	}
	return sizeof(uint64_t);
}

void
ward_setting_copy(const struct ward_setting *s, const struct ward_policy *from,
		  struct ward_policy *to)
{
	memcpy((char *)to + s->offset, ward_setting_at(s, from), size_of(s));
}

/* Every item of `some` is in `all`. */
static bool
has_all(const struct ward_policy_list *all, const struct ward_policy_list *some)
{
	for (size_t i = 0; i < some->count; i++) {
		size_t j = 0;

		while (j < all->count && strcmp(all->items[j], some->items[i]) != 0)
			j++;
		if (j == all->count)
			return false;
	}
	return true;
}

/* -1, 0, 1 as `a` is less, the same or more; 2 when neither has all of the other. */
static int
compare_lists(const struct ward_policy_list *a, const struct ward_policy_list *b)
{
	bool more = has_all(a, b), less = has_all(b, a);

	return more && less ? 0 : more ? 1 : less ? -1 : 2;
}

static int
compare_sets(unsigned a, unsigned b)
{
	return a == b ? 0 : (a & b) == b ? 1 : (a & b) == a ? -1 : 2;
}

static int
compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int
compare(const struct ward_setting *s, const struct ward_policy *a, const struct ward_policy *b)
{
	const void *x = ward_setting_at(s, a), *y = ward_setting_at(s, b);

	switch (s->kind) {
	case WARD_SETTING_BOOL:
		return compare_numbers(*(const bool *)x, *(const bool *)y);
	case WARD_SETTING_WORD:
		return *(const unsigned *)x == *(const unsigned *)y
			       ? 0
			       : compare_numbers(s->words[*(const unsigned *)x].rank,
						 s->words[*(const unsigned *)y].rank);
	case WARD_SETTING_SET:
		return compare_sets(*(const unsigned *)x, *(const unsigned *)y);
	case WARD_SETTING_TEXT:
		return strcmp(*(const char *const *)x, *(const char *const *)y) == 0 ? 0 : 2;
	case WARD_SETTING_LIST:
		return compare_lists(x, y);
	case WARD_SETTING_NUMBER:
	case WARD_SETTING_SIZE:
	case WARD_SETTING_TIME:
	case WARD_SETTING_CLOCK:
		break;
	}
	return compare_numbers(*(const uint64_t *)x, *(const uint64_t *)y);
}

bool
ward_setting_same(const struct ward_setting *s, const struct ward_policy *a,
		  const struct ward_policy *b)
{
	if (s->kind == WARD_SETTING_WORD) /* several words may have one rank */
		return memcmp(ward_setting_at(s, a), ward_setting_at(s, b), sizeof(unsigned)) == 0;
	return compare(s, a, b) == 0;
}

bool
ward_setting_as_strong(const struct ward_setting *s, const struct ward_policy *a,
		       const struct ward_policy *b)
{
	int order = compare(s, a, b);

	if (ward_setting_same(s, a, b))
		return true;
	if (s->strength == WARD_STRENGTH_MORE)
		return order == 1;
	return s->strength == WARD_STRENGTH_LESS && order == -1;
}

/* --- printing --- */

static enum ward_rc
print_set(const struct ward_setting *s, unsigned bits, struct ward_buf *out)
{
	enum ward_rc rc = ward_buf_byte(out, '[');
	const char *comma = "";

	for (size_t i = 0; rc == WARD_OK && i < s->word_count; i++) {
		if (!(bits >> i & 1))
			continue;
		rc = ward_buf_printf(out, "%s\"%s\"", comma, s->words[i].word);
		comma = ", ";
	}
	return rc ? rc : ward_buf_byte(out, ']');
}

static enum ward_rc
print_list(const struct ward_policy_list *list, struct ward_buf *out)
{
	enum ward_rc rc = ward_buf_byte(out, '[');

	for (size_t i = 0; rc == WARD_OK && i < list->count; i++) {
		if (i > 0)
			rc = ward_buf_str(out, ", ");
		if (rc == WARD_OK)
			rc = ward_json_quote(out, ward_span_str(list->items[i]));
	}
	return rc ? rc : ward_buf_byte(out, ']');
}

static enum ward_rc
print_number(const struct ward_setting *s, uint64_t value, struct ward_buf *out)
{
	enum ward_rc rc = ward_buf_byte(out, '"');

	if (rc == WARD_OK && s->kind == WARD_SETTING_SIZE)
		rc = ward_value_print_size(value, out);
	else if (rc == WARD_OK && s->kind == WARD_SETTING_TIME)
		rc = ward_value_print_time(value, out);
	else if (rc == WARD_OK)
		rc = ward_buf_printf(out, "%02u:%02u", (unsigned)value / 60, (unsigned)value % 60);
	return rc ? rc : ward_buf_byte(out, '"');
}

enum ward_rc
ward_setting_print(const struct ward_setting *s, const struct ward_policy *p, struct ward_buf *out)
{
	const void *at = ward_setting_at(s, p);

	switch (s->kind) {
	case WARD_SETTING_BOOL:
		return ward_buf_str(out, *(const bool *)at ? "true" : "false");
	case WARD_SETTING_WORD:
		return ward_buf_printf(out, "\"%s\"", s->words[*(const unsigned *)at].word);
	case WARD_SETTING_SET:
		return print_set(s, *(const unsigned *)at, out);
	case WARD_SETTING_TEXT:
		return ward_json_quote(out, ward_span_str(*(const char *const *)at));
	case WARD_SETTING_LIST:
		return print_list(at, out);
	case WARD_SETTING_NUMBER:
		return ward_buf_printf(out, "%llu", (unsigned long long)*(const uint64_t *)at);
	case WARD_SETTING_SIZE:
	case WARD_SETTING_TIME:
	case WARD_SETTING_CLOCK:
		break;
	}
	return print_number(s, *(const uint64_t *)at, out);
}
