/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/describe.h"

#include <stdio.h>

#include "policy/document.h"
#include "policy/json/json.h"
#include "policy/value.h"

/* Each helper does nothing once something has failed: rc is looked at once, at the end. */
struct writer {
	struct ward_buf *out;
	enum ward_rc rc;
};

#define PUT(w, ...) ((w)->rc = (w)->rc ? (w)->rc : ward_buf_printf((w)->out, __VA_ARGS__))

static void
put_quoted(struct writer *w, const char *text)
{
	if (w->rc == WARD_OK)
		w->rc = ward_json_quote(w->out, ward_span_str(text));
}

static void
put_words(struct writer *w, const struct ward_setting *s)
{
	PUT(w, "\"enum\": [");
	for (size_t i = 0; i < s->word_count; i++)
		PUT(w, "%s\"%s\"", i ? ", " : "", s->words[i].word);
	PUT(w, "]");
}

/* The settings that local.may_change may name. */
static void
put_setting_names(struct writer *w)
{
	PUT(w, "\"enum\": [");
	for (size_t i = 0; i < ward_setting_count; i++) {
		const struct ward_setting *s = &ward_settings[i];

		if (s->organisation_only)
			continue;
		if (i == 0 || strcmp(s->section, ward_settings[i - 1].section) != 0)
			PUT(w, "%s\"%s.*\"", i ? ", " : "", s->section);
		PUT(w, ", \"%s\"", s->path);
	}
	PUT(w, "]");
}

static void
put_text(struct writer *w, enum ward_setting_check check, bool or_empty)
{
	const char *pattern = ward_value_pattern(check);

	PUT(w, "\"type\": \"string\"");
	if (check == WARD_CHECK_SETTING) {
		PUT(w, ", ");
		put_setting_names(w);
	} else if (pattern) {
		char text[300];

		(void)snprintf(text, sizeof(text), or_empty ? "^$|%s" : "%s", pattern);
		PUT(w, ", \"pattern\": ");
		put_quoted(w, text);
	}
}

static void
put_type(struct writer *w, const struct ward_setting *s)
{
	switch (s->kind) {
	case WARD_SETTING_BOOL:
		PUT(w, "\"type\": \"boolean\"");
		break;
	case WARD_SETTING_NUMBER:
		PUT(w, "\"type\": \"integer\", \"minimum\": %llu, \"maximum\": %llu",
		    (unsigned long long)s->low, (unsigned long long)s->high);
		break;
	case WARD_SETTING_SIZE:
		PUT(w, "\"type\": \"string\", \"pattern\": \"^[0-9]+[KMGT]?$\"");
		break;
	case WARD_SETTING_TIME:
		PUT(w, "\"type\": \"string\", \"pattern\": \"^(0|[0-9]+(ms|s|m|h|d))$\"");
		break;
	case WARD_SETTING_CLOCK:
		PUT(w, "\"type\": \"string\", \"pattern\": \"^([01][0-9]|2[0-3]):[0-5][0-9]$\"");
		break;
	case WARD_SETTING_WORD:
		put_words(w, s);
		break;
	case WARD_SETTING_SET:
		PUT(w, "\"type\": \"array\", \"uniqueItems\": true, \"items\": {");
		put_words(w, s);
		PUT(w, "}");
		break;
	case WARD_SETTING_TEXT:
		put_text(w, s->check, true);
		break;
	case WARD_SETTING_LIST:
		PUT(w, "\"type\": \"array\", \"maxItems\": %llu, \"items\": {",
		    (unsigned long long)s->high);
		put_text(w, s->check, false);
		PUT(w, "}");
		break;
	}
}

static void
put_setting(struct writer *w, const struct ward_setting *s)
{
	PUT(w, "\n        \"%s\": {\n          \"description\": ", s->name);
	put_quoted(w, s->help);
	PUT(w, ",\n          ");
	put_type(w, s);
	PUT(w, ",\n          \"default\": ");
	if (w->rc == WARD_OK)
		w->rc = ward_setting_print(s, ward_policy_default(), w->out);
	PUT(w, "\n        }");
}

static void
put_section(struct writer *w, const struct ward_section *section)
{
	const char *comma = "";

	PUT(w, ",\n    \"%s\": {\n      \"description\": ", section->name);
	put_quoted(w, section->help);
	PUT(w, ",\n      \"type\": \"object\",\n      \"additionalProperties\": false,\n"
	       "      \"properties\": {");
	for (size_t i = 0; i < ward_setting_count; i++) {
		if (strcmp(ward_settings[i].section, section->name) != 0)
			continue;
		PUT(w, "%s", comma);
		put_setting(w, &ward_settings[i]);
		comma = ",";
	}
	PUT(w, "\n      }\n    }");
}

static const char exclusion_properties[] =
	"          \"path\": {\"description\": \"A file, or a directory with all that is in it.\", "
	"\"type\": \"string\", \"pattern\": \"^/(?!(.*/)?\\\\.\\\\.?(/|$))\"},\n"
	"          \"glob\": {\"description\": \"Paths that match a pattern.\", \"type\": "
	"\"string\", "
	"\"minLength\": 1, \"maxLength\": 512, \"pattern\": \"[^/]$\"},\n"
	"          \"extension\": {\"description\": \"Names that end so.\", \"type\": \"string\", "
	"\"pattern\": \"^[^/*?\\\\[\\\\]]{1,65}$\"},\n"
	"          \"process\": {\"description\": \"What this program opens.\", \"type\": "
	"\"string\", "
	"\"pattern\": \"^/(?!(.*/)?\\\\.\\\\.?(/|$))\"},\n"
	"          \"hash\": {\"description\": \"A content, by its SHA-256.\", \"type\": "
	"\"string\", "
	"\"pattern\": \"^[0-9A-Fa-f]{64}$\"},\n"
	"          \"threat\": {\"description\": \"A threat's name, with *.\", \"type\": "
	"\"string\", "
	"\"minLength\": 1, \"maxLength\": 256},\n"
	"          \"scope\": {\"enum\": [\"realtime\", \"on_demand\", \"both\"], \"default\": "
	"\"both\"},\n"
	"          \"expires\": {\"description\": \"UTC; a day counts to its end.\", \"type\": "
	"\"string\", \"pattern\": "
	"\"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?$\"},\n"
	"          \"comment\": {\"type\": \"string\", \"maxLength\": 512},\n"
	"          \"author\": {\"type\": \"string\", \"maxLength\": 512},\n"
	"          \"force\": {\"description\": \"Why a dangerous one is needed.\", \"type\": "
	"\"string\", \"maxLength\": 512, \"pattern\": \"[^ ]\"}\n";

static void
put_exclusions(struct writer *w)
{
	PUT(w,
	    ",\n    \"exclusions\": {\n      \"description\": \"What is left out.\",\n"
	    "      \"type\": \"array\",\n      \"maxItems\": %d,\n      \"items\": {\n"
	    "        \"type\": \"object\",\n        \"additionalProperties\": false,\n"
	    "        \"oneOf\": [",
	    WARD_POLICY_EXCLUSIONS_MAX);
	for (int kind = 0; kind < WARD_EXCLUDE_KINDS; kind++)
		PUT(w, "%s{\"required\": [\"%s\"]}", kind ? ", " : "",
		    ward_exclusion_kind_name((enum ward_exclusion_kind)kind));
	PUT(w, "],\n        \"properties\": {\n");
	if (w->rc == WARD_OK)
		w->rc = ward_buf_str(w->out, exclusion_properties);
	PUT(w, "        }\n      }\n    }");
}

enum ward_rc
ward_policy_write_schema(struct ward_buf *out)
{
	struct writer w = {out, WARD_OK};

	PUT(&w, "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
		"  \"title\": \"Policy of a Ward endpoint\",\n  \"type\": \"object\",\n"
		"  \"additionalProperties\": false,\n  \"properties\": {\n"
		"    \"$schema\": {\"type\": \"string\"},\n"
		"    \"name\": {\"description\": \"What the document calls itself.\", "
		"\"type\": \"string\"}");
	for (size_t i = 0; i < ward_section_count; i++)
		put_section(&w, &ward_sections[i]);
	put_exclusions(&w);
	PUT(&w, "\n  }\n}\n");
	return w.rc;
}
