/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/describe.h"

#include "policy/document.h"

static const char *const strengths[] = {"stands as it is set", "more is stronger",
					"less is stronger"};

/* --- Markdown --- */

/* What is expected, with what each word means. */
static enum ward_rc
write_words(const struct ward_setting *s, struct ward_buf *out)
{
	enum ward_rc rc = ward_buf_str(out, s->kind == WARD_SETTING_SET ? "a list of " : "");

	for (size_t i = 0; rc == WARD_OK && i < s->word_count; i++)
		rc = ward_buf_printf(out, "%s`%s`%s%s", i ? "; " : "", s->words[i].word,
				     s->words[i].help[0] ? ": " : "", s->words[i].help);
	return rc;
}

static enum ward_rc
write_row(const struct ward_setting *s, struct ward_buf *out)
{
	enum ward_rc rc = ward_buf_printf(out, "| `%s` | `", s->name);

	if (rc == WARD_OK)
		rc = ward_setting_print(s, ward_policy_default(), out);
	if (rc == WARD_OK)
		rc = ward_buf_str(out, "` | ");
	if (rc == WARD_OK)
		rc = s->words ? write_words(s, out) : ward_setting_expects(s, out);
	return rc ? rc
		  : ward_buf_printf(out, " | %s%s | %s |\n",
				    s->organisation_only ? "the organisation's only; " : "",
				    strengths[s->strength], s->help);
}

enum ward_rc
ward_policy_write_manual(struct ward_buf *out)
{
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; rc == WARD_OK && i < ward_section_count; i++) {
		rc = ward_buf_printf(out,
				     "### `%s`\n\n%s\n\n| setting | default | takes | strength | "
				     "meaning |\n|---|---|---|---|---|\n",
				     ward_sections[i].name, ward_sections[i].help);
		for (size_t j = 0; rc == WARD_OK && j < ward_setting_count; j++)
			if (strcmp(ward_settings[j].section, ward_sections[i].name) == 0)
				rc = write_row(&ward_settings[j], out);
		if (rc == WARD_OK)
			rc = ward_buf_byte(out, '\n');
	}
	return rc;
}

/* --- mdoc --- */

static enum ward_rc
write_man_words(const struct ward_setting *s, struct ward_buf *out)
{
	enum ward_rc rc = ward_buf_str(out, ".Bl -tag -width Ds -compact\n");

	for (size_t i = 0; rc == WARD_OK && i < s->word_count; i++)
		rc = ward_buf_printf(out, ".It Cm %s\n%s%s", s->words[i].word, s->words[i].help,
				     s->words[i].help[0] ? "\n" : "");
	return rc ? rc : ward_buf_str(out, ".El\n");
}

/* A sentence a line, as mdoc wants it. */
static enum ward_rc
write_sentences(const char *text, struct ward_buf *out)
{
	enum ward_rc rc = WARD_OK;

	for (; rc == WARD_OK && *text; text++) {
		rc = ward_buf_byte(out, (uint8_t)*text);
		if (rc == WARD_OK && text[0] == '.' && text[1] == ' ') {
			rc = ward_buf_byte(out, '\n');
			text++;
		}
	}
	return rc ? rc : ward_buf_byte(out, '\n');
}

static enum ward_rc
write_man_setting(const struct ward_setting *s, struct ward_buf *out)
{
	enum ward_rc rc = ward_buf_printf(out, ".It Cm %s\n", s->path);

	if (rc == WARD_OK)
		rc = write_sentences(s->help, out);
	if (rc == WARD_OK)
		rc = ward_buf_str(out, "Default: ");
	if (rc == WARD_OK)
		rc = ward_setting_print(s, ward_policy_default(), out);
	if (rc == WARD_OK)
		rc = ward_buf_str(out, s->words ? ".\n" : "; takes ");
	if (rc == WARD_OK && !s->words)
		rc = ward_setting_expects(s, out);
	if (rc == WARD_OK)
		rc = s->words ? write_man_words(s, out) : ward_buf_str(out, ".\n");
	return rc;
}

enum ward_rc
ward_policy_write_man(struct ward_buf *out)
{
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; rc == WARD_OK && i < ward_section_count; i++) {
		rc = ward_buf_printf(out, ".Ss %s\n", ward_sections[i].name);
		if (rc == WARD_OK)
			rc = write_sentences(ward_sections[i].help, out);
		if (rc == WARD_OK)
			rc = ward_buf_str(out, ".Bl -tag -width Ds\n");
		for (size_t j = 0; rc == WARD_OK && j < ward_setting_count; j++)
			if (strcmp(ward_settings[j].section, ward_sections[i].name) == 0)
				rc = write_man_setting(&ward_settings[j], out);
		if (rc == WARD_OK)
			rc = ward_buf_str(out, ".El\n");
	}
	return rc;
}
